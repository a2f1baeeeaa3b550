"""Pages that call themselves another address: whether they are believed, so that no articles become one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from archiver.crawl.archive import Archive
from archiver.crawl.planning import LOOKED_BACK
from archiver.model.article import ExtractedArticle
from archiver.model.fetched import FetchedPage
from archiver.model.snapshot import Snapshot
from archiver.versions import address_key, article_key, shares_text


class Claims:
    """Records snapshots under the key of their article.

    A page that claims an address which another article has is not believed; so claims are recorded one by
    one, after what arrives at that address itself.
    """

    def __init__(self, archive: Archive) -> None:
        self._index = archive.index
        self._ingest = archive.ingest
        self._claiming = asyncio.Lock()
        self._arriving: dict[str, ExtractedArticle] = {}
        """New articles by the key of their own address, until they are recorded."""

    async def recorded(
        self,
        snapshot: Snapshot,
        fetched: FetchedPage,
        article: ExtractedArticle | None,
        key: str,
        *,
        is_new: bool,
    ) -> Snapshot:
        """The snapshot with the `article` that it shows, made durable; `key` is what the page claims."""
        own = article_key(None, fetched.page.final_url, fetched.seed)
        if article and key != own:
            async with self._claiming:
                arriving = self._arriving.get(key)
                other = await self._ingest.ask(self._other_story, key, fetched, article)
                if other or (arriving and _is_another(arriving, article)):
                    key = own
                return await self._record(snapshot, article, key)
        if article is None or not is_new:
            return await self._record(snapshot, article, key)
        self._arriving[key] = article
        try:
            if self._claiming.locked():
                async with self._claiming:  # a claim to this address may be about to be recorded
                    pass
            other = await self._ingest.ask(self._other_story, key, fetched, article)
            if other:
                await self._ingest.ask(self._disbelieve, key, other)
            return await self._record(snapshot, article, key)
        finally:
            self._arriving.pop(key, None)

    async def _record(self, snapshot: Snapshot, article: ExtractedArticle | None, key: str) -> Snapshot:
        snapshot = replace(snapshot, article=article, article_key=key)
        await self._ingest.record(snapshot)
        return snapshot

    def _other_story(self, key: str, fetched: FetchedPage, article: ExtractedArticle) -> Snapshot | None:
        """The last snapshot of the article `key` from another address, if that is of another article."""
        here = {address_key(fetched.seed), address_key(fetched.page.final_url)}
        for other in self._index.article_snapshots(key, descending=True, limit=LOOKED_BACK):
            there = (address_key(other.seed), address_key(other.page.target_uri))
            if other.article and here.isdisjoint(there):
                return other if _is_another(other.article, article) else None
        return None

    def _disbelieve(self, key: str, other: Snapshot) -> None:
        """Follow under its own key what called itself the address `key`, at which another article is."""
        followed = self._index.followed(key)
        if followed and address_key(followed.url) != key:
            own = article_key(None, other.page.target_uri, other.seed)
            self._index.follow([replace(followed, key=own)])


def _is_another(one: ExtractedArticle, other: ExtractedArticle) -> bool:
    """Whether two pages that go by one address tell different stories."""
    return one.title != other.title and not shares_text(one, other)
