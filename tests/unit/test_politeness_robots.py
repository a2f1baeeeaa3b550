"""What is known of robots.txt is asked for once, kept for a day at most, and bounded (RFC 9309)."""

from __future__ import annotations

import asyncio
import traceback

import pytest
from politeness_clock import StillClock, settle, timed
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from archiver.errors import CrawlStoppedError, RobotsUnavailableError
from archiver.model.exchange import Exchange
from archiver.spiders.politeness import Manners
from archiver.spiders.politeness.robots_cache import RobotsCache, RobotsRules
from archiver.spiders.robots import DAY, SOON, RobotsMiddleware, freshness, parsed
from archiver.spiders.wire.sink import attach

PAPER = "https://paper.example"
AGENT = "news-archiver/1.0 (+https://archive.example/about)"


def rules(seconds: float = DAY, size: int = 100) -> RobotsRules:
    return RobotsRules(lambda _url, _agent: True, lambda _agent: None, seconds, size)


class Nobody:
    async def accept(self, exchange: Exchange) -> None:
        raise AssertionError


class Site:
    """Counts how often its robots.txt is asked for, and answers when told to."""

    def __init__(self, answer: RobotsRules | None = None) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.answer = answer or rules()

    async def fetch(self) -> RobotsRules:
        self.asked += 1
        await self.may_answer.wait()
        return self.answer

    async def stop(self) -> RobotsRules:
        self.asked += 1
        await self.may_answer.wait()
        raise CrawlStoppedError("stopped")


def test_many_who_ask_at_once_cause_one_request_and_get_one_answer() -> None:
    async def test(clock: StillClock) -> None:
        cache, site = RobotsCache(clock), Site()
        asking = [asyncio.create_task(cache.rules(PAPER, site.fetch)) for _ in range(10)]
        await settle()
        site.may_answer.set()
        assert all(answer is site.answer for answer in await asyncio.gather(*asking))
        assert site.asked == 1

    timed(test)


def test_an_answer_is_asked_for_again_when_it_is_no_longer_good() -> None:
    async def test(clock: StillClock) -> None:
        cache, site = RobotsCache(clock), Site(rules(seconds=600))
        site.may_answer.set()
        for passed, asked in ((0, 1), (599, 1), (2, 2)):
            await clock.pass_by(passed)
            await cache.rules(PAPER, site.fetch)
            assert site.asked == asked

    timed(test)


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "stopped"])
def test_when_the_crawl_that_asks_is_stopped_another_asks_anew(cancelled: bool) -> None:
    async def test(clock: StillClock) -> None:
        cache, stopped, site = RobotsCache(clock), Site(), Site()
        site.may_answer.set()
        first = asyncio.create_task(cache.rules(PAPER, stopped.stop))
        await settle()
        second = asyncio.create_task(cache.rules(PAPER, site.fetch))
        await settle()
        if cancelled:
            cache._asked[PAPER].cancel()
        else:
            stopped.may_answer.set()
        assert await second is site.answer
        with pytest.raises((CrawlStoppedError, asyncio.CancelledError)):
            await first
        assert (stopped.asked, site.asked) == (1, 1)

    timed(test)


def test_what_was_not_used_for_the_longest_is_forgotten_beyond_a_number_and_a_size() -> None:
    async def test(clock: StillClock) -> None:
        cache, site = RobotsCache(clock, most_hosts=3, most_bytes=250), Site()
        site.may_answer.set()
        for host in "abac":
            await cache.rules(host, site.fetch)
        assert [cache.known(host) is not None for host in "abc"] == [True, False, True]
        site.answer = rules(size=0)
        for host in "defg":
            await cache.rules(host, site.fetch)
        assert len(cache) == 3
        assert cache.known("c") is None

    timed(test)


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ([], DAY),
        (["max-age=3600"], 3600),
        (["public, Max-Age = 3600"], 3600),
        (['max-age="3600"'], 3600),
        (["max-age=10"], SOON),
        (["max-age=31536000"], DAY),
        (["private", "no-store"], SOON),
        (["no-cache, max-age=3600"], SOON),
        (["max-age=soon"], DAY),
    ],
)
def test_an_answer_is_good_for_a_day_or_for_less_if_its_server_says_so(
    control: list[str], seconds: float
) -> None:
    response = Response("https://paper.example/robots.txt", headers={"Cache-Control": control})
    assert freshness(response) == seconds


@pytest.mark.parametrize("padding", [0, 20_000], ids=["short", "long"])
async def test_rules_name_paths_and_a_delay(padding: int) -> None:
    body = b"#" * padding + b"\nUser-agent: news-archiver\nCrawl-delay: 7.5\nDisallow: /private/\n"
    found = await parsed(body, DAY, found=True)
    assert not found.allows("https://paper.example/private/a", AGENT)
    assert found.allows("https://paper.example/public/a", AGENT)
    assert found.delay(AGENT) == 7.5
    assert found.delay("another/1.0") is None
    assert (found.size, found.seconds, found.found) == (len(body), DAY, True)


async def test_a_robots_txt_that_is_no_text_excludes_nothing() -> None:
    found = await parsed(bytes(range(256)) * 100, DAY)
    assert found.allows("https://paper.example/", AGENT)


async def test_a_refusal_is_told_as_briefly_the_thousandth_time_as_the_first() -> None:
    crawler = get_crawler(settings_dict={"ROBOTSTXT_OBEY": True, "USER_AGENT": AGENT})
    manners = Manners()
    attach(crawler, Nobody(), manners=manners)
    middleware = RobotsMiddleware.from_crawler(crawler)
    away = middleware._unavailable(PAPER, "the server answered 500", None)

    async def fetched() -> RobotsRules:
        return away

    await manners.robots.rules(PAPER, fetched)
    depths = []
    for _ in range(1_000):
        refused = middleware.process_request(Request(f"{PAPER}/page"))
        assert refused is not None
        with pytest.raises(RobotsUnavailableError, match="the server answered 500") as raised:
            await refused
        depths.append(len(list(traceback.walk_tb(raised.tb))))
    assert depths[-1] == depths[0]
