"""Crawls sources: one pass over their feeds, sitemaps, listings and pages, new and changed pages archived."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from archiver.config.settings import Settings
from archiver.config.source import PictureChoice, Source
from archiver.crawl.archive import Archive
from archiver.crawl.extracting import Extractor
from archiver.crawl.keeping import Outcome, PageResult, SnapshotKeeper
from archiver.crawl.memory import ArchiveMemory
from archiver.crawl.scrapy_run import crawl
from archiver.model.snapshot import Announcement
from archiver.retrieval import Retrieval
from archiver.spiders.base import Visit, VisitingSpider
from archiver.spiders.discovery.entry import Entry
from archiver.spiders.discovery.identity import identity_key
from archiver.spiders.feed import FeedSpider
from archiver.spiders.listing import ListingSpider
from archiver.spiders.page import PageSpider
from archiver.spiders.sitemap import SitemapSpider

MOST_REVISITS = 10_000
"""Revisits in one pass; the rest is due in the next."""
POLICIES: dict[PictureChoice, Literal["standard", "all", "none"]] = {
    PictureChoice.BEST: "standard",
    PictureChoice.ALL: "all",
    PictureChoice.NONE: "none",
}


@dataclass(slots=True)
class SourceResult:
    """What one pass over a source brought. `known` entries needed no request; `problems` are in words."""

    source: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    entries: int = 0
    known: int = 0
    unwanted: int = 0
    pictures: int = 0
    missing: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, page: PageResult) -> None:
        """Count one visit."""
        self.outcomes[page.outcome] += 1
        if page.snapshot:
            self.pictures += len(page.snapshot.captured)
            self.missing += len(page.snapshot.missing)
        if page.outcome is Outcome.FAILED:
            self.problems.append(f"{page.url}: {page.reason}")


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
        return list(
            await asyncio.gather(
                *(_SourceCrawl(archive, extractor, source, on_page, limit).run() for source in sources)
            )
        )


def settings_for(source: Source, settings: Settings) -> Settings:
    """The settings under which `source` is crawled: its own where it has any."""
    own = source.politeness
    said = {"delay": own.delay, "concurrency": own.concurrency, "obey_robots": own.obey_robots}
    politeness = settings.politeness.model_copy(
        update={name: value for name, value in said.items() if value is not None}
    )
    policy = "none" if settings.pictures.policy == "none" else POLICIES[source.pictures]
    return settings.model_copy(update={"politeness": politeness}).with_pictures(policy)


class _SourceCrawl:
    """One pass over one source."""

    def __init__(
        self, archive: Archive, extractor: Extractor, source: Source, on_page: OnProgress, limit: int | None
    ) -> None:
        self._archive = archive
        self._source = source
        self._limit = limit
        self._on_page = on_page
        self._seen: set[str] = set()
        self._visited: set[str] = set()
        self._since = datetime.now(UTC) - source.max_age if source.max_age else None
        self._result = SourceResult(source.name)
        self._headers = source.request_headers(os.environ)
        self._keeper = SnapshotKeeper(
            archive, extractor, self._note, only_changes=True, ladder=source.revisit
        )
        self._memory = ArchiveMemory(archive.index, Retrieval(archive.index, archive.warc_folder))

    async def run(self) -> SourceResult:
        """Feeds first, since they are the freshest; what two of them name is visited once."""
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
        await self._revisit()
        if source.pages:
            pages = [Visit(url, source.name, self._headers) for url in source.pages]
            await self._crawl(PageSpider, pages=pages)
        return self._result

    async def _revisit(self) -> None:
        """The articles of the source whose next visit is due, the longest overdue first."""
        due = await asyncio.to_thread(
            self._archive.index.due, datetime.now(UTC), self._source.name, self._limit or MOST_REVISITS
        )
        visits = [
            Visit(article.url, self._source.name, self._headers)
            for article in due
            if identity_key(article.url) not in self._visited
        ]
        if visits:
            await self._crawl(PageSpider, pages=visits)

    async def _discover(self, kind: type[VisitingSpider], **arguments: object) -> None:
        await self._crawl(
            kind, plan=self._plan, source=self._source.name, problems=self._result.problems, **arguments
        )

    async def _crawl(self, kind: type[VisitingSpider], **arguments: object) -> None:
        await crawl(
            self._archive,
            kind,
            settings_for(self._source, self._archive.settings),
            deliver=self._keeper.keep,
            memory=self._memory,
            **arguments,
        )

    async def _plan(self, entry: Entry, announcement: Announcement) -> Visit | None:
        """Visit what is wanted and not known, or said to be newer than what the archive has."""
        if self._limit is not None and self._result.entries >= self._limit:
            return None
        key = identity_key(entry.url)
        too_old = self._since and entry.dated and entry.dated < self._since
        if key in self._seen:
            return None
        self._seen.add(key)
        if too_old or not self._source.wants(entry.url):
            self._result.unwanted += 1
            return None
        self._result.entries += 1
        known = await asyncio.to_thread(self._archive.index.closest, entry.url, below=400)
        if known and not (entry.updated and entry.updated > known.captured_at):
            self._result.known += 1
            return None
        self._visited.add(key)
        return Visit(entry.url, self._source.name, self._headers, announcement)

    def _note(self, page: PageResult) -> None:
        self._result.add(page)
        self._on_page(self._result, page)
