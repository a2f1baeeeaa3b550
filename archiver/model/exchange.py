"""One HTTP request and what came back, exactly as it went over the wire, or why nothing came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable
from uuid import UUID

from archiver.model.digest import Digest

_CODED_TAG = re.compile(r"[-;:]+(?:gzip|br|deflate|zstd|df)$")


class Truncation(StrEnum):
    """Why a block is shorter than what the server meant to send (WARC 1.1, 5.13)."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"
    UNSPECIFIED = "unspecified"


class FailureKind(StrEnum):
    """Why no HTTP response came."""

    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    DISCONNECT = "disconnect"
    NOT_HTTP = "not-http"
    BLOCKED = "blocked"
    OTHER = "other"


class Purpose(StrEnum):
    """What an exchange was made for."""

    PAGE = "page"
    PICTURE = "picture"
    ROBOTS = "robots"
    FEED = "feed"
    SITEMAP = "sitemap"
    LISTING = "listing"
    RESOURCE = "resource"


@runtime_checkable
class Block(Protocol):
    """Bytes that may be too many for memory; read as often as wanted until closed."""

    @property
    def length(self) -> int:
        """Number of bytes."""
        ...

    @property
    def digest(self) -> Digest:
        """sha256 of all bytes."""
        ...

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from offset `start`, in order, in pieces of at most 64 KiB."""
        ...

    def close(self) -> None:
        """Give back the memory or the temporary file."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """No response came: the kind, and a message in one line for a person."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of the chain that the server presented: sha256 of its DER form."""

    digest: Digest
    subject: str


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the bytes came from. `ip` is the proxy's when there was one."""

    ip: str
    port: int
    protocols: tuple[str, ...] = ("http/1.1",)
    cipher_suite: str | None = None
    certificates: tuple[Certificate, ...] = ()
    verified: bool | None = None
    """Whether the chain led to a trusted root; None without TLS."""


@dataclass(frozen=True, slots=True)
class WireResponse:
    """What the server sent for one request: `block` is every byte from the status line to the end.

    `header_length` counts the bytes of status line, headers and the empty line. `payload_digest` and
    `payload_length` are of the entity after transfer decoding, before content decoding (RFC 9110, 6.4;
    WARC 1.1, 5.9). `headers` are the parsed ones, in order, repeated names kept, values Latin-1.
    """

    block: Block
    header_length: int
    status: int
    headers: tuple[tuple[str, str], ...]
    payload_digest: Digest
    payload_length: int
    truncated: Truncation | None = None
    informational: tuple[bytes, ...] = ()
    """The 1xx responses that came before, exact bytes."""
    stray: bytes = b""
    """What came after the end of the response on the same connection."""

    def header(self, name: str) -> str | None:
        """The first value of the header `name` (any case)."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a request was made conditional on: the validators of an earlier capture (RFC 9110, 13.1)."""

    record_id: UUID
    url: str
    etag: str | None = None
    last_modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The fields of the request."""
        pairs = (("If-None-Match", self.etag), ("If-Modified-Since", self.last_modified))
        return {name: value for name, value in pairs if value}

    def is_met(self, url: str, etag: str | None) -> bool:
        """Whether a 304 that came from `url` with this ETag says that the capture is still what is there.

        Not when the request was led elsewhere, nor when the answer names another version (RFC 9111, 4.3.4).
        """
        return url == self.url and not (etag and self.etag and _opaque(etag) != _opaque(self.etag))


def _opaque(etag: str) -> str:
    """An entity tag without its weakness, and without what servers add to it for a content coding."""
    return _CODED_TAG.sub("", etag.strip().removeprefix("W/").strip('"'))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt: the request as sent and the response as received, or the failure.

    `target_uri` is ASCII (punycode, percent-encoded), without fragment. At least one of `response` and
    `failure` is set; both when a response began that cannot be stored as HTTP (its bytes are then in
    `undecodable`). Times are UTC. `id` names the response record (`urn:uuid:`).
    """

    id: UUID
    target_uri: str
    method: str
    started_at: datetime
    ended_at: datetime
    request: bytes
    purpose: Purpose
    connection: Connection | None = None
    response: WireResponse | None = None
    failure: Failure | None = None
    undecodable: bytes = b""
    """Bytes that came but were not HTTP, at most 64 KiB."""
    via: str | None = None
    """The URI of the page, feed or redirect that led here."""
    source: str | None = None
    """Name of the source that asked."""
    robots: str | None = None
    """The robots.txt decision: `allowed`, `ignored`, `none` (no file), or None when not asked."""
    notes: dict[str, str] = field(default_factory=dict)
    """Further facts for the metadata record, field name to value."""
    resolved: tuple[str, ...] = ()
    """What DNS last answered for the host, in its order; empty for an address, or when it was not asked."""
    condition: Condition | None = None
    """The earlier capture that a 304 may refer to."""
