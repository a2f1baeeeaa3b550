"""Crawls that share their politeness, in one process of their own, since a reactor starts once; prints all.

Reads plans as JSON: each is a list of crawls that run at the same time with one politeness, after the other
plans. A crawl visits its pages; its settings are given as in archiver.toml.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from archiver.config.settings import Settings
from archiver.crawl.assemble import reason_for
from archiver.crawl.manners import manners_for
from archiver.crawl.reactor import run_under_reactor
from archiver.crawl.scrapy_run import run_spider
from archiver.model.capture import Capture
from archiver.model.exchange import Exchange
from archiver.model.fetched import Download, FetchedPage
from archiver.spiders.base import Visit
from archiver.spiders.page import PageSpider

DEFAULTS = {"delay": 0.0, "concurrency": 8, "autothrottle": False, "backoff": 0.0, "obey_robots": False}


@dataclass
class Polite:
    """Crawls to run together. `after` are visited when their hosts are open again.

    After `stop_after` seconds, if any, all are stopped.
    """

    crawls: list[list[str]]
    politeness: dict[str, Any] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=dict)
    own: list[dict[str, Any]] = field(default_factory=list)
    """What each crawl asks for instead."""
    after: list[str] = field(default_factory=list)
    stop_after: float = 0.0


def run(*plans: Polite, timeout: float = 60) -> list[dict[str, Any]]:
    """What each plan brought: `pages` by URL, `exchanges`, `states`, `counts`, `seconds`."""
    child = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([vars(plan) for plan in plans]),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert "never retrieved" not in child.stderr, child.stderr
    results: list[dict[str, Any]] = json.loads(child.stdout)
    return results


class _Sink:
    def __init__(self) -> None:
        self.exchanges: list[dict[str, Any]] = []
        self.failures: dict[str, str | None] = {}

    async def accept(self, exchange: Exchange) -> None:
        failure = f"{exchange.failure.kind}: {exchange.failure.message}" if exchange.failure else None
        self.failures[str(exchange.id)] = failure
        self.exchanges.append(
            {
                "url": exchange.target_uri,
                "purpose": exchange.purpose,
                "status": exchange.response.status if exchange.response else 0,
                "failure": failure,
                "not asked": exchange.notes.get("not-asked"),
            }
        )
        if exchange.response:
            exchange.response.block.close()


class _LastCapture:
    """What `reason_for` looks at."""

    truncated = None

    def __init__(self, failure: str | None) -> None:
        self.failure = failure


def _told(download: Download, sink: _Sink) -> dict[str, Any]:
    last: Any = _LastCapture(sink.failures[str(download.exchanges[-1])] if download.exchanges else None)
    capture: Capture = last
    return {
        "status": download.status,
        "reason": reason_for(download, capture),
        "attempts": download.attempts,
        "exchanges": len(download.exchanges),
        "again_at": download.again_at.isoformat() if download.again_at else None,
    }


async def _run(plan: Polite) -> dict[str, Any]:
    network = {"allow_private": ("127.0.0.0/8",), "allowed_ports": tuple(range(1, 65536)), **plan.network}
    chosen = {"politeness": {**DEFAULTS, **plan.politeness}, "network": network}
    manners = manners_for(Settings.model_validate(chosen))
    sink, pages = _Sink(), {}

    async def crawl(urls: list[str], own: dict[str, Any]) -> None:
        settings = Settings.model_validate({**chosen, "politeness": {**chosen["politeness"], **own}})

        async def deliver(page: FetchedPage) -> None:
            pictures = [_told(each, sink) for picture in page.pictures for each in picture.downloads]
            pages[page.seed] = {**_told(page.page, sink), "pictures": pictures}

        await run_spider(
            PageSpider,
            settings,
            sink,
            folder=None,
            ca_bundle=None,
            manners=manners,
            pages=[Visit(url) for url in urls],
            deliver=deliver,
        )

    began = time.monotonic()
    own = plan.own or [{}] * len(plan.crawls)
    running = asyncio.gather(*(crawl(*each) for each in zip(plan.crawls, own, strict=True)))
    if plan.stop_after:
        await asyncio.sleep(plan.stop_after)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    else:
        await running
    states = manners.states()
    if plan.after:
        closed = [error for error in map(manners.closed, plan.after) if error]
        for error in closed:
            await asyncio.sleep((error.until - datetime.now(UTC)).total_seconds() + 0.01)
        await crawl(plan.after, {})
    return {
        "pages": pages,
        "exchanges": sink.exchanges,
        "states": {
            each.host: {"closed": each.closed_until is not None, "reason": each.reason} for each in states
        },
        "counts": {name: getattr(manners.counts, name) for name in manners.counts.__slots__},
        "seconds": time.monotonic() - began,
    }


def main() -> None:
    plans = [Polite(**plan) for plan in json.load(sys.stdin)]

    async def all_of_them() -> list[dict[str, Any]]:
        return [await _run(plan) for plan in plans]

    print(json.dumps(run_under_reactor(all_of_them)))


if __name__ == "__main__":
    main()
