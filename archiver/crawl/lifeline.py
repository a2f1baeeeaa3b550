"""Ends a helping process with the one that began it, however that ends."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """To be called in the child: it gets signal `number` when its parent ends (Linux; elsewhere it does not).

    See prctl(2): the parent is the thread that began the child, which should be the main one.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number))
    began_by = multiprocessing.parent_process()
    if began_by is not None and os.getppid() != began_by.pid:
        os.kill(os.getpid(), number)  # it ended before it was asked about
