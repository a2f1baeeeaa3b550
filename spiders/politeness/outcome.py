"""What came of a request, as far as it tells how to go on with its host."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from archiver.model.exchange import Exchange, FailureKind, Truncation, WireResponse

_BUSY = (429, 503)
_TIMED_OUT = 408
_MOST_DIGITS = 9


class Trouble(StrEnum):
    """Why a request may be worth another try; the words of a reason."""

    DNS = "name not found"
    REFUSED = "connection refused"
    UNREACHABLE = "not reachable"
    TLS = "TLS failed"
    TIMEOUT = "timed out"
    CUT = "cut off"
    BUSY = "busy"
    """429 or 503: the server says that it is too much."""
    ERROR = "server error"
    """Another 5xx, or 408: maybe of this page alone."""


_FAILURES = {
    FailureKind.DNS: Trouble.DNS,
    FailureKind.REFUSED: Trouble.REFUSED,
    FailureKind.UNREACHABLE: Trouble.UNREACHABLE,
    FailureKind.TLS: Trouble.TLS,
    FailureKind.TIMEOUT: Trouble.TIMEOUT,
    FailureKind.DISCONNECT: Trouble.CUT,
}
_CUTS = {
    Truncation.TIME: Trouble.TIMEOUT,
    Truncation.DISCONNECT: Trouble.CUT,
    Truncation.UNSPECIFIED: Trouble.CUT,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`trouble` is None when nothing is wrong with the host; `answered` says whether it said anything.

    `words` tell the trouble to a person. `retry_after` is in seconds from now. `bytes` came over the wire.
    """

    trouble: Trouble | None = None
    answered: bool = False
    words: str = ""
    retry_after: float | None = None
    bytes: int = 0

    @property
    def tells_nothing(self) -> bool:
        """Neither a good nor a bad sign: the request was refused, or given up, on this side."""
        return self.trouble is None and not self.answered


def outcome_of(exchange: Exchange, error: BaseException | None, now: datetime) -> Outcome:
    """The outcome of a download that ended with `error` or None; the block of `exchange` is still open."""
    received = len(exchange.undecodable)
    if exchange.response is not None:
        received = exchange.response.block.length
    if isinstance(error, asyncio.CancelledError):
        return Outcome(bytes=received)
    if exchange.response is None:
        kind = exchange.failure.kind if exchange.failure else FailureKind.OTHER
        trouble = _FAILURES.get(kind)
        return Outcome(trouble, kind is FailureKind.NOT_HTTP, trouble or "", bytes=received)
    return _answered(exchange.response, received, now, failed=error is not None)


def _answered(response: WireResponse, received: int, now: datetime, *, failed: bool) -> Outcome:
    status = response.status
    if status in _BUSY:
        wanted = response.header("Retry-After")
        return Outcome(Trouble.BUSY, True, str(status), seconds_after(wanted, now), received)
    if status >= 500 or status == _TIMED_OUT:
        return Outcome(Trouble.ERROR, True, str(status), bytes=received)
    trouble = _CUTS.get(response.truncated) if failed and response.truncated else None
    return Outcome(trouble, True, trouble or "", bytes=received)


def seconds_after(value: str | None, now: datetime) -> float | None:
    """What a Retry-After means (RFC 9110, 10.2.3): seconds or a date; None when it makes no sense."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:_MOST_DIGITS])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # of numbers that no date has, the library makes either
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
