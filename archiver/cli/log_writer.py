"""Writes the lines of the log on a thread of its own: who logs never waits for who reads the log.

A pipe that nobody empties, or a terminal that was stopped, would else hold up the event loop, and the end.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import threading
from collections import deque
from contextvars import Context
from typing import Final, TextIO

MOST_BYTES: Final = 8 << 20
"""Of lines that wait to be written; what comes beyond is dropped and counted."""
AT_ONCE: Final = 256 << 10
PATIENCE: Final = 1.0
"""Seconds that an end waits for lines to be taken."""


class LogWriter(logging.Handler):
    """Writes formatted records, in their order, to the file behind `stream`.

    Records are formatted where they are logged. When lines were dropped, the next one that finds room is
    preceded by their number. A process that was forked off begins with an empty queue. Signals are left to
    the other threads.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        stream.flush()
        self._encoding = stream.encoding
        self._file = os.dup(stream.fileno())
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        """Of the lines that are not written yet, those included that are being written."""
        self._lost = 0
        self._is_stuck = False
        self._is_over = False
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of `record`."""
        if os.getpid() != self._process:
            self._begin()
        try:
            line = self._line(record)
            with self._changed:
                if self._bytes >= MOST_BYTES or self._is_over:
                    self._lost += 1
                    return
                if self._lost:
                    self._queue(Context().run(self._line, _how_many_were(self._lost)))
                    self._lost = 0
                self._queue(line)
        except Exception:  # noqa: BLE001 - what every handler does; it tells on standard error
            self.handleError(record)

    def flush(self) -> None:
        """Wait until all lines are written, for a moment only, and not twice for the same ones."""
        if os.getpid() != self._process or self._is_stuck:
            return
        with self._changed:
            self._is_stuck = not self._changed.wait_for(lambda: not self._bytes, PATIENCE)

    def close(self) -> None:
        """Take no more lines; what waits is still written."""
        with self._changed:
            was_over, self._is_over = self._is_over, True
            self._changed.notify_all()
            if self._thread is None and not was_over:
                os.close(self._file)
        super().close()

    def _line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode(self._encoding, "backslashreplace")

    def _queue(self, line: bytes) -> None:
        self._lines.append(line)
        self._bytes += len(line)
        self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="log", daemon=True)
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            try:
                self._thread.start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _write(self) -> None:
        while batch := self._next():
            with contextlib.suppress(OSError):  # nobody reads any more, and there is nowhere to say so
                self._put(batch)
            with self._changed:
                self._bytes -= len(batch)
                self._is_stuck = False
                self._changed.notify_all()
        os.close(self._file)

    def _next(self) -> bytes:
        """What is to be written next; nothing once all is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._is_over)
            batch = bytearray()
            while self._lines and len(batch) < AT_ONCE:
                batch += self._lines.popleft()
            return bytes(batch)

    def _put(self, batch: bytes) -> None:
        left = memoryview(batch)
        while left:
            try:
                left = left[os.write(self._file, left) :]
            except BlockingIOError:  # another process made it so
                select.select([], [self._file], [])


def _how_many_were(lost: int) -> logging.LogRecord:
    told = "%d lines of the log were lost here, since nobody took them"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, told, (lost,), None)
