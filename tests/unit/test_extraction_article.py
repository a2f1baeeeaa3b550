"""The whole article: fields with their origins, hostile and odd input, work in other processes."""

import gc
import json
import pickle
import socket
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model.article import ArticleField, Doubt, ExtractedArticle, ParagraphKind
from archiver.model.digest import Digest
from archiver.spiders.extraction import (
    EXTRACTOR_VERSION,
    ExtractionError,
    extract,
    paragraph_digest,
    paragraph_digests,
)

URL = "https://news.example.org/world/flood.html?utm_source=x"
SENTENCE = "The river rose by two metres in the night and reached the first houses of the old town at dawn. "
DATA = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "WebSite", "name": "The Example"},
        {
            "@type": ["NewsArticle"],
            "headline": "Flood reaches the old town",
            "author": [{"@type": "Person", "name": "Jane Doe"}],
            "datePublished": "2024-05-01T06:30:00+02:00",
            "dateModified": "2024-05-01T08:00:00+02:00",
            "articleSection": ["World"],
            "keywords": "flood, river,weather",
            "inLanguage": "en_GB",
            "isAccessibleForFree": "False",
            "publisher": {"@type": "Organization", "name": "The Example"},
            "image": {"@type": "ImageObject", "url": "/pictures/data.jpg"},
            "mainEntityOfPage": {"@type": "WebPage", "@id": "https://news.example.org/world/flood.html"},
        },
    ],
}
PAGE = f"""<!doctype html><html lang="en"><head>
<title>Flood reaches the old town - The Example</title>
<base href="https://news.example.org/world/">
<link rel="canonical" href="flood.html#top"><link rel="amphtml" href="/amp/flood.html">
<meta property="og:site_name" content="The Example">
<meta property="og:description" content="Two metres in a night.">
<meta property="og:image" content="/pictures/lead-800.jpg">
<meta property="og:url" content="https://m.example.org/flood">
<meta name="robots" content="index, NoArchive, max-image-preview:large">
<script type="application/ld+json">{json.dumps(DATA)}</script></head>
<body><nav><a href="/">Home</a></nav><article><h1>Flood reaches the old town</h1>
<p class="standfirst">Helpers carried sand all night, yet the water found its way in.</p>
<figure><img src="/pictures/lead-800.jpg" srcset="/pictures/lead-1600.jpg 1600w" alt="A street"></figure>
<p>{SENTENCE * 3}</p><h2>What comes next</h2><p>{SENTENCE * 2}And more rain.</p>
<blockquote><p>\u201cWe have never seen that,\u201d said a fireman who had been up for twenty hours.</p>
</blockquote>
<ul><li>Two schools are closed until Monday of next week.</li><li>The bridge is open to buses only.</li></ul>
<p><a href="/other">Read also: the great flood of 1953 in pictures and maps</a></p></article></body></html>"""


@pytest.fixture(scope="module")
def article() -> ExtractedArticle:
    return extract(PAGE.encode(), URL, captured_at=datetime(2024, 5, 2, tzinfo=UTC))


def test_every_field_is_read(article):
    assert article.title == "Flood reaches the old town"
    assert article.authors == ("Jane Doe",)
    assert article.published is not None
    assert article.published.moment.isoformat() == "2024-05-01T06:30:00+02:00"
    assert article.modified is not None
    assert article.modified.moment.isoformat() == "2024-05-01T08:00:00+02:00"
    assert article.canonical_url == "https://news.example.org/world/flood.html"
    assert article.amp_url == "https://news.example.org/amp/flood.html"
    assert (article.section, article.keywords) == ("World", ("flood", "river", "weather"))
    assert (article.language, article.site_name) == ("en", "The Example")
    assert article.description == "Two metres in a night."
    assert article.free is False
    assert article.noarchive is True
    assert article.extractor_version == EXTRACTOR_VERSION
    assert article.limits == ()


def test_the_lead_picture_is_the_largest_that_the_page_itself_shows(article):
    assert article.lead_picture == "https://news.example.org/pictures/lead-1600.jpg"
    assert any(article.lead_picture in {r.url for r in picture.renditions} for picture in article.pictures)
    others = [finding.value for finding in article.disagreeing if finding.field is ArticleField.LEAD_PICTURE]
    assert others == [
        "https://news.example.org/pictures/lead-800.jpg",
        "https://news.example.org/pictures/data.jpg",
    ]


def test_every_field_says_where_it_came_from(article):
    assert {finding.field: finding.origin for finding in article.origins} == {
        ArticleField.TITLE: "json-ld:NewsArticle.headline",
        ArticleField.AUTHORS: "json-ld:NewsArticle.author",
        ArticleField.PUBLISHED: "json-ld:NewsArticle.datePublished",
        ArticleField.MODIFIED: "json-ld:NewsArticle.dateModified",
        ArticleField.CANONICAL_URL: "link:canonical",
        ArticleField.AMP_URL: "link:amphtml",
        ArticleField.SECTION: "json-ld:NewsArticle.articleSection",
        ArticleField.KEYWORDS: "json-ld:NewsArticle.keywords",
        ArticleField.LANGUAGE: "html:lang",
        ArticleField.DESCRIPTION: "og:description",
        ArticleField.SITE_NAME: "og:site_name",
        ArticleField.BODY: "trafilatura",
        ArticleField.LEAD_PICTURE: "picture:srcset",
        ArticleField.FREE: "json-ld:NewsArticle.isAccessibleForFree",
        ArticleField.NOARCHIVE: "meta:robots",
    }


def test_a_canonical_url_on_another_host_is_doubted(article):
    doubted = [finding for finding in article.disagreeing if finding.doubt is Doubt.OTHER_SITE]
    assert [finding.value for finding in doubted] == ["https://m.example.org/flood"]


def test_the_text_is_in_order_with_its_kinds_and_without_what_is_no_text(article):
    kinds = [paragraph.kind for paragraph in article.paragraphs]
    assert article.paragraphs[0].text == "Helpers carried sand all night, yet the water found its way in."
    assert kinds == [
        ParagraphKind.PARAGRAPH,
        ParagraphKind.PARAGRAPH,
        ParagraphKind.HEADING,
        ParagraphKind.PARAGRAPH,
        ParagraphKind.QUOTE,
        ParagraphKind.LIST,
        ParagraphKind.LIST,
    ]
    assert "Flood reaches the old town" not in article.text
    assert "Read also" not in article.text
    assert "Home" not in article.text


def test_disagreement_is_kept_within_bounds():
    titles = "".join(f'<meta property="og:title" content="Title number {n}">' for n in range(500))
    article = extract(f"<head>{titles}</head>".encode(), URL)
    kept = [finding for finding in article.disagreeing if finding.field is ArticleField.TITLE]
    assert len(kept) == 8


def test_paragraph_digests_fold_white_space_and_composition_but_nothing_else(article):
    assert paragraph_digests(article) == tuple(paragraph_digest(p.text) for p in article.paragraphs)
    assert paragraph_digest("Caf\u00e9  au\nlait") == paragraph_digest("Cafe\u0301 au lait")
    assert paragraph_digest("a b") == Digest.of(b"a b")
    assert (
        len({paragraph_digest(text) for text in ("No war.", "No, war.", "no war.", "No war!", "No war")}) == 5
    )


def test_an_empty_page_gives_an_empty_article():
    article = extract(b"", URL)
    assert article == ExtractedArticle(url=URL, extractor_version=EXTRACTOR_VERSION)


@pytest.mark.parametrize(
    "url", ["", "flood.html", "mailto:a@b", "file:///etc/passwd", "http://", "https://[::1/x"]
)
def test_a_url_that_leads_nowhere_is_refused_in_words(url):
    with pytest.raises(ExtractionError, match="not an absolute http URL"):
        extract(b"<p>x", url)


@pytest.mark.parametrize(
    ("charset", "declared"),
    [("utf-8", None), ("windows-1251", "windows-1251"), ("koi8-r", "koi8-r"), ("utf-16", None)],
)
def test_the_bytes_are_read_in_the_charset_of_the_header_or_the_page(charset, declared):
    head = f'<meta charset="{charset}"><meta property="og:title" content="Вода пришла в город">'
    page = f"<html><head>{head}</head><body><p>{'Река поднялась ночью на два метра. ' * 20}</p></body></html>"
    content = page.encode(charset)
    for label in (None, declared):
        article = extract(content, URL, label)
        assert article.title == "Вода пришла в город"
        assert article.text.startswith("Река поднялась ночью")


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 \x00\x01\x02",
        b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20,
        b"\x00" * 5000,
        b"<" * 5000,
        b"<html" + b" a=b" * 5000,
        b"<script type=application/ld+json>[[[[",
        b'<script type="application/ld+json">' + b'{"author":' * 5000 + b"</script>",
        b"<meta property=og:title content='&#0;&#xD800;&#99999999;'><h1>&#0;</h1>",
        b"<div>" * 3000,
        b'<base href="http://[bad"><link rel=canonical href="http://[worse"><img src="//[x">',
    ],
)
def test_no_bytes_make_it_raise(content):
    assert isinstance(extract(content, URL), ExtractedArticle)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000))
def test_random_bytes_never_raise(content):
    extract(content, URL)


KEYS = st.sampled_from(
    [
        *(
            "@type",
            "@id",
            "@graph",
            "headline",
            "name",
            "author",
            "creator",
            "publisher",
            "datePublished",
            "image",
        ),
        *(
            "dateModified",
            "keywords",
            "articleSection",
            "isAccessibleForFree",
            "inLanguage",
            "mainEntityOfPage",
        ),
        *("articleBody", "description", "url", "alternativeHeadline", "@value"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)


@settings(max_examples=120, deadline=None)
@given(JSON)
def test_random_json_ld_never_raises(value):
    wrapped = json.dumps({"@type": "NewsArticle", "x": value, **(value if isinstance(value, dict) else {})})
    page = f'<script type="application/ld+json">{wrapped.replace("<", " ")}</script><h1>A</h1>'
    result = extract(page.encode("utf-8", "surrogatepass"), URL)
    assert pickle.loads(pickle.dumps(result)) == result


def test_it_works_in_another_process(article):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        other = pool.submit(extract, PAGE.encode(), URL, captured_at=datetime(2024, 5, 2, tzinfo=UTC)).result(
            60
        )
    assert other == article


def test_the_page_is_read_alike_every_time(article):
    again = extract(PAGE.encode(), URL, captured_at=datetime(2024, 5, 2, tzinfo=UTC))
    assert paragraph_digests(again) == paragraph_digests(article)


def test_a_huge_page_is_cut_and_says_so():
    gc.collect()
    paragraphs = f"<p>{SENTENCE * 5}</p>" * 20_000
    page = f"<title>A huge page</title><article><h1>A huge page</h1>{paragraphs}</article>".encode()
    assert len(page) > 9_000_000
    started = time.process_time()
    article = extract(page, URL)
    assert time.process_time() - started < 10
    assert article.title == "A huge page"
    assert article.text.startswith("The river rose")
    assert len(article.limits) == 1
    assert "paragraph elements only" in article.limits[0]


@pytest.mark.parametrize(
    "markup",
    [
        b'<a href="/author/x">A B</a>' * 100_000,
        b"<div class=author>" * 100_000 + b"By Jane Doe",
        b'<script type="application/ld+json">' + b" " * 2_000_000 + b"{</script>",
        b'<div class="' + b"author " * 500_000 + b'">x</div>',
        b"<title>" + b"a | b - " * 200_000 + b"</title>",
        b"<ul><li>" * 2_000,
    ],
)
def test_hostile_markup_takes_seconds_at_most(markup):
    started = time.process_time()
    extract(b"<h1>a</h1>" + markup, URL)
    assert time.process_time() - started < 10


def linked(fields: dict[str, object]) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


@pytest.mark.parametrize(
    ("statement", "free"),
    [
        ('<meta property="article:content_tier" content="free">', True),
        ('<meta property="article:content_tier" content="locked">', False),
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":true}</script>',
            True,
        ),
        (
            '<script type="application/ld+json">{"@type":"Article","isAccessibleForFree":"http://schema.org/False"}</script>',
            False,
        ),
        ('<div class="paywall-overlay">Subscribe</div>', False),
        (
            linked({"hasPart": {"isAccessibleForFree": False, "cssSelector": ".wall"}}),
            False,
        ),
        ("<p>nothing of the kind</p>", None),
    ],
)
def test_free_access_is_what_the_page_says(statement, free):
    assert extract(statement.encode(), URL).free is free


@pytest.mark.parametrize(
    ("robots", "asked"),
    [("noarchive", True), ("NONE", True), ("noindex, noarchive", True), ("index,follow", False), ("", False)],
)
def test_noarchive_is_what_meta_robots_says(robots, asked):
    assert extract(f'<meta name="robots" content="{robots}">'.encode(), URL).noarchive is asked


def test_the_network_is_never_touched(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was touched")

    for name in ("socket", "getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    assert extract(PAGE.encode(), URL).title == "Flood reaches the old town"
    assert extract(b"<h1>No date at all</h1><p>text", URL).published is None
