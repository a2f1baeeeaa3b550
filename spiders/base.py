"""What every spider does: find pages to visit, fetch each with its pictures, hand each over when complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import scrapy

from archiver.model.fetched import FetchedPage
from archiver.model.snapshot import Announcement
from archiver.spiders.fetching import FetchPolicy, Memory, PageFetcher

PAGES_AT_ONCE = 16
"""Pages in flight in one crawl; their pictures come on top, bounded by Scrapy's own limits."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One page to fetch: its URL, who asked, and how it was announced."""

    url: str
    source: str | None = None
    announcement: Announcement | None = None


Deliver = Callable[[FetchedPage], Awaitable[None]]


class VisitingSpider(scrapy.Spider):
    """Fetches what `visits` yields, at most `PAGES_AT_ONCE` at a time, and awaits `deliver` with each page.

    Pages are pulled one by one, so that a list of millions costs no memory. `deliver` returns when the page
    is durable; until then its place is taken, which is what slows a crawl down to the speed of the disk.
    Once `halt` is set, no further page is begun; those under way are finished.
    """

    name = "visiting"

    def __init__(
        self,
        *,
        deliver: Deliver,
        policy: FetchPolicy,
        memory: Memory | None = None,
        halt: asyncio.Event | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._halt = halt or asyncio.Event()
        self._memory = memory
        self.failure: Exception | None = None
        """What ended the crawl early; Scrapy would only log it."""
        self._deliver = deliver
        self._policy = policy

    def visits(self, fetcher: PageFetcher) -> AsyncIterator[Visit]:
        """The pages to fetch, in order; each kind of spider has its own way to find them."""
        raise TypeError(f"{type(self).__name__} does not say what to visit through {fetcher}")

    async def start(self) -> AsyncIterator[Any]:
        """Called by Scrapy once: visits everything, yields nothing."""
        fetcher = PageFetcher(self.crawler, self._policy, self._memory)
        places = asyncio.Semaphore(PAGES_AT_ONCE)

        async def visit(wanted: Visit) -> None:
            try:
                page = await fetcher.fetch(wanted.url, source=wanted.source, spider=self.name)
                await self._deliver(replace(page, announcement=wanted.announcement))
            finally:
                places.release()

        try:
            async with asyncio.TaskGroup() as group:
                async for wanted in self.visits(fetcher):
                    await places.acquire()
                    if self._halt.is_set():
                        break
                    group.create_task(visit(wanted))
        except ExceptionGroup as failures:
            self.failure = _first(failures)
        nothing: tuple[Any, ...] = ()
        for each in nothing:
            yield each


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    """The first exception of a group, however deep."""
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
