"""A PostgreSQL server for all tests that need one.

It is started once per test process from the binaries of the `pgserver` package. To use another one, name it
in ARCHIVER_TEST_POSTGRESQL (a URL with the right to create databases).
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from database_line import Line
from hypothesis import settings
from sqlalchemy.engine import make_url

settings.register_profile("suite", deadline=None)  # a busy machine is not a fault of the code
settings.load_profile("suite")

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a running PostgreSQL server."""
    if given := os.environ.get("ARCHIVER_TEST_POSTGRESQL"):
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="archiver-postgresql-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pgserver asks for a runtime folder that a container may not have
        try:
            import pgserver

            server = pgserver.get_server(folder, cleanup_mode="delete")
        except Exception as error:  # noqa: BLE001  whatever it is, it ends the tests with its reason
            shutil.rmtree(folder, ignore_errors=True)
            pytest.fail(
                f"PostgreSQL cannot be started from the package pgserver ({error!r}); the contract must hold "
                "on it too: install pgserver, or name a server in ARCHIVER_TEST_POSTGRESQL"
            )
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture
def postgresql_database(postgresql: str) -> str:
    """The URL of an empty database."""
    name = f"archiver_empty_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    return make_url(postgresql).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def line(postgresql_database: str) -> Iterator[Line]:
    """A way to an empty database that a test can cut."""
    if os.environ.get("ARCHIVER_TEST_POSTGRESQL"):
        pytest.skip("the line leads to the socket of a server of our own")
    line = Line(postgresql_database)
    yield line
    line.close()
