"""Runs one spider under Scrapy with the wire tap and the address guard in place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings as ScrapySettings

from archiver.config.settings import Settings
from archiver.crawl.archive import Archive, user_agent
from archiver.crawl.manners import manners_for, pace_of
from archiver.errors import ArchiverError
from archiver.model.own_headers import OwnHeaders
from archiver.spiders.base import VisitingSpider
from archiver.spiders.fetching import FetchPolicy
from archiver.spiders.guard import guard_settings, install_guard
from archiver.spiders.pictures import PicturePolicy, Renditions
from archiver.spiders.politeness import Manners
from archiver.spiders.wire import ExchangeSink, WaitForRoom, attach, verify_wire, wire_settings

log = logging.getLogger(__name__)
MIDDLEWARES = {
    "archiver.spiders.proxy.ConfiguredProxyMiddleware": 750,
    "archiver.spiders.own_headers.OwnHeadersMiddleware": 90,  # robots.txt rules go by the User-Agent
    "archiver.spiders.robots.RobotsMiddleware": 100,
    "archiver.spiders.politeness.retries.PatientRetryMiddleware": 550,
    "archiver.spiders.redirects.TolerantRedirectMiddleware": 600,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
}
NO_LIMIT = 1 << 30
LOST = "the work belongs to another process by now"
"""Why a single crawl is cancelled while the archive goes on."""
RENDITIONS = {"standard": Renditions.BEST, "all": Renditions.ALL, "none": Renditions.NONE}


async def crawl(archive: Archive, spider: type[VisitingSpider], settings: Settings, **arguments: Any) -> None:
    """Run `spider` under `settings` until it is done; every exchange goes into the archive.

    Raises as `run_spider` does. When cancelled, it ends as soon as what is under way has come to an end; for
    that a full disk or an absent database is not waited for any more, unless it was cancelled with `LOST`.
    """
    home, ingest = archive.home, archive.ingest
    running = asyncio.create_task(
        run_spider(
            spider,
            settings,
            ingest,
            folder=home.spool,
            ca_bundle=settings.ca_bundle(home),
            manners=archive.manners,
            room=ingest.wait_for_room,
            **arguments,
        )
    )
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError as cancelled:
        if LOST not in cancelled.args:
            ingest.stop_waiting()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, ArchiverError):
            await running
        raise


async def run_spider(
    spider: type[VisitingSpider],
    settings: Settings,
    sink: ExchangeSink,
    *,
    folder: Path | None,
    ca_bundle: Path | None,
    manners: Manners | None = None,
    room: WaitForRoom | None = None,
    own_headers: OwnHeaders | None = None,
    **arguments: Any,
) -> None:
    """Run `spider` until it is done; every exchange goes to `sink`, large ones by way of `folder`.

    Crawls that share `manners` are polite together; without, this one is by itself. `room` waits until a
    full `folder` has room. `own_headers` go with every request to the hosts that they are for.

    Raises CaptureSelfTestError before anything is fetched when the tap is not exact here, and whatever the
    spider or the sink failed with.
    """
    from twisted.internet import reactor

    await verify_wire()
    install_guard(reactor, settings.url_policy())
    runner = AsyncCrawlerRunner(scrapy_settings(settings, ca_bundle))
    crawler = runner.create_crawler(spider)
    manners = manners or manners_for(settings)
    attach(
        crawler,
        sink,
        folder=folder,
        memory_limit=settings.storage.spool_memory,
        manners=manners,
        pace=pace_of(settings),
        room=room,
        own_headers=own_headers,
    )
    try:
        await runner.crawl(crawler, policy=fetch_policy(settings), **arguments)
    finally:
        manners.leave(crawler)
    if isinstance(crawler.spider, VisitingSpider) and crawler.spider.failure:
        raise crawler.spider.failure


def fetch_policy(settings: Settings) -> FetchPolicy:
    """What is fetched with a page, as configured."""
    return FetchPolicy(
        pictures=PicturePolicy(
            renditions=RENDITIONS[settings.pictures.policy],
            icons=settings.pictures.icons,
            limit=settings.pictures.limit,
        ),
        stylesheets=settings.pictures.stylesheets and settings.pictures.policy != "none",
        obey_robots=settings.politeness.obey_robots,
        obey_noarchive=settings.capture.noarchive == "skip",
    )


def scrapy_settings(settings: Settings, ca_bundle: Path | None) -> ScrapySettings:
    """Scrapy's settings for ours."""
    network, politeness = settings.network, settings.politeness
    wire: dict[str, Any] = dict(wire_settings())
    wire["DOWNLOADER_MIDDLEWARES"] = {**wire["DOWNLOADER_MIDDLEWARES"], **MIDDLEWARES}
    return ScrapySettings(
        {
            **wire,
            **guard_settings(settings.url_policy()),
            "USER_AGENT": user_agent(settings),
            "ROBOTSTXT_OBEY": politeness.obey_robots,
            # Scrapy's own slots are of one crawl: politeness is asked for in the download handler instead,
            # and they must neither wait a second time nor hold back what waits there for another host.
            "DOWNLOAD_DELAY": 0,
            "AUTOTHROTTLE_ENABLED": False,
            "CONCURRENT_REQUESTS": 0,
            "CONCURRENT_REQUESTS_PER_DOMAIN": NO_LIMIT,
            "ARCHIVER_KEPT_CONNECTIONS": politeness.concurrency,
            "DOWNLOAD_TIMEOUT": network.timeout,
            "DOWNLOAD_MAXSIZE": network.max_size,
            "DOWNLOAD_WARNSIZE": 0,
            "ARCHIVER_MAX_HEADER": network.max_header,
            "ARCHIVER_CA_BUNDLE": str(ca_bundle) if ca_bundle else None,
            "ARCHIVER_TLS_STRICT": network.tls_strict,
            "HTTPPROXY_ENABLED": False,
            "REDIRECT_MAX_TIMES": network.max_redirects,
            "METAREFRESH_ENABLED": False,
            "COOKIES_ENABLED": False,
            "HTTPCACHE_ENABLED": False,
            "LOG_ENABLED": False,
        }
    )
