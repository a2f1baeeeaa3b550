"""The spider for section fronts and other pages that list articles."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from w3lib.encoding import http_content_type_encoding

from archiver.model.exchange import Purpose
from archiver.spiders.discovering import DiscoveringSpider
from archiver.spiders.discovery.entry import Entry
from archiver.spiders.discovery.listing import Listing, article_links
from archiver.spiders.discovery.listing_walk import ListingWalk
from archiver.spiders.document import parse_document
from archiver.spiders.fetching import Listed, PageFetcher


class ListingSpider(DiscoveringSpider):
    """Visits what looks like an article on each listing in `roots`, followed for at most `pages` pages."""

    name = "listing"
    purpose = Purpose.LISTING

    def __init__(
        self,
        *,
        include: Sequence[re.Pattern[str]] = (),
        exclude: Sequence[re.Pattern[str]] = (),
        pages: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._include = include
        self._exclude = exclude
        self._pages = pages

    async def entries(self, fetcher: PageFetcher) -> AsyncIterator[tuple[str, Iterable[Entry]]]:
        """The likely articles of each page of each listing."""
        for root in self._roots:
            walk = ListingWalk(root, pages=self._pages)
            while url := walk.next_url():
                listing = await self.read(fetcher, url, self._links)
                if listing is None:
                    break
                fresh = walk.read(listing)
                yield url, [Entry(url=each.url, title=each.title) for each in fresh if each.is_likely]

    def _links(self, got: Listed) -> Listing:
        charset = http_content_type_encoding(got.content_type)
        document = parse_document(got.content, got.download.final_url, charset)
        return article_links(document, include=self._include, exclude=self._exclude)
