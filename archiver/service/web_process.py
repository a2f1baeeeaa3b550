"""The web beside the crawl: a process of its own, so that neither slows the other; begun anew if it ends."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import signal
import sys
import time
from collections.abc import Sequence

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LIVED_LONG = 60.0
"""Seconds after which a process that ended is no longer taken for one that cannot start."""
GRACE = 10.0
_PR_SET_PDEATHSIG = 1


async def keep_web_running(arguments: Sequence[str], stop: asyncio.Event) -> None:
    """Run `archiver ARGUMENTS` until `stop`, again after each end, then end it with SIGTERM."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "archiver.cli", *arguments, preexec_fn=_end_with_parent
        )
        code = await _until_end(process, stop)
        if stop.is_set():
            return
        pause = FIRST_PAUSE if time.monotonic() - began > LIVED_LONG else min(2 * pause, LONGEST_PAUSE)
        log.error("the web ended with code %d; it is started again in %.0f s", code, pause)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _until_end(process: asyncio.subprocess.Process, stop: asyncio.Event) -> int:
    ended = asyncio.ensure_future(process.wait())
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        if not ended.done():
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(ended), GRACE)
        if not ended.done():
            process.kill()
    return await ended


def _end_with_parent() -> None:
    """In the child: it is ended when the service is, however that happens (Linux; elsewhere it is not)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
