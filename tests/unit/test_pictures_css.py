"""What a style sheet refers to."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.spiders.document import parse_document
from archiver.spiders.pictures import css_urls, find_stylesheets

BASE = "https://news.example/css/site.css"


def test_imports_pictures_and_fonts_are_told_apart():
    found = css_urls(
        """@charset "utf-8"; @import "reset.css"; @import url( 'print.css' ) print; @IMPORT URL(/x.css);
        /* url(commented.png) */
        .a { background: URL( "a b.png" ), url(../img/c.png) }
        .b { content: "url(quoted.png)"; background-image: image-set("d.avif" 1x, url(e.png) 2x) }
        .c { background: url(data:image/png;base64,AAAA); mask: url(#shape); cursor: url(f\\2e cur), auto }
        @font-face { font-family: "X"; src: url(f.woff2) format("woff2"), url("g.eot?#iefix") }
        .d { background: url('h.svg') }""",
        BASE,
    )
    at = "https://news.example/css/"
    assert found.imports == (f"{at}reset.css", f"{at}print.css", "https://news.example/x.css")
    assert found.pictures == (
        f"{at}a%20b.png",
        "https://news.example/img/c.png",
        f"{at}d.avif",
        f"{at}e.png",
        f"{at}f.cur",
        f"{at}h.svg",
    )
    assert found.fonts == (f"{at}f.woff2", f"{at}g.eot")


@pytest.mark.parametrize(
    "written", ["javascript:x", "http://u:p@h/x.png", "ftp://h/x.png", "http://[/x.png", "about:blank", ""]
)
def test_only_http_addresses_are_given(written):
    assert css_urls(f"a{{background:url('{written}')}}", BASE).pictures == ()


def test_bytes_are_read_in_the_charset_that_they_state():
    assert css_urls(
        '@charset "windows-1251"; a{background:url("ж.png")}'.encode("cp1251"), BASE
    ).pictures == ("https://news.example/css/%D0%B6.png",)
    assert css_urls(b"\xef\xbb\xbfa{background:url(x.png)}", BASE).pictures
    assert css_urls(b'@charset "nonsense"; a{background:url(x.png)}', BASE).pictures


@settings(deadline=None)
@given(st.text(alphabet="url(i)@mport \"'\\/*{};a-set#font-face\n", max_size=200) | st.binary(max_size=100))
def test_any_sheet_is_read(css):
    for address in css_urls(css, BASE).pictures:
        assert address.startswith("https://")
        assert address.isascii()


@pytest.mark.parametrize(
    "css",
    [
        "url(" * 200_000,
        '"' * 500_000,
        "/*" * 300_000,
        '@font-face{"' * 60_000,
        "image-set((" * 60_000,
        "url('" + "\\" * 500_001,
    ],
)
def test_a_hostile_sheet_is_read_quickly(css):
    started = time.monotonic()
    css_urls(css, BASE)
    assert time.monotonic() - started < 10


def test_stylesheets_of_a_page_linked_and_imported():
    page = b"""<link rel=stylesheet href=/a.css><link rel="alternate stylesheet" href=b.css>
        <link rel=preload as=style href=c.css><link rel=icon href=d.ico><style>@import url(e.css);</style>
        <link rel=stylesheet href="javascript:x"><link rel=stylesheet href=/a.css>"""
    assert find_stylesheets(parse_document(page, "https://news.example/x/")) == (
        "https://news.example/a.css",
        "https://news.example/x/b.css",
        "https://news.example/x/c.css",
        "https://news.example/x/e.css",
    )
