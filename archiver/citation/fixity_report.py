"""What an auditor asks of an archive: how much was checked, how long ago, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.citation.checks import OK, PRIMARY, REPLICA, Loss, last_checks, losses
from archiver.citation.copies import absent, is_away, sizes_in
from archiver.citation.preservation import PERIOD, schedule
from archiver.storage.index import Index
from archiver.storage.warc import OPEN_SUFFIX


@dataclass(frozen=True, slots=True)
class FixityReport:
    """`audited` is the share of bytes checked within the period; the rest are file names and identifiers.

    `found_again` are the losses that ended: history, and no fault.
    """

    files: int
    bytes: int
    audited: float
    oldest: datetime | None
    unchecked: int
    errors: tuple[str, ...]
    lost: tuple[str, ...]
    bytes_without_leaves: tuple[str, ...]
    leaves_without_bytes: tuple[str, ...]
    found_again: tuple[Loss, ...] = ()

    @property
    def lacks_files(self) -> bool:
        """Whether what is wrong is wrong with files, so that a check and a repair are next."""
        return bool(self.errors or self.lost or self.leaves_without_bytes)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong; what is only not yet checked is no fault."""
        return not (self.lacks_files or self.bytes_without_leaves)


def fixity_report(index: Index, folder: Path, now: datetime, *, has_replica: bool = True) -> FixityReport:
    """The report of an archive at a moment; reads the index and looks which files are there.

    Without a replica what was once found wrong with one is no fault any more.
    """
    last = last_checks(index)
    planned = schedule(index, last)
    total = sum(entry.segment.size or 0 for entry in planned)
    recent = sum(
        entry.segment.size or 0 for entry in planned if entry.checked_at and now - entry.checked_at <= PERIOD
    )
    copies = (PRIMARY, REPLICA) if has_replica else (PRIMARY,)
    bad = sorted(f"{check.segment} ({check.copy}): {check.outcome}" for _, check in last.values()
                 if check.outcome != OK and check.copy in copies)  # fmt: skip
    there = sizes_in(folder)
    away = is_away([entry.segment.name for entry in planned], there)
    stated = losses(index)
    return FixityReport(
        files=len(planned),
        bytes=total,
        audited=recent / total if total else 1.0,
        oldest=min((entry.checked_at for entry in planned if entry.checked_at), default=None),
        unchecked=sum(entry.checked_at is None for entry in planned),
        errors=(*bad, absent(folder, len(planned))) if away else tuple(bad),
        lost=tuple(sorted(loss.segment for loss in stated if loss.found_at is None)),
        bytes_without_leaves=tuple(index.ledger.unstated()),
        leaves_without_bytes=(*_without_statement(index), *(() if away else _without_file(index, there))),
        found_again=tuple(loss for loss in stated if loss.found_at is not None),
    )


def _without_statement(index: Index) -> Iterator[str]:
    missing = index.ledger.size() - index.ledger.numbered()
    if missing:
        yield f"{missing} entries of the log have no statement"


def _without_file(index: Index, there: dict[str, int]) -> Iterator[str]:
    """The files that hold statements and are gone: how many snapshots those are about, or what one is."""
    for name, subject, snapshots in index.ledger.segments():
        if name not in there and f"{name}{OPEN_SUFFIX}" not in there:
            what = f"statements about {snapshots:,} snapshots" if snapshots > 1 else subject
            yield f"{name}: {what}"
