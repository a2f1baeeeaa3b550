"""Appends records to segments so that what was committed survives anything.

One gzip member per record, `write` then `commit`; after any error things stand as at the last commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.errors import StorageError
from archiver.model.capture import RecordLocation
from archiver.storage.warc.compression import DeflatedMember, Member, StoredMember
from archiver.storage.warc.fields import VERSION, urn
from archiver.storage.warc.records import Record
from archiver.storage.warc.segments import (
    OpenSegment,
    SealedSegment,
    is_disk_full,
    new_segment_name,
    storage_error,
    sync_folder,
)
from archiver.storage.warc.warcinfo import Warcinfo, warcinfo_record

_WITH_BLOCK = "response"
"""Under `revisit` warcio would write its own rendering of the header, not the block."""


class _ExactWriter(WARCWriter):  # type: ignore[misc]
    """warcio's writer without its own digests: ours are set, and it would hash the block with sha1."""

    def ensure_digest(self, record: Any, block: bool = True, payload: bool = True) -> None:
        """The digests stand in the fields already."""


class _BlockStream:
    """A block as the stream that warcio reads; counts what came, so that a lying length is found."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.count = 0

    def read(self, _size: int = -1) -> bytes:
        piece = next(self._chunks, b"")
        self.count += len(piece)
        return piece


@dataclass(frozen=True, slots=True)
class SyncCount:
    """How often the disk was told to make something durable, and how many seconds it took to say so."""

    count: int = 0
    seconds: float = 0.0


class SegmentWriter:
    """Writes records to the newest segment of `folder`; for one thread.

    A segment is begun by the first `write` and sealed by the `commit` after which it is `max_bytes` long or
    `max_age` old. Every method leaves the writer usable after an error.
    """

    def __init__(
        self,
        folder: Path,
        warcinfo: Warcinfo,
        *,
        prefix: str = "news",
        max_bytes: int = 1_000_000_000,
        max_age: timedelta = timedelta(hours=1),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        new_segment_name(prefix, clock(), 0)  # a bad prefix is refused now, not at the first write
        self.folder = folder
        self._warcinfo = warcinfo
        self._prefix = prefix
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._clock = clock
        self._serial = 0
        self._segment: OpenSegment | None = None
        self._warcinfo_id = ""
        self._unsealed: StorageError | None = None
        self._sealed: list[SealedSegment] = []
        self._ends: dict[str, int] = {}
        self._syncs = SyncCount()
        self._warc = _ExactWriter(None, gzip=False, warc_version="1.1")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def uncommitted(self) -> int:
        """Bytes written since the last commit."""
        return self._segment.size - self._segment.committed if self._segment else 0

    @property
    def syncs(self) -> SyncCount:
        """What `fdatasync` cost so far; may be read from any thread."""
        return self._syncs

    def committed_ends(self) -> dict[str, int]:
        """The segment that the last commit wrote to, and its length in durable bytes."""
        return dict(self._ends)

    def take_sealed(self) -> list[SealedSegment]:
        """The segments that were sealed since the last call."""
        sealed, self._sealed = self._sealed, []
        return sealed

    def write(self, records: Iterable[Record]) -> tuple[RecordLocation, ...]:
        """Append `records`; they are durable only after `commit`.

        On any error everything since the last commit is taken back: DiskFullError (try again when there is
        room), StorageError (the next write begins a new segment), or what a block raised.
        """
        if self._unsealed is not None:
            error, self._unsealed = self._unsealed, None
            raise error
        segment = self._segment or self._begin()
        try:
            return tuple([self._append(segment, record) for record in records])
        except OSError as error:
            raise self._after(error, segment) from error
        except BaseException:
            self.rollback()
            raise

    def commit(self, *, may_seal: bool = True) -> SealedSegment | None:
        """Make everything written durable (fdatasync). Returns the segment if it was full and is now sealed.

        Without `may_seal` a full segment stays open until the next commit, so that the index can be brought
        level first: what is sealed is then indexed. Raises DiskFullError or StorageError when nothing since
        the last commit was kept. A segment that is durable but cannot be sealed is left to recovery, and the
        next `write` raises.
        """
        segment = self._segment
        if segment is None:
            return None
        if self.uncommitted:
            self._sync(segment)
        if not (may_seal and self._is_due(segment)):
            return None
        try:
            return self._seal(segment)
        except StorageError as error:
            self._unsealed = error
            return None

    def rollback(self) -> None:
        """Take back everything since the last commit."""
        segment = self._segment
        if segment is None:
            return
        try:
            segment.rollback()
        except OSError as error:
            self._abandon(segment)
            raise storage_error(error, f"taking back uncommitted records of {segment.name}") from error

    def seal(self) -> SealedSegment | None:
        """Commit, and end the current segment; None when there is none. Raises StorageError."""
        segment = self._segment
        if segment is None:
            return None
        if self.uncommitted:
            self._sync(segment)
        return self._seal(segment)

    def close(self) -> SealedSegment | None:
        """Take back what was not committed and seal the rest."""
        self.rollback()
        return self.seal()

    def _begin(self) -> OpenSegment:
        moment = self._clock()
        segment = self._create(moment)
        record = warcinfo_record(self._warcinfo, segment.name, moment)
        self._warcinfo_id = ""
        try:
            self._append(segment, record)
            segment.flush()
            self._timed_sync(segment)
            sync_folder(self.folder)
        except OSError as error:
            segment.remove()
            raise storage_error(error, f"beginning segment {segment.name}") from error
        self._warcinfo_id = urn(record.record_id)
        self._segment = segment
        return segment

    def _create(self, moment: datetime) -> OpenSegment:
        while True:
            self._serial += 1
            name = new_segment_name(self._prefix, moment, self._serial)
            try:
                return OpenSegment(self.folder, name, moment)
            except BlockingIOError:
                continue  # a recovery saw it in the instant before it was locked, and took it away
            except OSError as error:
                raise storage_error(error, f"creating {self.folder / name}") from error

    def _append(self, segment: OpenSegment, record: Record) -> RecordLocation:
        offset = segment.size
        block = record.block
        fields = list(record.fields)
        if self._warcinfo_id:
            fields.append(("WARC-Warcinfo-ID", self._warcinfo_id))
        stream = _BlockStream(block.chunks())
        member: Member = (StoredMember if record.is_compressed else DeflatedMember)(segment.append)
        self._warc.out = member
        self._warc.write_record(
            ArcWarcRecord(
                "warc",
                _WITH_BLOCK,
                StatusAndHeaders("", fields, protocol=VERSION),
                stream,
                None,
                None,
                block.length,
            )
        )
        if stream.count != block.length:
            raise StorageError(
                f"the block of record {record.record_id} gave {stream.count} bytes, not {block.length}; "
                "it was not written, capture it again"
            )
        return RecordLocation(segment.name, offset, segment.size - offset)

    def _sync(self, segment: OpenSegment) -> None:
        try:
            segment.flush()
        except OSError as error:
            raise self._after(error, segment) from error
        try:
            self._timed_sync(segment)
        except FileNotFoundError as error:
            self._abandon(segment)
            raise StorageError(
                f"{segment.path} was removed or replaced while it was written; what was archived into it is"
                " lost unless the file is put back; another is begun"
            ) from error
        except OSError as error:
            self._abandon(segment)
            raise storage_error(error, f"syncing {segment.name}") from error
        self._ends = {segment.name: segment.committed}

    def _timed_sync(self, segment: OpenSegment) -> None:
        began = time.perf_counter()
        segment.sync()
        spent = time.perf_counter() - began
        self._syncs = SyncCount(self._syncs.count + 1, self._syncs.seconds + spent)

    def _after(self, error: OSError, segment: OpenSegment) -> StorageError:
        """Go back to the last commit: in this file if the disk was only full, else in a new one."""
        if is_disk_full(error):
            self.rollback()
        else:
            self._abandon(segment)
        return storage_error(error, f"writing to {segment.name}")

    def _is_due(self, segment: OpenSegment) -> bool:
        return segment.committed >= self._max_bytes or self._clock() - segment.opened_at >= self._max_age

    def _seal(self, segment: OpenSegment) -> SealedSegment:
        try:
            sealed = segment.seal()
        except (OSError, StorageError) as error:
            self._abandon(segment)
            if isinstance(error, StorageError):
                raise
            raise storage_error(error, f"sealing {segment.name}") from error
        self._segment = None
        self._sealed.append(sealed)
        return sealed

    def _abandon(self, segment: OpenSegment) -> None:
        segment.abandon()
        self._segment = None
