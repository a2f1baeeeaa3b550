"""The chunked coding as servers write it, where Twisted takes less than RFC 9112, 7.1 lets them write."""

from __future__ import annotations

import re

from twisted.web.http import _ChunkedTransferDecoder, maxChunkSizeLineLength

_PADDED_OR_EXTENDED = re.compile(rb"([0-9A-Fa-f]+)(?:[ \t]+|[ \t]*;[^\0-\x08\x0a-\x1f\x7f]*)")
"""A size with blanks behind it, or with extensions, whose quoted texts may hold backslashes."""


class ChunkDecoder(_ChunkedTransferDecoder):
    """Passes over whatever stands behind a chunk's size and may stand there."""

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        end = self._buffer.find(b"\r\n", self._start)
        if 0 <= end < maxChunkSizeLineLength:
            size = _PADDED_OR_EXTENDED.fullmatch(self._buffer, 0, end)
            if size:
                self._buffer[:end] = size[1]
                self._start = 0
        return super()._dataReceived_CHUNK_LENGTH()
