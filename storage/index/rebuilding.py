"""A new index built beside the old one and put in its place at once: what `archiver reindex` rests on.

SQLite: a second file, copied over the first in one transaction of it. PostgreSQL: a second schema, whose
tables take the place of the first's in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update
from sqlalchemy.engine import URL

from archiver.errors import IndexUnavailableError
from archiver.model.capture import Capture, RecordLocation
from archiver.model.moment import to_microseconds
from archiver.model.snapshot import Snapshot
from archiver.storage import snapshot_codec
from archiver.storage.index.articles import carry_over as carry_over_plans
from archiver.storage.index.engine import Database
from archiver.storage.index.events import decode_event, write_events
from archiver.storage.index.rows import URLKEY, select_captures, to_capture
from archiver.storage.index.schema import (
    captures,
    events,
    extractions,
    metadata,
    segments,
    snapshot_pictures,
    snapshots,
    tallies,
    urls,
)
from archiver.storage.index.turns import alone, as_the_only_rebuilder, rebuilt_elsewhere
from archiver.storage.ledger.schema import log_records, statements
from archiver.storage.ledger.tables import carry_over as carry_over_log
from archiver.storage.operations.tables import OPERATIONS

_PAGE: Final = 1_000
_MARGIN: Final = 3_600_000_000
"""Microseconds that a statement may be older than the transaction that recorded it."""

_REBUILD_LOCK: Final = 7_236_118_005
"""As in `migrate`: an arbitrary number that all programs of this name agree on."""

_PATIENCE: Final = 5
"""Times that the copy waits out the busy timeout before it gives up (SQLite)."""

Record = Callable[
    [Sequence[Capture], Mapping[str, int] | None, Sequence[tuple[Snapshot, RecordLocation]]], None
]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the old index held when the rebuild began: its last rows, and the moment in microseconds."""

    capture_id: int
    snapshot_id: int
    event_id: int
    moment: int


def beginning(connection: Connection) -> Beginning:
    """The marks behind which everything is new; nothing before them is still being written."""
    if connection.dialect.name == "postgresql":  # ids are given out before their transaction ends
        connection.execute(text("LOCK TABLE captures, snapshots, events IN EXCLUSIVE MODE"))
    return Beginning(
        capture_id=connection.scalar(select(func.coalesce(func.max(captures.c.id), 0))) or 0,
        snapshot_id=connection.scalar(select(func.coalesce(func.max(snapshots.c.id), 0))) or 0,
        event_id=connection.scalar(select(func.coalesce(func.max(events.c.id), 0))) or 0,
        moment=to_microseconds(datetime.now(UTC)),
    )


@contextmanager
def beside(live: Database) -> Iterator[Database]:
    """An empty database next to `live`, gone at the end. Raises IndexUnavailableError when there is one."""
    with _file_beside(live) if live.is_sqlite else _schema_beside(live) as fresh:
        yield fresh


@contextmanager
def _file_beside(live: Database) -> Iterator[Database]:
    path = live.path.with_name(f"{live.path.name}.rebuild")
    url = URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)
    with as_the_only_rebuilder(live.path):
        _remove(path)
        fresh = Database(url, is_private=True)
        try:
            yield fresh
        finally:
            fresh.close()
            _remove(path)


@contextmanager
def _schema_beside(live: Database) -> Iterator[Database]:
    with live.reading() as lock:
        if not lock.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": _REBUILD_LOCK}):
            raise rebuilt_elsewhere(live.where)
        try:
            yield from _in_fresh_schema(live)
        finally:
            lock.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _REBUILD_LOCK})


def _in_fresh_schema(live: Database) -> Iterator[Database]:
    schema = f"{_schema(live)}_rebuild"
    with live.writing() as connection:
        connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    fresh = Database(_in_schema(live.url, schema).render_as_string(hide_password=False))
    try:
        yield fresh
    finally:
        fresh.close()
        with live.writing() as connection:
            connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))


def put_in_place(live: Database, fresh: Database, carry_over: Callable[[], None]) -> None:
    """Give `live` the content of `fresh`, after what was recorded into `live` meanwhile was carried over."""
    if live.is_sqlite:
        with alone(live.path):
            carry_over()
            _copy_file(fresh, live)
        return
    old, new = _schema(live), _schema(fresh)
    tables = [table.name for table in _of_the_warc_files()]
    with live.writing() as connection:
        connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE"))
        carry_over()
        fresh.close()
        for name in reversed(tables):
            connection.execute(text(f'DROP TABLE "{old}"."{name}" CASCADE'))
        for name in tables:
            connection.execute(text(f'ALTER TABLE "{new}"."{name}" SET SCHEMA "{old}"'))
        # plans made without statistics read whole tables
        connection.execute(text(f"ANALYZE {', '.join(tables)}"))


def carry_over(live: Database, fresh: Database, record: Record, begun: Beginning) -> None:
    """Record into `fresh` what `live` has got since `begun`."""
    touched = _carry_captures(live, record, begun.capture_id) | _carry_snapshots(
        live, record, begun.snapshot_id
    )
    _carry_events(live, fresh, begun.event_id)
    with live.reading() as source, fresh.writing() as target:
        carry_over_log(source, target, fresh.is_sqlite, begun.moment - _MARGIN)
    with live.unchanging() as source, fresh.writing() as target:
        carry_over_plans(source, target)
    with live.reading() as connection:
        since = (segments.c.created_at >= begun.moment) | (segments.c.sealed_at >= begun.moment)
        rows = (
            connection.execute(select(segments).where(segments.c.name.in_(touched) | since)).mappings().all()
        )
    if live.is_sqlite:
        _keep_operations(live, fresh)
    record([], {row["name"]: row["indexed_end"] for row in rows}, [])
    with fresh.writing() as connection:
        for row in rows:
            kept = {name: row[name] for name in ("state", "size", "sha256", "created_at", "sealed_at")}
            connection.execute(update(segments).where(segments.c.name == row["name"]).values(kept))


def clear(connection: Connection) -> None:
    """Delete every row."""
    for table in reversed(_of_the_warc_files()):
        connection.execute(delete(table))


def _of_the_warc_files() -> list[Table]:
    """The tables that are rebuilt, those that others refer to first; the rest stays."""
    return [table for table in metadata.sorted_tables if table not in OPERATIONS]


def dump(database: Database) -> Iterator[tuple[object, ...]]:
    """See `Index.dump`."""
    with database.unchanging() as connection:
        for kind, query in _dump_queries():
            with connection.execution_options(yield_per=_PAGE).execute(query) as rows:
                for row in rows:
                    yield kind, *(value.hex() if isinstance(value, bytes) else value for value in row)


def _dump_queries() -> Iterator[tuple[str, Any]]:
    yield "segment", select(segments.c.name, segments.c.indexed_end).order_by(segments.c.name)
    internal = {"id", "url_id", "segment_id", "record_id"}
    own = [column for column in captures.c if column.name not in internal]
    yield (
        "capture",
        select(captures.c.record_id, URLKEY, urls.c.url, segments.c.name, *own)
        .join(urls, urls.c.id == captures.c.url_id)
        .join(segments, segments.c.id == captures.c.segment_id)
        .order_by(captures.c.record_id),
    )
    yield (
        "snapshot",
        select(snapshots.c.identifier, segments.c.name, *_snapshot_columns())
        .join(segments, segments.c.id == snapshots.c.segment_id)
        .order_by(snapshots.c.identifier),
    )
    keys = (snapshots.c.identifier, snapshot_pictures.c.position, snapshot_pictures.c.rank)
    own = [column for column in snapshot_pictures.c if column.name not in {"snapshot_id", "url_id"}]
    yield (
        "picture",
        select(snapshots.c.identifier, urls.c.url, *own)
        .join(snapshots, snapshots.c.id == snapshot_pictures.c.snapshot_id)
        .join(urls, urls.c.id == snapshot_pictures.c.url_id)
        .order_by(*keys),
    )
    yield "event", select(events.c.event_id, events.c.document).order_by(events.c.event_id)
    yield (
        "extraction",
        select(extractions).order_by(extractions.c.page_record_id, extractions.c.extractor_version),
    )
    yield "tally", select(tallies).order_by(tallies.c.source)
    for kind, table, key in (
        ("statement", statements, statements.c.digest),
        ("log", log_records, log_records.c.record_id),
    ):
        yield kind, select(*(column for column in table.c if column.name != "id")).order_by(key)


def _snapshot_columns() -> list[Any]:
    internal = {"id", "identifier", "seed_url_id", "page_url_id", "segment_id"}
    return [column for column in snapshots.c if column.name not in internal]


def _carry_captures(live: Database, record: Record, last: int) -> set[str]:
    touched: set[str] = set()
    while True:
        query = select_captures().add_columns(captures.c.id).where(captures.c.id > last)
        with live.reading() as connection:
            rows = connection.execute(query.order_by(captures.c.id).limit(_PAGE)).all()
        if not rows:
            return touched
        batch = [to_capture(row[:-1]) for row in rows]
        record(batch, None, [])
        touched.update(capture.location.segment for capture in batch)
        last = rows[-1][-1]


def _carry_snapshots(live: Database, record: Record, last: int) -> set[str]:
    touched: set[str] = set()
    columns = (snapshots.c.id, snapshots.c.document, segments.c.name, snapshots.c.offset, snapshots.c.length)
    query = select(*columns).join(segments, segments.c.id == snapshots.c.segment_id).order_by(snapshots.c.id)
    while True:
        with live.reading() as connection:
            rows = connection.execute(query.where(snapshots.c.id > last).limit(_PAGE)).all()
        if not rows:
            return touched
        record([], None, [(snapshot_codec.decode(row[1]), RecordLocation(*row[2:])) for row in rows])
        touched.update(row[2] for row in rows)
        last = rows[-1][0]


def _carry_events(live: Database, fresh: Database, last: int) -> None:
    with live.reading() as connection:
        rows = connection.execute(
            select(events.c.event_id, events.c.document).where(events.c.id > last).order_by(events.c.id)
        ).all()
    if rows:
        with fresh.writing() as connection:
            write_events(fresh, connection, [(decode_event(row[1]), UUID(bytes=row[0])) for row in rows])


def _keep_operations(live: Database, fresh: Database) -> None:
    """Take over what no WARC file says; with PostgreSQL those tables simply stay."""
    with live.reading() as source, fresh.writing() as target:
        for table in OPERATIONS:
            with source.execution_options(yield_per=_PAGE).execute(select(table)) as rows:
                for page in rows.mappings().partitions():
                    target.execute(insert(table), [dict(row) for row in page])


def _copy_file(source: Database, target: Database) -> None:
    attempts = 0

    def patient(status: int, _remaining: int, _total: int) -> None:
        nonlocal attempts
        attempts += status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        if attempts > _PATIENCE:
            raise IndexUnavailableError(
                f"the index {target.where} is locked by another process; stop it and reindex again"
            )

    with source.reading() as one, target.reading() as other:
        origin, copy = one.connection.driver_connection, other.connection.driver_connection
        assert isinstance(origin, sqlite3.Connection)
        assert isinstance(copy, sqlite3.Connection)
        origin.backup(copy, progress=patient)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _schema(database: Database) -> str:
    with database.reading() as connection:
        name: str | None = connection.scalar(text("SELECT current_schema()"))
    if name is None:
        raise IndexUnavailableError(f"the search_path of {database.where} names no schema that exists")
    return name


def _in_schema(url: URL, schema: str) -> URL:
    return url.update_query_dict({"options": f"-csearch_path={schema}"})
