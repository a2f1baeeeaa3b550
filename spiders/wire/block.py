"""A block holds the bytes of one response: in memory while they are few, then in an unnamed file."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from archiver.model.digest import Digest

MEMORY_LIMIT = 1 << 20
_FLUSH_SIZE = 1 << 18
_PIECE_SIZE = 1 << 16


class SpooledBlock:
    """Bytes that are appended as they arrive and then read as often as wanted (`model.exchange.Block`).

    The last piece written always stays in memory, so that `trim` can take back its end. Writing and
    reading raise OSError when the folder of the temporary file refuses; what was written before stays
    readable.
    """

    __slots__ = ("_digest", "_file", "_flushed", "_folder", "_hash", "_held", "_limit", "_pieces")

    def __init__(self, memory_limit: int = MEMORY_LIMIT, folder: Path | None = None) -> None:
        self._limit = memory_limit
        self._folder = folder
        self._pieces: list[bytes] = []
        self._held = 0
        self._flushed = 0
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._digest: tuple[int, Digest] | None = None

    def write(self, piece: bytes) -> None:
        """Append `piece`. Called for everything that arrives, so it does next to nothing."""
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > self._limit:
            self._flush()

    def trim(self, count: int) -> None:
        """Take back the last `count` bytes, which came with the last write. Raises ValueError beyond it."""
        if count == 0:
            return
        if not self._pieces or count > len(self._pieces[-1]):
            raise ValueError(f"cannot take back {count} bytes: more than the last write")
        self._pieces[-1] = self._pieces[-1][:-count]
        self._held -= count
        self._digest = None

    @property
    def length(self) -> int:
        """Number of bytes written."""
        return self._flushed + self._held

    @property
    def in_memory(self) -> bool:
        """Whether no temporary file was needed."""
        return self._file is None

    @property
    def digest(self) -> Digest:
        """sha256 of all bytes written so far; what is on disk was hashed on its way there."""
        if self._digest is None or self._digest[0] != self.length:
            running = self._hash.copy()
            for piece in self._pieces:
                running.update(piece)
            self._digest = self.length, Digest(running.digest())
        return self._digest[1]

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from offset `start` in pieces of at most 64 KiB; readers do not disturb each other."""
        position = start
        if self._file is not None:
            descriptor = self._file.fileno()
            while position < self._flushed:
                piece = os.pread(descriptor, min(_PIECE_SIZE, self._flushed - position), position)
                if not piece:
                    raise OSError(f"the temporary file lost what was written from {position} on")
                yield piece
                position += len(piece)
        offset = self._flushed
        for piece in self._pieces:
            end = offset + len(piece)
            while position < end:
                part = piece[position - offset : position - offset + _PIECE_SIZE]
                yield part
                position += len(part)
            offset = end

    def close(self) -> None:
        """Give back memory and file; the block is empty afterwards. May be called again."""
        file, self._file = self._file, None
        self._pieces.clear()
        self._held = self._flushed = 0
        self._hash = hashlib.sha256()
        self._digest = None
        if file is not None:
            file.close()

    def _flush(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 (closed by close)
            self._limit = _FLUSH_SIZE
        *full, last = self._pieces
        descriptor = self._file.fileno()
        for index, piece in enumerate(full):
            try:
                _write_all(descriptor, piece, self._flushed)
            except OSError:
                del self._pieces[:index]
                raise
            self._hash.update(piece)
            self._flushed += len(piece)
            self._held -= len(piece)
        self._pieces = [last]


def _write_all(descriptor: int, piece: bytes, offset: int) -> None:
    view = memoryview(piece)
    while view:
        written = os.pwrite(descriptor, view, offset)
        offset += written
        view = view[written:]
