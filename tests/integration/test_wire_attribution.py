"""Every exchange belongs to the request that made it, on kept connections, over redirects and retries."""

from __future__ import annotations

import gzip
import hashlib
import ssl
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count

import pytest
import trustme
from wire_crawl import Crawl, Job, Plan, run
from wire_server import Script, WireServer

from archiver.model.digest import Digest
from archiver.model.exchange import Purpose
from archiver.spiders.wire import DISCARD_BODY, EXCHANGES, KEEP_BODY, PURPOSE, ROBOTS, SOURCE, VIA

MANY = [f"/many/{number}" for number in range(60)]
TEXT = b"Die Gemeinde hat entschieden. " * 200
GZIPPED = gzip.compress(TEXT, mtime=0)


def answer(body: bytes, status: str = "200 OK", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n%b" % (status.encode(), headers, len(body), body)


def body_of(path: str) -> bytes:
    return hashlib.shake_256(path.encode()).digest(int(path.rsplit("/", 1)[-1]) * 331)


def busy_twice() -> Callable[[bytes], Iterator[bytes]]:
    asked = count()

    def answer_request(_: bytes) -> Iterator[bytes]:
        number = next(asked)
        yield answer(b"busy %d" % number, "503 Busy") if number < 2 else answer(b"at last")

    return answer_request


@cache
def everything() -> tuple[Crawl, WireServer, WireServer, WireServer]:
    scripts = {path: Script(answer(body_of(path))) for path in MANY} | {
        "/robots.txt": Script(answer(b"User-agent: *\nDisallow: /private")),
        "/old": Script(answer(b"moved", "301 Moved", b"Location: /newer\r\n")),
        "/newer": Script(answer(b"moved again", "302 Found", b"Location: /newest\r\n")),
        "/newest": Script(answer(TEXT)),
        "/busy": Script(busy_twice()),
        "/form": Script(answer(b"thank you")),
        "/fresh": Script(answer(b"fresh")),
        "/stale": Script(answer(b"stale"), drop_reused=True),
        "/large": Script(answer(TEXT * 50)),
        "/encoded": Script(answer(GZIPPED, headers=b"Content-Encoding: gzip\r\n")),
        "/secret": Script(answer(b"for members")),
        "/private": Script(answer(b"never asked")),
    }
    tunnel = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("archive.example").configure_cert(tunnel)
    proxied = {"/through": Script(answer(b"through the proxy"))}
    with (
        WireServer(scripts) as server,
        WireServer(proxied, tunnel=tunnel) as proxy,
        WireServer(scripts) as other,
    ):
        through = proxy.url("").replace("http://", "http://someone:password@")
        facts = {PURPOSE: Purpose.PICTURE, SOURCE: "paper", ROBOTS: "allowed", VIA: "http://paper.example/"}
        jobs = [Job(path, server.url(path), lane=str(index % 8)) for index, path in enumerate(MANY)]
        jobs += [
            Job("facts", server.url("/many/3"), meta=facts),
            Job("redirected", server.url("/old"), meta={PURPOSE: Purpose.PAGE, VIA: "http://paper.example/"}),
            Job("retried", server.url("/busy")),
            Job("tuple", server.url("/many/4#fragment"), meta={EXCHANGES: ()}),
            Job("forbidden", server.url("/private"), lane="0"),
            Job("posted", server.url("/form"), method="POST", body=b"a=1&b=2" * 5000),
            Job("discarded", server.url("/large"), meta={DISCARD_BODY: True}),
            Job("discarded_encoded", server.url("/encoded"), meta={DISCARD_BODY: True}),
            Job("beginning", server.url("/large"), meta={KEEP_BODY: 100}),
            Job("beginning_encoded", server.url("/encoded"), meta={KEEP_BODY: len(GZIPPED) - 4}),
            Job("all_kept", server.url("/encoded"), meta={KEEP_BODY: 1_000_000}),
            Job("secret", server.url("/secret"), headers={"Authorization": "Basic c2VjcmV0"}),
            Job("proxied", "http://archive.example/through", meta={"proxy": through}),
            Job("tunnelled", "https://archive.example/through", meta={"proxy": through}),
            Job("fresh", other.url("/fresh"), lane="stale"),
            Job("stale", other.url("/stale"), lane="stale"),
        ]
        settings = {"RETRY_ENABLED": True, "RETRY_TIMES": 2, "ROBOTSTXT_OBEY": True}
        return run(Plan(jobs, settings)), server, proxy, other


@pytest.mark.parametrize("path", MANY)
def test_each_of_many_requests_has_its_own_answer(path: str) -> None:
    crawl, server, _, _ = everything()
    [recorded] = crawl.of(path)
    assert recorded.exchange.target_uri.endswith(path)
    assert recorded.exchange.request in server.requests[path]
    assert recorded.block == answer(body_of(path))


def test_connections_are_kept() -> None:
    _, server, _, _ = everything()
    used = {number for numbers in server.connections.values() for number in numbers}
    assert len(used) < len(MANY)


def test_a_redirect_is_an_exchange_that_leads_to_the_next() -> None:
    crawl, server, _, _ = everything()
    hops = [one.exchange for one in crawl.of("redirected")]
    assert [hop.response.status for hop in hops if hop.response] == [301, 302, 200]
    assert [hop.via for hop in hops] == ["http://paper.example/", server.url("/old"), server.url("/newer")]
    assert crawl.outcomes["redirected"].body == TEXT


def test_a_retry_is_an_exchange_of_its_own() -> None:
    crawl, server, _, _ = everything()
    attempts = crawl.of("retried")
    bodies = [one.block.partition(b"\r\n\r\n")[2] for one in attempts]
    assert bodies == [b"busy 0", b"busy 1", b"at last"]
    assert [one.exchange.request for one in attempts] == server.requests["/busy"]
    assert len({one.exchange.id for one in attempts}) == 3


def test_the_exchanges_of_a_request_are_named_in_its_meta() -> None:
    crawl, _, _, _ = everything()
    [recorded] = crawl.of("tuple")
    assert crawl.outcomes["tuple"].exchanges == (recorded.exchange.id,)
    assert "#" not in recorded.exchange.target_uri


def test_robots_txt_is_archived_as_such() -> None:
    crawl, server, _, _ = everything()
    robots = [one for one in crawl.recorded if one.exchange.purpose is Purpose.ROBOTS]
    assert server.url("/robots.txt") in [one.exchange.target_uri for one in robots]
    assert crawl.outcomes["forbidden"].error == "IgnoreRequest"
    assert "/private" not in server.requests


def test_facts_about_a_request_come_from_its_meta() -> None:
    crawl, _, _, _ = everything()
    [recorded] = crawl.of("facts")
    exchange = recorded.exchange
    assert exchange.purpose is Purpose.PICTURE
    assert (exchange.source, exchange.robots, exchange.via) == ("paper", "allowed", "http://paper.example/")
    assert exchange.method == "GET"
    assert exchange.started_at <= exchange.ended_at


def test_a_posted_body_is_part_of_the_request() -> None:
    crawl, server, _, _ = everything()
    [recorded] = crawl.of("posted")
    assert [recorded.exchange.request] == server.requests["/form"]
    assert recorded.exchange.request.endswith(b"a=1&b=2")
    assert recorded.exchange.method == "POST"


def test_a_request_sent_again_on_a_fresh_connection_is_one_exchange() -> None:
    crawl, _, _, other = everything()
    [recorded] = crawl.of("stale")
    assert len(other.requests["/stale"]) == 2
    assert other.connections["/stale"][0] == other.connections["/fresh"][0]
    assert recorded.exchange.request == other.requests["/stale"][1]
    assert recorded.block == answer(b"stale")
    assert "resent" in recorded.exchange.notes
    assert "resent" not in crawl.of("fresh")[0].exchange.notes


@pytest.mark.parametrize("name", ["discarded", "discarded_encoded"])
def test_a_body_for_the_archive_only_reaches_no_spider(name: str) -> None:
    crawl, _, _, _ = everything()
    [recorded] = crawl.of(name)
    assert crawl.outcomes[name].status == 200
    assert crawl.outcomes[name].body == b""
    assert recorded.block == (
        answer(TEXT * 50) if name == "discarded" else answer(GZIPPED, headers=b"Content-Encoding: gzip\r\n")
    )
    assert recorded.exchange.response is not None
    assert recorded.exchange.response.payload_digest == Digest.of(recorded.block.partition(b"\r\n\r\n")[2])


def test_a_spider_may_have_the_beginning_of_a_body() -> None:
    crawl, _, _, _ = everything()
    assert crawl.outcomes["beginning"].body == TEXT[:100]
    assert crawl.of("beginning")[0].block == answer(TEXT * 50)
    beginning = crawl.outcomes["beginning_encoded"].body
    assert beginning
    assert TEXT.startswith(beginning)
    assert crawl.outcomes["all_kept"].body == TEXT


def test_credentials_are_not_archived() -> None:
    crawl, server, _, _ = everything()
    [recorded] = crawl.of("secret")
    [received] = server.requests["/secret"]
    assert b"\r\nAuthorization: Basic c2VjcmV0\r\n" in received
    assert recorded.exchange.request == received.replace(b"Basic c2VjcmV0", b"[redacted]")
    assert "request-redacted" in recorded.exchange.notes


def test_through_a_proxy_the_peer_is_the_proxy() -> None:
    crawl, _, proxy, _ = everything()
    [recorded] = crawl.of("proxied")
    exchange = recorded.exchange
    assert exchange.target_uri == "http://archive.example/through"
    assert exchange.connection is not None
    assert (exchange.connection.ip, exchange.connection.port) == ("127.0.0.1", proxy.port)
    assert exchange.request.startswith(b"GET http://archive.example/through HTTP/1.1\r\n")
    assert b"Proxy-Authorization: [redacted]" in exchange.request
    assert recorded.block == answer(b"through the proxy")


def test_a_tunnel_carries_exact_bytes_and_its_certificate() -> None:
    crawl, _, proxy, _ = everything()
    [recorded] = crawl.of("tunnelled")
    exchange = recorded.exchange
    assert b"Proxy-Authorization: Basic" in proxy.requests["CONNECT"][0]
    assert exchange.request in proxy.requests["/through"]
    assert b"uthorization" not in exchange.request
    assert recorded.block == answer(b"through the proxy")
    assert exchange.connection is not None
    assert exchange.connection.protocols == ("http/1.1", "tls/1.3")
    assert exchange.connection.verified is False
    assert len(exchange.connection.certificates) == 1


def test_nothing_else_was_logged() -> None:
    crawl, _, _, _ = everything()
    assert "Traceback" not in crawl.log
