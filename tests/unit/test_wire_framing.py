"""However a server frames what it sends, capture and every later check say the same of it."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy import Request
from twisted.internet.task import Clock
from twisted.web._newclient import Request as TwistedRequest
from twisted.web.http_headers import Headers
from warc_exchanges import writer

from archiver.http_message import LONGEST_HEAD, payload_of
from archiver.model.digest import Digest
from archiver.model.exchange import Exchange, Truncation
from archiver.spiders.wire.attempt import Attempt
from archiver.spiders.wire.conclusion import conclude
from archiver.spiders.wire.protocol import CURRENT, WirePool
from archiver.spiders.wire.rehearsal import _Reader, _ServerInMemory
from archiver.spiders.wire.selftest import Conversation
from archiver.spiders.wire.sink import Attachment
from archiver.storage.warc import capture_of_exchange, check_segment, exchange_records
from archiver.storage.warc.check import CheckedRecord

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"


class Nowhere:
    async def accept(self, exchange: Exchange) -> None:
        raise AssertionError


def captured(answer: bytes, piece: int = 1 << 16, *, keep: int | None = None, maximum: int = 0) -> Exchange:
    """The exchange that comes of `answer`, sent in such pieces before the connection is closed."""
    steps: deque[Callable[[], None]] = deque()
    server: Any = _ServerInMemory(piece, steps.append)
    server.conversation = Conversation("/", 200, answer, b"", closes=True)
    attempt = Attempt(Attachment(Nowhere()), keep=keep, maximum=maximum)
    token = CURRENT.set(attempt)
    connecting = WirePool(Clock(), persistent=True).getConnection((b"http", b"x", 80), server)
    CURRENT.reset(token)
    asked = TwistedRequest(b"GET", b"/", Headers({b"Host": [b"x"]}), None, persistent=True)
    errors: list[Any] = []
    connecting.addCallback(lambda connection: connection.request(asked))
    connecting.addCallbacks(lambda response: response.deliverBody(_Reader()), errors.append)
    while steps:
        steps.popleft()()
    return conclude(Request("http://paper.example/"), attempt, errors[0].value if errors else None)


def is_agreed_upon(exchange: Exchange) -> bool:
    """Hold what was recorded at capture against what the stored record says when it is read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with writer(folder) as segments:
            location = segments.write(exchange_records(exchange))[0]
            sealed = segments.seal()
        assert sealed
        expected = capture_of_exchange(exchange, location)
        found = list(check_segment(folder / sealed.name))
        captures = [one.capture for one in found if isinstance(one, CheckedRecord) and one.capture]
    assert all(isinstance(one, CheckedRecord) for one in found), found
    assert captures == [expected]
    response = exchange.response
    if response:
        payload = b"".join(payload_of([b"".join(response.block.chunks())]))
        assert response.payload_digest == Digest.of(payload)
        assert response.payload_length == len(payload)
    return response is not None


@pytest.mark.parametrize("piece", [1, 5, 1 << 16])
@pytest.mark.parametrize(
    "line", [b"3  ", b"3\t", b'3;a="b\\"c"', b'3 ; a = "b\\\\"; c', b"3 ;\xfc", b"3".ljust(1_023)]
)
def test_what_may_stand_behind_the_size_of_a_chunk_is_passed_over(line: bytes, piece: int) -> None:
    body = line + b"\r\nabc\r\n" + line.replace(b"3", b"0") + b"\r\nTrailer: 3  \r\n\r\n"
    exchange = captured(CHUNKED + body, piece)
    assert exchange.response
    assert (exchange.response.truncated, exchange.failure) == (None, None)
    assert b"".join(exchange.response.block.chunks()) == CHUNKED + body
    assert exchange.response.payload_digest == Digest.of(b"abc")
    assert is_agreed_upon(exchange)


@pytest.mark.parametrize("piece", [1, 5, 1 << 16])
@pytest.mark.parametrize(
    "line", [b" 3", b"3 4", b"3 \x0b", b"3;a=\0", b"", b";a", b"3".ljust(1_024), b"0x3  "]
)
def test_what_may_not_stand_around_the_size_of_a_chunk_is_refused(line: bytes, piece: int) -> None:
    exchange = captured(CHUNKED + line + b"\r\nabc\r\n0\r\n\r\n", piece)
    assert exchange.response
    assert exchange.response.truncated is Truncation.UNSPECIFIED
    assert is_agreed_upon(exchange)


@pytest.mark.parametrize("piece", [1, 5, 1 << 16])
@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b"3\nabc\n0\n\n", b"abc"),
        (b"FFFFFFFFFFFFFFFFFFFFFF\r\nx", b"FFFFFFFFFFFFFFFFFFFFFF\r\nx"),
        (b"3\r\nabc\r\nFFFFFFFFFFFFFFFFFFFFFF\r\nx", b"abc"),
        (b"00000000000000000003\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\r\nabcd\r\n0\r\n\r\n", b"abc"),
        (b"-3\r\nabc\r\n0\r\n\r\n", b"-3\r\nabc\r\n0\r\n\r\n"),
        (b"3;a=\0\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3;" + b"x" * 70_000 + b"\r\nabc\r\n0\r\n\r\n", b"3;" + b"x" * 70_000 + b"\r\nabc\r\n0\r\n\r\n"),
        (b"3\r\nabc" + b"\r" * 70_000 + b"\n3\r\nabc\r\n", b"abc"),
    ],
    ids=[
        "bare line feeds",
        "endless",
        "endless later",
        "zeros",
        "longer",
        "negative",
        "odd",
        "long line",
        "crs",
    ],
)
def test_a_malformed_chunk_has_the_payload_that_every_check_finds(
    body: bytes, payload: bytes, piece: int
) -> None:
    exchange = captured(CHUNKED + body, max(piece, len(body) // 5_000))
    assert exchange.response
    if exchange.response.block.length == len(CHUNKED) + len(body):
        assert exchange.response.payload_digest == Digest.of(payload)
    assert is_agreed_upon(exchange)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\nhello",
        b"HTTP/1.1 200 x\r\nContent-Length: 30\r\n\r\nhello",
        b"HTTP/1.1 200 x\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nhello",
        b"HTTP/1.1 99999 x\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 3_04 x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 x\r\nTransfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 x\r\nA: b\r\n" + b"C: " + b"d" * (1 << 18) + b"\r\n\r\nthe body",
    ],
)
def test_an_odd_header_leaves_no_doubt_about_the_payload(answer: bytes) -> None:
    for piece in (7, 1 << 16) if len(answer) < 1_000 else (1 << 16, 1 << 20):
        is_agreed_upon(captured(answer, piece))


def test_a_body_that_is_given_up_has_the_payload_of_what_is_stored() -> None:
    body = b"%x\r\n" % 50_000 + b"x" * 50_000 + b"\r\n0\r\n\r\n"
    for keep, maximum in ((10, 0), (0, 1_000), (10, 20_000)):
        assert is_agreed_upon(captured(CHUNKED + body, 4_096, keep=keep, maximum=maximum))


sizes = st.one_of(
    st.integers(0, 12).map(lambda size: b"%x" % size),
    st.sampled_from(
        [b"", b"0", b"00", b"-1", b"+3", b"0x3", b"3 ", b" 3", b"\t3", b"0" * 20 + b"3", b"f" * 15, b"F" * 16]
    ),
    st.sampled_from(
        [
            b"3;a",
            b'3 ; a="b;c"',
            b'3;a="\\""',
            b"3 \t",
            b"0  ",
            b"3;\0",
            b"0;a",
            b"zz",
            b"\xb3",
            b"1_0",
            b"3\r",
            b"3;a\nb",
        ]
    ),
)
ends = st.sampled_from([b"\r\n", b"\n", b"\r", b"", b"\r\r\n", b"\n\r", b"\n\n", b" \r\n"])
contents = st.sampled_from([b"", b"abc", b"x\ny", b"\r\n", b"0\r\n\r\n"])
chunks = st.tuples(sizes, ends, contents, ends).map(b"".join)
codings = st.sampled_from(
    b"chunked|\tCHUNKED |gzip, chunked|chunked, chunked|xchunked|identity|chunked, ||chunked\r|\x0bchunked|"
    b"chunked\0|\xa0chunked".split(b"|")
)
fields = st.one_of(
    codings.map(b"Transfer-Encoding:".__add__),
    codings.map(b"transfer-encoding : ".__add__),
    st.sampled_from([b"3", b"+3", b"3, 3", b"99", b"0", b"-1", b""]).map(b"Content-Length: ".__add__),
    st.sampled_from([b"Connection: close", b"\r", b": x", b"no colon", b" chunked", b"\tfolded", b"A: b"]),
)
statuses = st.sampled_from(
    b"HTTP/1.1 200 OK|HTTP/1.0 200 OK|HTTP/1.1 204 x|HTTP/1.1 304 x|HTTP/1.1 206|HTTP/2 200 x|HTTP/1.1 0200|"
    b"HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK|HTTP/1.1  200 x|HTTP/1.1 20000 x".split(b"|")
)
heads = st.tuples(statuses, st.lists(fields, max_size=4), st.sampled_from([b"\r\n", b"\n"])).map(
    lambda parts: b"".join(line + parts[2] for line in (parts[0], *parts[1], b""))
)
bodies = st.one_of(st.lists(chunks, max_size=5).map(b"".join), st.binary(max_size=40))


@settings(max_examples=400, deadline=None)
@given(heads, bodies, st.integers(1, 60))
def test_whatever_bytes_come_the_archive_does_not_contradict_itself(
    head: bytes, body: bytes, piece: int
) -> None:
    is_agreed_upon(captured(head + body, piece))


@settings(deadline=None)
@given(bodies, st.integers(1, 60))
def test_a_chunked_body_is_read_the_same_in_whatever_pieces_it_comes(body: bytes, piece: int) -> None:
    block = CHUNKED + body
    whole = b"".join(payload_of([block]))
    assert b"".join(payload_of([block[at : at + piece] for at in range(0, len(block), piece)])) == whole


@pytest.mark.parametrize("length", [LONGEST_HEAD - 3, LONGEST_HEAD, LONGEST_HEAD + 40])
def test_an_endless_header_is_cut_at_the_same_byte_in_whatever_pieces_it_comes(length: int) -> None:
    block = b"HTTP/1.1 200 OK\r\nA: ".ljust(length, b"a") + b"\r\n\r\nthe body"
    whole = b"".join(payload_of([block]))
    assert whole == block[LONGEST_HEAD:]
    for piece in (65_536, 100_001):
        pieces = [block[at : at + piece] for at in range(0, len(block), piece)]
        assert b"".join(payload_of(pieces)) == whole
