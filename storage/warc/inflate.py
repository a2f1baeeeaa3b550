"""Unpacks one gzip member piece by piece and knows exactly where it ends, also when its checksum is wrong.

zlib's own gzip reader hides that end behind the error; a damaged record must not hide the one after it.
"""

from __future__ import annotations

import struct

from isal import igzip_lib, isal_zlib

PIECE = 65_536
"""Most bytes that one step gives out, so that a bomb costs time but no memory."""

_ISAL_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]

MAGIC = b"\x1f\x8b\x08"
_FIXED = 10
_TRAILER = struct.Struct("<II")
_LONGEST_HEADER = 70_000
_HAS_CRC, _HAS_EXTRA, _HAS_NAME, _HAS_COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0


class GzipError(ValueError):
    """Not a gzip member (RFC 1952), or a damaged one. `is_ended` when its end is known all the same."""

    def __init__(self, message: str, is_ended: bool = False) -> None:
        super().__init__(message)
        self.is_ended = is_ended


def header_length(start: bytes) -> int | None:
    """Length of the gzip header at the start; None when more bytes are needed. Raises GzipError."""
    if not MAGIC.startswith(start[: len(MAGIC)]):
        raise GzipError("no gzip member begins here")
    if len(start) < _FIXED:
        return None
    flags = start[3]
    if flags & _RESERVED:
        raise GzipError("the gzip header has reserved flags set")
    end = _FIXED
    if flags & _HAS_EXTRA:
        if len(start) < end + 2:
            return None
        end += 2 + int.from_bytes(start[end : end + 2], "little")
    for flag in (_HAS_NAME, _HAS_COMMENT):
        if flags & flag:
            zero = start.find(b"\0", end)
            if zero < 0:
                end = len(start) + 1
                break
            end = zero + 1
    if flags & _HAS_CRC:
        end += 2
    if end > len(start) and len(start) > _LONGEST_HEADER:
        raise GzipError("the gzip header does not end")
    return end if end <= len(start) else None


class GzipMember:
    """One member: call `step` with more bytes while `needs_input`, with none otherwise, until `has_ended`.

    Then `unused` are the given bytes that follow the member.
    """

    __slots__ = ("_crc", "_engine", "_header", "_is_ended", "_length", "_trailer", "needs_input", "unused")

    def __init__(self) -> None:
        self._header = b""
        self._engine: igzip_lib.IgzipDecompressor | None = None
        self._trailer: bytes | None = None
        self._crc = 0
        self._length = 0
        self.needs_input = True
        self._is_ended = False
        self.unused = b""

    def has_begun(self) -> bool:
        """Whether a whole gzip header was taken in."""
        return self._engine is not None

    def has_ended(self) -> bool:
        """Whether the last byte of the trailer has been taken in."""
        return self._is_ended

    def step(self, given: bytes | memoryview = b"") -> bytes:
        """Take bytes in, give at most 64 KiB out. Raises GzipError; with `is_ended`, all output was given."""
        if self._trailer is not None:
            return self._end(self._trailer + given)
        if self._engine is None:
            self._header += given
            length = header_length(self._header)
            if length is None:
                return b""
            given, self._header = self._header[length:], b""
            self._engine = igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_DEFLATE)
        try:
            output: bytes = self._engine.decompress(given, PIECE)
        except _ISAL_ERROR as error:
            raise GzipError(f"the compressed bytes are damaged ({error})") from error
        if output:
            self._crc = isal_zlib.crc32(output, self._crc)
            self._length += len(output)
        if not self._engine.eof:
            self.needs_input = self._engine.needs_input
            return output
        self._trailer = b""
        rest = self._engine.unused_data
        if output:
            self._trailer = rest
            self.needs_input = len(rest) < _TRAILER.size
            return output
        return self._end(rest)

    def _end(self, trailer: bytes) -> bytes:
        self._trailer = trailer
        self.needs_input = len(trailer) < _TRAILER.size
        if self.needs_input:
            return b""
        self._is_ended = True
        self.unused = trailer[_TRAILER.size :]
        crc, length = _TRAILER.unpack_from(trailer)
        if crc != self._crc:
            raise GzipError("the gzip checksum does not fit the content", is_ended=True)
        if length != self._length & 0xFFFFFFFF:
            raise GzipError("the gzip length does not fit the content", is_ended=True)
        return b""
