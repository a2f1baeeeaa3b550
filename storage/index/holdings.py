"""What the index keeps of metadata records (snapshots, events, statements), to hold against the files.

Everything is found by the key under which it was inserted, many at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Select, null, select

from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.model.moment import from_microseconds
from archiver.storage.index.engine import Database
from archiver.storage.index.rows import original
from archiver.storage.index.schema import captures, events, extractions, segments, snapshots
from archiver.storage.ledger.schema import log_records, statements

_PAGE: Final = 1_000
_AT_ONCE: Final = 500
"""Values in one IN list."""


class Kind(IntEnum):
    """The metadata records that the index knows."""

    SNAPSHOT = 1
    EVENT = 2
    STATEMENT = 3
    LOG = 4
    ARTICLE = 5

    @property
    def word(self) -> str:
        """As people are told it."""
        return {4: "record of the log", 5: "later reading of an article"}.get(self, self.name.lower())


Key = bytes
"""Of a snapshot its identifier, of a statement its digest, of an event or the log the record id; of an
article the page's record id and the extractor's version."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the index has under a key: the `document`, or what it keeps of a statement instead (`said`)."""

    document: bytes = b""
    said: tuple[str, str, datetime] | None = None
    location: RecordLocation | None = None
    leaf: int | None = None


class Holdings:
    """Answers for one index. Raises IndexUnavailableError when the database cannot serve."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def every(self) -> Iterator[tuple[Kind, Key, RecordLocation | None]]:
        """Every key, with the place of what has one; read page by page from one moment of the database."""
        with self._database.unchanging() as connection:
            for kind, query in _keys():
                with connection.execution_options(yield_per=_PAGE).execute(query) as rows:
                    for key, more, *place in rows:
                        located = RecordLocation(*place) if place[0] is not None else None
                        yield kind, _key(key, more), located

    def find(self, kind: Kind, keys: Collection[Key]) -> dict[Key, Held]:
        """What the index has under these keys."""
        find = {Kind.SNAPSHOT: _snapshots, Kind.EVENT: _events, Kind.STATEMENT: _statements,
                Kind.LOG: _log_records, Kind.ARTICLE: _articles}[kind]  # fmt: skip
        wanted = list(keys)
        found: dict[Key, Held] = {}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                found.update(find(connection, wanted[start : start + _AT_ONCE]))
        return found

    def payloads(self, record_ids: Collection[UUID]) -> dict[UUID, Digest | None]:
        """The digest of the payload of each capture that the index has; of a 304 that of its original."""
        wanted = [record_id.bytes for record_id in dict.fromkeys(record_ids)]
        c = captures.c
        query = select(c.record_id, c.status, c.payload_digest, original.c.payload_digest).join(
            original, original.c.record_id == c.original_record_id, isouter=True
        )
        found: dict[UUID, Digest | None] = {}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = c.record_id.in_(wanted[start : start + _AT_ONCE])
                for record_id, status, own, of_original in connection.execute(query.where(some)).all():
                    is_elsewhere = status == HTTPStatus.NOT_MODIFIED and of_original is not None
                    digest = of_original if is_elsewhere else own
                    found[UUID(bytes=record_id)] = None if digest is None else Digest(digest)
        return found


def _keys() -> Iterator[tuple[Kind, Select[Any]]]:
    nowhere = (null(), null(), null())
    s, t, x = snapshots.c, statements.c, extractions.c
    placed = select(s.identifier, null(), segments.c.name, s.offset, s.length)
    yield Kind.SNAPSHOT, placed.join(segments, segments.c.id == s.segment_id)
    yield Kind.EVENT, select(events.c.event_id, null(), *nowhere)
    yield Kind.STATEMENT, select(t.digest, null(), t.segment, t.offset, t.length)
    yield Kind.LOG, select(log_records.c.record_id, null(), *nowhere)
    yield Kind.ARTICLE, select(x.page_record_id, x.extractor_version, *nowhere)


def _key(key: bytes | str, more: str | None) -> Key:
    if isinstance(key, str):
        return key.encode()
    return key if more is None else key + more.encode()


def _snapshots(connection: Connection, keys: list[Key]) -> Iterator[tuple[Key, Held]]:
    c = snapshots.c
    query = (
        select(c.identifier, c.document, segments.c.name, c.offset, c.length)
        .join(segments, segments.c.id == c.segment_id)
        .where(c.identifier.in_([key.decode() for key in keys]))
    )
    for identifier, document, *place in connection.execute(query).all():
        yield identifier.encode(), Held(document, location=RecordLocation(*place))


def _events(connection: Connection, keys: list[Key]) -> Iterator[tuple[Key, Held]]:
    query = select(events.c.event_id, events.c.document).where(events.c.event_id.in_(keys))
    for event_id, document in connection.execute(query).all():
        yield event_id, Held(document)


def _statements(connection: Connection, keys: list[Key]) -> Iterator[tuple[Key, Held]]:
    c = statements.c
    query = select(c.digest, c.kind, c.subject, c.issued_at, c.segment, c.offset, c.length, c.leaf)
    for digest, kind, subject, issued_at, *place, leaf in connection.execute(query.where(c.digest.in_(keys))):
        said = (kind, subject, from_microseconds(issued_at))
        yield digest, Held(said=said, location=RecordLocation(*place), leaf=leaf)


def _log_records(connection: Connection, keys: list[Key]) -> Iterator[tuple[Key, Held]]:
    c = log_records.c
    query = select(c.record_id, c.document).where(c.record_id.in_(keys))
    for record_id, document in connection.execute(query):
        yield record_id, Held(document)


def _articles(connection: Connection, keys: list[Key]) -> Iterator[tuple[Key, Held]]:
    c = extractions.c
    query = select(c.page_record_id, c.extractor_version, c.document)
    pages = c.page_record_id.in_({key[:16] for key in keys})
    for page, version, document in connection.execute(query.where(pages)):
        yield page + version.encode(), Held(document)
