"""Content codings undone: whole, cut, damaged, lying, and bombs."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.storage.warc import DecodedBody

TEXT = b"".join(b"Line %d of the story about the bridge.\n" % number for number in range(3000))


def bare_deflate(content: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(content) + engine.flush()


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda content: brotli.compress(content, quality=3),
}
every_coding = pytest.mark.parametrize("coding", CODERS)


def decoded(
    body: bytes, *codings: str, piece: int = 1000, limit: int | None = None
) -> tuple[bytes, str | None]:
    pieces = DecodedBody([body[i : i + piece] for i in range(0, len(body), piece)], codings, limit)
    return b"".join(pieces), pieces.problem


@every_coding
@pytest.mark.parametrize("piece", [1, 977, 10**6])
def test_a_whole_body_is_decoded(coding: str, piece: int) -> None:
    assert decoded(CODERS[coding](TEXT), coding, piece=piece) == (TEXT, None)


@given(content=st.binary(max_size=500), coding=st.sampled_from(list(CODERS)), piece=st.integers(1, 600))
def test_any_content_in_any_pieces_is_decoded(content: bytes, coding: str, piece: int) -> None:
    assert decoded(CODERS[coding](content), coding, piece=piece) == (content, None)


def test_deflate_without_its_zlib_frame_is_decoded() -> None:
    assert decoded(bare_deflate(TEXT), "deflate") == (TEXT, None)


def test_gzip_in_several_members_is_decoded_and_padding_passed_over() -> None:
    body = gzip.compress(TEXT) + gzip.compress(b"more") + bytes(512)
    assert decoded(body, "gzip") == (TEXT + b"more", None)


def test_codings_are_undone_from_the_last_to_the_first() -> None:
    assert decoded(brotli.compress(gzip.compress(TEXT)), "gzip", "br") == (TEXT, None)


def test_without_a_coding_the_body_comes_as_it_is() -> None:
    assert decoded(TEXT) == (TEXT, None)


@every_coding
def test_a_cut_body_gives_what_there_is_and_says_so(coding: str) -> None:
    body = CODERS[coding](TEXT)
    content, problem = decoded(body[: len(body) // 2], coding)
    assert TEXT.startswith(content)
    assert len(content) > 1000
    assert problem
    assert "cut off" in problem


@every_coding
def test_a_body_that_never_had_its_coding_comes_as_it_is_and_says_so(coding: str) -> None:
    for body in (b"<html>" + TEXT, b"\xff\xfe" * 3000):
        content, problem = decoded(body, coding)
        assert content == body
        assert problem
        assert "as it claims" in problem


@every_coding
@given(st.binary(max_size=300))
def test_no_garbage_makes_decoding_fail(coding: str, garbage: bytes) -> None:
    decoded(garbage, coding, piece=7)
    body = CODERS[coding](TEXT)
    decoded(body[:900] + garbage + body[1200:], coding)


def test_a_wrong_checksum_is_told_after_the_content() -> None:
    body = bytearray(gzip.compress(TEXT))
    body[-6] ^= 1
    content, problem = decoded(bytes(body), "gzip")
    assert content == TEXT
    assert problem == "the gzip checksum does not fit the content"


def test_an_unknown_coding_leaves_the_bytes_as_sent_and_says_so() -> None:
    content, problem = decoded(TEXT, "zstd")
    assert content == TEXT
    assert problem
    assert "zstd is not known" in problem


def test_a_hundred_codings_are_not_undone() -> None:
    assert decoded(TEXT, *["gzip"] * 100)[1]


@every_coding
def test_a_bomb_is_cut_at_the_limit_and_costs_no_memory(coding: str) -> None:
    bomb = CODERS[coding](bytes(50_000_000))
    tracemalloc.start()
    body = DecodedBody([bomb], (coding,), limit=1_000_000)
    assert sum(len(piece) for piece in body) == 1_000_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert body.problem
    assert "more than 1000000 bytes" in body.problem
    assert peak < 2_000_000


@every_coding
def test_a_body_of_just_the_limit_is_whole(coding: str) -> None:
    assert decoded(CODERS[coding](TEXT), coding, limit=len(TEXT)) == (TEXT, None)


@every_coding
def test_an_empty_body_is_empty(coding: str) -> None:
    assert decoded(b"", coding) == (b"", None)
