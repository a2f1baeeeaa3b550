"""Pages made to keep their reader busy: what is read of them takes time in proportion to their length."""

from __future__ import annotations

import json
import time

import pytest

from archiver.spiders.document import parse_document
from archiver.spiders.extraction import extract
from archiver.spiders.extraction.texts import MOST_PIECES, Texts

LENGTH = 600_000
SECONDS = 12
"""Processor time for a page of that length: a few seconds, and as many again for a slow machine."""

PAGE = (
    "<html><head><title>A headline of words</title></head>"
    "<body><article><h1>A headline of words</h1>%s</article></body></html>"
)


def repeated(piece: str, length: int = LENGTH) -> str:
    return piece * (length // len(piece))


PAGES = {
    "nested spans": repeated("<span>"),
    "nested spans with a class": repeated("<span class=date>"),
    "nested spans with text": repeated("<span>a "),
    "nested emphasis": repeated("<em>"),
    "nested divs": repeated("<div>"),
    "nested divs with text": repeated("<div>a "),
    "nested tables": repeated("<table><tr><td>"),
    "nested lists": repeated("<ul><li>"),
    "nested drawings": repeated("<svg><g>"),
    "siblings far down": "<span>" * 2_000 + repeated("<b></b>"),
    "siblings": "<i></i>" * 100_000,
    "links": "<a href=/x>y</a>" * 100_000,
    "links to authors in a byline": "<div class=byline>" * 300 + repeated("<a href=/author/x></a>"),
    "empty paragraphs": "<p></p>" * 100_000,
    "a wide table": "<table><tr>" + repeated("<td>a</td>") + "</table>",
    "headings in each other": "<h1>" * 300 + repeated("<b></b>"),
    "strings that do not end": "<script>" + repeated('\\"<p ') + "</script>",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_nothing_but_nesting_or_repetition_is_read_in_a_few_seconds(name: str) -> None:
    began = time.process_time()
    article = extract((PAGE % PAGES[name]).encode(), "https://example.org/a")
    assert time.process_time() - began < SECONDS
    assert article.title == "A headline of words"


@pytest.mark.parametrize("name", ["nested spans", "nested divs", "siblings far down"])
def test_twice_the_page_takes_about_twice_the_time(name: str) -> None:
    def seconds(share: int) -> float:
        page = (PAGE % PAGES[name][: len(PAGES[name]) // share]).encode()
        began = time.process_time()
        extract(page, "https://example.org/a")
        return time.process_time() - began

    seconds(50)
    assert seconds(1) < 4 * max(seconds(2), 0.1)


def texts_of(body: str) -> dict[str, str]:
    root = parse_document(f"<body>{body}".encode(), "https://example.org/").root
    texts = Texts(root)
    return {element.get("id"): texts.of(element) for element in root.iter() if element.get("id")}


def test_the_text_of_an_element_is_what_a_reader_sees_in_it() -> None:
    assert texts_of(
        "<div id=a> one<p id=b>two <b id=c>three</b>four</p><!-- no -->five<script id=d>x()</script>"
        "<br id=e>six<noscript id=f>no <i id=g>seven</i></noscript> eight</div>nine"
    ) == {
        "a": "one two threefour five six eight",
        "b": "two threefour",
        "c": "three",
        "d": "",
        "e": "",
        "f": "",
        "g": "seven",
    }


def test_long_text_is_cut_about_where_it_is_long_enough() -> None:
    root = parse_document(("<div>" + "<i>word </i>" * 5_000).encode(), "https://example.org/").root
    texts = Texts(root)
    assert texts.of(root, 11) == "word word word"
    assert len(texts.of(root, 1_000_000)) == 5 * MOST_PIECES - 1


def test_a_string_that_does_not_end_hides_none_before_it() -> None:
    words = "Some words of an article that is drawn by script. " * 10
    script = f'var a = {json.dumps(f"<p>{words}</p>")}; var b = "<p>it does not end \\" '
    article = extract((PAGE % f"<script>{script}</script>").encode(), "https://example.org/a")
    assert article.text.strip() == words.strip()
