"""Heeds robots.txt for every request, also for those that come while it is still being fetched.

Scrapy's middleware shares one Deferred among all who wait for a host's robots.txt, and only the first of them
gets the answer: the others go through unchecked. Here all wait for one task.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

LONGEST = 512 * 1024
"""Bytes of robots.txt that are read (RFC 9309, 2.5)."""
NOTHING_ALLOWED = b"User-agent: *\nDisallow: /\n"


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's middleware, with every request held back until its host's robots.txt is known.

    A server error excludes everything, any other answer than 200 nothing (RFC 9309, 2.3.1).
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._asked: dict[str, asyncio.Task[RobotParser | None]] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of the request's host; None when its server could not be reached."""
        netloc = urlparse_cached(request).netloc
        if netloc not in self._asked:
            self._asked[netloc] = asyncio.ensure_future(super().robot_parser(request))
        return await asyncio.shield(self._asked[netloc])

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        body = response.body[:LONGEST]
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            body = NOTHING_ALLOWED
        elif response.status != HTTPStatus.OK:
            body = b""
        await super()._parse_robots(response.replace(body=body), netloc, request)
