"""Text made to keep a pattern busy: it is read in time in proportion to its length."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from archiver.spiders.charset import decoded
from archiver.spiders.discovery.feed import parse_feed
from archiver.spiders.document import parse_document
from archiver.spiders.magic import HEAD_BYTES, picture_type
from archiver.spiders.pictures import css_urls, find_pictures
from archiver.spiders.pictures.identity import identity
from archiver.spiders.pictures.srcset import Screen

LENGTH = 400_000
ADDRESS = "https://news.example/a.html"
SHEET = "a{background:url(x.jpg)}"


def repeated(piece: str, length: int) -> str:
    return piece * (length // len(piece))


def assert_in_proportion(read: Callable[[int], object]) -> None:
    """Reads half the length and the whole of it; what costs little either way is no matter."""

    def seconds(length: int) -> float:
        began = time.process_time()
        read(length)
        return time.process_time() - began

    seconds(LENGTH // 100)
    half = max(seconds(LENGTH // 2), 0.1)
    assert half < 5
    assert seconds(LENGTH) < 3 * half


SHEETS = {
    "escaped quotes": '\\"',
    "escaped apostrophes": "\\'",
    "quotes, each after an escape": '\\\\"\\"',
    "addresses in strings that do not end": "url(\"\\'",
    "imports of strings that do not end": "@import \"\\'",
    "strings that do not end, on lines": '"\\"\\"\n',
    "fonts with escaped quotes": '@font-face{\\"',
    "sets that do not end": "image-set(",
    "comments that do not end": "/*",
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_hostile_sheet_is_read_in_proportion_to_its_length(name: str) -> None:
    def read(length: int) -> None:
        found = css_urls(SHEET + repeated(SHEETS[name], length), ADDRESS)
        assert "https://news.example/x.jpg" in found.pictures

    assert_in_proportion(read)


def test_a_font_of_types_that_do_not_end_is_read_in_proportion_to_its_length() -> None:
    def read(length: int) -> None:
        font = "@font-face{src:url(y.woff)" + repeated("type(", length)
        assert css_urls(SHEET + font, ADDRESS).fonts == ("https://news.example/y.woff",)

    assert_in_proportion(read)


@pytest.mark.parametrize("markup", ["<style>%s</style><p>a", "<p style='%s'>a"])
def test_hostile_styles_of_a_page_are_read_in_proportion_to_their_length(markup: str) -> None:
    def read(length: int) -> None:
        page = markup % ("background:url(x.jpg);" + repeated('\\"', length))
        find_pictures(parse_document(page.encode(), ADDRESS))

    assert_in_proportion(read)


@pytest.mark.parametrize(
    ("sheet", "pictures"),
    [
        ("a{content:'it}\nb{background:url(x.jpg)}", ["x.jpg"]),
        ("a{content:'it}b{background:url(x.jpg)}", []),
        ("a{content:'it\\\n}b{background:url(x.jpg)}", []),
        ('.a\\"b{background:url(x.jpg)}.c\\"{}', ["x.jpg"]),
        ('a{background:url(x.jpg);content:"\\"url(y.jpg)"}b{background:url(\'z.jpg\')}', ["x.jpg", "z.jpg"]),
        ('a{content:"\\\\"}b{background:url(x.jpg)}', ["x.jpg"]),
    ],
)
def test_a_string_that_does_not_end_hides_the_rest_of_its_line(sheet: str, pictures: list[str]) -> None:
    found = css_urls(sheet, ADDRESS).pictures
    assert list(found) == [f"https://news.example/{name}" for name in pictures]


def test_an_address_of_endless_extensions_is_read_in_proportion_to_its_length() -> None:
    def read(length: int) -> None:
        identity("https://news.example/1" + repeated(".jpg", length) + "x")

    assert_in_proportion(read)


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("https://e/story.jpg.webp", True),
        ("https://e/story.JPEG", True),
        ("https://e/story.jpe", True),
        ("https://e/story.jpg.part.jpg", False),
        ("https://e/story.jpgx", False),
    ],
)
def test_only_extensions_at_the_end_are_left_out(address: str, same: bool) -> None:
    assert (identity(address) == identity("https://e/story.png")) is same


def assert_pictures_in_proportion(one: Callable[[int], str]) -> None:
    """As many of the pictures that `one` writes as the length holds."""

    def read(length: int) -> None:
        count = max(length // len(one(0)), 1)
        page = "".join(one(number) for number in range(count))
        assert find_pictures(parse_document(page.encode(), ADDRESS))

    assert_in_proportion(read)


@pytest.mark.parametrize(
    "sizes",
    ["1" * 3_950 + "x", "calc(" + "1" * 295 + "),", "(min-width:1" + " " * 900 + "x) 1px,", "(a" * 1_950],
)
def test_hostile_sizes_are_read_in_proportion_to_their_length(sizes: str) -> None:
    written = (sizes * 13)[:3_950]

    def one(number: int) -> str:
        return f"<img srcset='/{number}.jpg 1x, /{number}b.jpg 2x' sizes='{written}'>"

    assert_pictures_in_proportion(one)


@pytest.mark.parametrize(
    ("sizes", "pixels"),
    [("12.5px", 12.5), (".5em", 8), ("12.px", 1366), ("1.2.3px", 1366), ("calc(1.5.25px + 2px)", 7.25)],
)
def test_numbers_of_sizes_are_read_as_they_were(sizes: str, pixels: float) -> None:
    assert Screen().source_size(sizes) == pixels


@pytest.mark.parametrize(
    "credit", ["photo" + ":" * 2_400 + "." * 2_400 + "x", "photo:" * 400 + "." * 2_000 + "x"]
)
def test_hostile_credits_are_read_in_proportion_to_their_length(credit: str) -> None:
    def one(number: int) -> str:
        return (
            f"<figure><img src='/{number}.jpg'><figcaption class=caption>x"
            f"<span class=credit>{credit}{number}</span></figcaption></figure>"
        )

    assert_pictures_in_proportion(one)


@pytest.mark.parametrize("length", [30, 120])
def test_the_label_of_a_credit_is_left_out_whatever_its_length(length: int) -> None:
    maker = "A" * length
    credit = f"<span class=credit>Photo: {maker}.</span>"
    page = f"<figure><img src='/1.jpg'><figcaption>{credit}</figcaption></figure>"
    [picture] = find_pictures(parse_document(page.encode(), ADDRESS))
    assert picture.credit == maker


def test_hostile_marks_of_addresses_are_read_in_proportion_to_their_length() -> None:
    def one(number: int) -> str:
        return f"<meta property=og:image content='/zz123456.jpg'><img src='/{number}{'-_' * 3_900}.jpg'>"

    assert_pictures_in_proportion(one)


@pytest.mark.parametrize("piece", ["<!---->", "<!---->\n", " ", "<?xml?> ", "<!DOCTYPE svg>"])
def test_what_stands_before_a_drawing_is_read_once(piece: str) -> None:
    head = repeated(piece, HEAD_BYTES).encode()
    began = time.process_time()
    for _ in range(50):
        assert picture_type(head) is None
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "head",
    [
        "<svg>",
        "\ufeff \n<svg xmlns='x'>",
        "<?xml version='1.0'?>\n<svg\n>",
        "<?xml?><!-- one --><!-- <svg -->\n<!DOCTYPE svg [<!ENTITY a '>'>]>\n<!-- two --> <!----><svg>",
    ],
)
def test_a_drawing_is_known_by_its_first_element(head: str) -> None:
    assert picture_type(head.encode()) == "image/svg+xml"


@pytest.mark.parametrize("piece", ["<", "<script ", "<style>", "<script></"])
def test_the_encoding_of_markup_that_does_not_end_is_found_in_little_time(piece: str) -> None:
    content = repeated(piece, LENGTH).encode() + "<p>Grüße aus Österreich, schöne Bücher</p>".encode("cp1252")
    began = time.process_time()
    for _ in range(5):
        decoded(content, None)
    assert time.process_time() - began < 2


def test_the_author_of_an_entry_who_is_all_mail_is_read_in_little_time() -> None:
    item = f"<item><link>/a</link><title>a</title><author>{'@' * LENGTH}</author></item>"
    feed = f"<rss version='2.0'><channel>{item}</channel></rss>"
    began = time.process_time()
    parse_feed(feed.encode(), ADDRESS, None, datetime(2017, 11, 15, tzinfo=UTC))
    assert time.process_time() - began < 2
