"""Reads articles out of pages beside the crawl, in processes of its own: no page can slow or stop it."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import resource_tracker
from types import TracebackType
from typing import Self

from archiver.crawl.lifeline import end_with_parent
from archiver.model.article import ExtractedArticle
from archiver.spiders.extraction import ExtractionError, extract

log = logging.getLogger(__name__)
SECONDS = 30.0
"""How long one page may take before it is given up and its process ended."""
PAGES_BEFORE_RENEWAL = 2_000
"""A process is replaced after so many pages, so that a leak in a parser never adds up."""


_QUIET = "ignore:resource_tracker:UserWarning"


class Extractor:
    """Extracts in `workers` processes; with 0 in a thread of this one, which suits a handful of pages."""

    def __init__(self, workers: int = 0) -> None:
        self._closed = False
        self._readers: list[_Process | _Thread] = [_Process() for _ in range(workers)] or [_Thread()]
        self._free: asyncio.Queue[_Process | _Thread] = asyncio.Queue()
        for reader in self._readers:
            self._free.put_nowait(reader)

    async def article(self, content: bytes, url: str, charset: str | None) -> ExtractedArticle | None:
        """The article of a page, without its pictures; None (and a log line) when it cannot be read."""
        reader = await self._free.get()
        try:
            return replace(await self._read(reader, content, url, charset), pictures=())
        except TimeoutError:
            log.warning("%s: the article could not be read within %.0f s", url, SECONDS)
            reader.end()
        except (ExtractionError, BrokenProcessPool) as error:
            log.warning("%s: the article could not be read: %s", url, error)
            reader.end()
        finally:
            self._free.put_nowait(reader)
        return None

    async def _read(
        self, reader: _Process | _Thread, content: bytes, url: str, charset: str | None
    ) -> ExtractedArticle:
        """The article of a page, read once more when the process died: that need not be the page's doing."""
        try:
            return await asyncio.wait_for(reader.read(content, url, charset), SECONDS)
        except BrokenProcessPool:
            if self._closed:
                raise
            log.warning("%s: its process ended; it is read once more", url)
            reader.end()
        return await asyncio.wait_for(reader.read(content, url, charset), SECONDS)

    def close(self) -> None:
        """End the processes."""
        self._closed = True
        for reader in self._readers:
            reader.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _begin_quiet_tracker() -> None:
    """The process with which Python tidies up after a kill; what it says of that would stand in our log."""
    sys.warnoptions.append(_QUIET)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(_QUIET)


class _Thread:
    """Reads in this process; what takes too long cannot be ended, only left behind."""

    async def read(self, content: bytes, url: str, charset: str | None) -> ExtractedArticle:
        return await asyncio.to_thread(extract, content, url, charset)

    def end(self) -> None:
        pass


class _Process:
    """Reads one page at a time in a process that is begun with the first, and anew after many or a bad one.

    The executor's own `max_tasks_per_child` is not used: with CPython 3.11 to 3.13 it can stop for good
    when a worker is replaced (gh-115634).
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._pages = 0

    async def read(self, content: bytes, url: str, charset: str | None) -> ExtractedArticle:
        if self._pages >= PAGES_BEFORE_RENEWAL:
            self.end()
        if self._pool is None:
            self._pages = 0
            _begin_quiet_tracker()
            self._pool = ProcessPoolExecutor(
                1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=end_with_parent,
                initargs=(signal.SIGKILL,),
            )
        self._pages += 1
        return await asyncio.get_running_loop().run_in_executor(self._pool, extract, content, url, charset)

    def end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):  # noqa: SLF001 - no public way
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
