"""Crawls sources: one pass over their feeds, sitemaps, listings and pages, new and changed pages archived."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from archiver.config.settings import Settings
from archiver.config.source import PictureChoice, Source
from archiver.crawl.archive import Archive
from archiver.crawl.extracting import Extractor
from archiver.crawl.keeping import SEEN, Outcome, PageResult, SnapshotKeeper
from archiver.crawl.memory import ArchiveMemory
from archiver.crawl.planning import TRY_AGAIN, adopt, is_known, plan_anew
from archiver.crawl.scrapy_run import crawl
from archiver.model.snapshot import Announcement
from archiver.spiders.base import Visit, VisitingSpider
from archiver.spiders.discovery.entry import Entry
from archiver.spiders.discovery.identity import identity_key
from archiver.spiders.feed import FeedSpider
from archiver.spiders.listing import ListingSpider
from archiver.spiders.page import PageSpider
from archiver.spiders.sitemap import SitemapSpider
from archiver.storage.index import FollowedArticle

MOST_REVISITS = 10_000
"""Revisits in one pass; the rest is due in the next."""
POLICIES: dict[PictureChoice, Literal["standard", "all", "none"]] = {
    PictureChoice.BEST: "standard",
    PictureChoice.ALL: "all",
    PictureChoice.NONE: "none",
}


@dataclass(slots=True)
class SourceResult:
    """What one pass over a source brought. `known` entries needed no request.

    `problems` are in words, of what lists the pages; `failures` those of pages.
    """

    source: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    entries: int = 0
    known: int = 0
    unwanted: int = 0
    pictures: int = 0
    missing: int = 0
    problems: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, page: PageResult) -> None:
        """Count one visit."""
        self.outcomes[page.outcome] += 1
        if page.snapshot:
            self.pictures += len(page.snapshot.captured)
            self.missing += len(page.snapshot.missing)
        if page.outcome is Outcome.FAILED:
            self.failures.append(f"{page.url}: {page.reason}")


OnProgress = Callable[[SourceResult, PageResult], None]


async def crawl_sources(
    archive: Archive,
    sources: Sequence[Source],
    on_page: OnProgress,
    *,
    limit: int | None = None,
    workers: int = 1,
) -> list[SourceResult]:
    """One pass over each of `sources`, all at the same time; at most `limit` pages of each are visited."""
    with Extractor(workers) as extractor:

        async def one_pass(source: Source) -> SourceResult:
            crawled = SourceCrawl(archive, extractor, source, on_page, limit=limit)
            await crawled.look()
            await crawled.revisit()
            return crawled.result

        return list(await asyncio.gather(*(one_pass(source) for source in sources)))


def settings_for(source: Source, settings: Settings) -> Settings:
    """The settings under which `source` is crawled: its own where it has any."""
    own = source.politeness
    said = {"delay": own.delay, "concurrency": own.concurrency, "obey_robots": own.obey_robots}
    politeness = settings.politeness.model_copy(
        update={name: value for name, value in said.items() if value is not None}
    )
    policy = "none" if settings.pictures.policy == "none" else POLICIES[source.pictures]
    return settings.model_copy(update={"politeness": politeness}).with_pictures(policy)


class SourceCrawl:
    """Looks at one source: what it lists, or its articles that are due; every page goes into the archive.

    `limit` bounds the pages that are visited. Once `halt` is set, what is under way is finished and no
    further page is begun.
    """

    def __init__(
        self,
        archive: Archive,
        extractor: Extractor,
        source: Source,
        on_page: OnProgress,
        *,
        limit: int | None = None,
        halt: asyncio.Event | None = None,
    ) -> None:
        self._archive = archive
        self._source = source
        self._limit = limit
        self._halt = halt or asyncio.Event()
        self._on_page = on_page
        self._seen: set[str] = set()
        self._visited: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._again_at: dict[str, datetime] = {}
        self._since = datetime.now(UTC) - source.max_age if source.max_age else None
        self.result = SourceResult(source.name)
        self._own_headers = source.own_headers(os.environ)
        self._keeper = SnapshotKeeper(
            archive, extractor, self._note, only_changes=True, ladder=source.revisit
        )
        self._memory = ArchiveMemory(archive.index, archive.retrieval)

    async def look(self) -> None:
        """What the source lists now. Feeds first, since they are the freshest; nothing is visited twice."""
        source = self._source
        if source.feeds:
            await self._discover(FeedSpider, roots=source.feeds)
        if source.sitemaps:
            await self._discover(SitemapSpider, roots=source.sitemaps, since=self._since)
        if source.listings:
            await self._discover(
                ListingSpider,
                roots=source.listings,
                include=source.include,
                exclude=source.exclude,
                pages=source.listing_pages,
            )
        if source.pages:
            await self._visit(source.pages)

    async def revisit(self, most: int = MOST_REVISITS, *, newest_first: bool = False) -> None:
        """At most `most` articles whose next visit is due: the longest overdue, or the newest, first."""
        due = await asyncio.to_thread(self._due, self._limit or most, newest_first=newest_first)
        await self._visit([article.url for article in due])
        await asyncio.to_thread(self._plan_the_rest, due)

    def _due(self, most: int, *, newest_first: bool) -> list[FollowedArticle]:
        """What is due by its plan; what has none gets one first, what the source wants no more is left."""
        index, name = self._archive.index, self._source.name
        while not self._halt.is_set():
            due = index.due(datetime.now(UTC), name, most, newest_first=newest_first)
            unplanned = [article for article in due if not article.is_planned]
            unwanted = [article for article in due if not self._wants(article.url)]
            if not unplanned and not unwanted:
                return due
            plan_anew(index, self._source.revisit, unplanned)
            index.follow([replace(article, next_visit_at=None) for article in unwanted])
        return []

    def _wants(self, url: str) -> bool:
        return self._source.wants(url) or url in self._source.pages

    def _plan_the_rest(self, due: Sequence[FollowedArticle]) -> None:
        """What a visit left as it was must not be due at once again.

        Such an article could not be asked for, or is followed under another name since it was moved.
        """
        index = self._archive.index
        left = []
        for article in due:
            outcome = self._outcomes.get(article.url)
            now = index.followed(article.key) if outcome else None
            if now and now.next_visit_at == article.next_visit_at:
                again_at = self._again_at.get(article.url, datetime.now(UTC) + TRY_AGAIN)
                later = None if outcome in SEEN else again_at
                left.append(replace(now, next_visit_at=later))
        if left:
            index.follow(left)

    async def _visit(self, urls: Sequence[str]) -> None:
        wanted = {identity_key(url): url for url in urls}
        visits = [Visit(url, self._source.name) for key, url in wanted.items() if key not in self._visited]
        self._visited.update(wanted)
        if visits:
            await self._crawl(PageSpider, pages=visits)

    async def _discover(self, kind: type[VisitingSpider], **arguments: object) -> None:
        await self._crawl(
            kind, plan=self._plan, source=self._source.name, problems=self.result.problems, **arguments
        )

    async def _crawl(self, kind: type[VisitingSpider], **arguments: object) -> None:
        if self._halt.is_set():
            return
        await crawl(
            self._archive,
            kind,
            settings_for(self._source, self._archive.settings),
            deliver=self._keeper.keep,
            memory=self._memory,
            halt=self._halt,
            own_headers=self._own_headers,
            **arguments,
        )

    async def _plan(self, entry: Entry, announcement: Announcement) -> Visit | None:
        """Visit what is wanted and not known, or said to be newer than what the archive has."""
        if self._limit is not None and self.result.entries >= self._limit:
            return None
        key = identity_key(entry.url)
        too_old = self._since and entry.dated and entry.dated < self._since
        if key in self._seen:
            return None
        self._seen.add(key)
        if too_old or not self._source.wants(entry.url):
            self.result.unwanted += 1
            return None
        self.result.entries += 1
        if await asyncio.to_thread(self._is_known, entry.url, entry.updated):
            self.result.known += 1
            return None
        self._visited.add(key)
        return Visit(entry.url, self._source.name, announcement)

    def _is_known(self, url: str, updated: datetime | None) -> bool:
        index, now = self._archive.index, datetime.now(UTC)
        shown = next(index.snapshots(url, descending=True, limit=1), None)
        skips = self._archive.settings.capture.noarchive == "skip"  # such a page has no snapshot
        if not is_known(index, url, updated, now, is_whole=skips or shown is not None):
            return False
        if shown:
            adopt(index, self._source, shown, url, now)
        return True

    def _note(self, page: PageResult) -> None:
        self.result.add(page)
        self._outcomes[page.url] = page.outcome
        if page.again_at:
            self._again_at[page.url] = page.again_at
        self._on_page(self.result, page)
