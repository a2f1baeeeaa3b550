"""Captures pages now: one crawl over URLs that somebody named, each page with its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.crawl.archive import SOFTWARE, Archive, open_archive, user_agent
from archiver.crawl.assemble import assemble
from archiver.crawl.reactor import run_under_reactor
from archiver.crawl.scrapy_run import crawl
from archiver.model import identifier
from archiver.model.fetched import FetchedPage
from archiver.model.snapshot import Provenance, Snapshot
from archiver.spiders.base import Visit
from archiver.spiders.page import PageSpider


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of one URL. `snapshot` is None when the page itself could not be had; `reason` says why."""

    url: str
    snapshot: Snapshot | None
    status: int
    captured_at: datetime | None
    warc: str | None
    reason: str | None = None


OnPage = Callable[[PageResult], None]


def capture_pages(
    home: Home, settings: Settings, urls: Sequence[str], on_page: OnPage, *, patience: float = 30.0
) -> None:
    """Archive `urls` with their pictures; `on_page` is called with each as soon as it is durable.

    Runs Twisted's reactor, which a process can do once.
    """

    async def run() -> None:
        async with open_archive(home, settings, patience=patience) as archive:
            await visit_pages(archive, urls, on_page)

    run_under_reactor(run)


async def visit_pages(archive: Archive, urls: Sequence[str], on_page: OnPage) -> None:
    """One crawl over `urls` in an open archive; `on_page` is called with each page when it is durable."""
    keeper = SnapshotKeeper(archive, on_page)
    visits = [Visit(url) for url in dict.fromkeys(urls)]
    await crawl(archive, PageSpider, pages=visits, deliver=keeper.keep)


class SnapshotKeeper:
    """Takes pages from spiders and makes each a durable snapshot."""

    def __init__(self, archive: Archive, on_page: OnPage) -> None:
        self._archive = archive
        self._on_page = on_page

    async def keep(self, fetched: FetchedPage) -> None:
        """Wait until all of the page is durable, write its snapshot, report it."""
        ingest = self._archive.ingest
        page = fetched.page
        if not page.exchanges:
            self._on_page(PageResult(fetched.seed, None, 0, None, None, page.reason or "not fetched"))
            return
        capture = await ingest.capture(page.exchanges[-1])
        if page.reason or not 200 <= capture.status < 300:
            for exchange in page.exchanges:
                await ingest.capture(exchange)
            reason = page.reason or f"the server answered {capture.status}"
            self._on_page(
                PageResult(
                    fetched.seed, None, capture.status, capture.captured_at, capture.location.segment, reason
                )
            )
            return
        settings = self._archive.settings
        snapshot = await assemble(
            fetched, ingest.capture, identifier.mint(settings.identity.naan), self._provenance(fetched)
        )
        await ingest.record(snapshot)
        cut = f"cut off ({capture.truncated})" if capture.truncated else None
        self._on_page(
            PageResult(
                fetched.seed,
                snapshot,
                capture.status,
                capture.captured_at,
                capture.location.segment,
                cut,
            )
        )

    def _provenance(self, fetched: FetchedPage) -> Provenance:
        identity = self._archive.settings.identity
        return Provenance(
            software=SOFTWARE,
            operator=identity.operator,
            vantage=identity.vantage,
            user_agent=user_agent(self._archive.settings),
            source=fetched.source,
            spider=fetched.spider,
            robots=fetched.robots,
            noarchive=fetched.noarchive,
        )
