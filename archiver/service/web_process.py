"""The web beside the crawl: a process of its own, so that neither slows the other; begun anew if it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import Sequence

from archiver.crawl.lifeline import end_with_parent

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LIVED_LONG = 60.0
"""Seconds after which a process that ended is no longer taken for one that cannot start."""
GRACE = 10.0


async def keep_web_running(arguments: Sequence[str], stop: asyncio.Event) -> None:
    """Run `archiver ARGUMENTS` until `stop`, again after each end, then end it with SIGTERM."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "archiver.cli", *arguments, preexec_fn=end_with_parent
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
