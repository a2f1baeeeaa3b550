"""Reads an HTTP message as leniently as browsers do: as it is captured, and in its record ever after.

What a server really sent is rarely what the standard says, and nothing that was archived may become
unreadable for it. The same bytes are read the same in whatever pieces they come: the digest of a payload,
taken at capture, is held against what is read here for as long as the archive lasts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_HEAD = 1_048_576
"""Bytes after which a header that does not end is taken as all there is."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LINE = re.compile(rb"\r?\n")
_STATUS = re.compile(r"\S+[ \t]+(\d{3})(?!\d)[ \t]*(.*)")
_CHUNK_SIZE = re.compile(rb"[ \t]*0*([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_LONGEST_CHUNK_LINE = 65_536


@dataclass(frozen=True, slots=True)
class HttpHead:
    """Start line and headers: in order, repeated names kept, Latin-1, folded lines joined.

    Lines without a colon are left out. `status` is 0 for a request or an unreadable status line. `length`
    counts the bytes with the empty line.
    """

    start_line: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    length: int

    def header(self, name: str) -> str | None:
        """The first value of the header `name` (any case)."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def values(self, name: str) -> tuple[str, ...]:
        """All values of the header `name` (any case)."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    @property
    def is_chunked(self) -> bool:
        """Whether the last transfer coding is `chunked` (RFC 9112, 7.1)."""
        codings = ",".join(self.values("transfer-encoding")).lower().split(",")
        return codings[-1].strip() == "chunked"

    @property
    def content_codings(self) -> tuple[str, ...]:
        """The content codings in the order they were applied, `identity` left out."""
        codings = ",".join(self.values("content-encoding")).lower().split(",")
        return tuple(coding for part in codings if (coding := part.strip()) and coding != "identity")


def head_end(start: bytes | bytearray) -> int:
    """Bytes of the header with its empty line; -1 when `start` does not hold the end."""
    leading = min(len(start) - len(start.lstrip(b"\r\n")), LONGEST_HEAD)
    match = _HEAD_END.search(start, leading, LONGEST_HEAD)
    return match.end() if match else -1


def _cut_head(start: bytes | bytearray) -> int:
    """As `head_end`, but where a header that does not end is cut once it is too long."""
    end = head_end(start)
    return LONGEST_HEAD if end < 0 and len(start) >= LONGEST_HEAD else end


def parse_head(head: bytes) -> HttpHead:
    """Parse the bytes of a header. Never fails: what cannot be understood is left out."""
    lines = _LINE.split(head.lstrip(b"\r\n"))
    headers: list[tuple[str, str]] = []
    for raw in lines[1:]:
        line = raw.decode("latin-1")
        if line[:1] in (" ", "\t") and headers and line.strip():
            name, value = headers[-1]
            headers[-1] = (name, (value + " " + line.strip(" \t\r")).strip(" "))
            continue
        name, colon, value = line.partition(":")
        if colon:
            headers.append((name.strip(" \t"), value.strip(" \t\r")))
    start_line = lines[0].decode("latin-1")
    match = _STATUS.match(start_line)
    status, reason = (int(match[1]), match[2].strip()) if match else (0, "")
    return HttpHead(start_line, status, reason, tuple(headers), len(head))


class Dechunker:
    """Undoes the chunked coding (RFC 9112, 7.1) piece by piece.

    Extensions and trailers are passed over, a cut ends the payload. `is_lying` when the bytes were never
    chunked; `feed` then gives them as they are.
    """

    def __init__(self) -> None:
        self._line = b""
        self._left = 0
        self._seen_chunk = False
        self._after_chunk = False
        self._is_over = False
        self.is_lying = False

    def feed(self, piece: bytes) -> list[bytes]:
        """The payload bytes in `piece`."""
        if self.is_lying:
            return [piece]
        payload: list[bytes] = []
        position = 0
        while position < len(piece) and not self._is_over:
            if self._left:
                taken = piece[position : position + self._left]
                payload.append(taken)
                position += len(taken)
                self._left -= len(taken)
                self._after_chunk = self._left == 0
                continue
            end = piece.find(b"\n", position)
            line = self._line + piece[position : len(piece) if end < 0 else end]
            if end < 0 and len(line) <= _LONGEST_CHUNK_LINE:
                self._line = line
                break
            self._line = b""
            position = end + 1 or len(piece)
            if not self._begin_chunk(line) and not self._seen_chunk:
                self.is_lying = True
                return [line, *([b"\n"] if end >= 0 else []), piece[position:]]
        return payload

    def finish(self) -> list[bytes]:
        """What is left at the end of the block: the bytes of a body that never was chunked."""
        if (
            self._seen_chunk
            or self.is_lying
            or not self._line
            or _CHUNK_SIZE.fullmatch(self._line.rstrip(b"\r"))
        ):
            return []
        self.is_lying = True
        return [self._line]

    def _begin_chunk(self, line: bytes) -> bool:
        is_too_long = len(line) > _LONGEST_CHUNK_LINE
        line = line.rstrip(b"\r")
        if self._after_chunk:
            self._after_chunk = False
            self._is_over = bool(line) or is_too_long
            return True
        match = None if is_too_long else _CHUNK_SIZE.fullmatch(line)
        if match is None:
            self._is_over = True
            return False
        self._seen_chunk = True
        self._left = int(match[1], 16)
        self._is_over = self._left == 0
        return True


class PayloadReader:
    """Splits a block that is fed piece by piece into its head and its payload.

    The payload (WARC 1.1, 5.9) is the entity after transfer decoding, before content decoding.
    """

    def __init__(self) -> None:
        self._start = bytearray()
        self._dechunker: Dechunker | None = None
        self.head: HttpHead | None = None

    @property
    def is_lying(self) -> bool:
        """Whether the header says chunked and the body is not."""
        return self._dechunker is not None and self._dechunker.is_lying

    def feed(self, piece: bytes) -> list[bytes]:
        """The payload bytes in `piece`."""
        if self.head is None:
            self._start += piece
            end = _cut_head(self._start)
            return self._begin_body(end) if end >= 0 else []
        return self._dechunker.feed(piece) if self._dechunker else [piece]

    def finish(self) -> list[bytes]:
        """What is left at the end of the block."""
        if self.head is None:
            self._begin_body(len(self._start))
        return self._dechunker.finish() if self._dechunker else []

    def _begin_body(self, end: int) -> list[bytes]:
        head, rest = bytes(self._start[:end]), bytes(self._start[end:])
        self._start.clear()
        self.head = parse_head(head)
        if self.head.is_chunked:
            self._dechunker = Dechunker()
            return self._dechunker.feed(rest) if rest else []
        return [rest] if rest else []


def split_head(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The header bytes of a block, and the rest."""
    iterator = iter(chunks)
    start = bytearray()
    end = -1
    for piece in iterator:
        start += piece
        end = _cut_head(start)
        if end >= 0:
            break
    end = end if end >= 0 else len(start)
    return bytes(start[:end]), _rest(bytes(start[end:]), iterator)


def _rest(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from others


def payload_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The payload of the HTTP message in a block: after transfer decoding, before content decoding."""
    reader = PayloadReader()
    for piece in chunks:
        yield from filter(None, reader.feed(piece))
    yield from filter(None, reader.finish())
