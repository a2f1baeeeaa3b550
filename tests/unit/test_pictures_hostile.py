"""No page makes the search for pictures raise, or cost without bound; it gives the same each time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.spiders.document import parse_document
from archiver.spiders.pictures import PicturePolicy, Renditions, find_pictures, find_stylesheets
from archiver.uri import target_uri

URL = "https://news.example/a.html"

addresses = st.sampled_from(
    [
        "a.jpg",
        "/b.png?w=1",
        "//c.example/d.webp",
        "http://[",
        "javascript:x",
        "data:image/png;base64,A",
        "data:image/x,%",
        "https://u:p@e/f.jpg",
        "https://e/\r\nx.jpg",
        "\x00",
        "é ü.gif",
        "https://e/" + "1x" * 50 + ".jpg",
        "#",
        "",
        "{{x}}.jpg",
    ]
) | st.text(max_size=30)
names = st.sampled_from(
    [
        "src",
        "srcset",
        "data-src",
        "data-srcset",
        "data-x",
        "style",
        "href",
        "content",
        "poster",
        "alt",
        "class",
        "width",
        "media",
        "sizes",
        "type",
        "rel",
        "as",
        "property",
        "data",
        "background",
    ]
)
values = addresses | st.sampled_from(
    [
        "og:image",
        "image",
        "preload",
        "ld+json",
        "application/ld+json",
        "a 1x, b 2x",
        "url(a.jpg)",
        "(max-width: 3px)",
        '{"a":"https:\\/\\/e\\/x.jpg"}',
        "caption",
        "stylesheet",
        "99999999999999999999",
    ]
)
tags = st.sampled_from(
    [
        "img",
        "picture",
        "source",
        "video",
        "meta",
        "link",
        "script",
        "style",
        "a",
        "div",
        "figure",
        "figcaption",
        "noscript",
        "p",
        "h1",
        "object",
        "input",
        "article",
        "svg",
        "image",
        "body",
        "base",
        "amp-img",
        "template",
    ]
)


@st.composite
def pages(draw):
    pieces = []
    for _ in range(draw(st.integers(0, 15))):
        attributes = draw(st.lists(st.tuples(names, values), max_size=4))
        written = "".join(f' {name}="{value}"' for name, value in attributes)
        tag = draw(tags)
        inner = draw(
            st.sampled_from(
                ["", "text", '{"image": ["a.jpg", {"url": 3}, null]}', "a{background:url(x.png)}"]
            )
        )
        pieces.append(f"<{tag}{written}>{inner}" + (f"</{tag}>" if draw(st.booleans()) else ""))
    return "".join(pieces)


@settings(max_examples=80, deadline=None)
@given(pages(), st.sampled_from(list(Renditions)), st.booleans())
def test_any_page_is_searched_and_only_http_is_fetched(markup, renditions, icons):
    document = parse_document(markup.encode("utf-8", "replace"), URL)
    policy = PicturePolicy(renditions=renditions, icons=icons)
    pictures = find_pictures(document, policy)
    assert pictures == find_pictures(document, policy)
    assert [p.position for p in pictures] == list(range(len(pictures)))
    for picture in pictures:
        assert picture.renditions
        known = {rendition.url for rendition in picture.renditions}
        assert known.issuperset(picture.fetch)
        assert all(target_uri(url) == url for url in picture.fetch)
        assert all(url.startswith(("http://", "https://", "data:image/")) and url.isascii() for url in known)
    assert all(url.startswith(("http://", "https://")) for url in find_stylesheets(document))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_searched(content):
    find_pictures(parse_document(content, URL))


JSON_LD = b'<script type="application/ld+json">%b</script>'


@pytest.mark.parametrize(
    "page",
    [
        b"".join(b'<img src="p%d.jpg" srcset="q%d.jpg 2x">' % (n, n) for n in range(20_000)),
        b"<img src=a.jpg>" * 30_000,
        b'<img srcset="' + b", ".join(b"a%d.jpg %dw" % (n, n + 1) for n in range(50_000)) + b'">',
        b"<div>" * 1_900 + b"<img src=a.jpg>" * 6_000,
        b"<figure>" * 1_900 + b"<img src=a.jpg>" * 5_000 + b"<figcaption>x",
        b"<picture>" * 5_000 + b"<source srcset=a.jpg><img src=b.jpg>" * 5_000,
        b"<style>" + b"a{background:url(x.png)}" * 20_000,
        JSON_LD % (b"[" * 200_000),
        JSON_LD % (b'{"image":' * 50_000),
        JSON_LD % (b'{"image":[' + b",".join(b'"/%d.jpg"' % n for n in range(50_000)) + b"]}"),
        b"<script>" + b'"https://e/a.jpg?%s",' * 100_000 + b"</script>",
        b'<img src="data:image/png;base64,' + b"A" * 5_000_000 + b'">',
        b'<meta property="og:image" content="https://e/%d.jpg">' * 20_000,
        b'<img src="https://e/' + b"https://e/" * 800 + b'x.jpg">',
        b'<img src="https://e/' + b"1x1-" * 2_000 + b'.jpg">',
        b'<img data-src="' + b'{"a"' * 200_000 + b'.jpg">',
        b"<div>" + b"<img src=a.jpg>" * 300 + b"<figcaption>" + b"<b>x" * 20_000,
    ],
)
def test_a_hostile_page_costs_seconds_at_most(page):
    document = parse_document(page, URL)
    started = time.thread_time()
    pictures = find_pictures(document)
    assert time.thread_time() - started < 10
    assert len(pictures) <= PicturePolicy().limit
    assert all(len(picture.renditions) <= 300 for picture in pictures)
