"""Makes the statement of each snapshot when it is written, and has it logged soon after.

Works on the thread that writes the archive. Nothing here may keep a capture from being kept: what cannot be
stated or logged now is stated or logged later, and said.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from archiver.citation.sequencer import LogPlace, Sequencer
from archiver.citation.statement import capture_statement
from archiver.errors import ArchiverError, DamagedRecordError, NotFoundError
from archiver.model.capture import RecordLocation
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index
from archiver.storage.ledger.documents import STATEMENT_MIME
from archiver.storage.warc import Record, SegmentWriter, metadata_record
from archiver.storage.warc.evidence import RecordEvidence, exchange_evidence, record_evidence

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two checkpoints."""

_REMEMBERED = 4_096


class Notary:
    """States and logs the snapshots of one archive."""

    def __init__(self, index: Index, folder: Path, place: LogPlace, interval: float = INTERVAL) -> None:
        self._index = index
        self._folder = folder
        self._sequencer = Sequencer(place, index, folder)
        self._interval = interval
        self._due = time.monotonic() + interval
        self._originals: OrderedDict[UUID, RecordEvidence] = OrderedDict()

    def attest(self, snapshot: Snapshot, location: RecordLocation) -> Record:
        """The record of the statement about `snapshot`, whose metadata record is at `location`.

        All its records are read from the disk. Raises NotFoundError, DamagedRecordError, StorageError.
        """
        records: dict[str, RecordEvidence] = {}
        originals: dict[str, RecordEvidence] = {}
        locations: list[RecordLocation] = []
        for record_id in snapshot.record_ids:
            capture = self._index.capture(record_id)
            if capture is None:
                raise NotFoundError(f"the record {record_id} of snapshot {snapshot.id} is not in the index")
            locations.append(capture.location)
            if capture.original:
                original = self._original(capture.original.record_id, capture.original.location)
                if original:
                    originals[original.record_id] = original
        for record in exchange_evidence(self._folder, locations):
            records[record.record_id] = record
        own = record_evidence(self._folder, location)
        records[own.record_id] = own
        unstated = [record for name, record in originals.items() if name not in records]
        issued = datetime.now(UTC)
        statement = capture_statement(
            snapshot, list(records.values()), unstated, issued, self._previous(snapshot)
        )
        return statement_record(snapshot.page.target_uri, issued, statement, UUID(own.record_id[9:]))

    def after_commit(self, writer: SegmentWriter) -> None:
        """Log what waits, if it is time."""
        if time.monotonic() >= self._due:
            self.log_now(writer)

    def log_now(self, writer: SegmentWriter) -> None:
        """Log what waits; a failure is told and tried again later."""
        self._due = time.monotonic() + self._interval
        try:
            self._sequencer.sequence(writer)
        except ArchiverError as error:
            log.warning("statements wait for the log: %s", error)
        except Exception:
            log.exception("statements wait for the log")

    def _original(self, record_id: UUID, location: RecordLocation) -> RecordEvidence | None:
        known = self._originals.get(record_id)
        if known is None:
            try:
                known = record_evidence(self._folder, location)
            except (NotFoundError, DamagedRecordError) as error:
                log.warning("the original of a revisit cannot be stated: %s", error)
                return None
            self._originals[record_id] = known
            while len(self._originals) > _REMEMBERED:
                self._originals.popitem(last=False)
        return known

    def _previous(self, snapshot: Snapshot) -> str | None:
        if snapshot.article_key is None:
            return None
        latest = self._index.article_snapshots(snapshot.article_key, descending=True, limit=2)
        return next((found.id for found in latest if found.id != snapshot.id), None)


def statement_record(
    target_uri: str, issued: datetime, statement: bytes, refers_to: UUID | None = None
) -> Record:
    """The WARC record that holds a statement."""
    return metadata_record(target_uri, issued, statement, STATEMENT_MIME, refers_to=refers_to)
