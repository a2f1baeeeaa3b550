"""When something goes wrong the archive has what came so far, and says what went wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from wire_crawl import Crawl, Job, Plan, run
from wire_server import After, Script, WireServer

from archiver.model.exchange import Exchange, Failure, FailureKind, Truncation
from archiver.spiders.wire import DISCARD_BODY, KEEP_BODY

OK = b"HTTP/1.1 200 OK\r\n"
TEXT = b"archive " * 2000
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
HALF_A_HINT = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n"
LENGTH = OK + b"Content-Length: %d\r\n\r\n" % len(TEXT)


def endless(_: bytes) -> Iterator[bytes]:
    yield OK + b"\r\n"
    while True:
        yield TEXT


def endless_headers(_: bytes) -> Iterator[bytes]:
    yield OK
    while True:
        yield b"X-A: " + TEXT + b"\r\n"


def endless_line(_: bytes) -> Iterator[bytes]:
    yield OK + b"X-A: "
    while True:
        yield TEXT


def endless_hints(_: bytes) -> Iterator[bytes]:
    while True:
        yield HINT * 100


def endless_hint(_: bytes) -> Iterator[bytes]:
    yield HALF_A_HINT
    while True:
        yield b"X-A: " + TEXT + b"\r\n"


SCRIPTS = {
    "/hangs_in_the_body": Script(OK + b"Content-Length: 99999\r\n\r\n" + TEXT, After.HANG),
    "/hangs_in_the_headers": Script(OK + b"X-A: 1\r\nX-B: 2", After.HANG),
    "/hangs_after_a_hint": Script(b"HTTP/1.1 103 Early Hints\r\n\r\n", After.HANG),
    "/hangs_in_a_hint": Script(HINT + HALF_A_HINT, After.HANG),
    "/hangs_at_once": Script(b"", After.HANG),
    "/announces_too_much": Script(LENGTH),
    "/sends_too_much": Script(endless),
    "/sends_too_much_to_disk": Script(endless),
    "/resets_in_the_body": Script(OK + b"Content-Length: 99999\r\n\r\n" + TEXT, After.RESET),
    "/closes_in_a_hint": Script(HINT + HALF_A_HINT, After.CLOSE),
    "/closes_at_once": Script(b"", After.CLOSE),
    "/resets_at_once": Script(b"", After.RESET),
    "/speaks_ssh": Script(b"SSH-2.0-OpenSSH_9.6\r\n", After.HANG),
    "/speaks_html": Script(b"<html><title>no status line</title>\n<p>text", After.CLOSE),
    "/speaks_shoutcast": Script(b"ICY 200 OK\r\nicy-name: x\r\n\r\nmusic", After.CLOSE),
    "/half_a_status_line": Script(b"HTTP/1.1 20", After.CLOSE),
    "/endless_headers": Script(endless_headers),
    "/endless_line": Script(endless_line),
    "/endless_hints": Script(endless_hints),
    "/endless_hint": Script(endless_hint),
    "/stopped_at_the_headers": Script(OK + b"Content-Length: 9999999\r\n\r\n" + TEXT, After.HANG),
    "/stopped_in_the_body": Script(OK + b"Content-Length: 9999999\r\n\r\n" + TEXT, After.HANG),
    "/refused_by_the_archive": Script(LENGTH + TEXT),
    "/too_large_for_memory": Script(OK + b"Content-Length: 3000000\r\n\r\n" + bytes(3_000_000)),
}
META: dict[str, dict[str, object]] = {
    "hangs_in_the_body": {"download_timeout": 0.5},
    "hangs_in_the_headers": {"download_timeout": 0.5},
    "hangs_after_a_hint": {"download_timeout": 0.5},
    "hangs_in_a_hint": {"download_timeout": 0.5},
    "hangs_at_once": {"download_timeout": 0.5},
    "announces_too_much": {"download_maxsize": 1000},
    "sends_too_much": {"download_maxsize": 50_000},
    "sends_too_much_to_disk": {"download_maxsize": 50_000, DISCARD_BODY: True},
    "stopped_at_the_headers": {"stop_at": "headers_received"},
    "stopped_in_the_body": {"stop_at": "bytes_received"},
}


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@cache
def failures() -> Crawl:
    with WireServer(SCRIPTS) as server:
        jobs = [Job(path[1:], server.url(path), meta=META.get(path[1:], {})) for path in SCRIPTS]
        jobs += [
            Job("refused", f"http://127.0.0.1:{unused_port()}/"),
            Job("unknown_host", "http://nowhere.invalid/"),
            Job("private_address", "http://10.0.0.1/"),
            Job("tls_to_a_plain_server", server.url("/").replace("http:", "https:")),
        ]
        return run(Plan(jobs, folder=Path("/nonexistent"), refuse=("/refused_by_the_archive",)))


def exchange_of(name: str) -> tuple[Exchange, bytes]:
    [recorded] = failures().of(name)
    return recorded.exchange, recorded.block


@pytest.mark.parametrize(
    ("name", "truncated", "error"),
    [
        ("hangs_in_the_body", Truncation.TIME, "DownloadTimeoutError"),
        ("hangs_in_the_headers", Truncation.TIME, "DownloadTimeoutError"),
        ("announces_too_much", Truncation.LENGTH, "DownloadCancelledError"),
        ("sends_too_much", Truncation.LENGTH, "DownloadCancelledError"),
        ("sends_too_much_to_disk", Truncation.LENGTH, "DownloadCancelledError"),
        ("endless_headers", Truncation.LENGTH, "DownloadCancelledError"),
        ("endless_line", Truncation.LENGTH, "DownloadCancelledError"),
        ("resets_in_the_body", Truncation.DISCONNECT, "ResponseDataLossError"),
        ("stopped_at_the_headers", Truncation.UNSPECIFIED, None),
        ("stopped_in_the_body", Truncation.UNSPECIFIED, None),
        ("too_large_for_memory", Truncation.UNSPECIFIED, "StorageError"),
    ],
)
def test_a_response_that_was_cut_is_kept_with_the_reason(
    name: str, truncated: Truncation, error: str | None
) -> None:
    exchange, block = exchange_of(name)
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.truncated is truncated
    assert block.startswith(OK)
    assert exchange.response.status == 200
    assert failures().outcomes[name].error == error


@pytest.mark.parametrize("name", ["hangs_in_the_body", "resets_in_the_body"])
def test_all_bytes_that_came_before_the_cut_are_kept(name: str) -> None:
    exchange, block = exchange_of(name)
    assert exchange.response is not None
    if name == "hangs_in_the_body":
        assert block == SCRIPTS[f"/{name}"].answer
    assert block[exchange.response.header_length :] == TEXT[: exchange.response.payload_length]


def test_headers_that_never_end_are_kept_up_to_a_limit() -> None:
    for name in ("endless_headers", "endless_line"):
        exchange, block = exchange_of(name)
        assert exchange.response is not None
        assert 1 << 18 <= len(block) < (1 << 18) + (1 << 17)
        assert exchange.response.header_length == len(block)
        assert exchange.response.payload_length == 0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("hangs_at_once", FailureKind.TIMEOUT),
        ("hangs_after_a_hint", FailureKind.TIMEOUT),
        ("hangs_in_a_hint", FailureKind.TIMEOUT),
        ("closes_in_a_hint", FailureKind.DISCONNECT),
        ("closes_at_once", FailureKind.DISCONNECT),
        ("resets_at_once", FailureKind.DISCONNECT),
        ("half_a_status_line", FailureKind.DISCONNECT),
        ("speaks_ssh", FailureKind.NOT_HTTP),
        ("speaks_html", FailureKind.NOT_HTTP),
        ("speaks_shoutcast", FailureKind.NOT_HTTP),
        ("refused", FailureKind.REFUSED),
        ("unknown_host", FailureKind.DNS),
        ("private_address", FailureKind.BLOCKED),
        ("tls_to_a_plain_server", FailureKind.TLS),
    ],
)
def test_an_exchange_without_a_response_says_why(name: str, kind: FailureKind) -> None:
    exchange, _ = exchange_of(name)
    assert exchange.response is None
    assert isinstance(exchange.failure, Failure)
    assert exchange.failure.kind is kind
    assert exchange.failure.message
    assert "\n" not in exchange.failure.message
    assert failures().outcomes[name].error is not None


@pytest.mark.parametrize("name", ["speaks_ssh", "speaks_html", "speaks_shoutcast", "half_a_status_line"])
def test_what_is_not_http_is_kept_beside_the_failure(name: str) -> None:
    exchange, _ = exchange_of(name)
    assert exchange.undecodable == SCRIPTS[f"/{name}"].answer


@pytest.mark.parametrize("name", ["hangs_in_a_hint", "closes_in_a_hint"])
def test_an_informational_response_is_no_answer_though_it_is_cut(name: str) -> None:
    exchange, _ = exchange_of(name)
    assert exchange.undecodable == HINT + HALF_A_HINT


@pytest.mark.parametrize("name", ["endless_hints", "endless_hint"])
def test_endless_informational_responses_are_given_up(name: str) -> None:
    exchange, _ = exchange_of(name)
    assert exchange.response is None
    assert exchange.failure is not None
    assert len(exchange.undecodable) == 1 << 16
    assert failures().outcomes[name].error == "DownloadCancelledError"


def test_a_failed_connection_has_no_peer_and_no_request_bytes() -> None:
    exchange, _ = exchange_of("refused")
    assert exchange.connection is None
    assert exchange.request == b""


def test_a_request_that_was_sent_is_kept_though_no_answer_came() -> None:
    exchange, _ = exchange_of("closes_at_once")
    assert exchange.request.startswith(b"GET /closes_at_once HTTP/1.1\r\n")
    assert exchange.connection is not None
    assert exchange.connection.ip == "127.0.0.1"


def test_no_response_reaches_a_spider_that_the_archive_refused() -> None:
    outcome = failures().outcomes["refused_by_the_archive"]
    assert outcome.error == "StorageError"
    assert outcome.message == "the archive is full"
    assert not any(one.exchange.target_uri.endswith("/refused_by_the_archive") for one in failures().recorded)


def test_no_crawl_without_an_archive() -> None:
    with WireServer({"/": Script(LENGTH + TEXT)}) as server:
        crawl = run(Plan([Job("page", server.url("/"))], attached=False))
    assert "no archive is attached" in crawl.outcomes["page"].message
    assert not server.requests


@pytest.mark.parametrize("url", ["file:///etc/passwd", "data:,text", "ftp://127.0.0.1/", "s3://bucket/key"])
def test_nothing_but_http_is_fetched(url: str) -> None:
    assert other_schemes().outcomes[url].error == "NotSupported"


@cache
def other_schemes() -> Crawl:
    urls = ("file:///etc/passwd", "data:,text", "ftp://127.0.0.1/", "s3://bucket/key")
    return run(Plan([Job(url, url, meta={KEEP_BODY: 10}) for url in urls]))
