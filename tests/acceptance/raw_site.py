"""Pages and pictures for the raw-socket server, so that a test knows every byte that went out."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from itertools import chain, repeat

from wire_server import After, Script

from archiver.demo.newsroom import site_file

PICTURE = site_file("pictures/harbour.jpg")
OTHER_PICTURE = site_file("pictures/market.jpg")


def answer(body: bytes = b"", mime: str = "text/html", *more: str, status: str = "200 OK") -> bytes:
    """A response with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {mime}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(body: bytes, mime: str, *more: str) -> bytes:
    """A response in gzip, in two chunks with an extension, and with a trailer."""
    coded = gzip.compress(body, mtime=0)
    half = len(coded) // 2
    lines = ["HTTP/1.1 200 Fine", f"content-TYPE:{mime}", "Transfer-Encoding: chunked", "Trailer: X-End"]
    head = "\r\n".join([*lines, "Content-Encoding: gzip", *more]).encode("latin-1") + b"\r\n\r\n"
    parts = b"%x;part=1\r\n%b\r\n%X\r\n%b\r\n" % (half, coded[:half], len(coded) - half, coded[half:])
    return head + parts + b"0\r\nX-End: yes\r\n\r\n"


def page(*pictures: str, text: str = "") -> bytes:
    """An article with `pictures`."""
    shown = "".join(f'<img src="{url}" alt="picture {number}">' for number, url in enumerate(pictures))
    return f"<html><body><article><h1>News</h1><p>{text}</p>{shown}</article></body></html>".encode()


def in_turn(*answers: bytes) -> Callable[[bytes], Iterator[bytes]]:
    """Another answer at each request, the last one for ever."""
    waiting = chain(answers, repeat(answers[-1]))
    return lambda _request: iter([next(waiting)])


class Site(dict[str, Script]):
    """Scripts by path; any other path, and robots.txt unless it is there, is a 404."""

    def __missing__(self, path: str) -> Script:
        return Script(answer(b"", "text/plain", status="404 Not Found"))


def redirect(location: str) -> Script:
    return Script(answer(b"moved", "text/plain", f"Location: {location}", status="302 Found"))


NO_ROBOTS = Script(answer(b"", "text/plain", status="404 Not Found"))
NOT_HTTP = Script(b"SSH-2.0-OpenSSH_9.6\r\n", After.CLOSE)
