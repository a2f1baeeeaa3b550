"""Dates as publishers write them: the standard forms, the broken ones, and those in their own language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from functools import cache

from babel.dates import get_month_names

LONGEST_DATE = 80
EARLIEST_YEAR = 1900

# fmt: off
_LANGUAGES = (
    "en", "fr", "es", "pt", "de", "it", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "bg",
    "el", "ru", "uk", "sr", "hr", "sl", "tr", "az", "ka", "hy", "he", "ar", "fa", "ur", "hi", "bn", "ta",
    "id", "ms", "vi", "th", "sw", "af", "et", "lv", "lt", "sq", "mk", "mn", "kk", "uz", "ca", "gl", "eu",
)
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "cet": 60, "bst": 60, "west": 60, "wat": 60, "mez": 60,
    "cest": 120, "eet": 120, "sast": 120, "cat": 120, "mesz": 120, "eest": 180, "msk": 180, "eat": 180,
    "trt": 180, "irst": 210, "gst": 240, "pkt": 300, "ist": 330, "npt": 345, "bdt": 360, "ict": 420,
    "wib": 420, "hkt": 480, "sgt": 480, "myt": 480, "pht": 480, "wita": 480, "awst": 480, "ulat": 480,
    "jst": 540, "kst": 540, "wit": 540, "acst": 570, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "brt": -180, "art": -180, "clt": -240, "vet": -240, "cot": -300, "pet": -300, "edt": -240, "est": -300,
    "cdt": -300, "cst": -360, "mdt": -360, "mst": -420, "pdt": -420, "pst": -480,
}
"""Minutes east of Greenwich; where a name has several meanings, the one most used in feeds."""
# fmt: on
_FURTHEST_ZONE = 18 * 3600
_SPACES = re.compile(r"\s+")
_SPACED_OFFSET = re.compile(r"(?<=\d) (?:GMT|UTC)?([+-]\d{2}:?\d{2})$")
_EPOCH = re.compile(r"(\d{10})(?:\d{3})?")
_CLOCK = re.compile(r"(\d{1,2})[:h.](\d{2})(?:[:.](\d{2}))?\s*([AaPp])?\.?[Mm]?")
_ZONE = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})\b|\b([A-Za-z]{1,5})\)?$")
_YEAR_FIRST = re.compile(r"(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})\s?(?:[-/.]|tháng)\s?(\d{1,2})\s?[-/.,]\s?(\d{4})", re.IGNORECASE)
_HALF_DAY = re.compile(r"\d\s?[ap]\.?m\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_DAY_AND_YEAR = re.compile(r"(?<!\d)(\d{1,2})(?!\d)\D+?(?<!\d)(\d{4})(?!\d)")


def parse_date(text: str | None, language: str | None = None) -> datetime | None:
    """The moment that `text` names, in UTC; a date without a zone is taken as UTC. None when it names none.

    W3C dates and ISO 8601, RFC 822 and 5322, Unix time, numbers (day before month where both are
    possible), and month names of some fifty languages, the feed's `language` first.
    """
    if not text or len(text) > LONGEST_DATE:
        return None
    cleaned = _SPACES.sub(" ", text).strip()
    readers: tuple[Callable[[str], datetime | None], ...] = (_iso, _rfc, _epoch, _numeric)
    for reader in readers:
        try:
            moment = reader(cleaned)
        except (ValueError, OverflowError, IndexError, TypeError):
            continue
        if moment is not None:
            return _plausible(moment)
    try:
        moment = _named_month(cleaned, language)
    except (ValueError, OverflowError):
        return None
    return _plausible(moment) if moment else None


def doubts_about(published: datetime | None, updated: datetime | None, now: datetime) -> tuple[str, ...]:
    """Remarks about dates that cannot be true: more than two days ahead, or changed before published."""
    remarks = []
    for name, moment in (("published", published), ("updated", updated)):
        if moment and moment - now > timedelta(days=2):
            remarks.append(f"{name} lies {(moment - now).days} days in the future")
    if published and updated and published - updated > timedelta(minutes=1):
        remarks.append("updated before it was published")
    return tuple(remarks)


def _plausible(moment: datetime) -> datetime | None:
    return moment if moment.year >= EARLIEST_YEAR else None


def _iso(text: str) -> datetime | None:
    if not text[:4].isdigit() or (text.isdigit() and len(text) != 8):
        return None
    moment = datetime.fromisoformat(_SPACED_OFFSET.sub(r"\1", text))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _rfc(text: str) -> datetime | None:
    fields = None if _HALF_DAY.search(text) else parsedate_tz(text)
    if fields is None:
        return None
    if abs(fields[9] or 0) > _FURTHEST_ZONE:
        return None
    moment = datetime(*fields[:6], tzinfo=UTC)
    if fields[9] is not None and not text.lower().endswith(tuple(_ZONES)):
        return moment - timedelta(seconds=fields[9])
    return moment - _offset(text)


def _epoch(text: str) -> datetime | None:
    match = _EPOCH.fullmatch(text)
    return datetime.fromtimestamp(int(match[1]), UTC) if match else None


def _numeric(text: str) -> datetime | None:
    if match := _YEAR_FIRST.search(text):
        year, month, day = (int(number) for number in match.groups())
    elif match := _DAY_FIRST.search(text):
        day, month, year = (int(number) for number in match.groups())
        if month > 12:
            day, month = month, day
    else:
        return None
    return _at(text[: match.start()] + " " + text[match.end() :], year, month, day)


def _named_month(text: str, language: str | None) -> datetime | None:
    without_clock = _CLOCK.sub(" ", text)
    match = _DAY_AND_YEAR.search(without_clock)
    if not match:
        return None
    months = month_numbers(language)
    # The last one before the year: in "mar., 14 novembre 2017" the first is a weekday.
    named = [months[word] for word in _words(without_clock[: match.start(2)]) if word in months]
    return _at(text, int(match[2]), named[-1], int(match[1])) if named else None


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _at(text: str, year: int, month: int, day: int) -> datetime:
    clock = _CLOCK.search(text)
    hour, minute, second = (int(clock[i] or 0) for i in (1, 2, 3)) if clock else (0, 0, 0)
    if clock and clock[4]:
        hour = hour % 12 + (12 if clock[4] in "Pp" else 0)
    moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return moment - (_offset(text[clock.end() :]) if clock else timedelta())


def _offset(text: str) -> timedelta:
    """The zone that stands at the end of `text`; none is UTC."""
    match = _ZONE.search(text.strip())
    if not match:
        return timedelta()
    if match[1]:
        size = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(size if match[1] == "+" else -size).utcoffset(None)
    return timedelta(minutes=_ZONES.get(match[4].lower(), 0))


def month_numbers(language: str | None) -> dict[str, int]:
    """The number of each month by its name: as `language` has it, and as all languages agree."""
    return _month_names((language or "").replace("_", "-").partition("-")[0].lower())


@cache
def _month_names(language: str) -> dict[str, int]:
    """Month names of `language`, then those of all languages that agree on what they mean."""
    meanings: dict[str, Counter[int]] = {}
    for code in _LANGUAGES:
        for name, number in _names_in(code):
            meanings.setdefault(name, Counter())[number] += 1
    shared = {name: next(iter(numbers)) for name, numbers in meanings.items() if len(numbers) == 1}
    if language in _LANGUAGES:
        shared.update(_names_in(language))
    return shared


@cache
def _names_in(language: str) -> tuple[tuple[str, int], ...]:
    return tuple(
        (word, number)
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, context, language).items()
        for word in _words(name)[:1]
        if len(word) > 1 and not any(sign.isdigit() for sign in name)
    )
