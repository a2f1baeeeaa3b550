"""Section fronts: which links lead to articles, and where the listing goes on."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest

from archiver.spiders.discovery.listing import Listing, ListingEntry, article_links, looks_like_article
from archiver.spiders.discovery.listing_walk import ListingWalk
from archiver.spiders.discovery.traps import trap_in
from archiver.spiders.document import Document, parse_document

NOW = datetime(2017, 11, 15, tzinfo=UTC)
FRONT = "https://www.news.example/world"


def page(body: str, url: str = FRONT) -> Document:
    return parse_document(f"<html><body>{body}</body></html>".encode(), url, "utf-8")


def links(body: str, **kwargs: object) -> Listing:
    return article_links(page(body), now=NOW, **kwargs)  # type: ignore[arg-type]


def test_links_come_in_the_editors_order_each_once_with_its_best_title():
    listing = links(
        "<a href='/world/2017/11/14/bridge-falls'><img alt='The bridge' src=x></a>"
        "<a href='//m.news.example/world/2017/11/14/bridge-falls?utm_id=1'>Bridge falls into the river</a>"
        "<a href='/world/river-rises-again-in-north-12345'><h3>River\n rises</h3></a>"
    )
    first, second = listing.articles
    assert (first.title, first.position, first.mentions) == ("Bridge falls into the river", 0, 2)
    assert first.url == "https://www.news.example/world/2017/11/14/bridge-falls"
    assert (second.title, second.position, second.mentions) == ("River rises", 1, 1)


def test_the_address_to_fetch_keeps_what_its_identity_drops():
    (entry,) = links("<a href='/world/bridge-falls-into-river-7?utm_source=x&id=1'>Bridge</a>").entries
    assert entry.url.endswith("?utm_source=x&id=1")
    assert entry.identity == "news.example/world/bridge-falls-into-river-7?id=1"


def test_other_sites_are_left_out_unless_asked_for():
    body = "<a href='https://elsewhere.example.org/a/bridge-falls-into-the-river'>Bridge</a>"
    assert links(body).entries == ()
    assert len(links(body, same_site=False).entries) == 1


def test_patterns_include_and_exclude():
    body = "<a href='/a/1'>One</a><a href='/a/2'>Two</a><a href='/b/3'>Three</a>"
    listing = links(body, include=[re.compile("/a/")], exclude=[re.compile("2$")])
    assert [(entry.url, entry.is_likely) for entry in listing.entries] == [
        ("https://www.news.example/a/1", True)
    ]


def test_the_base_of_the_page_counts():
    document = parse_document(
        b"<base href='https://www.news.example/x/'><a href='bridge-falls-1234567'>B</a>", FRONT
    )
    assert (
        article_links(document, now=NOW).entries[0].url == "https://www.news.example/x/bridge-falls-1234567"
    )


@pytest.mark.parametrize(
    ("url", "title", "likely"),
    [
        ("https://a.example/2017/11/14/bridge", "Bridge", True),
        ("https://a.example/world/bridge-falls-into-river", None, True),
        ("https://a.example/article/1234567", None, True),
        ("https://a.example/view.php?article_id=1234", None, True),
        ("https://a.example/world/europe", "Europe", False),
        ("https://a.example/tags/bridge-falls-into-river", "Bridge", False),
        ("https://a.example/", "Home of the news since nineteen hundred", False),
        ("https://a.example/author/ada-example", "Ada", False),
        ("https://a.example/мир/мост-упал-в-реку", None, True),
    ],
)
def test_an_article_is_told_from_a_section(url, title, likely):
    assert looks_like_article(url, title) is likely


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://a.example/calendar/2017/11", "calendar"),
        ("https://a.example/events/2031-05", "calendar"),
        ("https://a.example/events?date=2017-11-14", "calendar"),
        ("https://a.example/archive/2031/05", "calendar"),
        ("https://a.example/archive/1702/05/", "calendar"),
        ("https://a.example/article/1702", None),
        ("https://a.example/bridge-falls-2031", None),
        ("https://a.example/a;jsessionid=1?x", "session id"),
        ("https://a.example/a?PHPSESSID=1", "session id"),
        ("https://a.example/a/b/a/b/a/b", "path that repeats itself"),
        ("https://a.example/" + "/".join("abcdefghijklmnopqrst"), "path that repeats itself"),
        ("https://a.example/s?" + "&".join(f"f{n}=1" for n in range(20)), "too many parameters"),
        ("https://a.example/picture.JPG", "no page"),
        ("https://a.example/" + "a" * 2500, "too long"),
        ("https://a.example/2017/11/14/bridge-falls", None),
        ("https://a.example/archive/2017/11", None),
        ("https://a.example/history/1918-armistice-remembered", None),
        ("https://a.example/events/2017/11/14/bridge-opens", None),
    ],
)
def test_traps_are_known(url, reason):
    assert trap_in(url, NOW) == reason


@pytest.mark.parametrize(
    ("body", "next_page"),
    [
        ("<link rel='next' href='/world?page=2'>", "https://www.news.example/world?page=2"),
        ("<a rel='nofollow next' href='/world/2'>2</a>", "https://www.news.example/world/2"),
        ("<a href='/world/page/2'>Weiter »</a>", "https://www.news.example/world/page/2"),
        ("<a href='/world?p=2' aria-label='Next page'><svg/></a>", "https://www.news.example/world?p=2"),
        ("<a href='/world?page=2'>次へ</a>", "https://www.news.example/world?page=2"),
        (
            "<a href='/world/page/2'>2</a><a href='/world/page/3'>3</a>",
            "https://www.news.example/world/page/2",
        ),
        ("<a href='https://elsewhere.example.org/2'>Next</a>", None),
        ("<a rel='next' href='/world'>Next</a>", None),
        ("<a href='/sport/2'>2</a>", None),
    ],
)
def test_the_continuation_is_found(body, next_page):
    assert links(body).next_page == next_page


def test_the_way_back_is_no_continuation():
    document = page("<a href='/world/page/2'>&gt;</a>", "https://www.news.example/world/page/3")
    assert article_links(document, now=NOW).next_page is None


def entry(name: str) -> ListingEntry:
    return ListingEntry(f"https://a.example/{name}", name, None, 0, 1, True)


def test_a_walk_ends_at_its_limit_of_pages():
    walk = ListingWalk("https://a.example/0", pages=5)
    count = 0
    while walk.next_url():
        count += 1
        walk.read(Listing((entry(str(count)),), f"https://a.example/{count}"))
    assert count == 5


def test_a_walk_ends_when_a_page_brings_nothing_new():
    walk = ListingWalk("https://a.example/0", pages=100)
    walk.next_url()
    assert walk.read(Listing((entry("a"), entry("b")), "https://a.example/1")) == (entry("a"), entry("b"))
    walk.next_url()
    assert walk.read(Listing((entry("b"),), "https://a.example/2")) == ()
    assert walk.next_url() is None


def test_a_walk_does_not_go_in_circles():
    walk = ListingWalk("https://a.example/0", pages=100)
    walk.next_url()
    walk.read(Listing((entry("a"),), "https://a.example/0"))
    assert walk.next_url() is None


def test_a_page_of_a_hundred_thousand_links_is_read_in_a_second():
    document = page("".join(f"<a href='/a/bridge-falls-{n}?{'x' * 50}'>Next {n}</a>" for n in range(100_000)))
    began = time.process_time()
    listing = article_links(document, now=NOW)
    assert len(listing.entries) == 5000
    assert time.process_time() - began < 1.0
