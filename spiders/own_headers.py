"""Sends the headers that a source has of its own to its hosts, and to nobody else: after no redirect."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from archiver.model.exchange import Purpose
from archiver.spiders.wire.conclusion import purpose_of
from archiver.spiders.wire.sink import attachment_of


class OwnHeadersMiddleware:
    """Downloader middleware: each request, also one that a redirect led to, gets what its host may see.

    Pages, feeds, pictures and stylesheets alike; robots.txt is asked for as by anybody.
    """

    def __init__(self, crawler: Crawler) -> None:
        own = attachment_of(crawler).own_headers
        if own is None or not own.headers:
            raise NotConfigured
        self._own = own

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """See Scrapy's downloader middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Take away what an earlier request had, then set what goes to this host."""
        for name in self._own.headers:
            request.headers.pop(name, None)
        if purpose_of(request) is not Purpose.ROBOTS:
            request.headers.update(self._own.sent_to(request.url))
