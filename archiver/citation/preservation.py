"""Fixity over years: which files are checked when, what was found, and which copy is the right one.

Oldest check first, all within a period, and a random sample each time whose seed nobody could know before:
the root of the log. The right copy is the one that has the logged digest, never the one that most agree on.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.citation.ledger_writer import LedgerWriter
from archiver.citation.replica import Replica
from archiver.citation.sequencer import record_log
from archiver.citation.statement import later_statement, read_canonical
from archiver.errors import DamagedRecordError, StorageError
from archiver.model.digest import Digest
from archiver.storage.index import Index, Segment
from archiver.storage.ledger.documents import CheckedCopy, Fixity
from archiver.storage.warc import read_record

PERIOD = timedelta(days=90)
SAMPLE = 0.01
INVENTORY = "inventory"
"""The subject of the statements that put the digests of sealed files into the log."""

_PIECE = 1 << 20
PRIMARY, REPLICA = "primary", "replica"
OK, DAMAGED, MISSING = "ok", "damaged", "missing"


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
        """What is checked next: a day's share oldest first, all that is overdue, and the sample."""
        every = sorted(schedule(self._ledger.index), key=_oldest_first)
        share = sum(planned.segment.size or 0 for planned in every) / PERIOD.days
        chosen: dict[str, Planned] = {}
        for planned in every:
            if share > 0 or _is_overdue(planned, now):
                chosen[planned.segment.name] = planned
            share -= planned.segment.size or 0
        note = self._ledger.place.note()
        chance = random.Random(note.text if note else "")  # noqa: S311 - anybody must be able to repeat it
        for planned in chance.sample(every, max(1, round(len(every) * SAMPLE)) if every else 0):
            chosen.setdefault(planned.segment.name, planned)
        return list(chosen.values())

    def run(
        self, chosen: Sequence[Planned], on_progress: Callable[[int], None] = lambda _bytes: None
    ) -> list[CheckedCopy]:
        """Read both copies of each file, make a second copy where there is none, record what was found."""
        self._log_new_digests()
        logged = logged_digests(self._ledger.index, self._ledger.folder)
        checks: list[CheckedCopy] = []
        for planned in chosen:
            segment = planned.segment
            expected = logged.get(segment.name) or segment.digest
            primary = self._primary(segment.name, expected)
            checks.append(primary)
            if self._replica:
                checks.append(self._replica_of(segment.name, expected, primary))
            on_progress(segment.size or 0)
        if checks:
            self._record(checks)
        return checks

    def repair(self) -> list[Repaired]:
        """Mend every copy that its last check found bad from one with the logged digest; the rest is lost.

        Bad bytes are kept in `quarantine/` beside the files.
        """
        logged = logged_digests(self._ledger.index, self._ledger.folder)
        bad = {(c.segment, c.copy) for _, c in last_checks(self._ledger.index).values() if c.outcome != OK}
        done = []
        for name in sorted({segment for segment, _ in bad}):
            segment = self._ledger.index.segment(name)
            expected = logged.get(name) or (segment.digest if segment else None)
            if expected is None:
                raise DamagedRecordError(f"no digest of {name} was ever recorded; archiver verify {name}")
            done.append(self._mend(name, expected))
        return done

    def _mend(self, name: str, expected: Digest) -> Repaired:
        path = self._ledger.folder / name
        primary = self._primary(name, expected)
        if primary.outcome == OK:
            if self._replica is None:
                return Repaired(name, "restored", "the file is as it was logged")
            self._replica.store(path, name)
            self._record([primary, self._replica_of(name, expected, primary)])
            return Repaired(name, "copied", f"second copy made anew at {self._replica.address}")
        found = self._replica.digest(name) if self._replica else None
        if self._replica is None or found is None or found[1] != expected:
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
        size = self._ledger.place.files().size
        found = Fixity(size, datetime.now(UTC), tuple(checks))
        record_log(self._ledger.index, self._ledger.writer, self._ledger.place.key().name, found)

    def _log_new_digests(self) -> None:
        """Put the digests of files sealed since the last time into the log."""
        known = logged_digests(self._ledger.index, self._ledger.folder)
        new = [s for s in self._ledger.index.segments() if s.sealed and s.digest and s.name not in known]
        if not new:
            return
        listed = [{"name": s.name, "bytes": s.size, "sha256": str(s.digest)} for s in new]
        origin = self._ledger.place.key().name
        statement = later_statement(INVENTORY, INVENTORY, datetime.now(UTC), {"segments": listed})
        self._ledger.state(statement, f"metadata://{origin}/inventory")
        self._ledger.sequence()

    def _state_loss(self, name: str, expected: Digest, found: CheckedCopy) -> None:
        if any(stated.kind == "fixity-loss" for stated in self._ledger.index.ledger.about(name)):
            return
        facts = {"sha256": str(expected), "found": found.outcome, "reason": "no copy has the logged digest"}
        origin = self._ledger.place.key().name
        statement = later_statement("fixity-loss", name, datetime.now(UTC), facts)
        self._ledger.state(statement, f"metadata://{origin}/fixity")
        self._ledger.sequence()


def last_checks(index: Index) -> dict[tuple[str, str], tuple[datetime, CheckedCopy]]:
    """By file and copy, when it was last checked and what was found."""
    latest: dict[tuple[str, str], tuple[datetime, CheckedCopy]] = {}
    for found in index.ledger.documents("fixity"):
        assert isinstance(found, Fixity)
        for check in found.checks:
            known = latest.get((check.segment, check.copy))
            if known is None or known[0] <= found.at:
                latest[check.segment, check.copy] = (found.at, check)
    return latest


def schedule(index: Index) -> list[Planned]:
    """Every sealed file with the time of its last check."""
    checked = last_checks(index)
    return [
        Planned(segment, checked[segment.name, PRIMARY][0] if (segment.name, PRIMARY) in checked else None)
        for segment in index.segments()
        if segment.sealed
    ]


def logged_digests(index: Index, folder: Path) -> dict[str, Digest]:
    """The digests of files that stand in the log, by name; the first that was logged holds."""
    digests: dict[str, Digest] = {}
    for statement in index.ledger.about(INVENTORY):
        try:
            document = read_record(folder, statement.location).block()
        except (DamagedRecordError, StorageError):
            continue  # the file that holds it is what is to be mended
        if statement.leaf is None or Digest.of(document) != statement.digest:
            continue
        for segment in read_canonical(document)["segments"]:
            digests.setdefault(segment["name"], Digest.parse(segment["sha256"]))
    return digests


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
