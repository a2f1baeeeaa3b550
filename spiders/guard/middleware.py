"""Puts every request of a crawl before the guard: redirects, robots.txt, retries, pictures."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, NoReturn
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.error import DNSLookupError

from archiver.errors import UnsafeURLError
from archiver.spiders.guard.resolver import GuardedResolver, RefusedRequestError, policy_of
from archiver.spiders.guard.urls import check_url

url_refused = object()
"""Scrapy signal: `request` was refused before the download handler saw it, because of `error`.

Whoever records hops connects to it; a coroutine is awaited before the request fails with `error`.
"""


class UrlGuardMiddleware:
    """First of all: refuses a request by its URL, and any request while no guarded resolver is installed."""

    def __init__(self, crawler: Crawler) -> None:
        from twisted.internet import reactor

        self._reactor: Any = reactor
        self._crawler = crawler
        self._policy = policy_of(crawler.settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> UrlGuardMiddleware:
        """See Scrapy's downloader middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> Coroutine[Any, Any, NoReturn] | None:
        """None, or what raises RefusedRequestError when awaited, for what must not be fetched."""
        if not isinstance(self._reactor.nameResolver, GuardedResolver):
            reason = "nothing is fetched without the address guard; call install_guard first"
            return _refuse(self._crawler, request, reason)
        try:
            check_url(request.url, self._policy)
        except UnsafeURLError as error:
            return _refuse(self._crawler, request, str(error))
        return None


class ProxiedNameGuardMiddleware:
    """Last of all: looks up the host of a request that goes to a proxy, which no connection of ours would do.

    A name that only the proxy can resolve is left to it: keeping such names out of its own network is then
    the proxy's part.
    """

    def __init__(self, crawler: Crawler) -> None:
        from twisted.internet import reactor

        self._reactor: Any = reactor
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ProxiedNameGuardMiddleware:
        """See Scrapy's downloader middleware."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise RefusedRequestError when the name leads to an address that is not public."""
        if not request.meta.get("proxy"):
            return
        try:
            await maybe_deferred_to_future(
                self._reactor.nameResolver.resolve(urlsplit(request.url).hostname or "")
            )
        except DNSLookupError:
            return
        except RefusedRequestError as error:
            await _refuse(self._crawler, request, str(error))


async def _refuse(crawler: Crawler, request: Request, reason: str) -> NoReturn:
    error = RefusedRequestError(reason)
    await crawler.signals.send_catch_log_async(
        url_refused, request=request, error=error, spider=crawler.spider
    )
    raise error
