"""Sitemaps, and the walk through trees of them."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from archiver.errors import DiscoveryError
from archiver.spiders.discovery.entry import Entry, EntryPicture
from archiver.spiders.discovery.sitemap import MOST_ENTRIES, Sitemap, SitemapKind, parse_sitemap
from archiver.spiders.discovery.sitemap_walk import SitemapWalk, WalkLimits, date_in_url

NOW = datetime(2017, 11, 15, tzinfo=UTC)
URL = "https://news.example/sitemap.xml"

NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
 <url><loc> https://news.example/a/1 </loc><lastmod>2017-11-14T10:30:00Z</lastmod>
  <news:news><news:publication><news:name>Example</news:name><news:language>sv</news:language></news:publication>
   <news:publication_date>2017-11-14T11:00:00+01:00</news:publication_date>
   <news:title>Bron f\u00f6ll</news:title><news:keywords>bro, v\u00e4rlden,bro</news:keywords></news:news>
  <image:image><image:loc>/i/1.jpg</image:loc><image:caption>Bron</image:caption></image:image>
  <image:image><image:loc>https://img.example/2.jpg</image:loc></image:image></url>
 <url><loc>javascript:alert(1)</loc></url>
 <url><loc>/a/2</loc></url>
</urlset>"""


def parse(text: str | bytes) -> Sitemap:
    return parse_sitemap(text.encode() if isinstance(text, str) else text, URL, now=NOW)


def index(*entries: tuple[str, str | None]) -> Sitemap:
    dates = (
        (url, datetime.fromisoformat(date).replace(tzinfo=UTC) if date else None) for url, date in entries
    )
    return Sitemap(SitemapKind.INDEX, tuple(Entry(url, updated=date) for url, date in dates))


def pages(*urls: str) -> Sitemap:
    return Sitemap(SitemapKind.URLSET, tuple(Entry(url) for url in urls))


def test_a_news_sitemap_is_read_with_its_pictures():
    sitemap = parse(NEWS)
    first, second = sitemap.entries
    assert first == Entry(
        url="https://news.example/a/1",
        title="Bron föll",
        published=datetime(2017, 11, 14, 10, tzinfo=UTC),
        updated=datetime(2017, 11, 14, 10, 30, tzinfo=UTC),
        pictures=(
            EntryPicture("https://news.example/i/1.jpg", "Bron"),
            EntryPicture("https://img.example/2.jpg"),
        ),
        categories=("bro", "världen"),
        language="sv",
    )
    assert second == Entry("https://news.example/a/2")
    assert sitemap.warnings == ("1 entries without a usable URL were left out",)


def test_a_gzipped_sitemap_is_unpacked():
    assert parse(gzip.compress(NEWS.encode())).entries == parse(NEWS).entries


def test_an_index_names_sitemaps_with_their_dates():
    sitemap = parse(
        "<sitemapindex><sitemap><loc>/s1.xml.gz</loc><lastmod>2017-11-14</lastmod></sitemap>"
        "<sitemap><loc>/s2.xml</loc></sitemap></sitemapindex>"
    )
    assert sitemap.kind is SitemapKind.INDEX
    assert [entry.url for entry in sitemap.entries] == [
        "https://news.example/s1.xml.gz",
        "https://news.example/s2.xml",
    ]
    assert sitemap.entries[0].updated == datetime(2017, 11, 14, tzinfo=UTC)


def test_a_text_sitemap_is_one_url_a_line():
    sitemap = parse("\ufeffhttps://news.example/a\r\nftp://news.example/b\n\nhttps://news.example/c\n")
    assert [entry.url for entry in sitemap.entries] == ["https://news.example/a", "https://news.example/c"]


def test_a_feed_may_stand_for_a_sitemap():
    sitemap = parse("<rss><channel><item><link>/a</link><title>A</title></item></channel></rss>")
    assert sitemap.entries == (Entry("https://news.example/a", title="A"),)


def test_a_sitemap_of_the_oldest_namespace_or_none_is_read():
    for namespace in ("", ' xmlns="http://www.google.com/schemas/sitemap/0.84"', ' xmlns="urn:wrong"'):
        assert (
            parse(f"<urlset{namespace}><url><loc>/a</loc></url></urlset>").entries[0].url
            == "https://news.example/a"
        )


def test_what_is_beyond_the_protocol_is_left_out_with_a_warning():
    body = "".join(f"<url><loc>/{number}</loc></url>" for number in range(MOST_ENTRIES + 1))
    sitemap = parse(f"<urlset>{body}</urlset>")
    assert len(sitemap.entries) == MOST_ENTRIES
    assert sitemap.warnings == ("it has more than 50,000 entries; the rest was not read",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"<html><body>404</body></html>", "is an HTML page, not a sitemap"),
        (b"<svg/>", "XML that begins with <svg>, not a sitemap"),
        (b"not found", "is not XML"),
        (b"\x1f\x8b\x08", "is empty"),
    ],
)
def test_what_is_no_sitemap_is_said_to_be_what_it_is(content, message):
    with pytest.raises(DiscoveryError) as caught:
        parse(content)
    assert message in str(caught.value)


def test_a_walk_ends_in_a_loop_of_sitemaps():
    walk = SitemapWalk([URL])
    fetched = []
    while url := walk.next_url():
        fetched.append(url)
        other = "https://news.example/other.xml"
        walk.read(url, index((URL, None), (other, None), (url, None)))
    assert fetched == [URL, "https://news.example/other.xml"]
    assert any("named more than once" in warning for warning in walk.warnings)


def test_a_walk_ends_in_a_tree_that_grows_for_ever():
    walk = SitemapWalk([URL], limits=WalkLimits(depth=3, sitemaps=50))
    fetched = 0
    while url := walk.next_url():
        fetched += 1
        walk.read(
            url, index(*((f"https://news.example/{fetched}/{child}.xml", None) for child in range(100)))
        )
    assert fetched == 50
    assert any("limit of sitemaps" in warning for warning in walk.warnings)


def test_a_walk_does_not_go_deeper_than_allowed():
    walk = SitemapWalk([URL], limits=WalkLimits(depth=2))
    depth = 0
    while url := walk.next_url():
        depth += 1
        walk.read(url, index((f"{url}/x", None)))
    assert depth == 3
    assert walk.warnings == ("1 x sitemaps more than 2 levels deep",)


def test_a_walk_takes_news_first_then_the_newest_and_skips_the_old():
    walk = SitemapWalk([URL], since=datetime(2017, 11, 1, tzinfo=UTC))
    assert walk.next_url() == URL
    walk.read(
        URL,
        index(
            ("https://news.example/sitemap-2015-04.xml", None),
            ("https://news.example/tags.xml", None),
            ("https://news.example/a.xml", "2017-11-10"),
            ("https://news.example/b.xml", "2017-11-13"),
            ("https://news.example/c.xml", "2016-01-01"),
            ("https://news.example/news.xml", None),
            ("https://elsewhere.example.org/d.xml", "2017-11-14"),
        ),
    )
    order = []
    while url := walk.next_url():
        order.append(url.rpartition("/")[2])
        walk.read(url, pages())
    assert order == ["news.xml", "b.xml", "a.xml", "tags.xml"]
    assert set(walk.warnings) == {"2 x sitemaps older than asked for", "1 x sitemaps on another site"}


def test_a_walk_hands_out_each_page_once_newest_first():
    walk = SitemapWalk([URL, f"{URL}2"], since=NOW - timedelta(days=7))
    old, new, newest = (
        Entry(f"https://news.example/{age}", updated=NOW - timedelta(days=age)) for age in (30, 5, 1)
    )
    walk.next_url()
    assert walk.read(URL, Sitemap(SitemapKind.URLSET, (new, old, newest))) == (newest, new)
    assert walk.read(walk.next_url() or "", Sitemap(SitemapKind.URLSET, (new, newest))) == ()


def test_a_walk_stops_at_its_limit_of_pages():
    walk = SitemapWalk([URL, f"{URL}2"], limits=WalkLimits(pages=2))
    assert (
        len(
            walk.read(
                walk.next_url() or "",
                pages("https://a.example/1", "https://a.example/2", "https://a.example/3"),
            )
        )
        == 2
    )
    assert walk.next_url() is None


def test_a_failure_is_told_and_passed_over():
    walk = SitemapWalk([URL])
    walk.failed(walk.next_url() or "", "404")
    assert walk.next_url() is None
    assert walk.warnings == (f"1 x sitemap {URL} could not be read: 404",)


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://a.example/sitemap-2017-02.xml", (2017, 2, 28)),
        ("https://a.example/sitemap-20171114.xml", (2017, 11, 14)),
        ("https://a.example/2017/11/14/sitemap.xml", (2017, 11, 14)),
        ("https://a.example/sitemap.xml?yyyy=2017&mm=2", (2017, 2, 28)),
        ("https://a.example/sitemap-2017.xml", (2017, 12, 31)),
        ("https://a.example/sitemap-20170230.xml", None),
        ("https://a.example/sitemap-1234567.xml", None),
        ("https://a.example/sitemap.xml", None),
    ],
)
def test_the_date_in_the_name_of_a_sitemap_is_its_last_moment(url, day):
    expected = datetime(*day, 23, 59, 59, tzinfo=UTC) if day else None
    assert date_in_url(url) == expected
