"""Sends every request through the configured proxy, and through none that the environment names."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler


class ConfiguredProxyMiddleware:
    """Downloader middleware: `ARCHIVER_PROXY` (`http://host:port`) for all requests, robots.txt included."""

    def __init__(self, proxy: str | None) -> None:
        self._proxy = proxy

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """With the proxy of the crawler's settings."""
        return cls(crawler.settings.get("ARCHIVER_PROXY"))

    async def process_request(self, request: Request) -> None:
        """Name the proxy in the request."""
        if self._proxy:
            request.meta["proxy"] = self._proxy
