"""What happens on the writing thread: records appended and flushed, statements made, rows written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol
from uuid import UUID

from archiver.errors import ArchiverError, DiskFullError, StorageError
from archiver.ingest.subjects import Reading, Subject, Written
from archiver.model.capture import Capture, RecordLocation
from archiver.model.digest import Digest
from archiver.model.exchange import Exchange
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent
from archiver.storage import snapshot_codec
from archiver.storage.index import ARTICLE_MIME, EVENT_MIME, Index, encode_article, encode_event
from archiver.storage.ledger.documents import StoredStatement, read_statement
from archiver.storage.warc import (
    Record,
    SegmentWriter,
    capture_of_exchange,
    exchange_records,
    metadata_record,
)


class Notary(Protocol):
    """Who states what a snapshot consists of; called on the writing thread."""

    def attest(self, snapshot: Snapshot, location: RecordLocation) -> Record:
        """The record of a statement about `snapshot`, whose own record is durable at `location`."""
        ...

    def after_commit(self, writer: SegmentWriter) -> None:
        """Called after each group that is durable and indexed; may write more records, commit and index."""
        ...

    def log_now(self, writer: SegmentWriter) -> None:
        """Called before the last segment is sealed; as `after_commit`."""
        ...


class Recorder:
    """Writes groups; every method runs on one and the same thread.

    A group is `write`n and its snapshots are `attest`ed, which makes them durable; then it is `index`ed.
    """

    def __init__(self, writer: SegmentWriter, index: Index, notary: Notary | None, free_floor: int) -> None:
        self.writer = writer
        self._index = index
        self._notary = notary
        self._free_floor = free_floor
        self._statements: dict[str, StoredStatement] = {}

    def write(self, subjects: Sequence[Subject]) -> list[Written]:
        """Append a group and flush it. A refused write leaves nothing of the group behind."""
        self.writer.rollback()
        self._refuse_below_the_floor()
        exchanges = [subject for subject in subjects if isinstance(subject, Exchange)]
        originals = self._originals(exchanges)
        written: list[Written] = []
        try:
            for subject in subjects:
                if isinstance(subject, Exchange):
                    written.append((self._write_exchange(subject, originals), subject))
                elif isinstance(subject, Snapshot):
                    written.append((self._write_snapshot(subject), subject))
                elif isinstance(subject, ArticleEvent):
                    written.append((self._write_event(subject), subject))
                else:
                    written.append((self._write_reading(subject), subject))
        except BaseException:
            self.writer.rollback()
            raise
        self.writer.commit(may_seal=False)
        return written

    def attest(self, kept: tuple[Snapshot, RecordLocation]) -> None:
        """Make the statement about a durable snapshot; its own record is durable too when this returns."""
        if self._notary is None:
            return
        snapshot, location = kept
        self.writer.rollback()
        try:
            record = self._notary.attest(snapshot, location)
        except StorageError as error:  # what cannot be read back now is not waited for
            raise ArchiverError(f"its records cannot be read back: {error}") from error
        place = self.writer.write([record])[0]
        self.writer.commit(may_seal=False)
        self._statements[snapshot.id] = read_statement(b"".join(record.block.chunks()), place)

    def _refuse_below_the_floor(self) -> None:
        floor = self._free_floor
        if not floor:
            return
        folder = os.statvfs(self.writer.folder)
        free = folder.f_bavail * folder.f_frsize
        if free < floor:
            raise DiskFullError(
                f"only {free // 1_000_000} MB are free for {self.writer.folder}, less than the"
                f" {floor // 1_000_000} MB of storage.free_floor; free some space"
            )

    def _originals(self, exchanges: Sequence[Exchange]) -> dict[Digest, Capture]:
        wanted = {
            exchange.response.payload_digest
            for exchange in exchanges
            if exchange.response and exchange.response.payload_length and not exchange.response.truncated
        }
        return self._index.original(wanted) if wanted else {}

    def _write_exchange(self, exchange: Exchange, originals: dict[Digest, Capture]) -> Capture:
        response = exchange.response
        original = None
        if response and response.status == HTTPStatus.NOT_MODIFIED:
            condition = exchange.condition
            if condition and condition.is_met(exchange.target_uri, response.header("ETag")):
                original = self._index.capture(condition.record_id)
        elif response and not response.truncated:
            original = originals.get(response.payload_digest)
        locations = self.writer.write(exchange_records(exchange, original))
        capture = capture_of_exchange(exchange, locations[0], original)
        if response and response.payload_length and capture.is_complete:
            originals.setdefault(response.payload_digest, capture)
        return capture

    def _write_snapshot(self, snapshot: Snapshot) -> RecordLocation:
        record = metadata_record(
            snapshot.page.target_uri,
            snapshot.captured_at,
            snapshot_codec.encode(snapshot),
            snapshot_codec.MIME,
            refers_to=snapshot.page.record_id,
        )
        return self.writer.write([record])[0]

    def _write_event(self, event: ArticleEvent) -> UUID:
        record = metadata_record(
            event.url, event.observed_at, encode_event(event), EVENT_MIME, refers_to=event.record_id
        )
        self.writer.write([record])
        return record.record_id

    def _write_reading(self, reading: Reading) -> RecordLocation:
        page = reading.page
        record = metadata_record(
            page.target_uri,
            page.captured_at,
            encode_article(reading.article),
            ARTICLE_MIME,
            refers_to=page.record_id,
        )
        return self.writer.write([record])[0]

    def index(self, written: Sequence[Written]) -> None:
        """One transaction for the group; idempotent, so that it can be tried again."""
        self._index.record(
            [result for result, _ in written if isinstance(result, Capture)],
            indexed_ends=self.writer.committed_ends(),
            snapshots=[
                (subject, result)
                for result, subject in written
                if isinstance(subject, Snapshot) and isinstance(result, RecordLocation)
            ],
            events=[
                (subject, result)
                for result, subject in written
                if isinstance(subject, ArticleEvent) and isinstance(result, UUID)
            ],
            extractions=[
                (subject.article, subject.page.record_id)
                for _, subject in written
                if isinstance(subject, Reading)
            ],
            statements=[
                self._statements[subject.id]
                for _, subject in written
                if isinstance(subject, Snapshot) and subject.id in self._statements
            ],
        )
        self._statements.clear()
        if self._notary:
            self._notary.after_commit(self.writer)
        self.writer.commit()  # seals a full segment, now that all of it is indexed
        self._index_sealed()

    def _index_sealed(self) -> None:
        for sealed in self.writer.take_sealed():
            self._index.segment_sealed(sealed.name, sealed.size, sealed.digest)

    def seal(self, *, is_indexed: bool) -> None:
        """Close the segment; unless all of it is indexed, the next start looks into it."""
        if self._notary and is_indexed:
            self._notary.log_now(self.writer)
        self.writer.close()
        if is_indexed:
            self._index_sealed()

    def keep_house(self) -> None:
        """What is due when nothing comes: log the statements that wait, seal a segment that is old enough."""
        if self._notary:
            self._notary.after_commit(self.writer)
        self.writer.commit()
        self._index_sealed()
