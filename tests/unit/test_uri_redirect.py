from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from archiver.uri import redirect_target, redirect_url

BASE = "https://paper.example/news/today?page=2"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/\xf6-\xfc", "https://paper.example/%F6-%FC"),
        ("/ö-ü".encode(), "https://paper.example/%C3%B6-%C3%BC"),
        (b"/\xc3\xb6\xfc", "https://paper.example/%C3%B6%FC"),
        (b"../old#top", "https://paper.example/old"),
        (b"?page=3", "https://paper.example/news/today?page=3"),
        (b"//other.example/a", "https://other.example/a"),
        (b"///other.example/a", "https://other.example/a"),
        (b"\\\\other.example\\a?b\\c", "https://other.example/a?b%5Cc"),
        (b"HTTP://Other.example:80", "http://other.example/"),
        (b"\x0b /a b \x01", "https://paper.example/a%20b"),
        ("http://bücher.example/".encode(), "http://xn--bcher-kva.example/"),
    ],
)
def test_a_location_is_read_as_browsers_read_it(location: bytes, target: str) -> None:
    assert redirect_target(302, [location.decode("latin-1")], BASE) == target


@pytest.mark.parametrize(
    "location",
    [
        b"", b" ", b"javascript:alert(1)", b"mailto:a@b.c", b"//[bad", b"/a\0b", b"/a\tb", b"http://",
        b"http://b\xfccher.example/", b"http://me:secret@paper.example/", b"http://paper.example:99999/",
    ],
)  # fmt: skip
def test_what_is_no_address_leads_nowhere(location: bytes) -> None:
    assert redirect_target(302, [location.decode("latin-1")], BASE) is None


def test_of_several_locations_the_first_counts() -> None:
    assert redirect_target(301, ["/first", "/second"], BASE) == "https://paper.example/first"
    assert redirect_target(301, ["", "/second"], BASE) is None
    assert redirect_target(301, [], BASE) is None


@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 306, 404, 0])
def test_an_answer_that_is_no_redirect_leads_nowhere(status: int) -> None:
    assert redirect_url(status, ["/a"], BASE) is None


@given(st.binary(max_size=12), st.sampled_from(["", "/", "//a.example/", "?", "http://a.example:8080/"]))
def test_a_crawl_asks_for_the_very_target(location: bytes, beginning: str) -> None:
    target = redirect_target(307, [beginning + location.decode("latin-1")], BASE)
    assert target is None or Request(target).url == target
