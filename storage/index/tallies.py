"""Running totals for `archiver stats`: each batch adds what it brought, so that no table is ever counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, case, func, select

from archiver.model.capture import Capture, RecordType
from archiver.model.snapshot import Snapshot
from archiver.storage.index.rows import storable
from archiver.storage.index.schema import captures, tallies

_COUNTS = tuple(column.name for column in tallies.c if column.name != "source")


@dataclass(frozen=True, slots=True)
class SourceStats:
    """What one source, or all of them, brought into the archive."""

    captures: int = 0
    revisits: int = 0
    failures: int = 0
    urls: int = 0
    """URLs seen for the first time; 0 for a single source."""
    snapshots: int = 0
    pictures_captured: int = 0
    pictures_missing: int = 0
    stored_bytes: int = 0
    payload_bytes: int = 0
    saved_bytes: int = 0
    """Payload bytes that revisit records did not have to store again."""


@dataclass(frozen=True, slots=True)
class Stats:
    """The totals, and those of each source by name; what no source asked for is under the empty name."""

    total: SourceStats
    sources: dict[str, SourceStats] = field(default_factory=dict)


class Tallies:
    """What one batch adds."""

    def __init__(self) -> None:
        self._by_source: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add_urls(self, count: int) -> None:
        """New URLs; they belong to no source, as many name the same one."""
        if count > 0:
            self._by_source[""]["urls"] += count

    def add_captures(self, batch: Iterable[Capture]) -> None:
        """New captures."""
        for capture in batch:
            counts = self._by_source[storable(capture.source or "")]
            counts["captures"] += 1
            counts["stored_bytes"] += capture.location.length
            counts["payload_bytes"] += capture.payload_length
            if capture.record_type is RecordType.REVISIT:
                counts["revisits"] += 1
                counts["saved_bytes"] += capture.payload_length
            elif not capture.status:
                counts["failures"] += 1

    def add_snapshots(self, batch: Iterable[Snapshot]) -> None:
        """New snapshots."""
        for snapshot in batch:
            counts = self._by_source[storable(snapshot.provenance.source or "")]
            counts["snapshots"] += 1
            counts["pictures_captured"] += len(snapshot.captured)
            counts["pictures_missing"] += len(snapshot.missing)

    def rows(self) -> list[dict[str, Any]]:
        """Values for the tallies table, in one order for all processes."""
        return [
            {"source": source, **{name: counts[name] for name in _COUNTS}}
            for source, counts in sorted(self._by_source.items())
        ]


def read_stats(connection: Connection) -> Stats:
    """The totals as of now; cost: one small row for each source."""
    rows: Sequence[Any] = connection.execute(select(tallies).order_by(tallies.c.source)).mappings().all()
    sources = {row["source"]: SourceStats(**{name: row[name] for name in _COUNTS}) for row in rows}
    total = SourceStats(**{name: sum(row[name] for row in rows) for name in _COUNTS})
    return Stats(total=total, sources=sources)


_PAGE = 10_000
_SIZE = case(
    (captures.c.payload_length > captures.c.length, captures.c.payload_length), else_=captures.c.length
)


def received_since(connection: Connection, since: int) -> int:
    """Bytes of what was captured from `since` (microseconds) on; reads what came since and a page.

    Of each capture its payload, or its record as stored if that is longer. Captures are recorded in the order
    in which they came, so the newest are read until a whole page is older.
    """
    total, last = 0, None
    while True:
        page = select(captures.c.id, captures.c.captured_at, _SIZE.label("size"))
        if last is not None:
            page = page.where(captures.c.id < last)
        newest = page.order_by(captures.c.id.desc()).limit(_PAGE).subquery()
        of_now = case((newest.c.captured_at >= since, newest.c.size), else_=0)
        row = connection.execute(
            select(func.min(newest.c.id), func.max(newest.c.captured_at), func.sum(of_now))
        ).one()
        last, latest, size = row
        if last is None or latest < since:
            return total
        total += int(size)
