"""The databases that the contract tests run against: a file of SQLite, and a PostgreSQL server of our own."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from archiver.storage.index import Index

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str) -> str:
    """The name of a database that has the schema."""
    name = f"archiver_template_{os.getpid()}"
    Index.open(new_database(postgresql, name, "template0")).close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that has the schema."""
    path = tmp_path_factory.mktemp("template") / "index.sqlite"
    Index.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both databases must keep the contract."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'index.sqlite'}"
    return new_database(request.getfixturevalue("postgresql"), _new_name(), "template0")


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an index that holds nothing yet."""
    if kind == "sqlite":
        path = tmp_path / "index.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    template = request.getfixturevalue("postgresql_template")
    return new_database(request.getfixturevalue("postgresql"), _new_name(), template)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an index that holds nothing yet, for all tests of a module."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "index.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    template = request.getfixturevalue("postgresql_template")
    return new_database(request.getfixturevalue("postgresql"), _new_name(), template)


@pytest.fixture
def opened() -> Iterator[Callable[[str], Index]]:
    """Opens an index, and closes it after the test."""
    indexes: list[Index] = []

    def open_index(url: str) -> Index:
        indexes.append(Index.open(url))
        return indexes[-1]

    yield open_index
    for index in indexes:
        index.close()


@pytest.fixture
def index(url: str, opened: Callable[[str], Index]) -> Index:
    """An index that holds nothing yet."""
    return opened(url)


def _new_name() -> str:
    return f"archiver_test_{os.getpid()}_{next(_numbers)}"


def new_database(server: str, name: str, template: str) -> str:
    """The URL of a database that is made as a copy of `template`."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)
