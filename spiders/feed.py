"""The spider for feeds: RSS, Atom, RDF, JSON Feed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from archiver.spiders.discovering import DiscoveringSpider
from archiver.spiders.discovery.entry import Entry
from archiver.spiders.discovery.feed import parse_feed
from archiver.spiders.fetching import PageFetcher


class FeedSpider(DiscoveringSpider):
    """Visits the entries of each feed in `roots`."""

    name = "feed"

    async def entries(self, fetcher: PageFetcher) -> AsyncIterator[tuple[str, Iterable[Entry]]]:
        """The entries of each feed, in its order."""
        for url in self._roots:
            feed = await self.read(
                fetcher, url, lambda got: parse_feed(got.content, got.download.final_url, got.content_type)
            )
            if feed:
                yield url, feed.entries
