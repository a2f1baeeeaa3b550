"""What a URL of a local site answers: exact bytes per version, ready to be written at next to no cost."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus
from typing import NamedTuple, Self

_CHUNK = 4096
_COMPRESSIBLE = ("text/", "application/rss", "application/atom", "application/xml", "image/svg")


class Fault(StrEnum):
    """A way in which a local site misbehaves."""

    MISSING = "missing"
    """404."""
    SLOW = "slow"
    """The answer comes after a delay."""
    BUSY = "busy"
    """429 with Retry-After the first time, then the resource."""
    UNAVAILABLE = "unavailable"
    """503 with Retry-After the first time, then the resource."""
    HANG = "hang"
    """No answer, and the connection stays open."""
    TRUNCATED = "truncated"
    """Half of the announced body, then the connection is closed."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as read: `host` is the Host header, `target` path and query, header names in lower case."""

    method: str
    host: str
    target: str
    version: str
    headers: dict[str, str]

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """Read request line and headers, without the empty line. Raises ValueError when it is not HTTP/1."""
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = first.split(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError(f"not HTTP/1: {version!r}")
        headers = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise ValueError(f"not a header: {line!r}")
            headers[name.lower()] = value.strip(" \t")
        host = headers.get("host", "")
        if target.startswith("http://"):
            host, slash, rest = target[7:].partition("/")
            target = slash + rest or "/"
        return cls(method, host.lower(), target, version, headers)

    @property
    def hostname(self) -> str:
        """The host without its port."""
        return self.host.partition(":")[0]

    @property
    def is_conditional(self) -> bool:
        """Whether it asks for a 304 when nothing changed (RFC 9110, 13.1)."""
        return "if-none-match" in self.headers or "if-modified-since" in self.headers

    @property
    def takes_gzip(self) -> bool:
        """Whether the client asks for the gzip coding."""
        return "gzip" in self.headers.get("accept-encoding", "")

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection outlives this exchange (RFC 9112, 9.3)."""
        wish = self.headers.get("connection", "").lower()
        return "close" not in wish if self.version == "HTTP/1.1" else "keep-alive" in wish

    @property
    def body_length(self) -> int:
        """Bytes of body that follow the head. Raises ValueError when that cannot be told."""
        if "transfer-encoding" in self.headers:
            raise ValueError("a request body in chunks is not served here")
        return int(self.headers.get("content-length", "0"))


class Answer(NamedTuple):
    """What goes out for one request.

    `head` ends before its empty line; `body` is the entity (coded, not chunked) and `digest` the
    hexadecimal sha256 of it.
    """

    status: int
    head: bytes
    body: bytes
    digest: str
    chunked: bool = False
    fault: Fault | None = None
    delay: float = 0.0

    def wire(self, method: str, keeps_alive: bool) -> bytes:
        """Every byte of the response."""
        end = b"\r\n\r\n" if keeps_alive else b"\r\nConnection: close\r\n\r\n"
        if method == "HEAD" or self.status == HTTPStatus.NOT_MODIFIED:
            return self.head + end
        if self.chunked:
            return b"".join((self.head, end, _in_chunks(self.body)))
        return b"".join((self.head, end, self.body))


_EMPTY_DIGEST = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Resource:
    """One version of what a URL answers.

    `modified` and `etag` are the validators of this version; without `etag` a strong one is made of the
    body. `date` is the fixed value of the Date header, so that a version has the same bytes at every visit.
    """

    body: bytes
    content_type: str
    status: int = 200
    modified: datetime | None = None
    etag: str | None = None
    date: datetime | None = None
    headers: tuple[tuple[str, str], ...] = ()
    chunked: bool = False

    def answer(self, request: Request) -> Answer:
        """The full representation in the coding that the client takes, or 304."""
        if self.chunked and request.version == "HTTP/1.0":
            return replace(self, chunked=False).answer(request)
        if request.is_conditional and self.status == HTTPStatus.OK and self._is_unchanged(request):
            return self._unchanged
        if self._is_compressible and request.takes_gzip:
            return self._gzipped
        return self._plain

    @property
    def _is_compressible(self) -> bool:
        return self.content_type.startswith(_COMPRESSIBLE) and len(self.body) > 200

    @cached_property
    def _tag(self) -> str:
        return self.etag or f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'

    @property
    def _gzip_tag(self) -> str:
        return self._tag if self._tag.startswith("W/") else self._tag[:-1] + '-gzip"'

    def _is_unchanged(self, request: Request) -> bool:
        """RFC 9110, 13.2.2: If-None-Match goes before If-Modified-Since."""
        tags = request.headers.get("if-none-match")
        if tags is not None:
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return not known.isdisjoint(
                {"*", self._tag.removeprefix("W/"), self._gzip_tag.removeprefix("W/")}
            )
        if self.modified is None:
            return False
        try:
            since = parsedate_to_datetime(request.headers["if-modified-since"])
        except ValueError:
            return False
        return self.modified.replace(microsecond=0) <= (since if since.tzinfo else since.replace(tzinfo=UTC))

    @cached_property
    def _plain(self) -> Answer:
        digest = hashlib.sha256(self.body).hexdigest()
        return Answer(self.status, self._head(self._tag, self.body), self.body, digest, self.chunked)

    @cached_property
    def _gzipped(self) -> Answer:
        coded = gzip.compress(self.body, 6, mtime=0)
        head = self._head(self._gzip_tag, coded, coding=True)
        return Answer(self.status, head, coded, hashlib.sha256(coded).hexdigest(), self.chunked)

    @cached_property
    def _unchanged(self) -> Answer:
        lines = [_status_line(304), *self._dates(), f"ETag: {self._tag}"]
        return Answer(304, "\r\n".join(lines).encode("latin-1"), b"", _EMPTY_DIGEST)

    def _dates(self) -> list[str]:
        lines = [f"Date: {_http_date(self.date)}"] if self.date else []
        return lines + ([f"Last-Modified: {_http_date(self.modified)}"] if self.modified else [])

    def _head(self, tag: str, entity: bytes, *, coding: bool = False) -> bytes:
        lines = [_status_line(self.status), *self._dates(), f"Content-Type: {self.content_type}"]
        lines.append("Transfer-Encoding: chunked" if self.chunked else f"Content-Length: {len(entity)}")
        if self.status == HTTPStatus.OK:
            lines.append(f"ETag: {tag}")
        if self._is_compressible:
            lines.append("Vary: Accept-Encoding")
        if coding:
            lines.append("Content-Encoding: gzip")
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode("latin-1")


def note(status: int, text: str, *headers: tuple[str, str]) -> Resource:
    """A short plain answer: an error, or a word to a person."""
    return Resource((text + "\n").encode(), "text/plain; charset=utf-8", status, headers=headers)


def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _in_chunks(body: bytes) -> bytes:
    """RFC 9112, 7.1."""
    pieces = [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
