"""The spider for sitemaps, news sitemaps and indexes of sitemaps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any

from archiver.model.exchange import Purpose
from archiver.spiders.discovering import DiscoveringSpider
from archiver.spiders.discovery.entry import Entry
from archiver.spiders.discovery.sitemap import parse_sitemap
from archiver.spiders.discovery.sitemap_walk import SitemapWalk
from archiver.spiders.fetching import PageFetcher


class SitemapSpider(DiscoveringSpider):
    """Visits the pages that the sitemaps below `roots` name, newest first, none older than `since`."""

    name = "sitemap"
    purpose = Purpose.SITEMAP

    def __init__(self, *, since: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._since = since

    async def entries(self, fetcher: PageFetcher) -> AsyncIterator[tuple[str, Iterable[Entry]]]:
        """The pages of each sitemap as the walk comes to it."""
        walk = SitemapWalk(self._roots, since=self._since)
        while url := walk.next_url():
            sitemap = await self.read(
                fetcher, url, lambda got: parse_sitemap(got.content, got.download.final_url, got.content_type)
            )
            if sitemap is None:
                walk.failed(url, "see the problems")
            else:
                yield url, walk.read(url, sitemap)
