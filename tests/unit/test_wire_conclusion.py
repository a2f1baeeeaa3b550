from __future__ import annotations

import gzip
import zlib
from typing import Any

import brotli
import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spiders import Spider

from archiver.errors import ConfigurationError
from archiver.model.exchange import Exchange, FailureKind, Purpose
from archiver.model.own_headers import OwnHeaders
from archiver.spiders.wire import PURPOSE, attach, wire_settings
from archiver.spiders.wire.attempt import Attempt
from archiver.spiders.wire.beginning import decode_beginning
from archiver.spiders.wire.conclusion import conclude
from archiver.spiders.wire.sink import Attachment, attachment_of

TEXT = b"".join(b"<p>%d</p>" % number for number in range(5000))


class Nowhere:
    async def accept(self, exchange: Exchange) -> None:
        raise AssertionError


def concluded(url: str = "http://paper.example/", sent: bytes = b"", **meta: Any) -> Exchange:
    attempt = Attempt(Attachment(Nowhere()))
    attempt.sent.append(sent)
    return conclude(Request(url, meta=meta), attempt, OSError("nothing came"))


@pytest.mark.parametrize(
    ("url", "target_uri"),
    [
        ("http://paper.example/a?b#c", "http://paper.example/a?b"),
        ("http://someone:secret@paper.example/@x", "http://paper.example/@x"),
        ("http://paper.example/a@b", "http://paper.example/a@b"),
        ("http://münchen.example/ä ö", "http://xn--mnchen-3ya.example/%C3%A4%20%C3%B6"),
        ("http://paper.example/a\r\nWARC/1.1", "http://paper.example/aWARC/1.1"),
    ],
)
def test_the_target_uri_is_plain_ascii_without_fragment_or_credentials(url: str, target_uri: str) -> None:
    exchange = concluded(url)
    assert exchange.target_uri == target_uri
    assert exchange.target_uri.isascii()
    assert not set(exchange.target_uri) & set("\r\n\0 ")


def test_robots_txt_is_told_from_pages_and_the_purpose_asked_for_counts() -> None:
    assert concluded("http://paper.example/robots.txt").purpose is Purpose.ROBOTS
    assert concluded("http://paper.example/news/robots.txt").purpose is Purpose.PAGE
    assert concluded(**{PURPOSE: Purpose.FEED}).purpose is Purpose.FEED


@pytest.mark.parametrize("name", [b"Authorization", b"Proxy-Authorization", b"authorization"])
def test_credentials_are_replaced_in_the_headers_only(name: bytes) -> None:
    body = b"Authorization: in the body"
    exchange = concluded(sent=b"POST / HTTP/1.1\r\n" + name + b": Basic abc=\r\nHost: a\r\n\r\n" + body)
    assert exchange.request == b"POST / HTTP/1.1\r\n" + name + b": [redacted]\r\nHost: a\r\n\r\n" + body
    assert "request-redacted" in exchange.notes


def test_an_untouched_request_has_no_note() -> None:
    sent = b"POST / HTTP/1.1\r\nHost: a\r\n\r\nAuthorization: in the body"
    exchange = concluded(sent=sent)
    assert exchange.request == sent
    assert exchange.notes == {}


def test_an_attempt_without_an_answer_is_a_failure() -> None:
    exchange = concluded()
    assert exchange.response is None
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.OTHER
    assert exchange.failure.message == "nothing came"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"gzip", gzip.compress(TEXT, mtime=0)),
        (b"x-gzip", gzip.compress(TEXT, mtime=0)),
        (b"deflate", zlib.compress(TEXT)),
        (b"deflate", zlib.compress(TEXT)[2:-4]),
        (b"br", brotli.compress(TEXT)),
        (b"identity", TEXT),
        (b"gzip, gzip", gzip.compress(gzip.compress(TEXT, mtime=0), mtime=0)),
    ],
)
def test_a_torn_body_is_decoded_as_far_as_it_goes(coding: bytes, body: bytes) -> None:
    response = Response(
        "http://a.example/", headers={"Content-Encoding": coding}, body=body[: len(body) // 2]
    )
    beginning = decode_beginning(response, 30_000)
    assert beginning.body
    assert TEXT.startswith(beginning.body)
    assert len(beginning.body) <= 30_000
    assert b"Content-Encoding" not in beginning.headers


@pytest.mark.parametrize("coding", [b"zstd", b"gzip", b"br"])
def test_what_cannot_be_decoded_is_empty(coding: bytes) -> None:
    response = Response("http://a.example/", headers={"Content-Encoding": coding}, body=b"\xff not that")
    assert decode_beginning(response, 100).body == b""


def test_a_body_that_is_not_encoded_stays_as_it_is() -> None:
    response = Response("http://a.example/", body=b"plain")
    assert decode_beginning(response, 100) is response


def test_a_crawler_without_an_archive_is_refused() -> None:
    crawler = Crawler(Spider)
    with pytest.raises(ConfigurationError, match="no archive is attached"):
        attachment_of(crawler)
    sink = Nowhere()
    attach(crawler, sink)
    assert attachment_of(crawler).sink is sink


def test_zstd_is_never_asked_for() -> None:
    for brotli_wanted in (False, True):
        headers = wire_settings(brotli=brotli_wanted)["DEFAULT_REQUEST_HEADERS"]
        assert isinstance(headers, dict)
        assert headers["Accept-Encoding"] == ("gzip, br" if brotli_wanted else "gzip")


@pytest.mark.parametrize("name", [b"Cookie", b"X-Api-Key", b"x-auth-token", b"X-Odd"])
def test_secret_headers_are_replaced_whatever_they_are_called(name: bytes) -> None:
    own = OwnHeaders({"X-Odd": "abc="}, frozenset({"x-odd"}), ("a",), frozenset({"https"}))
    attempt = Attempt(Attachment(Nowhere()))
    attempt.sent.append(b"GET /?token:=1 HTTP/1.1\r\n" + name + b":abc=\r\nX-Oddity: seen\r\n\r\n")
    exchange = conclude(Request("http://a/"), attempt, OSError("nothing came"), own)
    assert exchange.request == (
        b"GET /?token:=1 HTTP/1.1\r\n" + name + b":[redacted]\r\nX-Oddity: seen\r\n\r\n"
    )
    assert "request-redacted" in exchange.notes
