"""Heeds robots.txt for every request, also for those that come while it is still being fetched (RFC 9309).

Scrapy's middleware asks anew in every crawl, keeps the answer as long as that lasts, and lets everything
through when the server cannot be reached. Here one answer serves the whole process, for a day at most.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.httpobj import urlparse_cached

from archiver.errors import ArchiverError, RobotsUnavailableError, UnsafeURLError
from archiver.model.exchange import Purpose
from archiver.spiders.guard import url_refused
from archiver.spiders.politeness.clock import in_words
from archiver.spiders.politeness.robots_cache import RobotsRules
from archiver.spiders.wire.failure import words_of
from archiver.spiders.wire.keys import CRAWL_DELAY, KEEP_BODY, PURPOSE
from archiver.spiders.wire.sink import manners_of

LONGEST = 500 * 1024
"""Bytes of robots.txt that are read (RFC 9309, 2.5)."""
DAY = 24 * 3600.0
SOON = 300.0
"""Seconds for which an answer is good at least, and after which a server that had none is asked again."""
MOST_WORDS = 200
AT_ONCE = 16 * 1024
"""Bytes that are parsed where they come in; more is parsed beside the crawl."""
UNASKED = "dont_obey_robotstxt"
_MAX_AGE = re.compile(rb'max-age\s*=\s*"?(\d{1,9})', re.IGNORECASE)
_NOT_KEPT = re.compile(rb"no-(?:cache|store)", re.IGNORECASE)


class ExcludedError(IgnoreRequest):
    """The robots.txt of the host excludes what was asked for."""


class RobotsMiddleware:
    """Downloader middleware: every request waits until its host's robots.txt is known, and obeys it.

    A server error, and a server that cannot be reached, exclude everything; any other answer than 200
    nothing (RFC 9309, 2.3.1). 429 counts as a server error: it says nothing about the file.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self._crawler = crawler
        self._manners = manners_of(crawler)
        self._agent: str = crawler.settings["USER_AGENT"]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """See Scrapy's downloader middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> Coroutine[Any, Any, None] | None:
        """None for what may be fetched; else what raises the reason when awaited."""
        if request.meta.get(UNASKED):
            return None
        url = urlparse_cached(request)
        authority = f"{url.scheme}://{url.netloc.lower()}"
        rules = self._manners.robots.known(authority)
        if rules is None:
            return self._learn(request, authority)
        return self._heed(request, rules, authority)

    async def _learn(self, request: Request, authority: str) -> None:
        rules = await self._manners.robots.rules(authority, partial(self._fetch, authority))
        refused = self._heed(request, rules, authority)
        if refused:
            await refused

    def _heed(
        self, request: Request, rules: RobotsRules, authority: str
    ) -> Coroutine[Any, Any, NoReturn] | None:
        request.meta.pop(CRAWL_DELAY, None)
        if rules.problem:
            return self._refuse(request, rules.problem)
        agent = self._agent_of(request)
        if not rules.allows(request.url, agent):
            raise ExcludedError(f"robots.txt of {authority.partition('://')[2]} does not allow it")
        delay = rules.delay(agent)
        if delay is not None:
            request.meta[CRAWL_DELAY] = delay
        return None

    async def _refuse(self, request: Request, known: RobotsUnavailableError) -> NoReturn:
        """Nothing of a host that cannot be reached is asked for; that it cannot is on record all the same."""
        problem = RobotsUnavailableError(
            str(known), known.until
        )  # one that is known would grow at each raise
        if known.__cause__:
            problem.__cause__ = known.__cause__
            await self._crawler.signals.send_catch_log_async(
                url_refused, request=request, error=problem, spider=self._crawler.spider
            )
        raise problem

    def _agent_of(self, request: Request) -> str:
        told = request.headers.get(b"User-Agent")
        return told.decode("latin-1") if told else self._agent

    async def _fetch(self, authority: str) -> RobotsRules:
        """Ask the host for its rules. Raises NotNowError when it is not asked at all."""
        request = Request(
            f"{authority}/robots.txt",
            callback=NO_CALLBACK,
            meta={UNASKED: True, PURPOSE: Purpose.ROBOTS, KEEP_BODY: LONGEST},
            dont_filter=True,
        )
        assert self._crawler.engine is not None
        try:
            response = await self._crawler.engine.download_async(request)
        except (UnsafeURLError, IgnoreRequest, DownloadCancelledError):
            # A redirect into nowhere, or a file without an end: unavailable, which excludes nothing. A
            # host that itself may not be fetched is refused by the guard, page by page.
            return await parsed(b"", SOON)
        except ArchiverError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a download dies of
            return self._unavailable(authority, words_of(error), error)
        status = response.status
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._unavailable(authority, f"the server answered {status}", None)
        found = status == HTTPStatus.OK
        return await parsed(response.body[:LONGEST] if found else b"", freshness(response), found=found)

    def _unavailable(self, authority: str, words: str, cause: Exception | None) -> RobotsRules:
        until = self._manners.clock.today() + timedelta(seconds=SOON)
        host, words = authority.partition("://")[2], " ".join(words.split())[:MOST_WORDS]
        problem = RobotsUnavailableError(
            f"robots.txt of {host} could not be had ({words}), so nothing of it is fetched; "
            f"it is asked for again at {in_words(until)}",
            until,
        )
        problem.__cause__ = cause
        return RobotsRules(lambda _url, _agent: False, lambda _agent: None, SOON, problem=problem)


async def parsed(body: bytes, seconds: float, *, found: bool = False) -> RobotsRules:
    """The rules in `body`, good for `seconds`."""
    if len(body) > AT_ONCE:
        parser = await asyncio.to_thread(ProtegoRobotParser, body, None)
    else:
        parser = ProtegoRobotParser(body, None)
    return RobotsRules(parser.allowed, parser.crawl_delay, seconds, len(body), found)


def freshness(response: Response) -> float:
    """Seconds for which an answer is good: a day, or less when its server says so (RFC 9309, 2.4)."""
    control = b",".join(response.headers.getlist(b"Cache-Control"))
    told = _MAX_AGE.search(control)
    if _NOT_KEPT.search(control):
        return SOON
    return max(SOON, min(float(told[1]), DAY)) if told else DAY
