"""The WARC files that the index knows, open and sealed, and how far each has been indexed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects import postgresql, sqlite

from archiver.model.digest import Digest
from archiver.model.moment import to_microseconds
from archiver.storage.index.engine import Database, can_be_held
from archiver.storage.index.rows import read_moment
from archiver.storage.index.schema import segments


@dataclass(frozen=True, slots=True)
class Segment:
    """One WARC file: `name` without `.open`, `indexed_end` the offset behind the last indexed record.

    `size` in bytes and `digest` of the whole file are known once it is sealed.
    """

    name: str
    sealed: bool
    indexed_end: int
    size: int | None
    digest: Digest | None
    created_at: datetime
    sealed_at: datetime | None


def opened(database: Database, connection: Connection, name: str) -> None:
    """See `Index.segment_opened`."""
    build = sqlite.insert if database.is_sqlite else postgresql.insert
    values = {"name": name, "state": "open", "indexed_end": 0, "created_at": _now()}
    connection.execute(build(segments).values(values).on_conflict_do_nothing(index_elements=["name"]))


def sealed(database: Database, connection: Connection, name: str, size: int, digest: Digest) -> None:
    """See `Index.segment_sealed`."""
    opened(database, connection, name)
    connection.execute(
        update(segments)
        .where(segments.c.name == name)
        .values(state="sealed", size=size, sha256=digest.value, sealed_at=_now())
    )


def indexed_end(connection: Connection, name: str) -> int:
    """See `Index.indexed_end`."""
    found: int | None = connection.scalar(select(segments.c.indexed_end).where(segments.c.name == name))
    return found or 0


def one(connection: Connection, name: str) -> Segment | None:
    """See `Index.segment`."""
    if not can_be_held(name):
        return None
    row = connection.execute(select(segments).where(segments.c.name == name)).mappings().first()
    return None if row is None else _segment(row)


def every(connection: Connection) -> Iterator[Segment]:
    """See `Index.segments`."""
    rows = connection.execute(select(segments).order_by(segments.c.name)).mappings().all()
    return iter([_segment(row) for row in rows])


def _segment(found: RowMapping) -> Segment:
    return Segment(
        name=found["name"],
        sealed=found["state"] == "sealed",
        indexed_end=found["indexed_end"],
        size=found["size"],
        digest=None if found["sha256"] is None else Digest(found["sha256"]),
        created_at=read_moment(found["created_at"]),
        sealed_at=None if found["sealed_at"] is None else read_moment(found["sealed_at"]),
    )


def _now() -> int:
    return to_microseconds(datetime.now(UTC))
