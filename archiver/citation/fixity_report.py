"""What an auditor asks of an archive: how much was checked, how long ago, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.citation.preservation import OK, PERIOD, last_checks, schedule
from archiver.errors import ArchiverError
from archiver.storage.index import Index
from archiver.storage.warc import find_segment


@dataclass(frozen=True, slots=True)
class FixityReport:
    """`audited` is the share of bytes checked within the period; the rest are file names and identifiers."""

    files: int
    bytes: int
    audited: float
    oldest: datetime | None
    unchecked: int
    errors: tuple[str, ...]
    lost: tuple[str, ...]
    bytes_without_leaves: tuple[str, ...]
    leaves_without_bytes: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong; what is only not yet checked is no fault."""
        return not (self.errors or self.lost or self.bytes_without_leaves or self.leaves_without_bytes)


def fixity_report(index: Index, folder: Path, now: datetime) -> FixityReport:
    """The report of an archive at a moment; reads the index, not the files."""
    planned = schedule(index)
    total = sum(entry.segment.size or 0 for entry in planned)
    recent = sum(
        entry.segment.size or 0 for entry in planned if entry.checked_at and now - entry.checked_at <= PERIOD
    )
    checks = last_checks(index)
    bad = sorted(f"{check.segment} ({check.copy}): {check.outcome}" for _, check in checks.values()
                 if check.outcome != OK)  # fmt: skip
    return FixityReport(
        files=len(planned),
        bytes=total,
        audited=recent / total if total else 1.0,
        oldest=min((entry.checked_at for entry in planned if entry.checked_at), default=None),
        unchecked=sum(entry.checked_at is None for entry in planned),
        errors=tuple(bad),
        lost=tuple(sorted(_lost(index))),
        bytes_without_leaves=tuple(index.ledger.unstated()),
        leaves_without_bytes=tuple(_without_bytes(index, folder)),
    )


def _lost(index: Index) -> set[str]:
    return {
        segment.name
        for segment in index.segments()
        if any(statement.kind == "fixity-loss" for statement in index.ledger.about(segment.name))
    }


def _without_bytes(index: Index, folder: Path) -> Iterator[str]:
    """The files that hold statements and are gone, each with an identifier that one is about."""
    absent = index.ledger.size() - index.ledger.numbered()
    if absent:
        yield f"{absent} entries of the log have no statement"
    for name, subject in index.ledger.segments():
        try:
            find_segment(folder, name)
        except ArchiverError:
            yield f"{name}: {subject}"
