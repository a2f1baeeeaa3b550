from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_examples import at, capture, failure, id_of

from archiver.model.capture import Capture
from archiver.storage.index import Cursor, Index, Match
from archiver.storage.index import listing as listing_module

SITE = (
    "http://example.com/",
    "http://example.com/news",
    "http://example.com/news/1",
    "http://example.com/newspaper",
    "http://example.com:8080/news",
    "http://example.com-other.org/",
    "http://blog.example.com/",
    "http://blog.example.com:8080/",
    "http://deep.blog.example.com/",
    "http://example.community/",
    "http://notexample.com/",
)


@pytest.fixture
def site(index: Index) -> Index:
    """An index with one capture of each URL."""
    index.record([capture(url) for url in SITE])
    return index


def listed(index: Index, match: str, url: str) -> list[str]:
    """The URLs that a listing names."""
    return [each.target_uri for each in index.captures(match, url)]


def test_exact_means_the_same_urlkey(index: Index) -> None:
    index.record(
        [capture("http://example.com/A", 2), capture("https://www.example.com/a/", 1), capture(SITE[0])]
    )
    assert [each.captured_at for each in index.captures("exact", "example.com/a")] == [at(1), at(2)]


def test_prefix_lists_what_begins_with_the_url(site: Index) -> None:
    assert listed(site, "prefix", "http://example.com/news") == [
        "http://example.com/news",
        "http://example.com/news/1",
        "http://example.com/newspaper",
    ]
    assert listed(site, "prefix", "example.com/news/") == ["http://example.com/news/1"]


def test_host_lists_one_host_alone(site: Index) -> None:
    assert listed(site, "host", "http://example.com/anything") == list(SITE[:4])
    assert listed(site, "host", "example.com:8080") == ["http://example.com:8080/news"]


def test_domain_lists_the_host_its_ports_and_its_subdomains(site: Index) -> None:
    expected = [*SITE[:4], SITE[6], SITE[7], SITE[8], SITE[4]]
    assert sorted(listed(site, "domain", "example.com")) == sorted(expected)
    assert listed(site, "domain", "blog.example.com") == [SITE[6], SITE[8], SITE[7]]


def test_an_unknown_match_is_refused(index: Index) -> None:
    with pytest.raises(ValueError, match="fuzzy"):
        index.captures("fuzzy", "example.com")


def test_descending_is_the_exact_reverse(index: Index) -> None:
    index.record([capture(url, second) for url in SITE for second in (1, 2)])
    forwards = list(index.captures("domain", "example.com"))
    assert list(index.captures("domain", "example.com", descending=True)) == forwards[::-1]


def test_both_ends_of_a_period_are_included(index: Index) -> None:
    index.record([capture(SITE[0], second) for second in range(5)])
    for match in Match:
        found = index.captures(match, SITE[0], at(1), at(3))
        assert [each.captured_at for each in found] == [at(1), at(2), at(3)]


def test_failures_are_listed_only_when_asked_for(index: Index) -> None:
    index.record([capture(SITE[0]), failure(SITE[0], 1)])
    assert len(list(index.captures("exact", SITE[0]))) == 1
    assert len(list(index.captures("exact", SITE[0], failures=True))) == 2


def test_a_limit_is_kept(index: Index) -> None:
    index.record([capture(SITE[0], second) for second in range(5)])
    assert [each.captured_at for each in index.captures("host", SITE[0], limit=2)] == [at(0), at(1)]
    assert list(index.captures("host", SITE[0], limit=0)) == []


def test_a_cursor_survives_as_text() -> None:
    place = Cursor("com,example)/a b?c", at(1.5), id_of(9))
    assert Cursor.parse(str(place)) == place


@pytest.mark.parametrize(
    "text", ["", "com,example)/ 1", "k x y", f"k 99999999999999999999999 {id_of(1).hex}"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a place in a listing"):
        Cursor.parse(text)


@pytest.mark.parametrize("merged", [16, 1], ids=["URLs merged", "in one order"])
def test_a_key_with_more_captures_than_a_page_is_listed_once_and_in_order(
    index: Index, monkeypatch: pytest.MonkeyPatch, merged: int
) -> None:
    monkeypatch.setattr(listing_module, "_PAGE", 3)
    monkeypatch.setattr(listing_module, "_MERGED", merged)
    urls = ["http://example.com/a", "https://www.example.com/A", "http://example.com/b"]
    batch = [
        capture(url, second % 7, record_id=id_of(second))
        for second in range(24)
        for url in urls[second % 3 :][:1]
    ]
    index.record(batch)
    for match in ("prefix", "host", "domain"):
        assert list(index.captures(match, "http://example.com/")) == sorted(batch, key=_order)
    of_key = sorted((each for each in batch if each.urlkey == batch[0].urlkey), key=_order)
    assert list(index.captures("exact", urls[0])) == of_key
    assert list(index.captures("exact", urls[0], descending=True)) == of_key[::-1]
    behind = Cursor.behind(of_key[4])
    assert list(index.captures("exact", urls[0], after=behind)) == of_key[5:]


paths = st.sampled_from(
    ["http://example.com/a", "https://example.com/A", "http://example.com/b", "http://x.example.com/"]
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    seen=st.lists(st.tuples(paths, st.integers(0, 6)), max_size=20),
    page=st.integers(1, 4),
    place=st.integers(0, 20),
    match=st.sampled_from(list(Match)),
    descending=st.booleans(),
    first=st.integers(0, 3),
)
def test_a_listing_goes_on_behind_any_of_its_captures(
    index: Index,
    seen: list[tuple[str, int]],
    page: int,
    place: int,
    match: Match,
    descending: bool,
    first: int,
) -> None:
    index.clear()
    index.record([capture(url, second, record_id=id_of(number)) for number, (url, second) in enumerate(seen)])
    known = listing_module._PAGE
    listing_module._PAGE = page
    try:
        whole = list(index.captures(match, "http://example.com/a", at(first), descending=descending))
        assert whole == sorted(whole, key=_order, reverse=descending)
        assert all(each.captured_at >= at(first) for each in whole)
        if place < len(whole):
            rest = index.captures(
                match,
                "http://example.com/a",
                at(first),
                descending=descending,
                after=Cursor.behind(whole[place]),
            )
            assert list(rest) == whole[place + 1 :]
    finally:
        listing_module._PAGE = known


def _order(found: Capture) -> tuple[str, datetime, bytes]:
    return found.urlkey, found.captured_at, found.record_id.bytes
