"""Looks at what a source lists, without archiving anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archiver.config.settings import Settings
from archiver.config.source import Source
from archiver.crawl.manners import manners_for
from archiver.crawl.reactor import run_under_reactor
from archiver.crawl.scrapy_run import run_spider
from archiver.crawl.sources import settings_for
from archiver.model.exchange import Exchange
from archiver.model.fetched import FetchedPage
from archiver.model.snapshot import Announcement
from archiver.spiders.base import Visit, VisitingSpider
from archiver.spiders.discovery.entry import Entry
from archiver.spiders.feed import FeedSpider
from archiver.spiders.listing import ListingSpider
from archiver.spiders.page import PageSpider
from archiver.spiders.sitemap import SitemapSpider

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class CheckedSource:
    """What one address of a source gave: entries in all, those that a crawl would visit, examples."""

    url: str
    kind: str
    entries: int
    wanted: int
    examples: tuple[str, ...] = ()
    problem: str | None = None


class _Discard:
    """A sink that keeps nothing."""

    async def accept(self, exchange: Exchange) -> None:
        if exchange.response:
            exchange.response.block.close()


def check_source(
    settings: Settings, source: Source, on_checked: Callable[[CheckedSource], None] = lambda _checked: None
) -> list[CheckedSource]:
    """Fetch each address of `source` once, each told to `on_checked` when it came; nothing is written.

    Runs the reactor, once in a process.
    """

    async def run() -> list[CheckedSource]:
        checked = []
        for probe in _Check(_unhurried(settings_for(source, settings)), source).probes():
            checked.append(await probe())
            on_checked(checked[-1])
        return checked

    return run_under_reactor(run)


def _unhurried(settings: Settings) -> Settings:
    """The configured delay alone: with so few requests there is nothing to learn of a server's speed."""
    politeness = settings.politeness.model_copy(update={"autothrottle": False})
    return settings.model_copy(update={"politeness": politeness})


class _Check:
    def __init__(self, settings: Settings, source: Source) -> None:
        self._settings = settings
        self._source = source
        self._manners = manners_for(settings)
        self._own_headers = None if source.lacks(os.environ) else source.own_headers(os.environ)
        self._since = datetime.now(UTC) - source.max_age if source.max_age else None

    def probes(self) -> list[Callable[[], Coroutine[Any, Any, CheckedSource]]]:
        """One probe for each address."""
        source = self._source
        listing = {"include": source.include, "exclude": source.exclude, "pages": 1}
        return [
            *(self._list_probe(FeedSpider, url) for url in source.feeds),
            *(self._list_probe(SitemapSpider, url, since=self._since) for url in source.sitemaps),
            *(self._list_probe(ListingSpider, url, **listing) for url in source.listings),
            *(self._page_probe(url) for url in source.pages),
        ]

    def _list_probe(
        self, kind: type[VisitingSpider], url: str, **arguments: Any
    ) -> Callable[[], Coroutine[Any, Any, CheckedSource]]:
        async def probe() -> CheckedSource:
            found: list[Entry] = []
            problems: list[str] = []

            async def plan(entry: Entry, announcement: Announcement) -> Visit | None:
                del announcement
                found.append(entry)
                return None

            await self._run(
                kind, roots=(url,), plan=plan, source=self._source.name, problems=problems, **arguments
            )
            wanted = [entry for entry in found if self._wants(entry)]
            examples = tuple(f"{entry.url} {entry.title or ''}".strip() for entry in wanted[:EXAMPLES])
            problem = "; ".join(said.removeprefix(f"{url}: ") for said in problems) or None
            return CheckedSource(url, kind.name, len(found), len(wanted), examples, problem)

        return probe

    def _page_probe(self, url: str) -> Callable[[], Coroutine[Any, Any, CheckedSource]]:
        async def probe() -> CheckedSource:
            pages: list[FetchedPage] = []

            async def deliver(page: FetchedPage) -> None:
                pages.append(page)

            settings = self._settings.with_pictures("none")
            await self._run(PageSpider, settings=settings, pages=[Visit(url)], deliver=deliver)
            problem = pages[0].page.reason if pages else "nothing came back"
            return CheckedSource(url, "page", 1, 0 if problem else 1, problem=problem)

        return probe

    async def _run(
        self, kind: type[VisitingSpider], *, settings: Settings | None = None, **arguments: Any
    ) -> None:
        arguments.setdefault("deliver", _deliver_nothing)
        await run_spider(
            kind,
            settings or self._settings,
            _Discard(),
            folder=None,
            ca_bundle=None,
            manners=self._manners,
            own_headers=self._own_headers,
            **arguments,
        )

    def _wants(self, entry: Entry) -> bool:
        is_old = self._since and entry.dated and entry.dated < self._since
        return self._source.wants(entry.url) and not is_old


async def _deliver_nothing(page: FetchedPage) -> None:
    raise AssertionError(f"{page.seed} was to be listed, not visited")
