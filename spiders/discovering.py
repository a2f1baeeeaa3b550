"""What the spiders of a source share: they read feeds, sitemaps or listings and visit what is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from archiver.errors import DiscoveryError
from archiver.model.exchange import Purpose
from archiver.model.snapshot import Announcement
from archiver.spiders.base import Visit, VisitingSpider
from archiver.spiders.discovery.entry import Entry
from archiver.spiders.fetching import Listed, PageFetcher

Plan = Callable[[Entry, Announcement], Awaitable[Visit | None]]
"""Says whether a page that a source names is to be visited, and how; None for what is known and unchanged."""
R = TypeVar("R")


class DiscoveringSpider(VisitingSpider):
    """Visits what `plan` chooses of the entries that `entries` finds below `roots`.

    `problems` collects, in words, what could not be read; a feed that is broken never stops a crawl.
    """

    purpose = Purpose.FEED

    def __init__(
        self, *, roots: Sequence[str], plan: Plan, source: str, problems: list[str], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._problems = problems
        self._roots = roots
        self._plan = plan
        self._source = source

    def entries(self, fetcher: PageFetcher) -> AsyncIterator[tuple[str, Iterable[Entry]]]:
        """The entries found, each batch with the URL of what named it."""
        raise TypeError(f"{type(self).__name__} does not say where to look through {fetcher}")

    async def visits(self, fetcher: PageFetcher) -> AsyncIterator[Visit]:
        """What the plan chooses, in the order found."""
        async for found_in, entries in self.entries(fetcher):
            for entry in entries:
                visit = await self._plan(entry, announcement(entry, found_in))
                if visit:
                    yield visit

    async def read(self, fetcher: PageFetcher, url: str, parse: Callable[[Listed], R]) -> R | None:
        """Fetch and parse one document; None, and a line in `problems`, when it cannot be had or read."""
        listed = await fetcher.read(url, self.purpose, self._source)
        if listed.download.reason:
            self._problems.append(f"{url}: {listed.download.after_attempts(listed.download.reason)}")
            return None
        try:
            return await asyncio.to_thread(parse, listed)
        except DiscoveryError as error:
            self._problems.append(str(error))
            return None


def announcement(entry: Entry, found_in: str) -> Announcement:
    """What is kept of an entry with the snapshot."""
    return Announcement(
        found_in, entry.title, entry.published, entry.updated, entry.guid, entry.authors, entry.summary
    )
