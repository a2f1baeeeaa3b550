"""What was withdrawn: the bytes that are no longer given out, why, and where they lie."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from uuid import UUID

from archiver.citation.standing import remark_of
from archiver.errors import ArchiverError
from archiver.model.capture import Capture, RecordLocation
from archiver.model.digest import EMPTY, Digest
from archiver.model.moment import to_warc_date
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index

log = logging.getLogger(__name__)

LIFETIME = 1.0
"""Seconds after which a withdrawal by another process is heeded."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a snapshot was withdrawn: when, why in the words of whoever decided, and who that was."""

    snapshot: str
    at: datetime
    reason: str
    by: str | None


class WithdrawnError(ArchiverError):
    """The bytes that were asked for are no longer given out; their record stays."""

    def __init__(self, withdrawal: Withdrawal) -> None:
        who = f" by {withdrawal.by}" if withdrawal.by else ""
        day = to_warc_date(withdrawal.at)[:10]
        super().__init__(f"{withdrawal.snapshot} was withdrawn on {day}{who}: {withdrawal.reason}")
        self.withdrawal = withdrawal


_Spans = dict[str, list[tuple[RecordLocation, Withdrawal]]]
"""For each WARC file the places of what is withheld, and why."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The withdrawn snapshots, their records, and the payloads of these."""

    snapshots: dict[str, tuple[Snapshot | None, Withdrawal]] = field(default_factory=dict)
    records: dict[UUID, Withdrawal] = field(default_factory=dict)
    payloads: dict[Digest, Withdrawal] = field(default_factory=dict)


class Withdrawals:
    """Answers what of an archive was withdrawn; safe to use from several threads.

    It asks the index at most once in `lifetime` seconds which snapshots those are, so that reading costs
    nothing as long as there are none.
    """

    def __init__(self, index: Index, folder: Path, lifetime: float = LIFETIME) -> None:
        self._index = index
        self._folder = folder
        self._lifetime = lifetime
        self._known = _Known()
        self._asked: float | None = None
        self._lock = Lock()
        self._spans: tuple[_Known, _Spans] | None = None

    def of_snapshot(self, identifier: str) -> Withdrawal | None:
        """Why this snapshot is no longer shown; None for nearly all."""
        known = self._now().snapshots.get(identifier)
        return known[1] if known else None

    def of_capture(self, capture: Capture) -> Withdrawal | None:
        """Why the bytes of this capture are not given out; None for nearly all.

        They are withheld when a withdrawn snapshot holds its record, or its payload and no snapshot its
        record. What a snapshot that stands shows too (the record, or a picture with the same bytes) is given.
        """
        known = self._now()
        if not known.snapshots:
            return None
        digest = capture.payload_digest
        found = known.records.get(capture.record_id) or (known.payloads.get(digest) if digest else None)
        if found is None or self._is_shown_elsewhere(known, capture.record_id, digest):
            return None
        return found

    def check_snapshot(self, snapshot: Snapshot) -> None:
        """Raise WithdrawnError when what this snapshot holds is no longer shown."""
        withdrawal = self.of_snapshot(snapshot.id)
        if withdrawal:
            raise WithdrawnError(withdrawal)

    def check(self, capture: Capture) -> None:
        """Raise WithdrawnError when the bytes of this capture are not given out."""
        withdrawal = self.of_capture(capture)
        if withdrawal:
            raise WithdrawnError(withdrawal)

    def in_segment(self, name: str, start: int, stop: int) -> Withdrawal | None:
        """Why the bytes `start` to `stop` of a WARC file are not given out whole; None if nothing is."""
        known = self._now()
        if not known.snapshots:
            return None
        located = self._spans
        if located is None or located[0] is not known:
            located = self._spans = (known, self._located(known))
        for place, withdrawal in located[1].get(name, ()):
            if place.offset < stop and start < place.offset + place.length:
                return withdrawal
        return None

    def _is_shown_elsewhere(self, known: _Known, record_id: UUID, digest: Digest | None) -> bool:
        if any(name not in known.snapshots for name in self._index.snapshots_of_record(record_id)):
            return True
        sightings = self._index.picture_sightings(digest) if digest else ()
        return any(sighting.snapshot_id not in known.snapshots for sighting in sightings)

    def _now(self) -> _Known:
        with self._lock:
            now = time.monotonic()
            if self._asked is None or now - self._asked >= self._lifetime:
                names = self._index.ledger.withdrawals()
                if set(names) != self._known.snapshots.keys():
                    self._known = self._read(names)
                self._asked = now
            return self._known

    def _read(self, names: list[str]) -> _Known:
        known = _Known()
        for name in names:
            snapshot, withdrawal = self._known.snapshots.get(name) or self._read_one(name)
            known.snapshots[name] = (snapshot, withdrawal)
            if snapshot:
                for record_id in snapshot.content_ids:
                    known.records.setdefault(record_id, withdrawal)
                for digest in _payloads(snapshot):
                    known.payloads.setdefault(digest, withdrawal)
        return known

    def _read_one(self, name: str) -> tuple[Snapshot | None, Withdrawal]:
        statement = next(one for one in self._index.ledger.about(name) if one.kind == "withdrawal")
        try:
            remark = remark_of(self._folder, statement)
            withdrawal = Withdrawal(name, remark.issued_at, remark.text, remark.by)
        except ArchiverError as error:
            log.warning("the withdrawal of %s cannot be read: %s", name, error)
            withdrawal = Withdrawal(name, statement.issued_at, "the reason cannot be read now", None)
        return self._index.snapshot(name), withdrawal

    def _located(self, known: _Known) -> _Spans:
        """Where in the WARC files the withheld records are, the documents of the snapshots among them."""
        spans: _Spans = {}
        for name, (_, withdrawal) in known.snapshots.items():
            place = self._index.snapshot_location(name)
            if place:
                spans.setdefault(place.segment, []).append((place, withdrawal))
        for capture in self._holding(known):
            found = known.records.get(capture.record_id) or known.payloads.get(
                capture.payload_digest or EMPTY
            )
            if found and not self._is_shown_elsewhere(known, capture.record_id, capture.payload_digest):
                spans.setdefault(capture.location.segment, []).append((capture.location, found))
        return spans

    def _holding(self, known: _Known) -> list[Capture]:
        captures = {record_id: self._index.capture(record_id) for record_id in known.records}
        originals: Mapping[Digest, Capture] = self._index.original(list(known.payloads))
        captures.update({capture.record_id: capture for capture in originals.values()})
        return [capture for capture in captures.values() if capture]


def _payloads(snapshot: Snapshot) -> set[Digest]:
    """The payloads of its page and pictures."""
    digests = {snapshot.page.payload_digest}
    digests |= {fetched.payload_digest for picture in snapshot.pictures for fetched in picture.fetched}
    return {digest for digest in digests if digest is not None and digest != EMPTY}
