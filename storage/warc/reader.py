"""Reads records back, one by its location or all of a segment in order; no large block is held in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from uuid import UUID

from archiver.errors import DamagedRecordError
from archiver.http_message import HttpHead, parse_head, payload_of, split_head
from archiver.model.capture import RecordLocation, RecordType
from archiver.storage.warc.content_coding import DecodedBody
from archiver.storage.warc.fields import Field, parse_record_id
from archiver.storage.warc.inflate import GzipError
from archiver.storage.warc.members import MemberReader
from archiver.storage.warc.segments import find_segment, segment_name

LONGEST_HEADER = 1_048_576
"""Bytes of named fields after which a record is refused."""

KEPT = 32_768
"""Bytes of a block that a record keeps, so that heads and small blocks are not read twice."""

_END = b"\r\n\r\n"
_BLANKS = " \t"
_DIGITS = re.compile(r"[0-9]{1,15}")
_TYPES = {kind.value: kind for kind in RecordType}


class StoredRecord:
    """A record as it stands in a segment.

    The fields are at hand; the block is read from the file when asked for, as often as wanted.
    `type` is None for a record type that the archive does not write. Reading the block raises
    DamagedRecordError as soon as framing, length or checksum turn out wrong.
    """

    __slots__ = ("_following", "_http", "_kept", "fields", "length", "location", "path", "version")

    def __init__(
        self,
        path: Path,
        location: RecordLocation,
        version: str,
        fields: tuple[Field, ...],
        length: int,
        kept: bytes,
        following: Iterator[bytes] | None = None,
    ) -> None:
        self.path = path
        self.location = location
        self.version = version
        self.fields = fields
        self.length = length
        self._kept = kept
        self._following = following  # what comes behind `kept`, once
        self._http: HttpHead | None = None

    def field(self, name: str) -> str | None:
        """The first value of the named field (any case)."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key.lower() == wanted), None)

    def values(self, name: str) -> tuple[str, ...]:
        """All values of the named field (any case)."""
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key.lower() == wanted)

    @property
    def type(self) -> RecordType | None:
        """`WARC-Type` (WARC 1.1, 5.5)."""
        return _TYPES.get(self.field("WARC-Type") or "")

    @property
    def record_id(self) -> UUID:
        """`WARC-Record-ID` (WARC 1.1, 5.2). Raises DamagedRecordError when there is none."""
        text = self.field("WARC-Record-ID")
        if text is None:
            raise damaged(self.location, "the record has no WARC-Record-ID")
        return parse_record_id(text)

    @property
    def content_type(self) -> str | None:
        """`Content-Type` of the block."""
        return self.field("Content-Type")

    def chunks(self) -> Iterator[bytes]:
        """The block, exact bytes, in pieces of at most 64 KiB."""
        if len(self._kept) == self.length:
            return iter((self._kept,) if self._kept else ())
        if self._following is not None:
            following, self._following = self._following, None
            return chain((self._kept,), following)
        return self._read()

    def whole(self) -> Iterator[bytes]:
        """The whole record, uncompressed, exact bytes: version line, fields, block and what ends it."""
        with MemberReader(
            self.path, self.location.offset, end=self.location.offset + self.location.length
        ) as members:
            members.open_member()
            try:
                while piece := members.read():
                    yield piece
            except GzipError as error:
                raise damaged(self.location, str(error)) from error

    def block(self) -> bytes:
        """The whole block in memory; for blocks that are known to be small."""
        return b"".join(self.chunks())

    def http_head(self) -> bytes:
        """Status line and headers of an HTTP block, exact bytes."""
        return split_head(self._start())[0]

    def http(self) -> HttpHead:
        """Status line and headers of an HTTP block, parsed."""
        if self._http is None:
            self._http = parse_head(self.http_head())
        return self._http

    def http_body(self) -> Iterator[bytes]:
        """The body of an HTTP block as it came over the wire, transfer coding and all."""
        return split_head(self.chunks())[1]

    def payload(self) -> Iterator[bytes]:
        """The payload (WARC 1.1, 5.9): of HTTP the entity after transfer decoding, else the block."""
        if not self.is_http:
            return self.chunks()
        return payload_of(self.chunks()) if self.http().is_chunked else self.http_body()

    def decoded_payload(self, limit: int | None = None) -> DecodedBody:
        """The payload with content codings undone, cut after `limit` bytes."""
        codings = self.http().content_codings if self.is_http else ()
        return DecodedBody(self.payload(), codings, limit)

    @property
    def is_http(self) -> bool:
        """Whether the block is an HTTP message."""
        return (self.content_type or "").replace(" ", "").lower().startswith("application/http")

    def _start(self) -> Iterator[bytes]:
        if len(self._kept) == self.length:
            yield self._kept
            return
        head, _ = split_head(iter((self._kept,)))
        if len(head) < len(self._kept):
            yield self._kept
        else:
            yield from self._read()

    def _read(self) -> Iterator[bytes]:
        location = self.location
        with MemberReader(self.path, location.offset, end=location.offset + location.length) as members:
            try:
                members.open_member()
                pieces = Unpacked(members).chunks()
            except (GzipError, RecordError) as error:
                raise damaged(location, str(error)) from error
            yield from _to_the_end(pieces, members, location)


class RecordError(ValueError):
    """The bytes are no WARC record."""


class SeveralRecordsError(RecordError):
    """One gzip member holds more than one record."""


class Unpacked:
    """The record in the member that `members` has just begun. Raises RecordError and GzipError.

    Version and fields are read at once, the block by `chunks`, which goes to the end of the member.

    `observe` is given every uncompressed byte of the record.
    """

    def __init__(
        self,
        members: MemberReader,
        observe: Callable[[bytes], object] | None = None,
        largest: int | None = None,
    ) -> None:
        self._members = members
        self._observe = observe
        start = b""
        end = -1
        while end < 0:
            piece = members.read()
            if not piece:
                raise RecordError("the record ends within its header")
            if observe is not None:
                observe(piece)
            start += piece
            if not start.startswith(b"WARC/"[: len(start)]):
                raise RecordError("the gzip member does not begin with a WARC record")
            end = start.find(_END)
            if end < 0 and len(start) > LONGEST_HEADER:
                raise RecordError(f"the header is longer than {LONGEST_HEADER} bytes")
        self.head = start[: end + 2]
        self._rest = start[end + len(_END) :]
        self.version, self.fields = parse_fields(self.head)
        self.length = content_length(self.fields)
        if largest is not None and self.length > largest:
            raise RecordError(f"the record claims {self.length} bytes, more than {largest}")

    def chunks(self) -> Iterator[bytes]:
        """The block, once; then the end of the record is checked."""
        left = self.length
        piece = self._rest
        while left:
            if not piece:
                piece = self._next()
                if not piece:
                    raise RecordError(f"the record ends {left} bytes before its Content-Length")
            taken, piece = piece[:left], piece[left:]
            left -= len(taken)
            yield taken
        while len(piece) < len(_END):
            more = self._next()
            if not more:
                break
            piece += more
        if piece == _END:
            piece += self._next()
        if piece != _END:
            raise _wrong_end(piece)

    def _next(self) -> bytes:
        piece = self._members.read()
        if piece and self._observe is not None:
            self._observe(piece)
        return piece


def _wrong_end(piece: bytes) -> RecordError:
    if piece.startswith(_END + b"WARC/"):
        return SeveralRecordsError(
            "the gzip member holds more than one record; repack the file with `warcio recompress`"
        )
    if piece.startswith(_END):
        return RecordError("the gzip member goes on after the end of the record")
    return RecordError("the block is not followed by CR LF CR LF: its Content-Length is wrong")


def read_record(folder: Path, location: RecordLocation) -> StoredRecord:
    """The record at `location` in a segment of `folder`, sealed or open.

    Raises NotFoundError when the segment is gone and DamagedRecordError when no record begins there.
    """
    path = find_segment(folder, location.segment)
    end = location.offset + location.length
    with MemberReader(path, location.offset, end=end) as members:
        if members.size < end:
            raise damaged(location, f"the file has only {members.size} bytes")
        try:
            members.open_member()
            unpacked = Unpacked(members)
            pieces = unpacked.chunks()
            kept = _start_of(pieces)
        except (GzipError, RecordError) as error:
            raise damaged(location, str(error)) from error
        following = _to_the_end(pieces, members, location)
        if len(kept) == unpacked.length:
            next(following, None)  # nothing is left but the check of the end
        is_at_hand = members.has_all()
    return StoredRecord(
        path, location, unpacked.version, unpacked.fields, unpacked.length, kept,
        following if is_at_hand else None,
    )  # fmt: skip


def _start_of(pieces: Iterator[bytes]) -> bytes:
    """The first bytes of a block, KEPT of them or more; all of it if it is small."""
    kept = b""
    for piece in pieces:
        kept += piece
        if len(kept) >= KEPT:
            break
    return kept


def _to_the_end(pieces: Iterator[bytes], members: MemberReader, location: RecordLocation) -> Iterator[bytes]:
    """The pieces, and then the check that the record ends where the index says."""
    end = location.offset + location.length
    try:
        yield from pieces
    except (GzipError, RecordError) as error:
        raise damaged(location, str(error)) from error
    if members.position != end:
        raise damaged(location, f"the record ends at {members.position}, not at {end}")


def iterate_records(path: Path, start: int = 0, end: int | None = None) -> Iterator[StoredRecord]:
    """The records of one segment from offset `start` (the beginning of a record) to `end`, or the file's.

    Each is read to its end before it is given out, so that framing and checksum are known to be right.
    Raises DamagedRecordError at the first that is not. From a start past the end of the file nothing comes.
    """
    segment = segment_name(path)
    with MemberReader(path, start, end=end) as members:
        while members.open_member():
            try:
                unpacked = Unpacked(members)
                kept = _kept(unpacked)
            except (GzipError, RecordError) as error:
                raise damaged(RecordLocation(segment, members.offset, 0), str(error)) from error
            location = RecordLocation(segment, members.offset, members.position - members.offset)
            yield StoredRecord(path, location, unpacked.version, unpacked.fields, unpacked.length, kept)


def _kept(unpacked: Unpacked) -> bytes:
    """The first bytes of the block, all of it if it is small; it is read to its end."""
    kept = b""
    for piece in unpacked.chunks():
        if len(kept) < KEPT:
            kept += piece
    return kept if len(kept) <= KEPT or len(kept) == unpacked.length else kept[:KEPT]


def parse_fields(head: bytes) -> tuple[str, tuple[Field, ...]]:
    """Version and named fields of a record header (WARC 1.1, 4): UTF-8, else Latin-1; folded lines joined."""
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        lines = [_text(raw) for raw in head.split(b"\r\n")]
    fields: list[Field] = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip(_BLANKS)}".strip(" "))
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.strip(_BLANKS), value.strip(_BLANKS)))
    return lines[0].strip(_BLANKS), tuple(fields)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def content_length(fields: tuple[Field, ...]) -> int:
    """The one `Content-Length` of a record. Raises RecordError."""
    values = {value for name, value in fields if name.lower() == "content-length"}
    if len(values) != 1:
        raise RecordError(
            "the record has no Content-Length" if not values else "there are two Content-Lengths"
        )
    value = values.pop()
    if not _DIGITS.fullmatch(value):
        raise RecordError(f"Content-Length {value[:40]!r} is not a number of bytes")
    return int(value)


def damaged(location: RecordLocation, message: str) -> DamagedRecordError:
    """The error for a record that is not what it should be, with the place and the remedy."""
    return DamagedRecordError(
        f"{location.segment} at {location.offset}: {message}; "
        "restore the file from a copy (`archiver verify` lists all faults)"
    )
