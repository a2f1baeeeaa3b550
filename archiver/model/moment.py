"""Moments in UTC: the archive's three ways to write them, and the dates that people type."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"\d{4,14}")
_ISO = re.compile(
    r"(?P<date>\d{4}(?:-\d{2}(?:-\d{2})?)?)"
    r"(?:[T ](?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """The UTC moment `microseconds` after 1970-01-01T00:00:00Z."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_warc_date(moment: datetime) -> str:
    """WARC 1.1, 5.4: `2017-11-14T10:00:00.123456Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_timestamp14(moment: datetime) -> str:
    """The 14 digits of CDX and replay URLs; fractions of a second are cut."""
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}{utc.month:02}{utc.day:02}{utc.hour:02}{utc.minute:02}{utc.second:02}"


def parse_moment(text: str) -> tuple[datetime, datetime]:
    """The first and the last moment that `text` can mean, both UTC.

    `2017`, `2017-11`, `2017-11-14`, `2017-11-14T10:00Z`, `201711`, `20171114100000`. Without a zone UTC
    is meant. Raises ValueError for anything else.
    """
    text = text.strip()
    try:
        return _parsed(text)
    except OverflowError:
        raise ValueError(f"not a date: {text!r} is not in the years 1 to 9999 in UTC") from None


def _parsed(text: str) -> tuple[datetime, datetime]:
    if _DIGITS.fullmatch(text) and len(text) % 2 == 0:
        fields = [int(text[:4])] + [int(text[i : i + 2]) for i in range(4, len(text), 2)]
        return _span(fields, UTC_ZONE)
    match = _ISO.fullmatch(text)
    if not match:
        raise ValueError(f"not a date: {text!r} (write 2017-11-14, 2017-11-14T10:00Z or 20171114100000)")
    fields = [int(part) for part in match["date"].split("-")]
    if match["time"]:
        clock, _, fraction = match["time"].partition(".")
        fields += [int(part) for part in clock.split(":")]
        zone = match["zone"] or "Z"
        if fraction:
            moment = datetime(*fields, tzinfo=UTC) + timedelta(microseconds=int(fraction.ljust(6, "0")))  # type: ignore[arg-type,misc]
            moment -= _offset(zone)
            return moment, moment
        return _span(fields, zone)
    return _span(fields, UTC_ZONE)


UTC_ZONE = "Z"


def _offset(zone: str) -> timedelta:
    if zone == UTC_ZONE:
        return timedelta()
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return offset if zone[0] == "+" else -offset


def _span(fields: list[int], zone: str) -> tuple[datetime, datetime]:
    low = fields + [1, 1, 0, 0, 0][len(fields) - 1 :]
    year, month, *rest = fields + [12][: max(0, 2 - len(fields))]
    day = rest[0] if rest else calendar.monthrange(year, month)[1]
    high = [year, month, day] + (rest[1:] + [23, 59, 59][max(0, len(rest) - 1) :])
    first = datetime(*low, tzinfo=UTC) - _offset(zone)  # type: ignore[arg-type,misc]
    last = datetime(*high, microsecond=999_999, tzinfo=UTC) - _offset(zone)  # type: ignore[arg-type,misc]
    return first, last
