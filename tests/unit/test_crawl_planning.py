"""Which pages are to be visited, and when, by what the archive holds of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from index_examples import at, capture, failure, located, not_modified, snapshot

from archiver.config.source import Source
from archiver.crawl.planning import adopt, is_known, pictures_again_at, plan_anew, try_again
from archiver.model.capture import Capture
from archiver.model.fetched import Download, FetchedPage, FetchedPicture
from archiver.model.picture import FoundPicture, PictureRole
from archiver.model.version import ArticleEvent, ChangeKind
from archiver.storage.index import FollowedArticle, Index

URL = "https://news.example/a"
KEY = "news.example/a"
HOUR = 3600.0
LADDER = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(f"sqlite:///{tmp_path / 'index.sqlite'}") as index:
        yield index


def archived(index: Index, source: str | None = "example") -> Capture:
    page = capture(URL, 0, source=source)
    shown = replace(snapshot("ark:99999/a", page, source=source), article_key=KEY)
    index.record([page], snapshots=located(shown))
    return page


def answered(index: Index, status: int, *hours: float) -> None:
    index.record([capture(URL, hour * HOUR, status=status) for hour in hours])


def knows(index: Index, hours: float, updated: float | None = None) -> bool:
    """Whether it is known at the hour `hours`, listed as updated at the hour `updated`."""
    listed = None if updated is None else at(updated * HOUR)
    return is_known(index, URL, listed, at(hours * HOUR), is_whole=any(index.snapshots(URL)))


def test_a_page_that_was_never_asked_for_is_visited(index: Index) -> None:
    assert not knows(index, 0)


def test_an_archived_page_is_known_until_it_is_called_newer(index: Index) -> None:
    archived(index)
    assert knows(index, 1)
    assert knows(index, 1, updated=-1)
    assert not knows(index, 2, updated=1)


def test_a_page_that_is_called_newer_than_the_near_future_is_not_believed(index: Index) -> None:
    archived(index)
    assert knows(index, 1, updated=9)


def test_a_page_without_a_snapshot_was_left_half_done(index: Index) -> None:
    index.record([capture(URL, 0)])
    assert not knows(index, 1)
    assert is_known(index, URL, None, at(HOUR), is_whole=True)


@pytest.mark.parametrize("status", [403, 404, 410, 451])
def test_an_article_that_is_gone_since_it_was_called_newer_waits_for_its_second_look(
    index: Index, status: int
) -> None:
    archived(index)
    answered(index, status, 2)
    assert knows(index, 3, updated=1)
    assert not knows(index, 5, updated=4)


@pytest.mark.parametrize("status", [429, 408, 425, 500, 503])
def test_an_article_whose_server_could_not_say_is_visited_at_once(index: Index, status: int) -> None:
    archived(index)
    answered(index, status, 2)
    assert not knows(index, 3, updated=1)


def test_an_article_whose_server_was_away_is_visited_at_once(index: Index) -> None:
    archived(index)
    index.record([failure(URL, 2 * HOUR)])
    assert not knows(index, 3, updated=1)


def test_a_page_that_never_was_there_is_left_alone_for_as_long_as_it_was_not(index: Index) -> None:
    answered(index, 404, 0)
    assert not knows(index, 0.1)
    answered(index, 404, 1)
    assert knows(index, 1.9)
    assert not knows(index, 2.1)
    answered(index, 404, 100)
    assert knows(index, 123)
    assert not knows(index, 125)
    assert not knows(index, 101, updated=100.5)


def followed(index: Index) -> FollowedArticle:
    article = index.followed(KEY)
    assert article is not None
    return article


def listing(name: str, *hours: float) -> Source:
    """A source that lists the page."""
    ladder = tuple(timedelta(hours=each) for each in hours)
    return Source(name, name, ("news.example",), "DE", ("en",), revisit=ladder)


def test_an_article_that_was_captured_by_hand_is_followed_by_the_source_that_lists_it(index: Index) -> None:
    archived(index, source=None)
    assert followed(index).next_visit_at is None
    adopt(index, listing("paper", 1, 6), next(index.snapshots(URL)), URL, at(HOUR))
    assert (followed(index).source, followed(index).next_visit_at) == ("paper", at(HOUR))


def test_an_article_whose_source_is_gone_is_taken_over_when_it_is_overdue(index: Index) -> None:
    archived(index)
    index.follow([replace(followed(index), source="old-name", next_visit_at=at(HOUR))])
    adopt(index, listing("new-name", 1, 6), next(index.snapshots(URL)), URL, at(2 * HOUR))
    assert followed(index).source == "old-name"
    adopt(index, listing("new-name", 1, 6), next(index.snapshots(URL)), URL, at(3.5 * HOUR))
    assert followed(index).source == "new-name"


def test_an_article_is_followed_again_when_the_ladder_of_its_source_is_made_longer(index: Index) -> None:
    archived(index)
    index.follow([replace(followed(index), next_visit_at=None)])
    adopt(index, listing("example"), next(index.snapshots(URL)), URL, at(HOUR))
    assert followed(index).next_visit_at is None
    adopt(index, listing("example", 6, 24), next(index.snapshots(URL)), URL, at(HOUR))
    assert followed(index).next_visit_at == at(6 * HOUR)


def test_an_article_whose_ladder_has_ended_stays_as_it_is(index: Index) -> None:
    archived(index)
    ended = replace(followed(index), last_visit=at(25 * HOUR), next_visit_at=None)
    index.follow([ended])
    adopt(index, listing("other", 6, 24), next(index.snapshots(URL)), URL, at(99 * HOUR))
    assert followed(index) == ended


def test_an_article_whose_server_fails_is_tried_ever_less_often(index: Index) -> None:
    archived(index)
    hours, waits = 3.0, []
    for _ in range(7):
        now = at(hours * HOUR)
        again = try_again(index, URL, now, followed(index))
        index.follow([replace(followed(index), last_visit=now, next_visit_at=again)])
        waits.append((again - now) / timedelta(hours=1))
        hours += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 24, 24]
    index.record([capture(URL, hours * HOUR)])
    assert try_again(index, URL, at((hours + 1) * HOUR), followed(index)) == at((hours + 2) * HOUR)


def test_pictures_that_a_limit_stood_against_are_come_for_ever_less_often_for_two_days() -> None:
    found = FoundPicture(1, PictureRole.ARTICLE, (), ())

    def again(age: float, *waits: float | None) -> float | None:
        downloads = tuple(
            Download(URL, URL, (), again_at=None if wait is None else at((age + wait) * HOUR))
            for wait in waits
        )
        page = FetchedPage(URL, Download(URL, URL, ()), (FetchedPicture(found, downloads),))
        moment = pictures_again_at(page, at(0), at(age * HOUR))
        return moment and (moment - at(age * HOUR)) / timedelta(hours=1)

    assert again(0, None) is None
    assert again(0, 2.0, None, 1.0) == 1
    assert again(3, 1.0) == 3
    assert again(47, 1.0) == 47
    assert again(49, 1.0) is None


def planned(index: Index) -> tuple[datetime, datetime | None]:
    """The last visit and the next one."""
    [article] = index.due(at(1e9), None, 9)
    assert not article.is_planned
    plan_anew(index, LADDER, [article])
    followed = index.followed(article.key)
    assert followed is not None
    assert followed.is_planned
    return followed.last_visit, followed.next_visit_at


def test_an_article_without_a_plan_is_due_on_the_rung_behind_its_last_visit(index: Index) -> None:
    page = archived(index)
    index.record([not_modified(page, 2 * HOUR)])
    assert planned(index) == (at(2 * HOUR), at(6 * HOUR))


def test_an_article_that_is_older_than_its_ladder_is_not_due_again(index: Index) -> None:
    page = archived(index)
    index.record([not_modified(page, 25 * HOUR)])
    assert planned(index) == (at(25 * HOUR), None)


@pytest.mark.parametrize(("confirmed", "due"), [(False, at(32 * HOUR + 60)), (True, None)])
def test_an_article_that_is_gone_is_looked_for_once_more(
    index: Index, confirmed: bool, due: datetime | None
) -> None:
    archived(index)
    answered(index, 410, 26)
    event = ArticleEvent(
        ChangeKind.GONE, URL, KEY, at(26 * HOUR), uuid4(), 410, "410: gone", confirmed=confirmed
    )
    index.record([], events=[(event, uuid4())])
    assert planned(index) == (at(26 * HOUR), due)


def test_a_look_that_is_overdue_comes_soon(index: Index) -> None:
    archived(index)
    answered(index, 410, 26)
    event = ArticleEvent(ChangeKind.GONE, URL, KEY, at(26 * HOUR), uuid4(), 410, "410: gone", confirmed=False)
    index.record([failure(URL, 50 * HOUR)], events=[(event, uuid4())])
    assert planned(index) == (at(50 * HOUR), at(50 * HOUR + 300))


@pytest.mark.parametrize("other", ["https://news.example/A", "https://news.example/a?B=1"])
def test_a_page_is_not_known_by_one_whose_address_differs_in_letter_case(index: Index, other: str) -> None:
    archived(index)
    index.record([capture("https://news.example/a?b=1", 1)])
    assert not is_known(index, other, None, at(HOUR), is_whole=True)
    assert is_known(index, "http://www.news.example/a/", None, at(HOUR), is_whole=True)


def test_how_long_a_page_is_left_alone_is_its_own_refusals_matter(index: Index) -> None:
    other = "https://news.example/A"
    index.record([capture(other, 0, status=404)])
    answered(index, 404, 20, 21)
    assert knows(index, 21.5)
    assert not knows(index, 22.5)


def test_when_to_try_again_is_no_matter_of_an_address_in_other_letter_case(index: Index) -> None:
    index.record([capture("https://news.example/A", 0)])
    before = FollowedArticle(KEY, URL, "example", at(0), at(5 * HOUR), at(0))
    assert try_again(index, URL, at(10 * HOUR), before) == at(11 * HOUR)
