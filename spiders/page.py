"""The spider for a list of pages that somebody named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from archiver.spiders.base import Visit, VisitingSpider
from archiver.spiders.fetching import PageFetcher


class PageSpider(VisitingSpider):
    """Visits `pages` in the order given."""

    name = "page"

    def __init__(self, *, pages: Iterable[Visit], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._pages = pages

    async def visits(self, fetcher: PageFetcher) -> AsyncIterator[Visit]:
        """The pages as given."""
        del fetcher
        for page in self._pages:
            yield page
