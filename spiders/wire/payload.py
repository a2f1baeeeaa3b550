"""The payload of a response while it arrives, as whoever reads the stored block will find it.

What Twisted decodes is not asked: where a server's framing is broken, it stops at another byte than the
archive's own reader does, and a digest of that would be called wrong by every check of the record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from archiver.http_message import PayloadReader
from archiver.model.digest import Digest


class RunningPayload:
    """Takes the block piece by piece; knows the payload's digest and length at the end."""

    __slots__ = ("_hash", "_reader", "length")

    def __init__(self) -> None:
        self._reader = PayloadReader()
        self._hash = hashlib.sha256()
        self.length = 0

    @classmethod
    def of(cls, block: Iterable[bytes]) -> RunningPayload:
        """The payload of a whole block."""
        payload = cls()
        for piece in block:
            payload.feed(piece)
        payload.finish()
        return payload

    def feed(self, piece: bytes) -> None:
        """The next bytes of the block."""
        self._take(self._reader.feed(piece))

    def finish(self) -> None:
        """The block is over."""
        self._take(self._reader.finish())

    @property
    def digest(self) -> Digest:
        """sha256 of the payload so far."""
        return Digest(self._hash.digest())

    @property
    def header_length(self) -> int:
        """Bytes of status line, headers and the empty line; known when they are over."""
        return self._reader.head.length if self._reader.head else 0

    def _take(self, contents: Iterable[bytes]) -> None:
        for content in contents:
            self._hash.update(content)
            self.length += len(content)
