"""Addresses that never end: calendars, sessions, paths that repeat themselves, filters piled on filters."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from urllib.parse import urlsplit

LONGEST_USEFUL_URL = 2000
_MOST_SEGMENTS = 16
_MOST_PARAMETERS = 12
_CALENDAR_WORD = re.compile(
    r"(?:^|[/_-])(?:calendar|calendrier|calendario|kalender|kalendar|events?|agenda|programme?s?|tv-?guide)"
    r"(?:$|[/_.-])",
    re.IGNORECASE,
)
_CALENDAR_STEP = re.compile(
    r"(?:^|&)(?:date|day|month|year|week|tribe-bar-date|ical|from_date|to_date|mes|mois|monat)=",
    re.IGNORECASE,
)
_DATE = re.compile(r"/((?:1[5-9]|2\d)\d{2})(?:[/-](0[1-9]|1[0-2])(?:[/-]\d{1,2})?)?(?=/|$)")
_SESSION = re.compile(
    r"(?:;|[?&])(?:jsessionid|phpsessid|aspsessionid\w*|sessionid|session_id|cftoken)=", re.IGNORECASE
)
_NOT_A_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|js|mjs|json|xml|rss|atom|zip|gz|rar|7z|exe|apk|dmg|iso"
    r"|mp[34]|m4[av]|ogg|oga|ogv|wav|webm|mov|avi|wmv|flv|m3u8?|docx?|xlsx?|pptx?|odt|ods|epub|mobi|woff2?|ttf"
    r"|ics|vcf|torrent)$",
    re.IGNORECASE,
)


def trap_in(url: str, now: datetime) -> str | None:
    """Why following `url` from a listing would lead nowhere, in a few words; None when nothing speaks so."""
    if len(url) > LONGEST_USEFUL_URL:
        return "too long"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "malformed"
    if _SESSION.search(url):
        return "session id"
    if _NOT_A_PAGE.search(parts.path):
        return "no page"
    segments = [segment for segment in parts.path.split("/") if segment]
    if len(segments) > _MOST_SEGMENTS or _repeats(segments):
        return "path that repeats itself"
    if parts.query.count("&") >= _MOST_PARAMETERS:
        return "too many parameters"
    if _CALENDAR_STEP.search(parts.query) and _CALENDAR_WORD.search(parts.path):
        return "calendar"
    if _is_calendar_page(parts.path, now):
        return "calendar"
    return None


def _repeats(segments: list[str]) -> bool:
    """`/a/b/a/b/a/b`: some segment that is no number stands there three times."""
    words = Counter(segment for segment in segments if not segment.isdecimal())
    return any(count >= 3 for count in words.values())


def _is_calendar_page(path: str, now: datetime) -> bool:
    """A page for a month or day in the future or before the web, or any date below a calendar."""
    dates = list(_DATE.finditer(path))
    if not dates:
        return False
    last = dates[-1]
    if _CALENDAR_WORD.search(path[: last.start()]):
        return not re.search(r"[^\W\d]{3,}", path[last.end() :])
    if not last[2] or path[last.end() :].strip("/"):
        return False
    months = int(last[1]) * 12 + int(last[2])
    return not 1990 * 12 <= months <= now.year * 12 + now.month + 2
