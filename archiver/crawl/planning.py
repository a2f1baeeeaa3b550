"""Which pages are to be visited, and when, by what the archive holds of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from archiver.crawl.keeping import LOOKED_BACK
from archiver.storage.index import FollowedArticle, Index, Match
from archiver.versions import pictures_through
from archiver.versions.revisit import SECOND_LOOK, SHORTEST, next_look, next_visit

COME_AGAIN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
"""Refusals that say nothing of the page."""
AHEAD = timedelta(hours=1)
"""A page that claims to be updated further in the future than this is not believed."""
LONGEST_REST = timedelta(days=1)
"""How long a page that is listed and never was there is left alone, at most."""


def is_known(
    index: Index, url: str, updated: datetime | None, now: datetime, *, without_snapshot: bool = False
) -> bool:
    """Whether a visit at `now` to a page that is listed as `updated` can bring nothing that is missing.

    An article that the archive has and that is refused or gone now is looked for when its plan says so. A
    page that never was there is left alone for as long as it was known not to be. A page with a capture and
    no snapshot was left half done by a crash, unless pages may be `without_snapshot`.
    """
    done = index.closest(url, below=400)
    if done and not without_snapshot and next(index.snapshots(url, limit=1), None) is None:
        done = None
    last = index.closest(url, below=500)
    refused = last if last and last.status >= 400 and last.status not in COME_AGAIN else None
    seen = refused or done
    if seen is None or (updated and seen.captured_at < updated <= now + AHEAD):
        return False
    if done or refused is None:
        return True
    first = next(index.captures(Match.EXACT, url, limit=1), refused)
    return now - refused.captured_at < min(LONGEST_REST, refused.captured_at - first.captured_at)


def plan_anew(index: Index, ladder: Sequence[timedelta], articles: Iterable[FollowedArticle]) -> None:
    """Plan articles whose plan is not known, after a crash or in an index made anew.

    On the ladder from their last visit on, sooner for a second look.
    """
    index.follow([_planned(index, ladder, article) for article in articles])


def _planned(index: Index, ladder: Sequence[timedelta], article: FollowedArticle) -> FollowedArticle:
    last = index.closest(article.url, failures=True)
    visited = max(article.last_visit, last.captured_at) if last else article.last_visit
    looks = [next_visit(ladder, article.first_seen, visited, changed=False), *_second_looks(index, article)]
    wanted = [max(look, visited + SHORTEST) for look in looks if look]
    return replace(article, last_visit=visited, next_visit_at=min(wanted, default=None))


def _second_looks(index: Index, article: FollowedArticle) -> list[datetime | None]:
    """When it is to be made sure that the article, or a picture of it, is gone."""
    looks: list[datetime | None] = []
    events = index.events(article.key)
    if events and not events[-1].confirmed:
        looks.append(events[-1].observed_at + SECOND_LOOK)
    latest = next(index.article_snapshots(article.key, descending=True, limit=1), None)
    if latest and latest.missing:
        seen = index.article_snapshots(article.key, descending=True, limit=LOOKED_BACK)
        looks.append(next_look(pictures_through(seen)[latest.id], latest.captured_at))
    return looks
