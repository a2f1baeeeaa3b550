"""Standard output that says in words why it takes no more: a full disk, a file that cannot be written to."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from archiver.errors import ArchiverError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OutputError(ArchiverError):
    """Standard output refused what was written to it."""


@contextmanager
def checked_output() -> Iterator[None]:
    """What is printed meanwhile is written at the end of the block at the latest.

    Raises OutputError when that cannot be. A pipe that nobody reads any more stays BrokenPipeError.
    """
    given = sys.stdout
    if given is not sys.__stdout__ or not isinstance(given, io.TextIOWrapper):  # somebody else's, or closed
        yield
        return
    sys.stdout = _checked(given)
    try:
        yield
    finally:
        sys.stdout.flush()


def _checked(given: TextIO) -> TextIO:
    given.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Checked(given.fileno())),
        encoding=given.encoding,
        errors=given.errors,
        line_buffering=given.isatty(),
    )


class _Checked(io.RawIOBase):
    """Writes to a descriptor that it does not own; once refused, it takes everything to nowhere."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_refused = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: ReadableBuffer, /) -> int | None:
        if self._is_refused:
            return memoryview(data).nbytes
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return None
        except OSError as error:
            self._is_refused = True
            if isinstance(error, BrokenPipeError):
                raise
            raise OutputError(f"the output cannot be written: {error.strerror}") from error
