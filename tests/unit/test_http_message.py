"""What is read out of HTTP messages that servers really send, well-formed or not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.http_message import LONGEST_HEAD, Dechunker, head_end, parse_head, payload_of, split_head

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def payload(block: bytes, piece: int = 1_000_000) -> bytes:
    return b"".join(payload_of([block[i : i + piece] for i in range(0, len(block), piece)]))


def test_headers_keep_order_case_and_repetition() -> None:
    head = parse_head(b"HTTP/1.1 200 OK\r\nB: 1\r\na:2\r\nb:  3 \r\n\r\n")
    assert head.headers == (("B", "1"), ("a", "2"), ("b", "3"))
    assert head.header("b") == "1"
    assert head.values("b") == ("1", "3")
    assert (head.status, head.reason, head.start_line) == (200, "OK", "HTTP/1.1 200 OK")


def test_folded_lines_are_joined_and_lines_without_a_colon_left_out() -> None:
    head = parse_head(b"HTTP/1.1 200\r\n folded to nothing\r\nA: 1\r\n\t2\r\n  3\r\nnonsense\r\nB: 4\r\n\r\n")
    assert head.headers == (("A", "1 2 3"), ("B", "4"))


def test_line_feeds_alone_end_lines_too() -> None:
    head, rest = split_head([b"HTTP/1.0 404 Not Found\nA: 1\n\nbody\n\nmore"])
    assert head == b"HTTP/1.0 404 Not Found\nA: 1\n\n"
    assert b"".join(rest) == b"body\n\nmore"
    assert parse_head(head).headers == (("A", "1"),)


def test_latin_1_is_read_byte_for_byte() -> None:
    head = parse_head("HTTP/1.1 200 Schön\r\nX: \xff\r\n\r\n".encode("latin-1"))
    assert (head.reason, head.header("x")) == ("Schön", "\xff")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"HTTP/1.1 200", 200),
        (b"ICY 200 OK", 200),
        (b"HTTP/2  404", 404),
        (b"HTTP/1.1 2000 x", 0),
        (b"", 0),
        (b"<html>", 0),
    ],
)
def test_a_status_line_is_read_as_far_as_it_is_one(line: bytes, status: int) -> None:
    assert parse_head(line + b"\r\n\r\n").status == status


@given(st.binary(max_size=300))
def test_parsing_never_fails_and_loses_no_byte(block: bytes) -> None:
    head, rest = split_head([block])
    assert head + b"".join(rest) == block
    assert parse_head(head).length == len(head)
    payload(block)
    payload(CHUNKED + block)


@given(st.binary(max_size=200), st.integers(1, 7))
def test_the_header_ends_where_it_ends_in_whatever_pieces_it_comes(body: bytes, piece: int) -> None:
    block = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + body
    head, rest = split_head([block[i : i + piece] for i in range(0, len(block), piece)])
    assert head == b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
    assert b"".join(rest) == body


def test_a_header_without_end_is_all_there_is() -> None:
    assert head_end(b"HTTP/1.1 200 OK\r\nA: b\r\n") == -1
    head, rest = split_head([b"HTTP/1.1 200 OK\r\nA: b\r\n"])
    assert (len(head), list(rest)) == (23, [])
    endless = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 400_000
    head, rest = split_head([endless[i : i + 65536] for i in range(0, len(endless), 65536)])
    assert LONGEST_HEAD <= len(head) < LONGEST_HEAD + 65536


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(1, 60))
def test_chunks_are_joined_in_whatever_pieces_they_come(chunks: list[bytes], piece: int) -> None:
    body = (
        b"".join(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nTrailer: x\r\n\r\n"
    )
    assert payload(CHUNKED + body, piece) == b"".join(chunks)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5\nhello\n0\n\n", b"hello"),
        (b"5 ; q=\"a;b\"\r\nhello\r\n 0 \r\nA: b\r\n\r\n", b"hello"),
        (b"A\r\n0123456789\r\n0\r\n\r\nnever read", b"0123456789"),
        (b"000005\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"", b""),
        (b"5", b""),
        (b"5\r\nhel", b"hel"),
        (b"5\r\nhello", b"hello"),
        (b"5\r\nhello\r\n3\r\nx", b"hellox"),
        (b"5\r\nhello\r\nzz\r\nmore", b"hello"),
        (b"5\r\nhelloworld\r\n0\r\n\r\n", b"hello"),
    ],
)  # fmt: skip
def test_chunked_bodies_are_read_as_far_as_they_go(body: bytes, expected: bytes) -> None:
    for piece in (1, 3, 1000):
        assert payload(CHUNKED + body, piece) == expected


@pytest.mark.parametrize(
    "body", [b"<html>hello</html>", b"<html>\r\nhello\r\n", b"\r\n\r\n", b"-5\r\nx", b"0x5\r\nhello"]
)
def test_a_body_that_is_not_chunked_as_it_claims_comes_as_it_is(body: bytes) -> None:
    for piece in (1, 3, 1000):
        assert payload(CHUNKED + body, piece) == body


@pytest.mark.parametrize(
    ("value", "is_chunked"),
    [
        (b"chunked", True),
        (b"Chunked", True),
        (b"gzip, chunked", True),
        (b"chunked, gzip", False),
        (b"identity", False),
    ],
)
def test_chunked_counts_as_the_last_transfer_coding(value: bytes, is_chunked: bool) -> None:
    assert (
        parse_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + value + b"\r\n\r\n").is_chunked is is_chunked
    )


def test_an_endless_chunk_line_costs_no_memory() -> None:
    dechunker = Dechunker()
    assert dechunker.feed(b"5\r\nhello\r\n") == [b"hello"]
    for _ in range(40):
        assert dechunker.feed(b"1" * 65_536) == []
    assert len(dechunker._line) <= 65_536


def test_tiny_chunks_cost_in_proportion_to_their_number() -> None:
    body = b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"
    began = time.process_time()
    assert len(payload(CHUNKED + body, 65_536)) == 100_000
    assert time.process_time() - began < 4
