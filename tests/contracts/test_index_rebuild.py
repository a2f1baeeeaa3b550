from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from index_examples import SEGMENT, at, capture, fetched, located, picture, revisit, snapshot

from archiver.model.digest import Digest
from archiver.model.snapshot import Snapshot
from archiver.storage.index import FollowedArticle, Index

PAGE = "https://www.example.com/news/1"


def test_a_rebuilt_index_equals_the_original_in_whatever_order_it_is_filled(index: Index) -> None:
    page, photo = capture(PAGE), capture("https://cdn.example.com/a.jpg", 1)
    again = revisit(photo, 2)
    taken = snapshot("a", page, picture(0, fetched(photo)))
    index.record([page, photo, again], {SEGMENT: 1_000}, located(taken))
    before = list(index.dump())
    assert len(before) == 1 + 3 + 1 + 1 + len(index.stats().sources)
    with index.rebuild() as fresh:
        fresh.record([again], {SEGMENT: 1_000}, located(taken))
        fresh.record([photo])
        fresh.record([page])
    assert list(index.dump()) == before
    assert index.capture(again.record_id) == again


def test_the_old_content_serves_until_the_new_is_complete(
    index: Index, url: str, opened: Callable[[str], Index]
) -> None:
    old, new = capture(PAGE, 1), capture(PAGE, 2)
    index.record([old])
    reader = opened(url)
    with index.rebuild() as fresh:
        fresh.record([new])
        assert reader.closest(PAGE) == old
        assert index.closest(PAGE) == old
    assert reader.closest(PAGE) == new
    assert index.closest(PAGE) == new
    assert reader.capture(old.record_id) is None


def test_a_rebuild_that_fails_changes_nothing(index: Index) -> None:
    index.record([capture(PAGE)])
    before = list(index.dump())
    with pytest.raises(RuntimeError, match="damaged"):
        _rebuild_and_fail(index)
    assert list(index.dump()) == before
    with index.rebuild():
        pass
    assert list(index.dump()) == []


def _rebuild_and_fail(index: Index) -> None:
    with index.rebuild() as fresh:
        fresh.record([capture(PAGE, 9)])
        raise RuntimeError("damaged")


def test_what_is_recorded_meanwhile_is_carried_over(
    index: Index, url: str, opened: Callable[[str], Index]
) -> None:
    old, late = capture(PAGE, 1), capture(PAGE, 2)
    taken = snapshot("a", late)
    index.record([old], {SEGMENT: 10})
    other = opened(url)
    with index.rebuild() as fresh:
        fresh.record([old], {SEGMENT: 10})
        other.record([late], {SEGMENT: 20}, located(taken))
        other.segment_sealed(SEGMENT, 30, Digest.of(b"file"))
        other.segment_opened("next.warc.gz")
    assert index.closest(PAGE) == late
    assert index.snapshot("a") == taken
    segment = index.segment(SEGMENT)
    assert segment
    assert (segment.indexed_end, segment.sealed, segment.size) == (20, True, 30)
    assert index.segment("next.warc.gz")


def test_recording_goes_on_after_a_rebuild(index: Index, url: str, opened: Callable[[str], Index]) -> None:
    other = opened(url)
    other.record([capture(PAGE, 1)])
    with index.rebuild() as fresh:
        fresh.record([capture(PAGE, 2), capture("https://example.org/")])
    other.record([capture(PAGE, 3)], {SEGMENT: 5})
    index.record([capture(PAGE, 4)], {SEGMENT: 6})
    assert len(list(other.captures("exact", PAGE))) == 3
    assert index.stats().total.captures == 4


def test_clearing_forgets_everything(index: Index) -> None:
    page, photo = capture(PAGE), capture("https://cdn.example.com/a.jpg")
    index.record([page, photo], {SEGMENT: 5}, located(snapshot("a", page, picture(0, fetched(photo)))))
    index.clear()
    assert list(index.dump()) == []
    assert index.stats().total.captures == 0


KEY = "example.org/1"


def visited(index: Index, last_visit: datetime, next_visit_at: datetime | None) -> FollowedArticle:
    """An article with one snapshot, seen unchanged twice since by a source that has another name now."""
    index.record([capture(PAGE)], {SEGMENT: 1_000}, located(article()))
    article_seen = index.followed(KEY)
    assert article_seen
    plan = replace(
        article_seen, source="renamed", url=f"{PAGE}?again", unchanged=2,
        last_visit=last_visit, next_visit_at=next_visit_at,
    )  # fmt: skip
    index.follow([plan])
    return plan


def article(moment: int = 0, identifier: str = "a") -> Snapshot:
    return replace(snapshot(identifier, capture(PAGE, moment)), article_key=KEY)


@pytest.mark.parametrize("next_visit_at", [at(90), None])
def test_when_articles_are_to_be_visited_outlives_a_rebuild(
    index: Index, next_visit_at: datetime | None
) -> None:
    plan = visited(index, at(30), next_visit_at)
    with index.rebuild() as fresh:
        fresh.record([capture(PAGE)], {SEGMENT: 1_000}, located(article()))
    assert index.followed(KEY) == plan


def test_a_plan_that_knew_less_than_the_warc_files_say_is_made_anew(index: Index) -> None:
    visited(index, at(30), at(90))
    with index.rebuild() as fresh:
        fresh.record([capture(PAGE, 40)], {SEGMENT: 1_000}, located(article(40, "b")))
    found = index.followed(KEY)
    assert found
    assert not found.is_planned
    assert found.last_visit == at(40)


def test_a_rebuilt_index_follows_nothing_that_the_warc_files_do_not_have(index: Index) -> None:
    visited(index, at(30), at(90))
    with index.rebuild():
        pass
    assert index.followed(KEY) is None
    assert not index.due(at(99))


def test_an_article_that_was_not_planned_yet_is_planned_after_the_rebuild(index: Index) -> None:
    visited(index, at(30), at(30) - timedelta(seconds=1))
    with index.rebuild() as fresh:
        fresh.record([capture(PAGE)], {SEGMENT: 1_000}, located(article()))
    found = index.followed(KEY)
    assert found
    assert not found.is_planned


def test_an_article_that_is_followed_under_another_key_than_its_snapshots_have_stays_so(index: Index) -> None:
    """As in archives whose keys were stored in lower case, and where a claim was not believed."""
    former = visited(index, at(30), None)
    now = replace(former, key="example.org/One", url=PAGE, next_visit_at=at(90))
    index.follow([now])
    with index.rebuild() as fresh:
        fresh.record([capture(PAGE)], {SEGMENT: 1_000}, located(article()))
    assert index.followed(KEY) == former
    assert index.followed("example.org/One") == now
    assert [each.key for each in index.due(at(99))] == ["example.org/One"]
