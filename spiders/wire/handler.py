"""The Scrapy download handler that hands every attempt, whatever became of it, to the archive."""

from __future__ import annotations

import asyncio
import errno
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response

from archiver.errors import CaptureSelfTestError, DiskFullError, StorageError
from archiver.spiders.politeness import Turn
from archiver.spiders.wire.attempt import HEADER_LIMIT, Attempt, BodyTooLongError, HeaderTooLongError
from archiver.spiders.wire.beginning import decode_beginning
from archiver.spiders.wire.conclusion import purpose_of
from archiver.spiders.wire.delivery import hand_over, record_refusals
from archiver.spiders.wire.keys import CRAWL_DELAY, DISCARD_BODY, KEEP_BODY, OUTCOME
from archiver.spiders.wire.protocol import CURRENT, WirePool
from archiver.spiders.wire.sink import attachment_of
from archiver.spiders.wire.tls import RecordingContextFactory

BODY_LIMIT = 64 << 20
"""Most bytes of a body that Scrapy gets when it was not asked for less; the archive gets all."""

ROBOTS_LIMIT = 1 << 20
"""Most bytes of a robots.txt that count (RFC 9309, 2.5 asks for half of that)."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SpoolFullError(DiskFullError):
    """A large download found no room in `folder`; with `needed` bytes there it is worth another try."""

    def __init__(self, folder: Path, needed: int) -> None:
        super().__init__(f"no room for a large download in {folder}; free some space")
        self.folder = folder
        self.needed = needed


class WireDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler with a tapped connection pool.

    `request.meta[EXCHANGES]` names the exchange before the response, or the error, goes on. The setting
    ARCHIVER_MAX_HEADER is the most bytes of headers that are taken, ARCHIVER_KEPT_CONNECTIONS how many idle
    connections to one host are kept.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._attachment = attachment_of(crawler)
        self._header_limit = crawler.settings.getint("ARCHIVER_MAX_HEADER", HEADER_LIMIT)
        record_refusals(crawler, self._attachment)
        super().__init__(crawler)
        pool = WirePool(self._pool._reactor, persistent=True)
        pool.maxPersistentPerHost = crawler.settings.getint(
            "ARCHIVER_KEPT_CONNECTIONS", self._pool.maxPersistentPerHost
        )
        self._pool = pool
        self._contextFactory: Any = RecordingContextFactory.for_crawler(crawler)

    async def download_request(self, request: Request) -> Response:
        """Download `request`; its exchange is in the sink when this returns or raises.

        Waits for its turn first, which no timeout counts. Raises what Scrapy's handler raises,
        DownloadCancelledError for a body or headers over a limit, NotNowError when there will be no turn,
        SpoolFullError when the temporary folder is full (there is no exchange then), StorageError when it
        refuses otherwise, and whatever the sink raises.
        """
        turn = await self._turn(request)
        if turn is None:
            return await self._download(request, None)
        try:
            return await self._download(request, turn)
        finally:
            turn.end()

    async def _turn(self, request: Request) -> Turn | None:
        manners = self._attachment.manners
        if manners is None:
            return None
        meta = request.meta
        meta.pop(OUTCOME, None)
        meta.pop("download_latency", None)  # of an earlier attempt, or of what redirected here
        purpose = purpose_of(request)
        return await manners.turn(
            request.url, purpose, self._crawler, self._attachment.pace, meta.get(CRAWL_DELAY)
        )

    async def _download(self, request: Request, turn: Turn | None) -> Response:
        meta = request.meta
        keep = 0 if meta.get(DISCARD_BODY) else _kept(request)
        maximum = meta.get("download_maxsize", self._default_maxsize)
        attempt = Attempt(self._attachment, keep=keep, maximum=maximum, header_limit=self._header_limit)
        try:
            response = await self._tapped(request, attempt)
        except (Exception, asyncio.CancelledError) as error:
            self._refuse_without_room(attempt)
            await hand_over(self._attachment, request, attempt, error, turn)
            _raise_own_reason(attempt)
            raise
        if attempt.block is None or not _agrees(attempt, response, keep):
            raise CaptureSelfTestError(f"{request.url}: the response did not pass through the wire tap")
        await hand_over(self._attachment, request, attempt, None, turn)
        if attempt.broken is not None:
            _raise_own_reason(attempt)
        return decode_beginning(response, keep)

    def _refuse_without_room(self, attempt: Attempt) -> None:
        """What a full folder cut off is let go: it says nothing of the site, and takes room that is short."""
        broken, block = attempt.broken, attempt.block
        if block is None or not isinstance(broken, OSError) or broken.errno not in _FULL:
            return
        attempt.close()
        needed = 2 * block.length
        block.close()
        folder = self._attachment.folder or Path(tempfile.gettempdir())
        raise SpoolFullError(folder, needed) from broken

    async def _tapped(self, request: Request, attempt: Attempt) -> Response:
        token = CURRENT.set(attempt)
        try:
            return await super().download_request(request)
        finally:
            CURRENT.reset(token)


def _kept(request: Request) -> int:
    """How many bytes of the body Scrapy gets, before and after decoding."""
    asked: int | None = request.meta.get(KEEP_BODY)
    if asked is not None:
        return asked
    return ROBOTS_LIMIT if urlsplit(request.url).path == "/robots.txt" else BODY_LIMIT


def _agrees(attempt: Attempt, response: Response, keep: int) -> bool:
    """Whether what Scrapy got is what was recorded."""
    return not attempt.complete or min(keep, attempt.delivered) == len(response.body)


def _raise_own_reason(attempt: Attempt) -> None:
    """Raise for what the tap itself cut; to Scrapy it looks like a lost connection, worth a retry."""
    broken = attempt.broken
    if isinstance(broken, BodyTooLongError | HeaderTooLongError):
        raise DownloadCancelledError(str(broken)) from broken
    if isinstance(broken, OSError):
        raise StorageError(f"the folder for large downloads refused: {broken}") from broken
