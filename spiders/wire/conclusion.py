"""The end of an attempt: everything collected becomes one frozen `Exchange`."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

from scrapy import Request

from archiver.errors import RobotsUnavailableError
from archiver.model.exchange import (
    Connection,
    Exchange,
    Failure,
    FailureKind,
    Purpose,
    Truncation,
    WireResponse,
)
from archiver.model.own_headers import SECRET_NAME, OwnHeaders
from archiver.spiders.guard import resolved_addresses
from archiver.spiders.wire.attempt import Attempt
from archiver.spiders.wire.block import SpooledBlock
from archiver.spiders.wire.failure import failure_of, truncation_of
from archiver.spiders.wire.keys import CONDITION, PURPOSE, ROBOTS, SOURCE, VIA

_UNDECODABLE_LIMIT = 1 << 16
_FIELD = re.compile(rb"([!-9;-~]+)(:[ \t]*)(.+)", re.DOTALL)
_USERINFO = re.compile(r"(?<=://)[^/?#@]*@")


def conclude(
    request: Request, attempt: Attempt, error: BaseException | None, own_headers: OwnHeaders | None = None
) -> Exchange:
    """The exchange of `attempt`, made for `request`, which ended with `error` or None.

    What is secret of the headers sent is left out, among them those of `own_headers`. The block of the
    response now belongs to whoever gets the exchange.
    """
    attempt.close()
    notes: dict[str, str] = {}
    response = _response(attempt, error)
    failure, undecodable = None, b""
    if response is None:
        failure, undecodable = _failure(attempt, error)
    if isinstance(error, RobotsUnavailableError):
        notes["not-asked"] = str(error)
    meta = request.meta
    target_uri = _target_uri(request.url)
    return Exchange(
        id=uuid4(),
        target_uri=target_uri,
        method=request.method,
        started_at=attempt.started_at,
        ended_at=datetime.now(UTC),
        request=_sent(attempt, own_headers.secrets if own_headers else frozenset(), notes),
        purpose=purpose_of(request),
        connection=_connection(attempt, notes),
        response=response,
        failure=failure,
        undecodable=undecodable,
        via=_via(request),
        source=meta.get(SOURCE),
        robots=meta.get(ROBOTS),
        notes=notes,
        resolved=resolved_addresses(urlsplit(target_uri).hostname or ""),
        condition=meta.get(CONDITION),
    )


def _response(attempt: Attempt, error: BaseException | None) -> WireResponse | None:
    block = attempt.block
    if block is not None:
        truncated = truncation_of(attempt, error)
    elif attempt.status and not attempt.is_informational:
        head = attempt.partial_head()
        block = SpooledBlock(memory_limit=len(head))
        block.write(head)
        truncated = truncation_of(attempt, error) or Truncation.UNSPECIFIED
    else:
        return None
    payload = attempt.finished_payload(block)
    return WireResponse(
        block=block,
        header_length=payload.header_length,
        status=attempt.status,
        headers=tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in attempt.headers]),
        payload_digest=payload.digest,
        payload_length=payload.length,
        truncated=truncated,
        informational=tuple(attempt.informational),
        stray=attempt.stray,
    )


def _failure(attempt: Attempt, error: BaseException | None) -> tuple[Failure, bytes]:
    received = b"".join((*attempt.informational, attempt.partial_head()))
    if error is None:
        return Failure(FailureKind.OTHER, "the download ended without a response"), received
    failure = failure_of(attempt, error)
    return failure, received[:_UNDECODABLE_LIMIT]


def _sent(attempt: Attempt, secrets: frozenset[str], notes: dict[str, str]) -> bytes:
    """The request as sent, but for the operator's credentials."""
    if attempt.resent > 0:
        notes["resent"] = "a kept connection was closed by the server; the request was sent again"
    sent = b"".join(attempt.sent)
    head, end, body = sent.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    shown = [_without_secret(line, secrets) for line in lines]
    if shown == lines:
        return sent
    notes["request-redacted"] = "credentials were replaced; the request block is not byte-exact"
    return b"\r\n".join(shown) + end + body


def _without_secret(line: bytes, secrets: frozenset[str]) -> bytes:
    field = _FIELD.fullmatch(line)
    if field is None:
        return line
    name = field[1].decode("latin-1").lower()
    if name not in secrets and not SECRET_NAME.search(name):
        return line
    return field[1] + field[2] + b"[redacted]"


def _connection(attempt: Attempt, notes: dict[str, str]) -> Connection | None:
    if attempt.peer is None:
        return None
    connection, problem = attempt.peer
    if problem:
        notes["tls-problem"] = problem
    if attempt.version != (1, 1):
        major, minor = attempt.version
        protocols = (f"http/{major}.{minor}", *connection.protocols[1:])
        return replace(connection, protocols=protocols)
    return connection


def _target_uri(url: str) -> str:
    url, _, _ = url.partition("#")
    return _USERINFO.sub("", url) if "@" in url else url


def purpose_of(request: Request) -> Purpose:
    """What `request` is made for: as it says, else by the path that was asked for first."""
    told: Purpose | None = request.meta.get(PURPOSE)
    if told:
        return told
    asked = request.meta.get("redirect_urls", (_target_uri(request.url),))[0]
    path = asked.partition("://")[2].partition("/")[2]
    return Purpose.ROBOTS if path.partition("?")[0] == "robots.txt" else Purpose.PAGE


def _via(request: Request) -> str | None:
    redirects = request.meta.get("redirect_urls")
    via: str | None = redirects[-1] if redirects else request.meta.get(VIA)
    return via
