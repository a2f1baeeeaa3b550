"""Whatever a server sends, and in whatever pieces it comes, the archive has those bytes and no others."""

from __future__ import annotations

import gzip
import hashlib
import ssl
from dataclasses import dataclass
from functools import cache

import brotli
import pytest
import trustme
from wire_crawl import Crawl, Job, Plan, Recorded, run
from wire_server import After, Script, WireServer

from archiver.model.digest import Digest
from archiver.model.exchange import Truncation

TEXT = "Der Bürgermeister eröffnete die Brücke. ".encode() * 80
LARGE = hashlib.shake_256(b"large").digest(300_000)
GZIPPED = gzip.compress(TEXT, mtime=0)
BROTLI = brotli.compress(TEXT)


@dataclass(frozen=True)
class Case:
    """What the server sends, in the parts that the archive must tell apart, and what Scrapy must get."""

    head: bytes
    body: bytes = b""
    payload: bytes | None = None
    """The body after transfer decoding; None: the body itself."""
    early: bytes = b""
    stray: bytes = b""
    after: After = After.KEEP
    method: str = "GET"
    truncated: Truncation | None = None
    decoded: bytes | None = None
    """What a spider reads; None: the payload."""
    headers: tuple[tuple[str, str], ...] | None = None

    @property
    def script(self) -> Script:
        return Script(self.early + self.head + self.body + self.stray, self.after)


def chunked(*chunks: bytes, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    framed = [b"%x%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks]
    return b"".join(framed) + b"0\r\n" + trailer + b"\r\n"


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

CASES = {
    "content_length": Case(OK + b"Content-Length: %d\r\n\r\n" % len(TEXT), TEXT),
    "a_large_body_goes_through_a_file": Case(OK + b"Content-Length: %d\r\n\r\n" % len(LARGE), LARGE),
    "a_large_chunked_body": Case(
        CHUNKED, chunked(*[LARGE[i : i + 7001] for i in range(0, len(LARGE), 7001)]), LARGE
    ),
    "chunk_extensions_and_trailers": Case(
        CHUNKED,
        chunked(TEXT[:100], TEXT[100:], extension=b';name="value"', trailer=b"Digest: abc\r\nX-End: 1\r\n"),
        TEXT,
    ),
    "chunk_sizes_padded_with_blanks": Case(
        CHUNKED, chunked(TEXT[:100], TEXT[100:], extension=b"  ").replace(b"\r\n0\r\n", b"\r\n0 \t\r\n"), TEXT
    ),
    "a_chunk_extension_with_a_quoted_pair": Case(
        CHUNKED, chunked(TEXT[:100], TEXT[100:], extension=b' ; ext="a\\"b;\tc" ; d'), TEXT
    ),
    "chunks_of_one_byte": Case(CHUNKED, chunked(*[bytes([byte]) for byte in TEXT[:400]]), TEXT[:400]),
    "gzip": Case(
        OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIPPED), GZIPPED, decoded=TEXT
    ),
    "brotli": Case(
        OK + b"Content-Encoding: br\r\nContent-Length: %d\r\n\r\n" % len(BROTLI), BROTLI, decoded=TEXT
    ),
    "chunked_gzip": Case(
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        chunked(GZIPPED[:9], GZIPPED[9:]),
        GZIPPED,
        decoded=TEXT,
    ),
    "until_the_connection_closes": Case(OK + b"\r\n", TEXT, after=After.CLOSE),
    "http_1_0_until_the_connection_closes": Case(b"HTTP/1.0 200 OK\r\n\r\n", TEXT, after=After.CLOSE),
    "an_empty_body": Case(OK + b"Content-Length: 0\r\n\r\n"),
    "an_empty_chunked_body": Case(CHUNKED, chunked(), b""),
    "an_empty_body_until_close": Case(OK + b"\r\n", after=After.CLOSE),
    "head": Case(OK + b"Content-Length: 5000\r\n\r\n", method="HEAD"),
    "head_of_a_chunked_resource": Case(CHUNKED, method="HEAD"),
    "no_content": Case(b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n"),
    "not_modified": Case(b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5000\r\n\r\n'),
    "informational_responses_come_before": Case(
        OK + b"Content-Length: %d\r\n\r\n" % len(TEXT),
        TEXT,
        early=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
    ),
    "more_than_the_content_length": Case(OK + b"Content-Length: 10\r\n\r\n", TEXT[:10], stray=TEXT[10:]),
    "more_after_the_last_chunk": Case(CHUNKED, chunked(TEXT), TEXT, stray=b"HTTP/1.1 200 OK\r\n\r\n"),
    "a_body_after_no_content": Case(b"HTTP/1.1 204 No Content\r\n\r\n", stray=b"unexpected"),
    "a_body_after_head": Case(OK + b"Content-Length: 5\r\n\r\n", method="HEAD", stray=b"12345"),
    "transfer_encoding_identity": Case(
        OK + b"Transfer-Encoding: identity\r\nContent-Length: %d\r\n\r\n" % len(TEXT), TEXT
    ),
    "transfer_encoding_gzip_then_chunked": Case(
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", chunked(GZIPPED), GZIPPED
    ),
    "transfer_encoding_that_ends_with_the_connection": Case(
        OK + b"Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\n", GZIPPED, after=After.CLOSE
    ),
    "transfer_encoding_over_content_length": Case(
        OK + b"Content-Length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n", chunked(TEXT), TEXT
    ),
    "a_lying_transfer_encoding": Case(
        CHUNKED, b"<html>" + TEXT, after=After.CLOSE, truncated=Truncation.UNSPECIFIED
    ),
    "a_chunk_size_with_blanks_before_it": Case(
        CHUNKED, b" 3\r\nabc\r\n0\r\n\r\n", b"abc", truncated=Truncation.UNSPECIFIED
    ),
    "a_chunk_size_of_two_numbers": Case(
        CHUNKED, b"1\r\na\r\n3 4\r\nabc\r\n0\r\n\r\n", b"a", truncated=Truncation.UNSPECIFIED
    ),
    "a_chunk_extension_with_a_control": Case(
        CHUNKED, b"3;a=\0\r\nabc\r\n0\r\n\r\n", b"abc", truncated=Truncation.UNSPECIFIED
    ),
    "a_chunk_longer_than_it_says": Case(
        CHUNKED, b"3\r\nabcdef\r\n0\r\n\r\n", b"abc", truncated=Truncation.UNSPECIFIED
    ),
    "cut_in_the_body": Case(
        OK + b"Content-Length: 9000\r\n\r\n", TEXT, after=After.CLOSE, truncated=Truncation.DISCONNECT
    ),
    "cut_in_a_chunk": Case(
        CHUNKED, b"1000\r\n" + TEXT, TEXT, after=After.CUT, truncated=Truncation.DISCONNECT
    ),
    "cut_before_the_last_chunk": Case(
        CHUNKED, chunked(TEXT)[:-5], TEXT, after=After.CUT, truncated=Truncation.DISCONNECT
    ),
    "cut_in_the_headers": Case(OK + b"X-A: 1\r\nX-B", after=After.CUT, truncated=Truncation.DISCONNECT),
    "header_case_order_and_repetition": Case(
        OK + b"sErVeR: x\r\nSet-Cookie: a=1\r\nAGE:  5 \r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n",
        headers=(
            ("sErVeR", "x"),
            ("Set-Cookie", "a=1"),
            ("AGE", "5"),
            ("set-cookie", "b=2"),
            ("Content-Length", "0"),
        ),
    ),
    "folded_headers": Case(
        OK + b"X-Fold: one\r\n two\r\n\tthree\r\nContent-Length: 0\r\n\r\n",
        headers=(("X-Fold", "one two\tthree"), ("Content-Length", "0")),
    ),
    "line_feeds_alone": Case(
        b"HTTP/1.1 200 OK\nX-A: 1\nContent-Length: %d\n\n" % len(TEXT),
        TEXT,
        headers=(("X-A", "1"), ("Content-Length", str(len(TEXT)))),
    ),
    "empty_lines_in_the_body": Case(
        b"HTTP/1.1 200 OK\nContent-Length: 3000\n\n", b"ab\r\n\r\n" * 500, stray=b"x\r\n\r\nHTTP/1.1 "
    ),
    "empty_lines_in_the_body_after_hints": Case(
        OK + b"Content-Length: 3000\r\n\r\n",
        b"ab\r\n\r\n" * 500,
        early=b"HTTP/1.1 103 Early Hints\nLink: a\n\nHTTP/1.1 103 Early Hints\r\nLink: b\r\n\r\n",
        stray=b"x\r\n\r\n",
    ),
    "lines_without_a_colon": Case(
        OK + b"nonsense\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n",
        headers=(("X-A", "1"), ("Content-Length", "0")),
    ),
    "latin_1": Case(
        b"HTTP/1.1 200 Sch\xf6n\r\nX-Titel: gr\xfc\xdfe\r\nContent-Length: 0\r\n\r\n",
        headers=(("X-Titel", "grüße"), ("Content-Length", "0")),
    ),
    "no_reason_phrase": Case(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
    "a_header_line_over_16_kib": Case(
        OK + b"X-Long: " + b"a" * 100_000 + b"\r\nContent-Length: %d\r\n\r\n" % len(TEXT), TEXT
    ),
    "many_headers": Case(
        OK + b"".join(b"X-%d: %d\r\n" % (i, i) for i in range(2000)) + b"Content-Length: 3\r\n\r\n", b"abc"
    ),
    "content_lengths_that_contradict": Case(
        OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n", b"abcd", truncated=Truncation.UNSPECIFIED
    ),
    "content_length_repeated": Case(OK + b"Content-Length: 3\r\nContent-Length: 3, 3\r\n\r\n", b"abc"),
}


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@cache
def crawl_of(mode: str) -> tuple[Crawl, dict[str, list[bytes]]]:
    tls = None
    if mode == "https":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority().issue_cert("127.0.0.1").configure_cert(tls)
    scripts = {f"/{name}": case.script for name, case in CASES.items()}
    with WireServer(scripts, tls, piece=997 if mode == "https" else None) as server:
        jobs = [Job(name, server.url(f"/{name}"), method=case.method) for name, case in CASES.items()]
        read_size = 997 if mode == "pieces" else None
        crawl = run(Plan(jobs, read_size=read_size, memory_limit=1 << 16))
    return crawl, server.requests


def exchange_of(name: str, mode: str) -> tuple[Recorded, Crawl]:
    crawl, _ = crawl_of(mode)
    [recorded] = crawl.of(name)
    return recorded, crawl


each_way = pytest.mark.parametrize("mode", ["http", "https", "pieces"])
each_case = pytest.mark.parametrize("name", CASES)


@each_way
@each_case
def test_the_block_is_what_the_server_sent(mode: str, name: str) -> None:
    case = CASES[name]
    recorded, _ = exchange_of(name, mode)
    response = recorded.exchange.response
    assert response is not None
    if case.truncated is Truncation.UNSPECIFIED:
        assert (case.head + case.body).startswith(recorded.block)
        assert recorded.block.startswith(case.head)
    else:
        assert recorded.block == case.head + case.body
    payload = recorded.block[len(case.head) :] if case.payload is None else case.payload
    assert response.payload_digest == Digest.of(payload)
    assert response.payload_length == len(payload)
    assert recorded.block_digest == f"sha256:{hashlib.sha256(recorded.block).hexdigest()}"
    assert response.header_length == len(case.head)
    assert response.truncated == case.truncated
    assert b"".join(response.informational) == case.early
    assert case.stray.startswith(response.stray)
    if mode == "http":
        assert response.stray == case.stray
    if case.headers is not None:
        assert response.headers == case.headers


@each_way
@each_case
def test_the_request_is_what_the_server_received(mode: str, name: str) -> None:
    recorded, _ = exchange_of(name, mode)
    _, requests = crawl_of(mode)
    assert [recorded.exchange.request] == requests[f"/{name}"]


@each_way
@each_case
def test_a_spider_reads_what_was_archived(mode: str, name: str) -> None:
    case = CASES[name]
    _, crawl = exchange_of(name, mode)
    outcome = crawl.outcomes[name]
    if case.truncated:
        assert outcome.error in ("ResponseDataLossError", "DownloadFailedError")
    else:
        payload = case.body if case.payload is None else case.payload
        assert outcome.body == (payload if case.decoded is None else case.decoded)


@each_way
def test_nothing_was_archived_twice_or_unasked(mode: str) -> None:
    crawl, _ = crawl_of(mode)
    assert len(crawl.recorded) == len(CASES)
    assert crawl.log == ""
