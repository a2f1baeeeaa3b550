"""Writes statements and log records outside of a crawl: its own segment, sealed at the end."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from archiver.citation.checkpoint import Checkpoint
from archiver.citation.notary import Notary, statement_record
from archiver.citation.note import Note, VerifierKey
from archiver.citation.rotation import Rotation, rotation_statement
from archiver.citation.sequencer import LogPlace, Sequencer, record_log
from archiver.citation.timestamps import request_timestamp
from archiver.errors import NotFoundError
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index
from archiver.storage.ledger.documents import Cosignature, StoredStatement, Timestamp, read_statement
from archiver.storage.warc import Record, SegmentWriter, Warcinfo


@dataclass(frozen=True, slots=True)
class LedgerWriter:
    """The log of an archive, open for writing."""

    index: Index
    folder: Path
    place: LogPlace
    writer: SegmentWriter

    def sequence(self) -> Checkpoint | None:
        """Log what waits, after any other process that is at it."""
        return Sequencer(self.place, self.index, self.folder).sequence(self.writer, wait=True)

    def rotate(self, by: str | None = None) -> Rotation:
        """Give the log a new key, announced in the log; `by` is the operator. Raises LogRefusedError."""

        def announce(old: VerifierKey, new: VerifierKey) -> None:
            self.state(rotation_statement(old, new, by), f"metadata://{old.name}/keys")

        return Sequencer(self.place, self.index, self.folder).rotate(self.writer, announce)

    def statement_of(self, snapshot: Snapshot) -> StoredStatement:
        """The capture statement of a snapshot; one that has none (an old one) is stated now."""
        known = next((s for s in self.index.ledger.about(snapshot.id) if s.kind == "capture"), None)
        if known:
            return known
        location = self.index.snapshot_location(snapshot.id)
        if location is None:
            raise NotFoundError(f"no snapshot {snapshot.id} in this archive")
        record = Notary(self.index, self.folder, self.place).attest(snapshot, location)
        return self._keep(record)

    def state(self, statement: bytes, target_uri: str, refers_to: UUID | None = None) -> StoredStatement:
        """Keep a further statement; it is logged by the next `sequence`."""
        return self._keep(statement_record(target_uri, datetime.now(UTC), statement, refers_to))

    def unstamped(self, authorities: Sequence[str], note: Note) -> list[str]:
        """Those of `authorities` that have not stamped the checkpoint, or a later one."""
        stamps = self.index.ledger.documents("timestamp", Checkpoint.parse(note.text).size)
        done = {stamp.authority for stamp in stamps if isinstance(stamp, Timestamp)}
        return [authority for authority in authorities if authority not in done]

    def stamp(self, authority: str, note: Note) -> Timestamp:
        """Have `authority` (a URL) stamp the signed checkpoint. Raises TimestampError."""
        return self.stamped(authority, note, request_timestamp(authority, stamp_content(note)))

    def stamped(self, authority: str, note: Note, response: bytes) -> Timestamp:
        """Keep the TimeStampResp that `authority` (a URL) gave for the signed checkpoint."""
        size = Checkpoint.parse(note.text).size
        stamp = Timestamp(size, authority, base64.b64encode(response).decode(), datetime.now(UTC))
        record_log(self.index, self.writer, self.place.key().name, stamp)
        return stamp

    def cosigned(self, cosignature: Cosignature) -> None:
        """Keep what a witness signed."""
        record_log(self.index, self.writer, self.place.key().name, cosignature)

    def _keep(self, record: Record) -> StoredStatement:
        location = self.writer.write([record])[0]
        self.writer.commit(may_seal=False)
        stored = read_statement(b"".join(record.block.chunks()), location)
        self.index.record([], indexed_ends=self.writer.committed_ends(), statements=[stored])
        return stored


def stamp_content(note: Note) -> bytes:
    """What an authority stamps: the checkpoint with the log's own signature, without those of witnesses."""
    return str(Note(note.text, note.signatures[:1])).encode()


@contextmanager
def open_ledger(index: Index, folder: Path, place: LogPlace, warcinfo: Warcinfo) -> Iterator[LedgerWriter]:
    """The log for writing; its segment, if one was begun, is sealed at the end."""
    writer = SegmentWriter(folder, warcinfo)
    try:
        yield LedgerWriter(index, folder, place, writer)
    finally:
        writer.close()
        for sealed in writer.take_sealed():
            index.segment_sealed(sealed.name, sealed.size, sealed.digest)


def newest(stamps: Sequence[Timestamp], size: int) -> list[Timestamp]:
    """Of each authority the first timestamp of a tree of at least `size` entries."""
    first: dict[str, Timestamp] = {}
    for stamp in stamps:
        if stamp.size >= size and stamp.authority not in first:
            first[stamp.authority] = stamp
    return list(first.values())
