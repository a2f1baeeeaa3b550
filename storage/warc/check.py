"""Strict verification of a segment: every byte, member and digest, every field that the standard rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.http_message import PayloadReader
from archiver.model.capture import Capture, RecordLocation, RecordType, imported_from
from archiver.model.digest import Digest
from archiver.storage.warc.captures import capture_of_record
from archiver.storage.warc.conformance import RecordedDigest, field_faults
from archiver.storage.warc.fields import VERSION
from archiver.storage.warc.inflate import GzipError
from archiver.storage.warc.members import MemberReader
from archiver.storage.warc.reader import KEPT, RecordError, StoredRecord, Unpacked
from archiver.storage.warc.segments import segment_name

LARGEST_RECORD = 8 << 30
"""Bytes that one record may unpack to before the check calls it a bomb."""

_FOREIGN_VERSIONS = ("WARC/1.0", VERSION)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it must be: in which file, at which offset, and what."""

    segment: str
    offset: int
    message: str


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record whose framing is whole.

    `record_sha256` is of all its uncompressed bytes, from the version line to the CR LF CR LF at the end.
    """

    record: StoredRecord
    record_sha256: Digest

    @property
    def capture(self) -> Capture | None:
        """The capture that it is the main record of. Raises DamagedRecordError."""
        return capture_of_record(self.record)


def check_segment(
    path: Path,
    sealed_digest: Digest | None = None,
    *,
    start: int = 0,
    end: int | None = None,
    is_foreign: bool | None = None,
    largest_record: int = LARGEST_RECORD,
) -> Iterator[Fault | CheckedRecord]:
    """Every record from `start` to `end` (all of the file without them) and every fault, in the file's order.

    The faults of a record's fields and digests come before it. One whose framing is broken does not come;
    the check goes on where the next one begins. `sealed_digest` is what the file had when it was sealed.
    `is_foreign` allows what other writers do: WARC 1.0, no warcinfo, no digests, a payload digest of the
    chunks; without it, it follows from the file's name. Raises StorageError when the file cannot be read.
    """
    if is_foreign is None:
        is_foreign = imported_from(segment_name(path)) is not None
    check = _SegmentCheck(path, is_foreign, largest_record)
    hasher = hashlib.sha256() if sealed_digest is not None else None
    with MemberReader(path, start, end=end, observe=hasher.update if hasher else None) as members:
        expected = max(start, end or 0)
        if expected > members.size:
            yield check.fault(members.size, f"the file ends here, but {expected} bytes were recorded")
        elif members.size == 0:
            yield check.fault(0, "the file is empty")
        while members.open_member():
            yield from check.member(members)
        if hasher is not None and sealed_digest is not None:
            members.drain()
            if hasher.digest() != sealed_digest.value:
                yield check.fault(0, f"the file is not the one that was sealed as {sealed_digest}")


class _SegmentCheck:
    def __init__(self, path: Path, is_foreign: bool, largest_record: int) -> None:
        self._path = path
        self._segment = segment_name(path)
        self._is_foreign = is_foreign
        self._largest = largest_record
        self._warcinfo_id: str | None = None

    def fault(self, offset: int, message: str) -> Fault:
        return Fault(self._segment, offset, message)

    def member(self, members: MemberReader) -> Iterator[Fault | CheckedRecord]:
        """The faults of the member that was just begun, and its record if it is whole."""
        offset = members.offset
        whole = hashlib.sha256()
        try:
            unpacked = Unpacked(members, whole.update, self._largest)
            block = _BlockCheck(unpacked, self._is_foreign)
        except (GzipError, RecordError) as error:
            yield self.fault(offset, str(error))
            members.skip(self._largest)
            return
        location = RecordLocation(self._segment, offset, members.position - offset)
        record = StoredRecord(
            self._path, location, unpacked.version, unpacked.fields, unpacked.length, block.kept
        )
        for message in (*self._header_faults(unpacked, offset), *block.faults()):
            yield self.fault(offset, message)
        yield CheckedRecord(record, Digest(whole.digest()))

    def _header_faults(self, unpacked: Unpacked, offset: int) -> Iterator[str]:
        allowed = _FOREIGN_VERSIONS if self._is_foreign else (VERSION,)
        if unpacked.version not in allowed:
            yield f"the version line is {unpacked.version[:40]!r}, not {VERSION}"
        yield from field_faults(unpacked.head, self._is_foreign)
        if not self._is_foreign:
            yield from self._warcinfo_faults(dict(unpacked.fields), offset)

    def _warcinfo_faults(self, fields: dict[str, str], offset: int) -> Iterator[str]:
        """Every record names the warcinfo before it; a check that begins later takes the first named."""
        if fields.get("WARC-Type") == RecordType.WARCINFO:
            self._warcinfo_id = fields.get("WARC-Record-ID")
            return
        named = fields.get("WARC-Warcinfo-ID")
        if self._warcinfo_id is None and offset:
            self._warcinfo_id = named
        if named is None or named != self._warcinfo_id:
            yield "WARC-Warcinfo-ID does not name the warcinfo record that the file begins with"


class _BlockCheck:
    """Reads the block to its end and holds it against the digests in the fields."""

    def __init__(self, unpacked: Unpacked, is_foreign: bool) -> None:
        self._fields = {name.lower(): value for name, value in unpacked.fields}
        self._is_foreign = is_foreign
        self._unreadable: list[str] = []
        self._block = self._recorded("WARC-Block-Digest")
        self._payload = self._body = None
        self._splitter = None
        self._framed: RecordedDigest | None = None  # of the body as it was sent, chunks and all
        self._seen = 0
        if self._fields.get("warc-type") != RecordType.REVISIT:  # its payload is in another record
            self._payload = self._recorded("WARC-Payload-Digest")
            media_type = self._fields.get("content-type", "").lower()
            if self._payload and media_type.startswith("application/http"):
                self._splitter = PayloadReader()
                if is_foreign:
                    self._framed = self._recorded("WARC-Payload-Digest")
        self.kept = b""
        for piece in unpacked.chunks():
            self._take(piece)
        if self._splitter and self._payload:
            for content in self._splitter.finish():
                self._payload.update(content)
        if len(self.kept) > KEPT and len(self.kept) != unpacked.length:
            self.kept = self.kept[:KEPT]

    def _recorded(self, name: str) -> RecordedDigest | None:
        text = self._fields.get(name.lower())
        if text is None:
            return None
        try:
            return RecordedDigest(text)
        except ValueError as error:
            self._unreadable.append(f"{name}: {error}")
            return None

    def _take(self, piece: bytes) -> None:
        if len(self.kept) < KEPT:
            self.kept += piece
        if self._block:
            self._block.update(piece)
        if self._payload:
            for content in self._splitter.feed(piece) if self._splitter else (piece,):
                self._payload.update(content)
            if self._framed and self._splitter and self._splitter.head:
                self._framed.update(piece[max(0, self._splitter.head.length - self._seen) :])
        self._seen += len(piece)

    def faults(self) -> Iterator[str]:
        """What is wrong with the digests."""
        if not self._is_foreign:
            yield from self._unreadable
            if "warc-block-digest" not in self._fields:
                yield "WARC-Block-Digest is missing"
        if self._block and not self._block.fits:
            yield f"the block is {self._block}, but WARC-Block-Digest says {self._block.recorded}"
        if self._payload and not self._payload.fits and not self._is_otherwise_right():
            yield f"the payload is {self._payload}, but WARC-Payload-Digest says {self._payload.recorded}"

    def _is_otherwise_right(self) -> bool:
        """Whether the payload digest is right as its writer understood the payload.

        Most writers take the body with its chunks. A body that is not chunked as it claims has no payload for
        a strict reader, which stopped there.
        """
        if self._framed and self._framed.fits:
            return True
        return bool(
            self._splitter
            and self._splitter.is_lying
            and "warc-truncated" in self._fields
            and self._payload
            and self._payload.is_of(b"")
        )
