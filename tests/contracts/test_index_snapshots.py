from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from index_examples import at, capture, fetched, id_of, located, picture, revisit, snapshot

from archiver.model.digest import Digest
from archiver.model.picture import FetchedRendition, PictureRole, PictureStatus
from archiver.model.version import ArticleEvent, ChangeKind
from archiver.storage.index import FollowedArticle, Index
from archiver.storage.index import snapshots as snapshots_module

PAGE = "https://www.example.com/news/1"
PHOTO = "https://cdn.example.com/photo.jpg"


def test_a_snapshot_comes_back_as_it_was_recorded(index: Index) -> None:
    page, photo = capture(PAGE), capture(PHOTO, 1, mime="image/jpeg")
    gone = FetchedRendition("https://cdn.example.com/gone.jpg", PictureStatus.MISSING, reason="404")
    taken = snapshot(
        "ark:99999/a1",
        page,
        picture(0, fetched(photo), role=PictureRole.LEAD),
        picture(1, gone, status=PictureStatus.MISSING),
        seed="http://example.com/news/1?utm_source=feed",
    )
    index.record([page, photo], snapshots=located(taken))
    assert index.snapshot("ark:99999/a1") == taken
    assert index.snapshot_location("ark:99999/a1") == located(taken)[0][1]


def test_an_unknown_snapshot_gives_nothing(index: Index) -> None:
    assert index.snapshot("ark:99999/none") is None
    assert index.snapshot_location("ark:99999/none") is None
    assert index.snapshot_of_record(id_of(1)) is None
    assert list(index.snapshots()) == []
    assert list(index.snapshots(PAGE)) == []
    assert list(index.picture_sightings(Digest.of(b"unknown"))) == []


def test_a_snapshot_is_recorded_once(index: Index) -> None:
    page, photo = capture(PAGE), capture(PHOTO)
    taken = snapshot("ark:99999/a1", page, picture(0, fetched(photo)))
    index.record([page, photo], snapshots=located(taken, taken))
    before = list(index.dump())
    index.record([page, photo], snapshots=located(taken))
    assert list(index.dump()) == before
    assert index.stats().total.snapshots == 1


def test_pages_lead_to_their_earliest_snapshots(index: Index) -> None:
    page, other, photo = capture(PAGE), capture(PAGE, 5), capture(PHOTO)
    taken = [
        snapshot("ark:99999/a2", page, picture(0, fetched(photo))),
        snapshot("ark:99999/a1", page, picture(0, fetched(photo))),
        snapshot("ark:99999/b", other, picture(0, fetched(photo))),
    ]
    index.record([page, other, photo], snapshots=located(*taken))
    asked = [each.record_id for each in (page, other, photo)]
    assert index.page_snapshots(asked) == {page.record_id: "ark:99999/a1", other.record_id: "ark:99999/b"}
    assert index.page_snapshots([]) == {}


def test_a_snapshot_may_come_before_its_captures(index: Index) -> None:
    page = capture(PAGE)
    taken = snapshot("ark:99999/a1", page)
    index.record([], snapshots=located(taken))
    assert index.closest(PAGE) is None
    index.record([page])
    assert index.closest(PAGE) == page
    assert index.snapshot_of_record(page.record_id) == taken


def test_all_snapshots_of_a_record_are_named_earliest_first(index: Index) -> None:
    photo = capture(PHOTO)
    later = snapshot("ark:99999/a1", capture(PAGE, 2), picture(0, fetched(photo)))
    earlier = snapshot(
        "ark:99999/b2", capture(PAGE, 1), picture(0, fetched(photo)), picture(1, fetched(photo))
    )
    index.record([photo], snapshots=located(later, earlier))
    assert index.snapshots_of_record(photo.record_id) == [earlier.id, later.id]
    assert index.snapshots_of_record(later.page.record_id) == [later.id]
    assert index.snapshots_of_record(id_of(1)) == []


def test_snapshots_of_a_url_are_those_of_its_seed_and_of_its_page(index: Index) -> None:
    direct = snapshot("a", capture(PAGE, 1))
    led = snapshot("b", capture(PAGE, 2), seed="https://t.example/x")
    other = snapshot("c", capture("https://www.example.com/news/2", 3))
    index.record([], snapshots=located(direct, led, other))
    assert list(index.snapshots("http://example.com/news/1")) == [direct, led]
    assert list(index.snapshots("https://t.example/x")) == [led]
    assert list(index.snapshots(PAGE, descending=True)) == [led, direct]
    assert list(index.snapshots(PAGE, at(2))) == [led]
    assert list(index.snapshots(PAGE, None, at(1))) == [direct]


@pytest.mark.parametrize("asked", [None, PAGE])
@pytest.mark.parametrize("descending", [False, True])
def test_snapshots_are_listed_page_by_page(
    index: Index, monkeypatch: pytest.MonkeyPatch, asked: str | None, descending: bool
) -> None:
    monkeypatch.setattr(snapshots_module, "_PAGE", 2)
    taken = [snapshot(f"id-{number}", capture(PAGE, number // 2)) for number in range(7)]
    index.record([], snapshots=located(*taken))
    expected = taken[::-1] if descending else taken
    assert list(index.snapshots(asked, descending=descending)) == expected
    assert list(index.snapshots(asked, descending=descending, limit=3)) == expected[:3]
    last = expected[2]
    rest = index.snapshots(asked, descending=descending, after=(last.captured_at, last.id))
    assert list(rest) == expected[3:]


def test_the_snapshot_of_a_record_is_that_of_its_page_or_picture(index: Index) -> None:
    page, photo = capture(PAGE), capture(PHOTO)
    first = snapshot("ark:99999/a1", page, picture(0, fetched(photo)))
    second = snapshot("ark:99999/a2", capture(PAGE, 9), picture(0, fetched(photo)))
    index.record([page, photo], snapshots=located(second, first))
    assert index.snapshot_of_record(page.record_id) == first
    assert index.snapshot_of_record(photo.record_id) == first
    assert index.snapshot_of_record(second.page.record_id) == second


def test_a_picture_is_known_wherever_its_bytes_were_seen(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots_module, "_PAGE", 2)
    photo = capture(PHOTO)
    copies = [revisit(photo, second, url=f"https://other.example/{second}.jpg") for second in range(1, 6)]
    index.record(
        [],
        snapshots=located(
            *(
                snapshot(
                    f"s{copy.captured_at.second}",
                    capture(PAGE, copy.captured_at.second),
                    picture(0, fetched(copy)),
                )
                for copy in reversed(copies)
            )
        ),
    )
    assert photo.payload_digest
    found = list(index.picture_sightings(photo.payload_digest))
    assert [each.snapshot_id for each in found] == ["s1", "s2", "s3", "s4", "s5"]
    assert found[0].url == "https://other.example/1.jpg"
    assert found[0].page_url == PAGE
    assert found[0].record_id == copies[0].record_id
    assert found[0].captured_at == at(1)


def test_a_picture_url_that_may_not_be_fetched_is_kept_all_the_same(index: Index) -> None:
    refused = FetchedRendition("ftp://example.com/x.jpg", PictureStatus.MISSING, reason="ftp")
    taken = snapshot("a", capture(PAGE), picture(0, refused, status=PictureStatus.MISSING))
    index.record([], snapshots=located(taken))
    assert index.snapshot("a") == taken


def test_statistics_are_kept_for_each_source(index: Index) -> None:
    page, photo = capture(PAGE, source="one"), capture(PHOTO, source="one", payload_length=70)
    again = revisit(photo, 5, source="two")
    missing = picture(1, status=PictureStatus.MISSING)
    taken = snapshot("a", page, picture(0, fetched(photo)), missing, source="one")
    index.record([page, photo], snapshots=located(taken))
    index.record([again, capture(PAGE, 9, source=None)])
    stats = index.stats()
    assert stats.total.captures == 4
    assert stats.total.urls == 2
    assert stats.total.revisits == 1
    assert stats.total.saved_bytes == 70
    assert stats.total.stored_bytes == 2_000
    one = stats.sources["one"]
    assert (one.captures, one.snapshots, one.pictures_captured, one.pictures_missing) == (2, 1, 1, 1)
    assert stats.sources["two"].revisits == 1
    assert stats.sources[""].captures == 1


UPPER, LOWER = "https://example.com/i/KzAb", "https://example.com/i/kZaB"
FORMER = "com,example)/i/kzab"


def test_urls_that_differ_in_letter_case_have_snapshots_of_their_own(index: Index) -> None:
    upper = [snapshot(f"u{n}", capture(UPPER, n)) for n in range(0, 8, 2)]
    lower = [snapshot(f"l{n}", capture(LOWER, n)) for n in range(1, 9, 2)]
    index.record([], snapshots=located(*upper, *lower))
    assert list(index.snapshots(UPPER)) == upper
    assert list(index.snapshots("www.example.com/i/kZaB/", limit=3, descending=True)) == lower[:0:-1]
    assert list(index.snapshots("https://example.com/i/kzab")) == []


def test_what_was_stored_under_a_key_without_letter_case_is_that_articles_whose_address_it_has(
    index: Index,
) -> None:
    old = [
        replace(snapshot(name, capture(url, n)), article_key=FORMER)
        for n, (name, url) in enumerate([("a", UPPER), ("b", LOWER), ("c", UPPER)])
    ]
    new = replace(snapshot("d", capture(UPPER, 9)), article_key="com,example)/i/KzAb")
    events = [
        (ArticleEvent(ChangeKind.GONE, url, FORMER, at(n), id_of(n), 404, "404", False), uuid4())
        for n, url in enumerate([UPPER, LOWER])
    ]
    index.record([], snapshots=located(*old, new), events=events)
    assert list(index.article_snapshots("com,example)/i/KzAb")) == [old[0], old[2], new]
    assert list(index.article_snapshots("com,example)/i/kZaB")) == [old[1]]
    assert list(index.article_snapshots(FORMER)) == old
    assert index.events("com,example)/i/KzAb") == [events[0][0]]
    assert index.events("com,example)/i/kZaB") == [events[1][0]]
    assert index.events(FORMER) == [event for event, _ in events]


def test_an_article_that_was_followed_under_a_key_without_letter_case_goes_on(index: Index) -> None:
    old = FollowedArticle(FORMER, UPPER, "s", at(0), at(5), at(5), 3, at(60))
    index.follow([old])
    assert index.followed("com,example)/i/KzAb") == old
    assert index.followed("com,example)/i/kZaB") is None
    new = replace(old, key="com,example)/i/KzAb", last_visit=at(60), next_visit_at=at(60) + timedelta(days=1))
    index.follow([new])
    assert index.followed(new.key) == new
    assert index.followed(FORMER) == old
