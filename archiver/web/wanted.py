"""Reads what stands behind `/web/`: timestamp, modifier and URL, in the spellings that clients use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from starlette.requests import Request

from archiver.errors import UsageError
from archiver.model.capture import Capture
from archiver.model.moment import parse_moment, to_timestamp14
from archiver.uri import target_uri

LONGEST_URL = 16_384
MODIFIERS = frozenset({"", "id_", "if_", "im_", "cs_", "js_", "mp_", "oe_", "fw_"})
_MEMENTO = re.compile(r"(\d{20}|\d{1,14})([a-z]{2}_)?/(.*)", re.DOTALL)
_FINE = "%Y%m%d%H%M%S%f"
_LOST_SLASH = re.compile(r"(https?):/+", re.IGNORECASE)
_QUOTED_SCHEME = re.compile(r"https?%3A", re.IGNORECASE)
_HALF_SECOND = timedelta(microseconds=500_000)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A memento that is asked for. `digits` is the timestamp: up to 14, or 20 with microseconds."""

    digits: str
    modifier: str
    url: str

    @property
    def moment(self) -> datetime | None:
        """The moment meant, None for the latest: the middle of a second, so that captures in it are nearest.

        Raises UsageError for digits that are no date.
        """
        digits = self.digits
        if len(digits) < 4:
            return None
        if self.is_fine:
            return _fine_moment(digits)
        if len(digits) % 2:
            digits += "1" if len(digits) in (5, 7) and digits[-1] == "0" else "0"
        try:
            first, _ = parse_moment(digits)
        except ValueError:
            raise UsageError(f"{self.digits} is no date; write YYYYMMDDhhmmss") from None
        return first + _HALF_SECOND

    @property
    def is_fine(self) -> bool:
        """Whether the timestamp tells captures of one second apart."""
        return len(self.digits) == 20

    def is_exactly(self, capture: Capture) -> bool:
        """Whether `capture` was made in the second (or the microsecond) that is asked for."""
        return self.digits == timestamp(capture, is_fine=self.is_fine)


def parse_wanted(rest: str) -> Wanted | None:
    """The memento that `20171114100000id_/http://...` names; None without a timestamp. Raises UsageError."""
    match = _MEMENTO.fullmatch(rest)
    if not match:
        return None
    modifier = match[2] or ""
    if modifier not in MODIFIERS:
        raise UsageError(f"{modifier} is no modifier; there are {', '.join(sorted(MODIFIERS - {''}))}")
    return Wanted(match[1], modifier, whole_url(match[3]))


def whole_url(written: str) -> str:
    """The URL that a client wrote, absolute and in its one form. Raises UsageError and UnsafeURLError."""
    if len(written) > LONGEST_URL:
        raise UsageError(f"the URL is longer than {LONGEST_URL:,} characters")
    if _QUOTED_SCHEME.match(written):
        written = unquote(written)
    if not written.strip():
        raise UsageError("no URL is given")
    if lost := _LOST_SLASH.match(written):
        written = f"{lost[1]}://{written[lost.end() :]}"
    elif "://" not in written.partition("?")[0]:
        written = f"http://{written}"
    return target_uri(written)


def path_after(request: Request, prefix: str) -> str:
    """The path behind `prefix` and the query, exactly as they were sent."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    path = raw.decode("utf-8", "replace").partition("?")[0]
    query = request.scope["query_string"].decode("utf-8", "replace")
    return path.removeprefix(prefix) + (f"?{query}" if query else "")


def timestamp(capture: Capture, *, is_fine: bool) -> str:
    """The 14 digits of a capture, or 20 that no other capture of its URL has."""
    return f"{capture.captured_at:{_FINE}}" if is_fine else to_timestamp14(capture.captured_at)


def memento_path(capture: Capture, modifier: str = "", *, is_fine: bool = False) -> str:
    """The path of a memento, from the root of either origin."""
    return f"/web/{timestamp(capture, is_fine=is_fine)}{modifier}/{capture.target_uri}"


def _fine_moment(digits: str) -> datetime:
    try:
        return datetime.strptime(digits, _FINE).replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{digits} is no date; write YYYYMMDDhhmmss") from None
