"""Reads articles out of pages beside the crawl, in processes of its own: no page can slow or stop it."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from types import TracebackType
from typing import Self

from archiver.model.article import ExtractedArticle
from archiver.spiders.extraction import ExtractionError, extract

log = logging.getLogger(__name__)
SECONDS = 30.0
"""How long one page may take before it is given up and its process ended."""
PAGES_BEFORE_RENEWAL = 2_000
"""A worker is replaced after so many pages, so that a leak in a parser never adds up."""


class Extractor:
    """Extracts in `workers` processes; with 0 in a thread of this one, which suits a handful of pages."""

    def __init__(self, workers: int = 0) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._places = asyncio.Semaphore(max(workers, 1) * 2)

    async def article(self, content: bytes, url: str, charset: str | None) -> ExtractedArticle | None:
        """The article of a page, without its pictures; None (and a log line) when it cannot be read."""
        async with self._places:
            try:
                found = await asyncio.wait_for(self._run(content, url, charset), SECONDS)
            except TimeoutError:
                log.warning("%s: the article could not be read within %.0f s", url, SECONDS)
                self._end_workers()
            except (ExtractionError, BrokenProcessPool) as error:
                log.warning("%s: the article could not be read: %s", url, error)
                self._end_workers()
            else:
                return replace(found, pictures=())
        return None

    def close(self) -> None:
        """End the workers."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _run(self, content: bytes, url: str, charset: str | None) -> ExtractedArticle:
        if not self._workers:
            return await asyncio.to_thread(extract, content, url, charset)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers,
                mp_context=multiprocessing.get_context("spawn"),
                max_tasks_per_child=PAGES_BEFORE_RENEWAL,
            )
        return await asyncio.get_running_loop().run_in_executor(self._pool, extract, content, url, charset)

    def _end_workers(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):  # noqa: SLF001 - no public way
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
