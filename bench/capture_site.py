"""A news site that costs next to nothing to serve: one page of 153 kB to six pictures of 91 kB.

Every URL has a payload of its own, so that nothing is deduplicated; pages are gzipped when asked for.
Run as a program it prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import random
import sys

PICTURES = 6
PAGE_BYTES = 153_000
PICTURE_BYTES = 91_000
WORDS = ["der", "die", "und", "nicht", "mit", "Stadt", "Rat", "Haushalt", "Schule", "Verkehr", "sagte"]


def page_path(number: int) -> str:
    return f"/page/{number}"


def picture_path(page: int, number: int) -> str:
    return f"/picture/{page}-{number}.jpg"


def _article() -> bytes:
    chance = random.Random(7)
    words = (chance.choice(WORDS) + str(chance.randrange(1000)) for _ in range(PAGE_BYTES))
    text = ""
    while len(text) < PAGE_BYTES:
        text += f"<p class='a'>{' '.join(next(words) for _ in range(60))}</p>\n"
    return text.encode()[:PAGE_BYTES]


ARTICLE = _article()
ARTICLE_GZIPPED = gzip.compress(ARTICLE, 6, mtime=0)
PICTURE = b"\xff\xd8\xff\xe0" + hashlib.shake_256(b"picture").digest(PICTURE_BYTES)


def answer(path: bytes, gzip_wanted: bool) -> tuple[bytes, bytes, bytes]:
    """Head, what is the URL's own, and what all share."""
    own = b"<!-- %b -->" % path
    if path.startswith(b"/picture"):
        return _head(b"image/jpeg", len(PICTURE) + len(path)), PICTURE, path
    if not gzip_wanted:
        return _head(b"text/html; charset=utf-8", len(own) + len(ARTICLE)), own, ARTICLE
    own = gzip.compress(own, 1, mtime=0)
    encoded = b"text/html; charset=utf-8\r\nContent-Encoding: gzip"
    return _head(encoded, len(own) + len(ARTICLE_GZIPPED)), own, ARTICLE_GZIPPED


def _head(content_type: bytes, length: int) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2017 10:00:00 GMT\r\nServer: bench\r\nContent-Type: %b\r\n"
        b'Content-Length: %d\r\nETag: "5a0abcde"\r\nCache-Control: max-age=60\r\nVary: Accept-Encoding\r\n'
        b"X-Frame-Options: SAMEORIGIN\r\nConnection: keep-alive\r\n\r\n" % (content_type, length)
    )


class Site(asyncio.Protocol):
    """Answers GET requests, one after the other, on kept connections."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            parts = answer(head.split(b" ", 2)[1], b"gzip" in head)
            self._transport.writelines(parts)  # type: ignore[attr-defined]


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Site, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve())
