"""Feeds of every format become the same entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import DiscoveryError
from archiver.spiders.discovery.entry import EntryPicture, Feed, FeedKind
from archiver.spiders.discovery.feed import MOST_ENTRIES, parse_feed

NOW = datetime(2017, 11, 15, tzinfo=UTC)
PUBLISHED = datetime(2017, 11, 14, 9, 0, tzinfo=UTC)
URL = "https://news.example/feeds/all.xml"

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"
     xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
 <channel>
  <title>The Example &amp; Sons</title><link>https://news.example/</link><language>en-GB</language>
  <ttl>15</ttl><lastBuildDate>Tue, 14 Nov 2017 10:00:00 +0100</lastBuildDate>
  <skipHours><hour>0</hour><hour>24</hour><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>
  <atom:link rel="self" href="https://news.example/feeds/all.xml"/>
  <atom:link rel="hub" href="https://hub.example/"/>
  <atom:link rel="next" href="?page=2"/>
  <item>
   <title>Bridge &lt;b&gt;falls&lt;/b&gt; &amp;amp; river rises</title>
   <link> /world/bridge-falls?utm_source=rss&amp;id=7#top </link>
   <guid isPermaLink="false">tag:7</guid>
   <pubDate>Tue, 14 Nov 2017 10:00:00 +0100</pubDate>
   <dc:creator>Ada Example</dc:creator><author>desk@news.example (Bob Example)</author>
   <category>World</category><category>World</category><category>Bridges</category>
   <description>
    <![CDATA[<p>A bridge <img src="/i/3.jpg" alt="The bridge &amp; river"> fell.</p>]]></description>
   <media:group>
    <media:content url="https://img.example/1.jpg" medium="image">
      <media:description>The bridge</media:description><media:credit>Carol / Agency</media:credit>
    </media:content>
    <media:content url="https://img.example/1.mp4" type="video/mp4"/>
   </media:group>
   <media:thumbnail url="/i/2.jpg"/>
   <enclosure url="/i/4.png" type="image/png" length="1"/><enclosure url="/a.mp3" type="audio/mpeg"/>
  </item>
 </channel>
</rss>"""

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="pt-BR" xml:base="https://news.example/pt/">
 <title type="html">Exemplo</title><updated>2017-11-14T09:30:00Z</updated>
 <link rel="self" href="feed.atom"/>
 <entry>
  <id>tag:news.example,2017:7</id><title>Ponte cai</title>
  <link rel="enclosure" type="image/jpeg" href="ponte.jpg"/>
  <link rel="alternate" type="text/html" href="ponte-cai"/>
  <published>2017-11-14T09:00:00Z</published><updated>2017-11-14T09:20:00Z</updated>
  <author><name>Ada Exemplo</name><email>a@news.example</email></author>
  <category term="mundo" label="Mundo"/>
  <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>A <b>ponte</b> caiu.</p></div></content>
 </entry>
</feed>"""

RDF = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
 <channel rdf:about="https://news.example/"><title>Beispiel</title><dc:language>de</dc:language>
  <sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency></channel>
 <item rdf:about="https://news.example/a/1"><title>Br\u00fccke</title><link>https://news.example/a/1</link>
  <dc:date>2017-11-14T10:00:00+01:00</dc:date><dc:subject>Welt</dc:subject></item>
</rdf:RDF>"""

JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "Example", "language": "en",
 "feed_url": "https://news.example/feed.json", "next_url": "https://news.example/feed.json?page=2",
 "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
 "items": [{"id": "7", "url": "/a/7", "title": "Bridge falls", "date_published": "2017-11-14T10:00:00+01:00",
   "authors": [{"name": "Ada"}], "tags": ["World"], "image": "/i/1.jpg",
   "content_html": "<p>It <b>fell</b>.<img src='/i/2.jpg' alt='River'></p>"}, "no object", {"id": 3}]}"""


def parse(text: str | bytes, url: str = URL, content_type: str | None = None) -> Feed:
    content = text.encode("utf-8") if isinstance(text, str) else text
    return parse_feed(content, url, content_type, now=NOW)


def items(*entries: str) -> str:
    body = "".join(f"<item>{entry}</item>" for entry in entries)
    return f"<rss><channel><title>T</title>{body}</channel></rss>"


def test_an_rss_entry_is_read_whole():
    (entry,) = parse(RSS).entries
    assert entry.url == "https://news.example/world/bridge-falls?utm_source=rss&id=7"
    assert entry.title == "Bridge falls & river rises"
    assert entry.guid == "tag:7"
    assert entry.published == PUBLISHED
    assert entry.authors == ("Bob Example", "Ada Example")
    assert entry.categories == ("World", "Bridges")
    assert entry.summary == "A bridge fell."
    assert entry.language == "en-GB"
    assert entry.doubts == ()


def test_the_pictures_of_an_entry_come_with_what_is_said_of_them():
    (entry,) = parse(RSS).entries
    assert entry.pictures == (
        EntryPicture("https://img.example/1.jpg", "The bridge", "Carol / Agency"),
        EntryPicture("https://news.example/i/2.jpg"),
        EntryPicture("https://news.example/i/4.png"),
        EntryPicture("https://news.example/i/3.jpg", "The bridge & river"),
    )


def test_a_feed_says_when_to_come_back_and_who_pushes():
    feed = parse(RSS)
    assert feed.title == "The Example & Sons"
    assert feed.interval == timedelta(minutes=15)
    assert feed.skip_hours == {0, 3}
    assert feed.skip_days == {6}
    assert feed.hubs == ("https://hub.example/",)
    assert feed.own_url == URL
    assert feed.next_page == f"{URL}?page=2"
    assert feed.warnings == ()


def test_an_atom_entry_is_read_against_its_base():
    feed = parse(ATOM)
    (entry,) = feed.entries
    assert feed.kind is FeedKind.ATOM
    assert feed.own_url == "https://news.example/pt/feed.atom"
    assert (entry.title, entry.guid, entry.language) == ("Ponte cai", "tag:news.example,2017:7", "pt-BR")
    assert entry.url == "https://news.example/pt/ponte-cai"
    assert entry.updated == datetime(2017, 11, 14, 9, 20, tzinfo=UTC)
    assert entry.authors == ("Ada Exemplo",)
    assert entry.categories == ("Mundo",)
    assert entry.summary == "A ponte caiu."
    assert entry.pictures == (EntryPicture("https://news.example/pt/ponte.jpg"),)


def test_rss_one_has_its_items_beside_the_channel():
    feed = parse(RDF)
    assert (feed.kind, feed.title, feed.interval) == (FeedKind.RDF, "Beispiel", timedelta(minutes=15))
    (entry,) = feed.entries
    assert (entry.url, entry.title, entry.language) == ("https://news.example/a/1", "Brücke", "de")
    assert (entry.published, entry.categories) == (PUBLISHED, ("Welt",))


def test_a_json_feed_is_read_and_its_broken_items_are_left_out():
    feed = parse(JSON, content_type="application/feed+json")
    (entry,) = feed.entries
    assert (feed.kind, feed.hubs) == (FeedKind.JSON, ("https://hub.example/",))
    assert feed.next_page == "https://news.example/feed.json?page=2"
    assert (entry.url, entry.published) == ("https://news.example/a/7", PUBLISHED)
    assert entry.summary == "It fell ."
    assert [picture.url for picture in entry.pictures] == [
        "https://news.example/i/1.jpg",
        "https://news.example/i/2.jpg",
    ]


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/plain; charset=latin1", None, "application/json"]
)
def test_the_content_not_the_content_type_decides(content_type):
    assert parse(RSS, content_type=content_type).entries[0].title == "Bridge falls & river rises"


@pytest.mark.parametrize(
    ("declared", "charset", "header"),
    [
        ("windows-1251", "cp1251", None),
        ("UTF-8", "cp1251", "text/xml; charset=windows-1251"),
        ("utf-16", "utf-16", None),
        ("utf-16", "utf-16-le", None),
        ("iso-8859-5", "utf-8", "text/xml; charset=koi8-r"),
        ("utf-8", "utf-8-sig", "text/xml; charset=iso-8859-1"),
    ],
)
def test_the_charset_is_found_whatever_header_and_declaration_say(declared, charset, header):
    text = f'<?xml version="1.0" encoding="{declared}"?>' + items("<title>Мост упал</title><link>/a</link>")
    feed = parse(text.encode(charset), content_type=header)
    assert feed.entries[0].title == "Мост упал"
    assert feed.warnings == ()


def test_bytes_in_no_named_charset_are_read_with_a_warning():
    feed = parse(items("<title>caf\u00e9</title><link>/a</link>").encode("latin-1"))
    assert feed.entries[0].title == "café"
    assert "Windows-1252" in feed.warnings[0]


def test_what_is_not_well_formed_is_read_as_far_as_it_goes():
    text = (
        "\n<br />Warning: include() failed\n<?xml version='1.0'?><rss><channel>"
        "<item><title>A &nbsp;& B &eacute; &unknown; <b>bold<title></item>"
        "<item><title>One</title><link>http://news.example/?a=1&b=2&copy=3</link></item>"
        "<item><link><![CDATA[http://news.example/?a=1&b=2]]></link><media:thumbnail url='/t.jpg'/></item>"
        "<item><title>d&eacute;j&agrave; &amp; &quot;vu&quot;</title><link>/d</link></item>"
        "<item><title>cut of"
    )
    feed = parse(text)
    assert "http://news.example/?a=1&b=2&copy=3" in [entry.url for entry in feed.entries]
    assert "http://news.example/?a=1&b=2" in [entry.url for entry in feed.entries]
    assert 'déjà & "vu"' in [entry.title for entry in feed.entries]
    assert any("not well-formed" in warning for warning in feed.warnings)


def test_html_entities_are_characters_without_a_dtd():
    (entry,) = parse(items("<title>d&eacute;j&agrave; &mdash; vu</title><link>/a</link>")).entries
    assert entry.title == "déjà — vu"


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<guid>https://news.example/g</guid>", "https://news.example/g"),
        ("<link href='/h'/>", "https://news.example/h"),
        ("<link>\n  https://news.example/a\n b\n</link>", "https://news.example/a%20b"),
        ("<link>//news.example/p</link>", "https://news.example/p"),
        ("<link>javascript:alert(1)</link><guid>http://news.example/g</guid>", "http://news.example/g"),
        (
            "<link>http://proxy.example/1</link>"  # noqa: ISC004 - one item
            "<o:origLink xmlns:o='http://rssnamespace.org/feedburner/ext/1.0'>http://news.example/o</o:origLink>",
            "http://news.example/o",
        ),
    ],
)
def test_the_page_of_an_entry_is_found_in_whatever_place(item, url):
    assert parse(items(item)).entries[0].url == url


@pytest.mark.parametrize(
    "item",
    [
        "<link>javascript:alert(1)</link>",
        "<link>file:///etc/passwd</link>",
        "<link>data:text/html,x</link>",
        "<link>https://user:secret@news.example/</link>",
        "<link>https://</link>",
        "<link>http://[::1</link>",
        "<guid isPermaLink='false'>https://news.example/1</guid>",
        "<title>nothing</title>",
        f"<link>https://news.example/{'a' * 5000}</link>",
    ],
)
def test_an_entry_without_a_page_that_can_be_fetched_is_left_out_and_counted(item):
    feed = parse(items(item, "<link>/ok</link>"))
    assert [entry.url for entry in feed.entries] == ["https://news.example/ok"]
    assert feed.warnings == ("1 entries without a usable link were left out",)


def test_dates_that_cannot_be_true_are_kept_and_flagged():
    (entry,) = parse(items("<link>/a</link><pubDate>Wed, 14 Nov 2087 10:00:00 GMT</pubDate>")).entries
    assert entry.published == datetime(2087, 11, 14, 10, tzinfo=UTC)
    assert entry.doubts == ("published lies 25566 days in the future",)


def test_an_html_page_is_refused_with_the_feeds_it_links_to():
    page = (
        "<!DOCTYPE html><html><head><link rel='alternate' type='application/rss+xml' href='/rss'>"
        "<link rel='alternate' type='application/atom+xml' href='atom.xml'>"
        "<link rel='alternate' hreflang='fr' href='/fr'></head></html>"
    )
    with pytest.raises(
        DiscoveryError, match=r"is an HTML page.*https://news\.example/rss, https://news\.example/feeds/atom"
    ):
        parse(page)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (b"404 not found", "is not XML; it begins with '404 not found'"),
        (b"<html><body>Sign in</body></html>", "is an HTML page, not a feed, and links to no feed"),
        (b"<urlset/>", "is a sitemap; name it under `sitemaps`"),
        (b"<opml/>", "is an OPML list"),
        (b"<svg/>", "its outermost element is <svg>"),
        (b"[1]", "is JSON, but no JSON Feed"),
        (b"{", "is broken JSON"),
        (b"\x1f\x8bnonsense", "is damaged gzip"),
        (b"<?xml version='1.0'?>", "is not XML"),
    ],
)
def test_what_is_no_feed_is_said_to_be_what_it_is(content, message):
    with pytest.raises(DiscoveryError) as caught:
        parse(content)
    assert message in str(caught.value)
    assert str(caught.value).startswith(URL)


def test_the_newest_are_kept_of_too_many_entries():
    old = "<item><link>/old/{}</link><pubDate>2016-01-01</pubDate></item>"
    new = "<item><link>/new/{}</link><pubDate>2017-01-01</pubDate></item>"
    body = "".join(old.format(i) for i in range(500)) + "".join(new.format(i) for i in range(MOST_ENTRIES))
    feed = parse(f"<rss><channel>{body}</channel></rss>")
    assert len(feed.entries) == MOST_ENTRIES
    assert all("/new/" in entry.url for entry in feed.entries)
    assert feed.warnings == ("it has 10,500 entries; the newest 10,000 of them were kept",)


def test_an_entry_named_twice_is_one():
    assert len(parse(items("<link>/a</link>", "<link>/a</link>")).entries) == 1


@given(st.binary(max_size=300))
def test_no_bytes_make_anything_but_a_feed_or_a_discovery_error(content):
    for body in (content, b"<rss><channel><item><link>/a</link>" + content):
        try:
            feed = parse(body)
        except DiscoveryError:
            continue
        assert all(entry.url.startswith(("http://", "https://")) for entry in feed.entries)


@given(
    st.lists(
        st.tuples(
            st.text(
                st.characters(
                    codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="<>&\ufffe\uffff"
                )
            ),
            st.integers(0, 10**9),
        ),
        unique_by=lambda pair: pair[1],
        max_size=5,
    )
)
def test_titles_and_links_survive_a_round_trip(pairs):
    feed = parse(items(*(f"<title>{title}</title><link>/a/{number}</link>" for title, number in pairs)))
    assert [entry.url for entry in feed.entries] == [
        f"https://news.example/a/{number}" for _, number in pairs
    ]
    assert [entry.title for entry in feed.entries] == [" ".join(title.split()) or None for title, _ in pairs]
