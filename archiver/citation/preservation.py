"""Fixity over years: which files are checked when, what was found, and which copy is the right one.

Oldest check first, all within a period, and a random sample each time whose seed nobody could know before:
the root of the log. Whether each file is there, and as long as it was, is looked at every time. The right
copy is the one that has the logged digest, never the one that most agree on.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.citation.checks import (
    DAMAGED,
    LOSS,
    MISSING,
    OK,
    PRIMARY,
    REPLICA,
    LastChecks,
    is_news,
    last_checks,
    losses,
)
from archiver.citation.copies import refuse_absent, refuse_absent_replica, sizes_in
from archiver.citation.inventory import (
    INVENTORY,
    ExpectedFile,
    expected_files,
    logged_digests,
    logged_files,
)
from archiver.citation.ledger_writer import LedgerWriter
from archiver.citation.replica import Replica
from archiver.citation.sequencer import record_log
from archiver.citation.statement import later_statement
from archiver.errors import DamagedRecordError, StorageError
from archiver.model.digest import Digest
from archiver.storage.index import Index, Segment
from archiver.storage.ledger.documents import CheckedCopy, Fixity

__all__ = (
    "DAMAGED",
    "MISSING",
    "OK",
    "PERIOD",
    "Keeper",
    "Planned",
    "Repaired",
    "logged_digests",
    "schedule",
)

PERIOD = timedelta(days=90)
SAMPLE = 0.01


@dataclass(frozen=True, slots=True)
class Planned:
    """A sealed file, and when it was last checked; None for never."""

    segment: Segment
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair came to: `action` is `restored`, `copied` or `lost`."""

    segment: str
    action: str
    detail: str


class Keeper:
    """Checks and repairs the WARC files of one archive."""

    def __init__(self, ledger: LedgerWriter, replica: Replica | None) -> None:
        self._ledger = ledger
        self._replica = replica

    def plan(self, now: datetime) -> list[Planned]:
        """What is checked next: a day's share oldest first, what is overdue or was bad, and the sample."""
        last = last_checks(self._ledger.index)
        bad = self._bad(last)
        every = sorted(schedule(self._ledger.index, last), key=_oldest_first)
        share = sum(planned.segment.size or 0 for planned in every) / PERIOD.days
        chosen: dict[str, Planned] = {}
        for planned in every:
            if share > 0 or planned.segment.name in bad or _is_overdue(planned, now):
                chosen[planned.segment.name] = planned
            share -= planned.segment.size or 0
        note = self._ledger.place.note()
        chance = random.Random(note.text if note else "")  # noqa: S311 - anybody must be able to repeat it
        for planned in chance.sample(every, max(1, round(len(every) * SAMPLE)) if every else 0):
            chosen.setdefault(planned.segment.name, planned)
        return list(chosen.values())

    def run(
        self,
        chosen: Sequence[Planned],
        on_progress: Callable[[int], None] = lambda _bytes: None,
        *,
        new_replica: bool = False,
    ) -> list[CheckedCopy]:
        """Read both copies of each file, make a second copy where there is none, record what was found.

        Of all other files it is seen whether they are there and as long as they were; those that are not are
        among what is returned. A fault that is recorded already is not recorded anew. With `new_replica` the
        second copy may have lost all that it had. Raises StorageError when a copy is away as a whole.
        """
        logged = logged_files(self._ledger.index, self._ledger.folder)
        expected = expected_files(self._ledger.index, logged)
        last = last_checks(self._ledger.index)
        sizes = self._sizes(expected, last, new_replica=new_replica)
        self._log_new_digests(logged)
        checks: list[CheckedCopy] = []
        for planned in chosen:
            name = planned.segment.name
            digest = expected[name].digest if name in expected else None
            primary = self._primary(name, digest)
            checks.append(primary)
            if self._replica:
                checks.append(self._replica_of(name, digest, primary))
            on_progress(planned.segment.size or 0)
        read = {planned.segment.name for planned in chosen}
        checks += _misfits({name: file for name, file in expected.items() if name not in read}, last, sizes)
        self._record([check for check in checks if is_news(check, last)])
        return checks

    def repair(self) -> list[Repaired]:
        """Mend every copy that its last check found bad from one with the logged digest; the rest is lost.

        Bad bytes are kept in `quarantine/` beside the files. Raises StorageError when a copy is away as a
        whole.
        """
        index = self._ledger.index
        last = last_checks(index)
        bad = self._bad(last)
        if not bad:
            return []
        expected = expected_files(index, logged_files(index, self._ledger.folder))
        self._sizes(expected, last)
        lost = {loss.segment for loss in losses(index) if loss.found_at is None}
        done = []
        for name in sorted(bad):
            digest = expected[name].digest if name in expected else None
            if digest is None:
                raise DamagedRecordError(f"no digest of {name} was ever recorded; archiver verify {name}")
            done.append(self._mend(name, digest, is_lost=name in lost))
        return done

    def _bad(self, last: LastChecks) -> set[str]:
        """The files with a copy, of those that are kept, that its last check found bad."""
        copies = (PRIMARY, REPLICA) if self._replica else (PRIMARY,)
        return {name for (name, copy), (_, check) in last.items() if copy in copies and check.outcome != OK}

    def _sizes(
        self, expected: Collection[str], last: LastChecks, *, new_replica: bool = False
    ) -> dict[str, dict[str, int]]:
        """By copy, the size of each file that is there; nothing is read but the folders."""
        sizes = {PRIMARY: sizes_in(self._ledger.folder)}
        refuse_absent(self._ledger.folder, expected, sizes[PRIMARY])
        if self._replica:
            sizes[REPLICA] = self._replica.sizes()
            copied = [
                name for (name, copy), (_, check) in last.items()
                if copy == REPLICA and check.outcome != MISSING
            ]  # fmt: skip
            if not new_replica:
                refuse_absent_replica(self._replica.address, copied, sizes[REPLICA])
        return sizes

    def _mend(self, name: str, expected: Digest, *, is_lost: bool) -> Repaired:
        path = self._ledger.folder / name
        primary = self._primary(name, expected)
        found = self._replica.digest(name) if self._replica else None
        if primary.outcome == OK:
            return self._mend_replica(path, expected, primary, found)
        if self._replica is None or found is None or found[1] != expected:
            if not is_lost:
                self._state_loss(name, expected, primary)
            return Repaired(name, "lost", "no copy has the logged digest; the loss is in the log")
        partial = path.with_name(f".{name}.restored")
        self._replica.fetch(name, partial)
        if _file_digest(partial)[1] != expected:
            partial.unlink()
            raise StorageError(f"the second copy of {name} changed while it was read; try again")
        detail = self._quarantine(path)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        restored = self._primary(name, expected)
        self._record([restored, CheckedCopy(name, REPLICA, found[0], OK)])
        return Repaired(name, "restored", f"from {self._replica.address}{detail}")

    def _mend_replica(
        self, path: Path, expected: Digest, primary: CheckedCopy, found: tuple[int, Digest] | None
    ) -> Repaired:
        """The archive's own file is right: so is, or becomes, the second copy."""
        name = path.name
        if self._replica is None:
            self._record([primary])
        elif found and found[1] == expected:
            self._record([primary, CheckedCopy(name, REPLICA, found[0], OK)])
        else:
            self._replica.store(path, name)
            self._record([primary, self._replica_of(name, expected, primary)])
            return Repaired(name, "copied", f"second copy made anew at {self._replica.address}")
        return Repaired(name, "restored", "the file is as it was logged")

    def _quarantine(self, path: Path) -> str:
        if not path.exists():
            return ""
        folder = path.parent / "quarantine"
        folder.mkdir(exist_ok=True)
        kept = folder / f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        path.rename(kept)
        return f"; the bad bytes are in {kept}"

    def _primary(self, name: str, expected: Digest | None) -> CheckedCopy:
        path = self._ledger.folder / name
        if not path.exists():
            return CheckedCopy(name, PRIMARY, 0, MISSING)
        length, digest = _file_digest(path)
        return CheckedCopy(name, PRIMARY, length, OK if digest == expected else DAMAGED)

    def _replica_of(self, name: str, expected: Digest | None, primary: CheckedCopy) -> CheckedCopy:
        assert self._replica is not None
        found = self._replica.digest(name)
        if found is None and primary.outcome == OK:
            self._replica.store(self._ledger.folder / name, name)
            found = self._replica.digest(name)
        if found is None:
            return CheckedCopy(name, REPLICA, 0, MISSING)
        return CheckedCopy(name, REPLICA, found[0], OK if found[1] == expected else DAMAGED)

    def _record(self, checks: Sequence[CheckedCopy]) -> None:
        if not checks:
            return
        size = self._ledger.place.files().size
        found = Fixity(size, datetime.now(UTC), tuple(checks))
        record_log(self._ledger.index, self._ledger.writer, self._ledger.place.key().name, found)

    def _log_new_digests(self, known: Collection[str]) -> None:
        """Put the digests of files sealed since the last time into the log."""
        new = [s for s in self._ledger.index.segments() if s.sealed and s.digest and s.name not in known]
        if not new:
            return
        listed = [{"name": s.name, "bytes": s.size, "sha256": str(s.digest)} for s in new]
        origin = self._ledger.place.key().name
        statement = later_statement(INVENTORY, INVENTORY, datetime.now(UTC), {"segments": listed})
        self._ledger.state(statement, f"metadata://{origin}/inventory")
        self._ledger.sequence()

    def _state_loss(self, name: str, expected: Digest, found: CheckedCopy) -> None:
        facts = {"sha256": str(expected), "found": found.outcome, "reason": "no copy has the logged digest"}
        origin = self._ledger.place.key().name
        statement = later_statement(LOSS, name, datetime.now(UTC), facts)
        self._ledger.state(statement, f"metadata://{origin}/fixity")
        self._ledger.sequence()


def schedule(index: Index, last: LastChecks | None = None) -> list[Planned]:
    """Every sealed file with the time of its last check; `last` where the caller has it already."""
    checked = last_checks(index) if last is None else last
    return [
        Planned(segment, checked[segment.name, PRIMARY][0] if (segment.name, PRIMARY) in checked else None)
        for segment in index.segments()
        if segment.sealed
    ]


def _misfits(
    expected: Mapping[str, ExpectedFile], last: LastChecks, sizes: Mapping[str, Mapping[str, int]]
) -> Iterator[CheckedCopy]:
    """The copies that are not there or not as long as they were; a second one only if it was ever made."""
    for copy, found in sizes.items():
        for name, file in expected.items():
            if copy == REPLICA and (name, copy) not in last:
                continue
            if name not in found:
                yield CheckedCopy(name, copy, 0, MISSING)
            elif file.size is not None and found[name] != file.size:
                yield CheckedCopy(name, copy, found[name], DAMAGED)


def _oldest_first(planned: Planned) -> tuple[datetime, str]:
    return planned.checked_at or datetime.min.replace(tzinfo=UTC), planned.segment.name


def _is_overdue(planned: Planned, now: datetime) -> bool:
    return planned.checked_at is None or now - planned.checked_at >= PERIOD


def _file_digest(path: Path) -> tuple[int, Digest]:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        return path.stat().st_size, Digest(digest.digest())
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
