"""Takes in the pages that holders of tokens submit: only what may be fetched, and no more than agreed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from threading import Lock
from typing import Final

from starlette.exceptions import HTTPException

from archiver.errors import UnsafeURLError
from archiver.model.access import UrlPolicy
from archiver.model.operations import Submission, Token
from archiver.storage.index import Index
from archiver.uri import target_uri

MOST_AT_ONCE: Final = 50
"""URLs in one request."""

MINUTE: Final = timedelta(minutes=1)


class Desk:
    """The way into the queue of an archive; safe for several threads.

    A token may submit `per_minute` pages in a minute and have `waiting` pages in the queue. The same URL
    from the same token within a minute is the same submission.
    """

    def __init__(self, index: Index, policy: UrlPolicy, per_minute: int, waiting: int) -> None:
        self._index = index
        self._policy = policy
        self._per_minute = per_minute
        self._waiting = waiting
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Whether this archive takes submissions."""
        return self._per_minute > 0

    def submit(self, token: Token, urls: Sequence[str], *, images: bool = True) -> list[Submission]:
        """Queue all of `urls`, or none.

        Raises HTTPException: 403 when nothing is taken, 422 for a URL that will not be fetched or for too
        many of them, 429 when the token asks for more than it may.
        """
        if not self.is_open:
            raise HTTPException(403, "This archive takes no submissions (web.submissions_per_minute is 0).")
        if not 1 <= len(urls) <= MOST_AT_ONCE:
            raise HTTPException(422, f"Name between 1 and {MOST_AT_ONCE} URLs.")
        checked = list(dict.fromkeys(self.checked(url) for url in urls))
        with self._lock:
            now = datetime.now(UTC)
            latest = self._index.operations.submissions.recent(self._per_minute, token.id)
            fresh = [one for one in latest if one.submitted_at > now - MINUTE]
            known = {one.url: one for one in reversed(fresh) if one.images is images}
            wanted = [url for url in checked if url not in known]
            self._refuse_more(token, len(wanted), fresh, now)
            for url in wanted:
                known[url] = self._index.operations.submissions.add(url, token.id, now, images=images)
        return [known[url] for url in checked]

    def checked(self, url: str) -> str:
        """The URL in its one form. Raises HTTPException 422 with the reason why it is not fetched."""
        # Scrapy comes with the guard; a server that nobody submits anything to does without it.
        from archiver.spiders.guard import check_url

        try:
            return target_uri(check_url(url, self._policy))
        except UnsafeURLError as error:
            raise HTTPException(422, str(error)) from None

    def _refuse_more(self, token: Token, count: int, fresh: Sequence[Submission], now: datetime) -> None:
        if not count:
            return
        if count > self._per_minute:
            raise HTTPException(422, f"A token may submit {self._per_minute} pages a minute; name fewer.")
        over = len(fresh) + count - self._per_minute
        if over > 0:
            free_at = sorted(one.submitted_at for one in fresh)[over - 1] + MINUTE
            seconds = max(1, ceil((free_at - now).total_seconds()))
            raise _too_many(f"A token may submit {self._per_minute} pages a minute.", seconds)
        if self._index.operations.submissions.queued_count(token.id) + count > self._waiting:
            raise _too_many(f"{self._waiting} pages of one token may wait at once; let some be done.", 60)


def _too_many(detail: str, seconds: int) -> HTTPException:
    return HTTPException(429, f"{detail} Try again in {seconds} s.", {"Retry-After": str(seconds)})
