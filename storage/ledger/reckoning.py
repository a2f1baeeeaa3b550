"""Everything that files hold beside everything that was stated or indexed, compared once all was read.

It lies in a temporary file as soon as it is large, so that an archive of any size can be checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from archiver.errors import StorageError
from archiver.model.capture import RecordLocation

_GROUP = 2_000
_TABLES = """
CREATE TABLE found (id BLOB, seal BLOB, segment TEXT, at INTEGER, length INTEGER);
CREATE TABLE statements (id INTEGER PRIMARY KEY, digest BLOB, subject TEXT, segment TEXT, at INTEGER,
                         length INTEGER, leaf INTEGER);
CREATE TABLE stated (statement INTEGER, id BLOB, seal BLOB);
CREATE TABLE logged (digest BLOB, leaf INTEGER);
CREATE TABLE seen (kind INTEGER, key BLOB);
CREATE TABLE known (kind INTEGER, key BLOB, segment TEXT, at INTEGER, length INTEGER);
"""
_INDEXES = """
CREATE INDEX found_id ON found (id);
CREATE INDEX statements_digest ON statements (digest);
CREATE INDEX seen_key ON seen (kind, key);
"""
_DIFFERENT = """
SELECT s.subject, s.leaf, s.segment, s.at, s.length, stated.id, found.segment, found.at, found.length
FROM stated JOIN statements s ON s.id = stated.statement LEFT JOIN found ON found.id = stated.id
WHERE found.id IS NULL OR found.seal <> stated.seal ORDER BY stated.rowid
"""
_UNSEEN = """
SELECT kind, key, segment, at, length FROM known
WHERE NOT EXISTS (SELECT 1 FROM seen WHERE seen.kind = known.kind AND seen.key = known.key)
"""
_UNSTATED = """
SELECT logged.leaf, s.leaf, s.segment, s.at FROM logged LEFT JOIN statements s ON s.digest = logged.digest
WHERE s.digest IS NULL OR (s.leaf IS NOT logged.leaf AND s.leaf IS NOT -1) ORDER BY logged.leaf
"""
UNINDEXED = -1
"""The number of a statement that is in a file and not in the index."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that is not as a statement names it, at `found` or nowhere; `leaf` is the statement's."""

    subject: str
    leaf: int | None
    statement: RecordLocation
    record_id: str
    found: RecordLocation | None


class Reckoning:
    """What was read so far. Raises StorageError when there is no room for it."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self._database.execute("BEGIN")
        self._groups: dict[str, list[tuple[Any, ...]]] = {}
        self._statements = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def record(self, record_id: str, seal: bytes, place: RecordLocation) -> None:
        """A record that is in a file."""
        self._add("found", _packed(record_id), seal, place.segment, place.offset, place.length)

    def statement(
        self,
        digest: bytes,
        subject: str,
        leaf: int | None,
        place: RecordLocation,
        stated: Sequence[tuple[str, bytes]],
    ) -> None:
        """A statement that is in a file, with the ids and seals of the records that it names.

        `leaf` is its number as the index has it: None while it waits, UNINDEXED when the index lacks it.
        """
        self._statements += 1
        self._add(
            "statements", self._statements, digest, subject, place.segment, place.offset, place.length, leaf
        )
        for record_id, seal in stated:
            self._add("stated", self._statements, _packed(record_id), seal)

    def logged(self, digest: bytes, leaf: int) -> None:
        """An entry of the log."""
        self._add("logged", digest, leaf)

    def seen(self, kind: int, key: bytes) -> None:
        """A metadata record that is in a file."""
        self._add("seen", kind, key)

    def known(self, kind: int, key: bytes, place: RecordLocation | None) -> None:
        """A metadata record that the index has."""
        located = (place.segment, place.offset, place.length) if place else (None, None, None)
        self._add("known", kind, key, *located)

    def settle(self) -> None:
        """All was read; from now on it can be asked."""
        with _explaining():
            for table in list(self._groups):
                self._flush(table)
            self._database.executescript(_INDEXES)

    def different(self) -> Iterator[Difference]:
        """The stated records that are not there as stated, in the order of their statements."""
        for subject, leaf, segment, at, length, record_id, *place in self._rows(_DIFFERENT):
            found = RecordLocation(*place) if place[0] is not None else None
            statement = RecordLocation(segment, at, length)
            yield Difference(subject, leaf, statement, _unpacked(record_id), found)

    def unseen(self) -> Iterator[tuple[int, bytes, RecordLocation | None]]:
        """What the index has, with kind, key and place, and no file."""
        for kind, key, *place in self._rows(_UNSEEN):
            yield kind, key, RecordLocation(*place) if place[0] is not None else None

    def unstated(self) -> Iterator[tuple[int, int | None, RecordLocation | None]]:
        """The entries of the log whose statement is in no file, or under another number in the index."""
        for leaf, other, segment, at in self._rows(_UNSTATED):
            yield leaf, other, RecordLocation(segment, at, 0) if segment is not None else None

    def _add(self, table: str, *values: Any) -> None:
        group = self._groups.setdefault(table, [])
        group.append(values)
        if len(group) >= _GROUP:
            with _explaining():
                self._flush(table)

    def _flush(self, table: str) -> None:
        group = self._groups.pop(table)
        marks = ", ".join("?" * len(group[0]))
        self._database.executemany(f"INSERT INTO {table} VALUES ({marks})", group)  # noqa: S608 - our names

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        with _explaining():
            yield from self._database.execute(query)


_URN = "urn:uuid:"


def _packed(record_id: str) -> bytes:
    """A record id in 16 bytes where it is a UUID, as all of ours are."""
    digits = record_id.removeprefix(_URN)
    try:
        packed = bytes.fromhex(digits.replace("-", ""))
    except ValueError:
        packed = b""
    return packed if len(packed) == 16 and _unpacked(packed) == record_id else record_id.encode()


def _unpacked(packed: bytes) -> str:
    if len(packed) != 16:
        return packed.decode()
    digits = packed.hex()
    return f"{_URN}{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"there is no room to compare what was read ({error}); free space in the temporary folder,"
            " or name another with TMPDIR"
        ) from error
