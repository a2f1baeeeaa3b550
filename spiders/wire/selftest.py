"""The proof, before anything is archived, that the tap gives the exact bytes with this Scrapy and Twisted.

The tap hooks private names of both. A few conversations are run through the very classes that crawl, over
a transport in memory: no socket is opened and no address guard asked.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib.metadata import version

from archiver.errors import CaptureSelfTestError
from archiver.model.digest import Digest
from archiver.model.exchange import Exchange

HOST = "selftest.invalid"
_PAGE = "<p>Grüße</p>".encode() * 40
_GZIPPED = gzip.compress(_PAGE, mtime=0)
_HALF = len(_GZIPPED) // 2


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is asked, what the server answers, and what the archive must have of it."""

    path: str
    status: int
    answer: bytes
    payload: bytes
    early: bytes = b""
    stray: bytes = b""
    closes: bool = False
    decoded: bytes | None = None
    """What a spider reads, where that is not the payload."""

    @property
    def sent(self) -> bytes:
        """The request as it must go over the wire."""
        return f"GET {self.path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


CONVERSATIONS = (
    Conversation(
        "/odd-headers",
        200,
        b"HTTP/1.1 200 Gr\xfc\xdfe\r\nX-oDD: 1\r\nx-Odd:2\r\nset-cookie: a=1\r\nno colon\r\nX-Fold: a\r\n"
        b" b\r\nContent-Length: %d\r\n\r\n%b" % (len(_PAGE), _PAGE),
        _PAGE,
        early=b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
    ),
    Conversation(
        "/chunked-gzip",
        200,
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'%x;a="\\""\r\n%b\r\n%X  \r\n%b\r\n0\r\nX-Trailer: t\r\n\r\n'
        % (_HALF, _GZIPPED[:_HALF], len(_GZIPPED) - _HALF, _GZIPPED[_HALF:]),
        _GZIPPED,
        decoded=_PAGE,
    ),
    Conversation("/empty", 204, b"HTTP/1.1 204 No Content\nX: lf-only\n\n", b"", stray=b"!"),
    Conversation("/until-close", 200, b"HTTP/1.0 200 OK\r\n\r\n" + _PAGE, _PAGE, closes=True),
)


def self_test() -> None:
    """Run the conversations through pool, protocol and parser; takes milliseconds.

    Raises CaptureSelfTestError when a byte differs or a private name is missing. Needs no event loop and
    leaves one that runs alone.
    """
    try:
        from archiver.spiders.wire.rehearsal import Rehearsal

        for piece_size in (7, 1 << 16):
            rehearsal = Rehearsal(piece_size)
            for conversation in CONVERSATIONS:
                check(conversation, rehearsal.converse(conversation))
    except CaptureSelfTestError:
        raise
    except Exception as error:
        raise refusal(f"{type(error).__name__}: {error}") from error


async def verify_wire() -> None:
    """As `self_test`, but through the whole download handler; to be awaited once the reactor runs.

    Raises CaptureSelfTestError.
    """
    try:
        from archiver.spiders.wire.rehearsal import HandlerRehearsal

        rehearsal = HandlerRehearsal(piece_size=64)
        for conversation in CONVERSATIONS:
            check(conversation, await rehearsal.converse(conversation))
        await rehearsal.close()
    except CaptureSelfTestError:
        raise
    except Exception as error:
        raise refusal(f"{type(error).__name__}: {error}") from error


def check(conversation: Conversation, exchange: Exchange) -> None:
    """Compare `exchange` with what went over the wire. Raises CaptureSelfTestError where they differ."""
    response = exchange.response
    if response is None:
        raise refusal(f"{conversation.path}: {exchange.failure}")
    block = b"".join(response.block.chunks())
    facts = {
        "request": (exchange.request, conversation.sent),
        "block": (block, conversation.answer),
        "block digest": (response.block.digest, Digest.of(conversation.answer)),
        "header length": (response.header_length, _header_length(conversation.answer)),
        "status": (response.status, conversation.status),
        "payload digest": (response.payload_digest, Digest.of(conversation.payload)),
        "payload length": (response.payload_length, len(conversation.payload)),
        "truncation": (response.truncated, None),
        "1xx responses": (b"".join(response.informational), conversation.early),
    }
    response.block.close()
    for fact, (found, expected) in facts.items():
        if found != expected:
            raise refusal(f"{conversation.path}: {fact} is {found!r}, not {expected!r}")


def refusal(reason: str) -> CaptureSelfTestError:
    """The error that names the reason and the versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("scrapy", "twisted"))
    return CaptureSelfTestError(
        f"the wire tap does not give the exact bytes with {versions} (install the pinned versions): {reason}"
    )


def _header_length(answer: bytes) -> int:
    ends = [answer.find(end) + len(end) for end in (b"\r\n\r\n", b"\n\n") if end in answer]
    return min(ends)
