"""Undoes content codings (RFC 9110, 8.4.1) in small pieces and with a limit, so that no bomb fills memory.

A body that is cut gives what there is of it; a body that never had the coding it claims comes as it is.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli

from archiver.storage.warc.inflate import PIECE, GzipError, GzipMember

_MOST_CODINGS = 4
_FEED = 32_768


class DecodedBody:
    """The pieces of a body with its content codings undone; can be gone through once.

    `problem` says, after the last piece, why it is not whole: cut, damaged, over the limit, or in a coding
    that is not known (then it comes undecoded).
    """

    def __init__(self, chunks: Iterable[bytes], codings: tuple[str, ...], limit: int | None = None) -> None:
        self.problem: str | None = None
        self._limit = limit
        unknown = [coding for coding in codings if coding not in _DECODERS]
        if unknown or len(codings) > _MOST_CODINGS:
            self.problem = f"content coding {', '.join(codings)[:100]} is not known; the bytes are as sent"
            codings = ()
        pieces = iter(chunks)
        for coding in reversed(codings):
            pieces = _DECODERS[coding](pieces, self)
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        left = self._limit
        for piece in self._pieces:
            if left is not None and len(piece) > left:
                self.problem = f"decoded to more than {self._limit} bytes; the rest is left out"
                if left:
                    yield piece[:left]
                return
            if left is not None:
                left -= len(piece)
            yield piece


def _fed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _FEED):
            yield chunk[start : start + _FEED]


def _gunzip(chunks: Iterator[bytes], body: DecodedBody) -> Iterator[bytes]:
    """Any number of members, as RFC 1952 allows; what follows the last one and is none is left out."""
    member = GzipMember()
    given_out = False
    held = b""  # what was fed before anything came out: the body itself, if it is no gzip
    fed = _fed(chunks)
    for piece in fed:
        held = b"" if given_out else held + piece
        rest = piece
        try:
            while rest or not member.needs_input:
                output = member.step(rest)
                rest = b""
                if output:
                    given_out = True
                    yield output
                if member.has_ended():
                    rest, member, given_out = member.unused, GzipMember(), True
        except GzipError as error:
            if member.has_begun():
                body.problem = str(error)
            elif not given_out:
                body.problem = "the body is not gzip as it claims; the bytes are as sent"
                yield held
                yield from fed
            return
    if member.has_begun() or (held and not given_out):
        body.problem = "the gzip body is cut off"


def _inflate(chunks: Iterator[bytes], body: DecodedBody) -> Iterator[bytes]:
    """`deflate` means zlib (RFC 9110, 8.4.1.2), but many servers send bare deflate."""
    fed = _fed(chunks)
    first = next(fed, b"")
    if len(first) < 2:
        first += next(fed, b"")
    is_zlib = len(first) >= 2 and first[0] & 15 == 8 and int.from_bytes(first[:2], "big") % 31 == 0
    engine = zlib.decompressobj(15 if is_zlib else -15)
    given_out = False
    piece = first
    while True:
        try:
            output = engine.decompress(piece, PIECE)
        except zlib.error as error:
            if given_out:
                body.problem = f"the deflated body is damaged ({error})"
                return
            body.problem = "the body is not deflated as it claims; the bytes are as sent"
            yield piece
            yield from fed
            return
        if output:
            given_out = True
            yield output
        if engine.eof:
            return
        piece = engine.unconsumed_tail
        if not piece and len(output) < PIECE:
            piece = next(fed, b"")
            if not piece:
                if first:
                    body.problem = "the deflated body is cut off"
                return


def _unbrotli(chunks: Iterator[bytes], body: DecodedBody) -> Iterator[bytes]:
    engine = brotli.Decompressor()
    fed = _fed(chunks)
    given_out = False
    held = b""
    for piece in fed:
        held = b"" if given_out else held + piece
        rest, output = piece, b""
        try:
            while rest or output or not engine.can_accept_more_data():
                output = engine.process(rest, output_buffer_limit=PIECE)
                rest = b""
                if output:
                    given_out = True
                    yield output
                if engine.is_finished():
                    return
        except brotli.error as error:
            if given_out:
                body.problem = f"the brotli body is damaged ({error})"
            else:
                body.problem = "the body is not brotli as it claims; the bytes are as sent"
                yield held
                yield from fed
            return
    if held or given_out:
        body.problem = "the brotli body is cut off"


_DECODERS: dict[str, Callable[[Iterator[bytes], DecodedBody], Iterator[bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
}
