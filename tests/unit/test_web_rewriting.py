"""Replay rewriting: nothing runs, nothing leaves the archive, and late pictures are shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement, document_fromstring

from archiver.web.rewriting.css import rewritten_css, rewritten_style
from archiver.web.rewriting.html import rewritten_page
from archiver.web.rewriting.targets import Targets

PAGE = "http://news.example/a/story"


class Holding:
    """An index that holds captures of some URLs, or of all."""

    def __init__(self, *urls: str) -> None:
        self.urls = urls

    def closest(self, url: str, **_: Any) -> object | None:
        return url if not self.urls or url in self.urls else None


def rewritten(markup: str, *held: str, application: str | None = None) -> HtmlElement:
    targets = Targets(PAGE, "20171114100000", application)
    page = rewritten_page(markup.encode(), "utf-8", targets, Holding(*held))  # type: ignore[arg-type]
    return document_fromstring(page.decode())


def first(root: HtmlElement, tag: str) -> HtmlElement:
    return next(root.iter(tag))


def test_references_lead_into_the_archive_at_the_time_of_the_page() -> None:
    root = rewritten('<link rel=stylesheet href="/s.css"><a href="../b?x=1#top">b</a><img src="p.jpg">')
    assert first(root, "link").get("href") == "/web/20171114100000cs_/http://news.example/s.css"
    assert first(root, "a").get("href") == "/web/20171114100000/http://news.example/b?x=1#top"
    assert first(root, "img").get("src") == "/web/20171114100000im_/http://news.example/a/p.jpg"


def test_the_base_of_the_page_is_honoured_and_taken_away() -> None:
    root = rewritten('<base href="https://cdn.example/x/"><img src="p.jpg">')
    assert first(root, "img").get("src") == "/web/20171114100000im_/https://cdn.example/x/p.jpg"
    assert not list(root.iter("base"))


def test_of_pictures_that_stand_in_for_scripts_only_those_that_the_page_shows_anyway_are_left_out() -> None:
    shown = "".join(f'<img data-src="{n}.jpg">' for n in range(40))
    hidden = "".join(f'<p>x</p><noscript><img src="{n}.jpg"></noscript>' for n in range(80))
    sources = [image.get("src") for image in rewritten(shown + hidden).iter("img")]
    assert [source.rpartition("/")[2] for source in sources] == [f"{n}.jpg" for n in range(80)]


def test_links_leave_the_frame_for_the_application() -> None:
    root = rewritten('<a href="/b" target=x>b</a><a href="#here">c</a>', application="http://app.test")
    links = list(root.iter("a"))
    assert links[0].get("href") == "http://app.test/view/20171114100000/http://news.example/b"
    assert links[0].get("target") == "_top"
    assert links[1].get("href") == "#here"


@pytest.mark.parametrize("markup", [
    '<img src="blank.gif" data-src="real.jpg" class="lazyload x">',
    '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-original="real.jpg">',
    '<img data-srcset="small.jpg 300w, real.jpg 1200w">',
    '<picture><source srcset="x.webp 1x, real.jpg 2x"><img src="x.jpg"></picture>',
    '<img src="none.jpg" srcset="real.jpg 640w, none2.jpg 1280w" sizes="100vw">',
])  # fmt: skip
def test_the_rendition_that_the_archive_has_is_shown(markup: str) -> None:
    image = first(rewritten(markup, "http://news.example/a/real.jpg"), "img")
    assert image.get("src") == "/web/20171114100000im_/http://news.example/a/real.jpg"
    assert image.get("srcset") is None
    assert "lazyload" not in (image.get("class") or "")


def test_a_picture_for_readers_without_scripts_is_not_shown_twice() -> None:
    root = rewritten('<img data-src="p.jpg"><noscript><img src="p.jpg"></noscript><noscript>Hi</noscript>')
    assert len(list(root.iter("img"))) == 1
    assert "Hi" in root.text_content()


def test_a_missing_picture_keeps_its_place() -> None:
    image = first(rewritten('<img src="gone.jpg" alt="A house">', "http://news.example/other"), "img")
    assert image.get("src") == "/web/20171114100000im_/http://news.example/a/gone.jpg"
    assert image.get("alt") == "A house"


HOSTILE = [
    '<picture><source srcset="a\x01.jpg 1x">\x02<img class="lazy\x03" data-bg="\x04">\x05</picture>',
    '<p data-bg="a\x01b" style="c\x02">\x03</p>',
    '<a href="/x#\x01">x</a><img alt="\x02" src="\x03">',
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\nscript:alert(1)">x</a>',
    '<base href="//evil.example/">',
    '<meta http-equiv=refresh content="0;url=//evil.example/">',
    "<svg><script>alert(1)</script></svg>",
    '<svg onload=alert(1)><use href="//evil.example/s.svg#a"/></svg>',
    '<iframe srcdoc="<script>1</script>"></iframe>',
    '<iframe src="javascript:alert(1)"></iframe>',
    '<object data="//evil.example/o.swf"></object>',
    '<embed src="//evil.example/e">',
    '<form action="//evil.example/f"><button formaction="//evil.example/g">',
    '<link rel=preload href="//evil.example/p" as=script>',
    '<link rel=dns-prefetch href="//evil.example">',
    '<link rel=manifest href="/m.json">',
    '<style>@import "//evil.example/i.css"; a{b:url(//evil.example/u)}</style>',
    "<style></style><script>alert(1)</script>",
    '<div style="background:url(//evil.example/b)">',
    '<math><a xlink:href="javascript:alert(1)">x</a></math>',
    '<video src="//evil.example/v" poster="//evil.example/p">',
    '<a ping="//evil.example/ping" href="/x">x</a>',
    '<img srcset="//evil.example/1 1x">',
    "<template><img src=x></template>",
    '<svg><animate attributeName=href values="javascript:alert(1)"/></svg>',
    '<body background="//evil.example/bg">',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<input type=image src="//evil.example/i">',
    "<style>a{b:u\\72l(//evil.example/u)}</style>",
    '<style>a{b:image-set("//evil.example/s" 1x)}</style>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<td background="//evil.example/t">',
    '<image href="//evil.example/h">',
    '<svg><image xlink:href="//evil.example/h"/></svg>',
    '<svg><feImage href="//evil.example/f"/></svg>',
    '<svg><a href="javascript:alert(1)"><text>x</text></a></svg>',
    "<object></object>\x1f &#1; \x0b",
]


LEADING = ("src", "href", "poster", "data", "action", "formaction", "srcset", "background", "ping")


def assert_harmless(root: HtmlElement) -> None:
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag.lower() not in ("script", "base", "object", "embed", "template", "animate")
        assert element.get("http-equiv") is None
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            assert "javascript:" not in re.sub(r"\s", "", value.lower()) or name in ("title", "alt")
            if name in (
                "src",
                "href",
                "poster",
                "data",
                "action",
                "formaction",
                "srcset",
                "background",
                "ping",
            ):
                assert value.startswith(("/web/2017", "#", "data:image/", "about:")), (
                    element.tag,
                    name,
                    value,
                )
        css = (element.get("style") or "") + (element.text or "" if element.tag == "style" else "")
        for address in re.findall(r"""(?:url\(|@import|image-set\()\s*["']?([^"')]*)""", css):
            assert address.startswith(("/web/2017", "data:", "#", "about:")), css


@pytest.mark.parametrize("markup", HOSTILE)
def test_a_hostile_page_can_run_nothing_and_load_nothing_from_outside(markup: str) -> None:
    assert_harmless(rewritten(f"<p>Before</p>{markup}<p>After</p>"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=20), max_size=6))
def test_no_mixture_of_hostile_markup_gets_through(parts: list[str]) -> None:
    assert_harmless(rewritten("".join(parts)))


@pytest.mark.parametrize(("css", "expected"), [
    ('@import "a.css";', '@import "/web/20171114100000cs_/http://news.example/a/a.css";'),
    ("@import url(a.css) print;", '@import url("/web/20171114100000cs_/http://news.example/a/a.css") print;'),
    ("a{background:url( 'p.png' )}", '"/web/20171114100000im_/http://news.example/a/p.png"'),
    ("@font-face{src:url(f.woff2)}", '"/web/20171114100000oe_/http://news.example/a/f.woff2"'),
    ("a{b:url(#mark)}", "a{b:url(#mark)}"),
    ("a{b:url(data:image/png;base64,AA)}", '"data:image/png;base64,AA"'),
    ("a{color:red}", "a{color:red}"),
])  # fmt: skip
def test_style_sheets_lead_into_the_archive(css: str, expected: str) -> None:
    assert expected in rewritten_style(css, Targets(PAGE, "20171114100000"))


def test_a_style_sheet_is_read_in_its_charset() -> None:
    sheet = '@charset "iso-8859-1"; a::before{content:"\xe9"}'.encode("latin-1")
    assert "é" in rewritten_css(sheet, None, Targets(PAGE, "20171114100000")).decode()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(content: bytes) -> None:
    targets = Targets(PAGE, "20171114100000")
    rewritten_page(content, None, targets, Holding())  # type: ignore[arg-type]
    rewritten_css(content, "x-odd", targets)


def test_deep_nesting_ends_soon() -> None:
    rewritten("<div>" * 50_000)
    rewritten_style("a{b:" + "(" * 20_000 + "url(x)", Targets(PAGE, "20171114100000"))
