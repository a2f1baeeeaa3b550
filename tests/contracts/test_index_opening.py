from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from index_examples import capture
from sqlalchemy import Engine, inspect, text

import archiver.storage.migrations
from archiver.errors import DiskFullError, IndexUnavailableError
from archiver.storage.index import Index
from archiver.storage.index import engine as engine_module
from archiver.storage.index.engine import Database
from archiver.storage.index.schema import SCHEMA_VERSION, metadata

PAGE = "https://www.example.com/"


@pytest.fixture
def engine_of() -> Iterator[Callable[[str], Engine]]:
    """Plain engines, closed after the test."""
    engines: list[Engine] = []

    def make(url: str) -> Engine:
        engines.append(Database(url).engine)
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


FULL_TEXT = "snapshot_texts"
"""The table of the full-text search, and those that FTS5 keeps for it: each database has its own form."""


def is_of_the_schema(_object: object, name: str | None, *_: object) -> bool:
    """Whether the schema describes it."""
    return not (name or "").removeprefix("ix_").startswith(FULL_TEXT)


def shape(engine: Engine) -> dict[str, object]:
    """Everything that the database says of its tables."""
    inspector = inspect(engine)
    return {
        table: (
            [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)],
            sorted(spelled(each) for each in inspector.get_indexes(table)),
            str(inspector.get_pk_constraint(table)),
            sorted(map(str, inspector.get_foreign_keys(table))),
            sorted(map(str, inspector.get_unique_constraints(table))),
        )
        for table in sorted(inspector.get_table_names())
        if table != "alembic_version" and not table.startswith(FULL_TEXT)
    }


def spelled(found: Mapping[str, Any]) -> str:
    """An index with the condition of a partial one as text."""
    conditions = {name: str(value) for name, value in found.get("dialect_options", {}).items()}
    return str({**found, "dialect_options": conditions})


def test_a_migrated_database_is_like_a_fresh_one(
    url: str, empty_url: str, engine_of: Callable[[str], Engine], tmp_path: Path, kind: str
) -> None:
    migrated = engine_of(url)
    fresh = engine_of(f"sqlite:///{tmp_path / 'fresh.sqlite'}" if kind == "sqlite" else empty_url)
    metadata.create_all(fresh)
    assert shape(migrated) == shape(fresh)
    options = {"include_object": is_of_the_schema}
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_the_program_knows_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(Path(archiver.storage.migrations.__file__).parent))
    assert scripts.get_current_head() == SCHEMA_VERSION


def test_an_index_can_be_opened_again_and_again(empty_url: str, opened: Callable[[str], Index]) -> None:
    page = capture(PAGE)
    opened(empty_url).record([page])
    assert opened(empty_url).closest(PAGE) == page
    with Index.open(empty_url, migrate=False) as index:
        assert index.closest(PAGE) == page


def test_two_processes_may_make_the_schema_at_once(empty_url: str) -> None:
    program = f"from archiver.storage.index import Index; Index.open({empty_url!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * 2


def test_a_file_that_another_process_just_makes_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(1) as thread:
        other.execute("BEGIN IMMEDIATE")  # SQLite does not wait for it while it turns a file to WAL mode
        opening = thread.submit(Index.open, f"sqlite:///{path}")
        assert wait([opening], timeout=0.2).not_done
        other.execute("ROLLBACK")
        with opening.result() as index:
            assert index.stats().total.captures == 0


def test_a_file_that_stays_taken_while_it_is_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT", 0.1)
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(IndexUnavailableError, match="is locked by another process"):
            Index.open(f"sqlite:///{path}")


def test_without_leave_to_migrate_an_empty_database_is_refused(empty_url: str) -> None:
    with pytest.raises(IndexUnavailableError, match="has not the schema"):
        Index.open(empty_url, migrate=False)


def test_an_absent_schema_can_be_made_where_an_old_one_is_refused(
    empty_url: str, url: str, engine_of: Callable[[str], Engine], kind: str, tmp_path: Path
) -> None:
    absent = f"sqlite:///{tmp_path / 'absent.sqlite'}" if kind == "sqlite" else empty_url
    with Index.open(absent, migrate=False, create=True) as index:
        assert index.closest(PAGE) is None
    with engine_of(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'v0004'"))
    with pytest.raises(IndexUnavailableError, match="has not the schema"):
        Index.open(url, migrate=False, create=True)


def test_the_schema_of_a_newer_program_is_refused(url: str, engine_of: Callable[[str], Engine]) -> None:
    with engine_of(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'v9999'"))
    with pytest.raises(IndexUnavailableError, match="newer program"):
        Index.open(url)


@pytest.mark.parametrize("version", ["ae1027a6acf", None])
def test_the_database_of_another_program_is_refused(
    empty_url: str, engine_of: Callable[[str], Engine], version: str | None
) -> None:
    with engine_of(empty_url).begin() as connection:
        if version:
            connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})
        else:
            connection.execute(text("CREATE TABLE customers (id INTEGER)"))
    with pytest.raises(IndexUnavailableError, match="another program"):
        Index.open(empty_url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "names no SQLite file"),
        ("sqlite:///:memory:", "names no SQLite file"),
        ("mysql://localhost/x", "must be sqlite or postgresql"),
        ("no url at all", "cannot be used"),
        ("sqlite+nonsense:///x", "cannot be used"),
        ("sqlite:////no/such/folder/index.sqlite", "the folder does not exist"),
        ("postgresql://127.0.0.1:1/archive", "cannot be reached"),
        ("postgresql+psycopg://user:secret@127.0.0.1:1/archive", "cannot be reached"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_in_one_line(url: str, message: str) -> None:
    with pytest.raises(IndexUnavailableError, match=message) as caught:
        Index.open(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"WARC/1.1\r\n" * 500)
    with pytest.raises(IndexUnavailableError, match="archiver reindex"):
        Index.open(f"sqlite:///{path}")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailableError, match="check the folder"):
        Index.open(f"sqlite:///{tmp_path}")


def test_a_locked_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.sqlite"
    Index.open(f"sqlite:///{path}").close()
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT", 0.05)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        Index.open(f"sqlite:///{path}") as index,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert index.closest(PAGE) is None
        with pytest.raises(IndexUnavailableError, match="locked by another process"):
            index.record([capture(PAGE)])
        other.execute("ROLLBACK")
        index.record([capture(PAGE)])


def test_a_full_disk_is_named_and_nothing_is_half_written(tmp_path: Path) -> None:
    with Index.open(f"sqlite:///{tmp_path / 'index.sqlite'}") as index:
        index.record([capture(PAGE)])
        before = list(index.dump())
        with index._database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(DiskFullError, match="no space is left"):
            index.record([capture(f"{PAGE}{number}") for number in range(1_000)])
        assert list(index.dump()) == before


def test_connections_that_the_server_closed_are_made_anew(url: str, kind: str, index: Index) -> None:
    page = capture(PAGE)
    index.record([page])
    assert index.closest(PAGE) == page
    if kind == "postgresql":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    else:
        index.close()
    assert index.closest(PAGE) == page
    index.record([capture(PAGE, 5)])


def test_sqlite_is_in_wal_mode_and_checks_its_references(tmp_path: Path) -> None:
    with (
        Index.open(f"sqlite:///{tmp_path / 'index.sqlite'}") as index,
        index._database.reading() as connection,
    ):
        asked = ("journal_mode", "synchronous", "foreign_keys")
        answers = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert answers == ["wal", 1, 1]


def test_alembic_is_not_loaded_when_nothing_is_to_be_done(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    Index.open(url).close()
    program = (
        "import sys; from archiver.storage.index import Index; "
        f"Index.open({url!r}).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"False\n"


def test_every_connection_string_form_reaches_the_same_driver() -> None:
    assert Database("postgresql://host/x").engine.driver == "psycopg"
    assert Database("postgresql+psycopg://host/x").engine.driver == "psycopg"
