"""Tries again what may work the next time: how often and after how long, by kind of trouble, in one table.

Each attempt is an exchange of its own in the archive. The waits hold nothing up: other requests go on.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from archiver.errors import ArchiverError
from archiver.spiders.politeness.outcome import Outcome, Trouble
from archiver.spiders.politeness.rules import LONGEST_PAUSE
from archiver.spiders.politeness.tries import Tries
from archiver.spiders.wire.handler import SpoolFullError
from archiver.spiders.wire.keys import OUTCOME, TRIES
from archiver.spiders.wire.sink import WaitForRoom, attachment_of, manners_of

WAITS: Final[dict[Trouble, tuple[float, ...]]] = {
    Trouble.DNS: (1, 5),
    Trouble.REFUSED: (1, 5),
    Trouble.UNREACHABLE: (1, 5),
    Trouble.TLS: (),
    Trouble.TIMEOUT: (5,),
    Trouble.CUT: (1, 5),
    Trouble.ERROR: (1, 5),
    Trouble.BUSY: (2, 10),
}
"""One wait before each further attempt, in units of `politeness.backoff` seconds; a longer Retry-After counts
instead. A certificate does not mend itself, and a time-out has cost enough already."""


class PatientRetryMiddleware:
    """Downloader middleware: has a request made again after a wait, unless its host is closed meanwhile."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._manners = manners_of(crawler)
        self._room = attachment_of(crawler).room

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """See Scrapy's downloader middleware."""
        return cls(crawler)

    def process_response(
        self, request: Request, response: Response
    ) -> Response | Coroutine[Any, Any, Response | Request]:
        """The response, or the request again when the answer was that something is wrong."""
        outcome = self._counted(request)
        if outcome is None or outcome.trouble is None:
            return response
        return self._response_or_again(request, response, outcome)

    def process_exception(
        self, request: Request, exception: Exception
    ) -> Coroutine[Any, Any, Request | None] | None:
        """The request again, if that may help."""
        if isinstance(exception, SpoolFullError) and self._room:
            return self._when_there_is_room(request, exception, self._room)
        if isinstance(exception, ArchiverError):
            return None
        outcome = self._counted(request)
        return self._again(request, outcome) if outcome else None

    def _counted(self, request: Request) -> Outcome | None:
        """What came of the attempt just made, which is counted; None when none was made."""
        outcome: Outcome | None = request.meta.pop(OUTCOME, None)
        if outcome is not None:
            request.meta.setdefault(TRIES, Tries()).add(request.url)
        return outcome

    async def _when_there_is_room(self, request: Request, full: SpoolFullError, room: WaitForRoom) -> Request:
        await room(full.folder, full.needed)
        return request.copy()

    async def _response_or_again(
        self, request: Request, response: Response, outcome: Outcome
    ) -> Response | Request:
        return await self._again(request, outcome) or response

    async def _again(self, request: Request, outcome: Outcome) -> Request | None:
        made = request.meta[TRIES].count
        waits = WAITS.get(outcome.trouble, ()) if outcome.trouble else ()
        if made > len(waits) or self._manners.closed(request.url):
            return None
        wait = waits[made - 1] * self._manners.rules.backoff * self._manners.random.uniform(0.75, 1.25)
        wait = max(wait, outcome.retry_after or 0.0)
        if wait > LONGEST_PAUSE:
            return None
        await self._manners.pause(wait, self._crawler)
        return None if self._manners.closed(request.url) else request.copy()
