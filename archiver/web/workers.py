"""Several processes that serve the same addresses, since one runs Python code on one core only.

The first process serves nothing: it begins anew a worker that ends, and ends all when it is told to.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between the end of a worker that could not run for long and its next start."""
LIVED_LONG = 60.0
_GRACE = 15.0
_HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
_PR_SET_PDEATHSIG = 1
_LOOK_AGAIN = 0.1

Ready = Callable[[], None]
Work = Callable[[int, Ready], None]


@dataclass(slots=True)
class _Worker:
    number: int
    process: int
    began: float
    pause: float = FIRST_PAUSE


def run_workers(count: int, work: Work, when_ready: Ready) -> int:
    """Run `work(number, ready)` in `count` processes until SIGTERM or SIGINT; the exit status.

    Each calls `ready` once it serves; `when_ready` is called when all do. A worker that ends before is the
    end of all; one that ends later is begun anew. No other thread may run when this is called, but that of
    the log.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    try:
        return _Workers(count, work, before).run(when_ready)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Workers:
    def __init__(self, count: int, work: Work, mask: set[signal.Signals] | set[int]) -> None:
        self._work = work
        self._mask = mask
        self._first = os.getpid()
        self._ready_read, self._ready_write = os.pipe()
        os.set_blocking(self._ready_read, False)
        self._running: dict[int, _Worker] = {}
        for number in range(count):
            self._begin(number)

    def run(self, when_ready: Ready) -> int:
        try:
            if not self._all_ready():
                return 1
            when_ready()
            self._watch()
            return 0
        finally:
            self._end_all()
            os.close(self._ready_read)
            os.close(self._ready_write)

    def _begin(self, number: int, pause: float = FIRST_PAUSE) -> None:
        process = os.fork()
        if process == 0:
            self._be_worker(number)
        self._running[process] = _Worker(number, process, time.monotonic(), pause)

    def _be_worker(self, number: int) -> None:
        code = 1
        try:
            _end_with(self._first)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            self._work(number, self._say_ready)
            code = 0
        except Exception:  # whatever it is, it ends this process, and the reason is told
            log.exception("worker %d failed", number)
        finally:
            logging.shutdown()
            sys.stderr.flush()
            os._exit(code)

    def _say_ready(self) -> None:
        os.write(self._ready_write, b".")

    def _all_ready(self) -> bool:
        """Wait until every worker serves; False when one ended or the end is asked for."""
        missing = len(self._running)
        while missing:
            heard = signal.sigtimedwait(_HEARD, _LOOK_AGAIN)
            if heard is not None and (heard.si_signo != signal.SIGCHLD or self._ended()):
                return False
            try:
                missing -= len(os.read(self._ready_read, missing))
            except BlockingIOError:
                continue
        return True

    def _watch(self) -> None:
        while signal.sigwaitinfo(_HEARD).si_signo == signal.SIGCHLD:
            for worker, code in self._ended():
                has_lived = time.monotonic() - worker.began > LIVED_LONG
                pause = FIRST_PAUSE if has_lived else worker.pause
                log.error("worker %d ended with code %d; it is started again", worker.number, code)
                heard = signal.sigtimedwait(_HEARD[:2], pause)
                if heard is not None:
                    return
                self._begin(worker.number, min(2 * pause, LONGEST_PAUSE))

    def _ended(self) -> list[tuple[_Worker, int]]:
        """The workers that have ended, and their exit codes."""
        ended = []
        for process, worker in list(self._running.items()):
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                ended.append((worker, os.waitstatus_to_exitcode(status)))
                del self._running[process]
        return ended

    def _end_all(self) -> None:
        """Let the workers end their answers; after a while end them."""
        for process in self._running:
            os.kill(process, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        while self._running and time.monotonic() < until:
            signal.sigtimedwait((signal.SIGCHLD,), _LOOK_AGAIN)
            self._ended()
        for process in self._running:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        self._running.clear()


def _end_with(first: int) -> None:
    """In a worker: it is ended when the first process is, however that happens (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != first:
            os._exit(1)
