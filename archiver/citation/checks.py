"""What the fixity checks found over time: the last of each copy, and which losses ended.

A loss is an entry of the log for ever. It is over once a later check found the right bytes in any copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from archiver.storage.index import Index
from archiver.storage.ledger.documents import CheckedCopy, Fixity

PRIMARY, REPLICA = "primary", "replica"
OK, DAMAGED, MISSING = "ok", "damaged", "missing"
LOSS = "fixity-loss"
"""The kind of the statement that no copy of a file has the logged digest; it is about the file's name."""

LastChecks = dict[tuple[str, str], tuple[datetime, CheckedCopy]]
"""By file and copy, when it was last checked and what was found."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A file of which no copy was right at `lost_at`; `found_at` is the first later check that found one."""

    segment: str
    lost_at: datetime
    found_at: datetime | None = None


def last_checks(index: Index) -> LastChecks:
    """The last check of every copy that was ever checked."""
    latest: LastChecks = {}
    for at, check in _all_checks(index):
        known = latest.get((check.segment, check.copy))
        if known is None or known[0] <= at:
            latest[check.segment, check.copy] = (at, check)
    return latest


def is_news(check: CheckedCopy, last: LastChecks) -> bool:
    """Whether a check is worth a record: a fault that stands in the last one, unchanged, is told once."""
    known = last.get((check.segment, check.copy))
    return check.outcome == OK or known is None or known[1] != check


def losses(index: Index) -> list[Loss]:
    """Every loss that was stated, by file, each with its end if it ended."""
    names = {segment.name for segment in index.segments()} | {name for name, _ in last_checks(index)}
    stated = [Loss(one.subject, one.issued_at) for one in index.ledger.about_each(sorted(names), LOSS)]
    if not stated:
        return []
    lost = {loss.segment for loss in stated}
    right: dict[str, list[datetime]] = {name: [] for name in lost}
    for at, check in _all_checks(index):
        if check.segment in lost and check.outcome == OK:
            right[check.segment].append(at)
    return [replace(loss, found_at=_first_after(loss.lost_at, right[loss.segment])) for loss in stated]


def _first_after(moment: datetime, moments: list[datetime]) -> datetime | None:
    return min((each for each in moments if each > moment), default=None)


def _all_checks(index: Index) -> Iterator[tuple[datetime, CheckedCopy]]:
    for found in index.ledger.documents("fixity"):
        assert isinstance(found, Fixity)
        yield from ((found.at.astimezone(UTC), check) for check in found.checks)
