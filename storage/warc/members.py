"""Reads a segment as gzip members, one after the other, in small pieces; counts every byte of the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from archiver.errors import StorageError
from archiver.storage.warc.inflate import MAGIC, GzipError, GzipMember
from archiver.storage.warc.segments import open_segment, storage_error

_READ = 262_144
_FEED = 32_768
_PEEK = 512
_RECORD_START = b"WARC/"


class MemberReader:
    """The members of the file at `path` from offset `start`.

    `open_member`, then `read` until it gives nothing, then the next. `offset` is where the current member
    begins, `position` the first byte after what was used. Errors are GzipError (the content) and
    StorageError (the disk). `observe` is given every byte that is read from the file, in order.
    """

    def __init__(
        self,
        path: Path,
        start: int = 0,
        *,
        end: int | None = None,
        observe: Callable[[bytes], None] | None = None,
    ) -> None:
        self._path = path
        try:
            self._descriptor = open_segment(path)
        except OSError as error:
            raise storage_error(error, f"opening {path}") from error
        self.size = os.fstat(self._descriptor).st_size
        self._end = self.size if end is None else min(end, self.size)
        self._read_to = start
        self._whole = b""
        self._buffer = memoryview(b"")
        self._observe = observe
        self._observed = start
        self._member: GzipMember | None = None
        self._is_damaged = False
        self.offset = start

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def position(self) -> int:
        """Offset of the first byte that no member has used."""
        return self._read_to - len(self._buffer)

    def has_all(self) -> bool:
        """Whether every byte up to the end is in memory: then `read` goes on when the file is closed."""
        return self._read_to >= self._end

    def open_member(self) -> bool:
        """Begin the member at `position`; False at the end of the file."""
        self.offset = self.position
        if not self._buffer:
            self._fill()
        if not self._buffer:
            return False
        self._member = GzipMember()
        self._is_damaged = False
        return True

    def read(self) -> bytes:
        """The next piece of the current member, at most 64 KiB; nothing at its end. Raises GzipError."""
        member = self._member
        if member is None:
            return b""
        while not member.has_ended():
            if not member.needs_input:
                given = memoryview(b"")
            else:
                given = self._take()
                if not given:
                    self._is_damaged = True
                    raise GzipError("the file ends inside the record")
            try:
                output = member.step(given)
            except GzipError:
                self._is_damaged = not member.has_ended()
                raise
            finally:
                if member.has_ended() and member.unused:
                    self._give_back(len(member.unused))
            if output:
                return output
        self._member = None
        return b""

    def skip(self, limit: int) -> None:
        """Go on after an error in the current member.

        To its end when that is found within `limit` unpacked bytes, else to the next gzip header that
        unpacks to the start of a WARC record, else to the end of the file.
        """
        member = self._member
        if member is None or member.has_ended():
            self._member = None
            return
        if self._is_damaged or not self._ends_within(limit):
            self._seek_record()

    def _ends_within(self, limit: int) -> bool:
        try:
            while limit > 0:
                piece = self.read()
                if not piece:
                    return True
                limit -= len(piece)
        except GzipError:
            return not self._is_damaged
        return False

    def _seek_record(self) -> None:
        self._member = None
        for found in self._magics(self.offset + 1):
            if _RECORD_START.startswith(self._peek(found)):
                self._go(found)
                return
        self._go(self._end)

    def drain(self) -> None:
        """Let `observe` see the rest of the file."""
        self._go(self._end)
        self._fill()

    def _magics(self, at: int) -> Iterator[int]:
        while at < self._end:
            block = self._pread(min(_READ, self._end - at), at)
            if not block:
                return  # the file became shorter meanwhile
            found = block.find(MAGIC)
            while found >= 0:
                yield at + found
                found = block.find(MAGIC, found + 1)
            at += max(1, len(block) - len(MAGIC) + 1)

    def _peek(self, offset: int) -> bytes:
        """The first letters that unpack from `offset`, or something that begins no record."""
        try:
            start = GzipMember().step(self._pread(min(_PEEK, self._end - offset), offset))
        except GzipError:
            return b"?"
        return start[: len(_RECORD_START)] or b"?"

    def _go(self, offset: int) -> None:
        if self.position <= offset <= self._read_to:
            self._buffer = self._buffer[offset - self.position :]
        else:
            self._read_to = offset
            self._buffer = memoryview(b"")

    def _take(self) -> memoryview:
        if not self._buffer:
            self._fill()
        given, self._buffer = self._buffer[:_FEED], self._buffer[_FEED:]
        return given

    def _give_back(self, count: int) -> None:
        start = len(self._whole) - len(self._buffer) - count
        self._buffer = memoryview(self._whole)[start:]

    def _fill(self) -> None:
        if self._observe is not None:
            self._show_skipped()
        self._whole = self._pread(min(_READ, self._end - self._read_to), self._read_to)
        self._buffer = memoryview(self._whole)
        self._show(self._whole, self._read_to)
        self._read_to += len(self._whole)

    def _show_skipped(self) -> None:
        while self._observed < self._read_to:
            skipped = self._pread(min(_READ, self._read_to - self._observed), self._observed)
            if not skipped:
                return  # the file became shorter meanwhile
            self._show(skipped, self._observed)

    def _show(self, content: bytes, offset: int) -> None:
        unseen = content[self._observed - offset :]
        if self._observe is not None and unseen:
            self._observe(unseen)
            self._observed += len(unseen)

    def _pread(self, count: int, offset: int) -> bytes:
        if count <= 0:
            return b""
        try:
            return os.pread(self._descriptor, count, offset)
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be read at {offset}: {error.strerror}; check the disk, restore a copy"
            ) from error
