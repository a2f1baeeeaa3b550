"""Captures pages now: one crawl over URLs that somebody named, each page with its pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.crawl.archive import Archive, open_archive
from archiver.crawl.extracting import Extractor
from archiver.crawl.keeping import OnPage, SnapshotKeeper
from archiver.crawl.reactor import run_under_reactor
from archiver.crawl.scrapy_run import crawl
from archiver.spiders.base import Visit
from archiver.spiders.page import PageSpider


def capture_pages(
    home: Home, settings: Settings, urls: Sequence[str], on_page: OnPage, *, patience: float | None = None
) -> None:
    """Archive `urls` with their pictures; `on_page` is called with each as soon as it is durable.

    Runs Twisted's reactor, which a process can do once.
    """

    async def run() -> None:
        async with open_archive(home, settings, patience=patience) as archive:
            await visit_pages(archive, urls, on_page)

    run_under_reactor(run)


async def visit_pages(
    archive: Archive,
    urls: Sequence[str],
    on_page: OnPage,
    *,
    images: bool = True,
    halt: asyncio.Event | None = None,
) -> None:
    """One crawl over `urls` in an open archive; `on_page` is called with each page when it is durable.

    Without `images` pictures are listed, not fetched. Once `halt` is set, no further page is begun.
    """
    visits = [Visit(url) for url in dict.fromkeys(urls)]
    settings = archive.settings if images else archive.settings.with_pictures("none")
    with Extractor() as extractor:
        keeper = SnapshotKeeper(archive, extractor, on_page)
        await crawl(archive, PageSpider, settings, pages=visits, deliver=keeper.keep, halt=halt)
