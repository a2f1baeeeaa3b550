"""Which pages are to be visited, and when, by what the archive holds of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from archiver.config.source import Source
from archiver.model.fetched import FetchedPage
from archiver.model.picture import PictureRole
from archiver.model.snapshot import Snapshot
from archiver.storage.index import FollowedArticle, Index, Match
from archiver.versions import address_key, key_of, pictures_through
from archiver.versions.revisit import SECOND_LOOK, SHORTEST, next_look, next_visit

LOOKED_BACK = 50
"""Snapshots in which a picture that could not be had now is looked for."""
TRY_AGAIN = timedelta(hours=1)
"""When an article is visited again whose server gave no answer about it."""
LONGEST_TRY = timedelta(days=1)
COMPLETED_WITHIN = timedelta(days=2)
"""How old an article may be for a visit of its own to pictures that a limit stood against."""
COME_AGAIN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
"""Refusals that say nothing of the page."""
AHEAD = timedelta(hours=1)
"""A page that claims to be updated further in the future than this is not believed."""
ABANDONED = timedelta(hours=2)
"""An article of another source that is overdue for so long is taken over by who lists it."""
LONGEST_REST = timedelta(days=1)
"""How long a page that is listed and never was there is left alone, at most."""


def is_known(index: Index, url: str, updated: datetime | None, now: datetime, *, is_whole: bool) -> bool:
    """Whether a visit at `now` to a page that is listed as `updated` can bring nothing that is missing.

    An article that the archive has and that is refused or gone now is looked for when its plan says so. A
    page that never was there is left alone for as long as it was known not to be. A page that was captured
    and has no snapshot, so that it is not `is_whole`, was left half done by a crash.
    """
    last = index.closest(url, below=500, same_case=True)
    is_refusal = last is not None and last.status >= 400
    good = index.closest(url, below=400, same_case=True) if is_refusal else last
    done = good if is_whole else None
    refused = last if last and is_refusal and last.status not in COME_AGAIN else None
    seen = refused or done
    if seen is None or (updated and seen.captured_at < updated <= now + AHEAD):
        return False
    if done or refused is None:
        return True
    all_cases = index.captures(Match.EXACT, url)
    first = next((each for each in all_cases if each.target_uri == refused.target_uri), refused)
    return now - refused.captured_at < min(LONGEST_REST, refused.captured_at - first.captured_at)


def adopt(index: Index, source: Source, shown: Snapshot, url: str, now: datetime) -> None:
    """Follow the article of the snapshot `shown` that `source` lists, if nobody visits it any more.

    One that was captured by hand, whose source is gone or renamed, or whose ladder had ended sooner.
    """
    key = key_of(shown)
    article = index.followed(key) if key else None
    if article is None or (article.next_visit_at and now - article.next_visit_at < ABANDONED):
        return
    if address_key(shown.page.target_uri) != address_key(url):
        url = article.url  # it only leads to the article, which has an address of its own
    due = next_visit(source.revisit, article.first_seen, article.last_visit, changed=False)
    if due and (article.next_visit_at is None or article.source != source.name):
        index.follow([replace(article, source=source.name, url=url, next_visit_at=due)])


def try_again(index: Index, url: str, now: datetime, before: FollowedArticle | None) -> datetime:
    """When to visit an article again after a failure at `now`; `before` is how it was followed until then.

    In an hour, and after each further failure in a row in twice the time, at most a day.
    """
    good = index.closest(url, now, below=400, same_case=True)
    if before is None or good is None or before.last_visit <= good.captured_at:
        return now + TRY_AGAIN
    return now + min(LONGEST_TRY, max(TRY_AGAIN, 2 * (now - before.last_visit)))


def pictures_again_at(fetched: FetchedPage, first_seen: datetime, now: datetime) -> datetime | None:
    """When to come for pictures that a limit stood against: a closed host, the bytes of a day.

    Each time after twice the age of the article, if that is later; None for one that is too old.
    """
    age = now - first_seen
    wanted = (each for each in fetched.pictures if each.found.role is not PictureRole.FURNITURE)
    moments = [at for each in wanted for download in each.downloads if (at := download.again_at)]
    return max(min(moments), now + age) if moments and age < COMPLETED_WITHIN else None


def is_sooner(planned: datetime | None, due: datetime | None, now: datetime) -> bool:
    """Whether what was planned before is still to come, and comes before `due`."""
    return planned is not None and planned > now and (due is None or planned < due)


def plan_anew(index: Index, ladder: Sequence[timedelta], articles: Iterable[FollowedArticle]) -> None:
    """Plan articles whose plan is not known, after a crash or in an index made anew.

    On the ladder from their last visit on, sooner for a second look.
    """
    index.follow([_planned(index, ladder, article) for article in articles])


def _planned(index: Index, ladder: Sequence[timedelta], article: FollowedArticle) -> FollowedArticle:
    last = index.closest(article.url, failures=True, same_case=True)
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
