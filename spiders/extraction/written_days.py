"""Days as pages write them for readers: with the month in words, and as a byline that no markup tells.

A day in a sentence, a copyright line or a year alone does not say when the page was published.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice

from lxml.etree import _Element

from archiver.model.article import StatedTime, TimePrecision
from archiver.spiders.discovery.dates import month_numbers
from archiver.spiders.extraction.markup import Markup, distance_to_heading
from archiver.spiders.extraction.names import looks_like_person, split_names

LONGEST_LINE = 120
LONGEST_PARAGRAPH = 200
NEAREST = 6
MOST_LINES = 12
MOST_BEFORE = 3
MOST_LONG = 1
"""Longer pieces after the headline that may precede the byline: a standfirst."""
MOST_ELEMENTS = 6_000
MOST_ANCESTORS = 100

_ELSEWHERE = frozenset(
    {"figure", "figcaption", "aside", "nav", "footer", "blockquote", "form", "a", "ul", "ol"}
)
_LINES = ("p", "div", "span", "dd", "small", "em", "strong", "b", "i", "address", "h2", "h3", "h4", "h5")
_MONTH = r"[^\W\d_]{3,15}"
_DAY = re.compile(
    rf"(?<![\d.,/-])(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.)?,?\s(?:de\s|of\s)?(?P<month>{_MONTH})\.?,?\s"
    r"(?:de\s|del\s)?(?P<year>(?:16|17|18|19|20)\d\d)(?!\d)"
    rf"|(?<!\w)(?P<month2>{_MONTH})\.?\s(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?\s"
    r"(?P<year2>(?:16|17|18|19|20)\d\d)(?!\d)"
    r"|(?<!\d)(?P<year3>(?:19|20)\d\d)\s?[年년]\s?(?P<month3>\d{1,2})\s?[月월]\s?(?P<day3>\d{1,2})\s?[日일]",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    r"(?<![\d./-])(?:(?P<year>(?:19|20)\d\d)(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"|(?P<day2>\d{1,2})(?P<mark2>[./-])(?P<month2>\d{1,2})(?P=mark2)(?P<year2>(?:19|20)\d\d))(?![\d/-]|\.\d)"
)
_CHANGED = re.compile(
    r"updat|modif|edited|revis|correct|aktuali[sz]|geändert|mis à jour|actuali[sz]|aggiornat|bijgewerkt|"
    r"gewijzigd|oppdatert|opdateret|uppdaterad|zaktualizowan|обновлен|güncelle|diperbarui",
    re.IGNORECASE,
)
_BY = r"(?:by|von|par|por|di|door|av|af)"
_LABEL = (
    r"(?:first\s+)?(?:published|posted|publication date|date|veröffentlicht|erschienen|datum|publiée?|paru|"
    r"publicado|publicada|fecha|pubblicato|data|gepubliceerd|publicerad|publisert|udgivet|opublikowano|опубликовано|дата|"
    r"yay\u0131nlanma(?:\s+tarihi)?|yay\u0131n(?:lanma)?\s+tarihi|dipublikasikan|tanggal)"
)
_WEEKDAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|tue|wed|thu|fri|sat|sun)|"
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche)"
)
_BEFORE = re.compile(
    rf"(?:(?:^|(?<=\s)){_LABEL}\s?:?\s?(?:{_BY}\s\D{{3,60}}\s)?(?:on|am|le|el|em|il|op|den)?\s?)?"
    rf"(?:(?:^|(?<=\W)){_WEEKDAY}\.?,?\s?)?$",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[|,\u00b7\u2022\u2013\u2014:/()]|\s-\s")
_AFTER = re.compile(
    rf"\s{_BY}\s|"
    r"\s?(?:$|[|,\u00b7\u2022\u2013\u2014/()-]|(?:at|um|à|a las|alle|kl\.?|om|\u043e|\u0432)?"
    r"\s?\d{1,2}[:.h]\d\d)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^\W\d_]{4,}[.!?…。]$")


def written_day(text: str, language: str, *, alone: bool = False) -> StatedTime | None:
    """The day that `text`, a date for readers, states with its month in words; None when it tells a story.

    With `alone` the day may be in numbers too, and before it there may be names and labels only.
    """
    if len(text) > LONGEST_LINE or _SENTENCE.search(text):
        return None
    for start, end, moment in _days(text, language, numeric=alone):
        before = text[:start]
        if not _AFTER.match(text[end:]) or _CHANGED.search(before):
            continue
        label = _BEFORE.search(before)
        if _is_set_apart((before[: label.start()] if label else before).strip(), alone):
            return StatedTime(moment, text[start:end], zone_stated=False, precision=TimePrecision.DAY)
    return None


def is_other(text: str) -> bool:
    """Whether a date in `text` is not that of a publication: a sentence, or a line that tells a change."""
    before = re.split(r"\d", text, maxsplit=1)[0]
    return _SENTENCE.search(text) is not None or _CHANGED.search(before) is not None


def written_bylines(markup: Markup) -> Iterator[StatedTime]:
    """The days of the short lines beside the headline that are a byline, whatever their markup."""
    if markup.heading is None:
        return
    for element in _beside(markup, markup.heading):
        stated = written_day(markup.text_of(element, LONGEST_PARAGRAPH), markup.language, alone=True)
        if stated is not None:
            yield stated


def _beside(markup: Markup, heading: _Element) -> Iterator[_Element]:
    """The last lines before the headline and the first after it, until the text has begun."""
    earlier: deque[_Element] = deque(maxlen=MOST_BEFORE)
    later: list[_Element] = []
    passed, long = False, 0
    for element in islice(markup.root.iter(*_LINES, str(heading.tag)), MOST_ELEMENTS):
        if element is heading:
            passed = True
            continue
        if any(child.tag in _LINES for child in element) or not _may_be_byline(markup, element):
            continue
        text = markup.text_of(element, LONGEST_PARAGRAPH)
        long += passed and len(text) > LONGEST_LINE
        if long > MOST_LONG or len(later) >= MOST_LINES:
            break
        if text:
            (later if passed else earlier).append(element)
    yield from later
    yield from reversed(earlier)


def _may_be_byline(markup: Markup, element: _Element) -> bool:
    if distance_to_heading(markup, element) > NEAREST:
        return False
    ancestors = islice(element.iterancestors(), MOST_ANCESTORS)
    return not any(ancestor.tag in _ELSEWHERE for ancestor in ancestors)


def _is_set_apart(rest: str, alone: bool) -> bool:
    """Whether `rest`, which precedes a date, ends where the date begins; `alone`: and is names at most."""
    if not rest:
        return True
    if alone:
        pieces = filter(None, (piece.strip(" -") for piece in _SEPARATOR.split(rest)))
        return all(any(map(looks_like_person, split_names(piece))) for piece in pieces)
    return rest[-1] == "-" or _SEPARATOR.match(rest[-1]) is not None


def _days(text: str, language: str, *, numeric: bool) -> list[tuple[int, int, datetime]]:
    """Where `text` names a day, and which, in the order of the text."""
    months = month_numbers(language)
    found = []
    for match in chain(_DAY.finditer(text), _NUMERIC.finditer(text) if numeric else ()):
        parts = {
            name[:-1] if name[-1].isdigit() else name: part
            for name, part in match.groupdict().items()
            if part
        }
        month = (
            months.get(parts["month"].casefold(), 0) if not parts["month"].isdigit() else int(parts["month"])
        )
        day, year = int(parts["day"]), int(parts["year"])
        if match.re is _NUMERIC and match["mark2"] == "/" and day != month and max(day, month) <= 12:
            continue  # the third of April or the fourth of March
        try:
            found.append((match.start(), match.end(), datetime(year, month, day, tzinfo=UTC)))
        except ValueError:
            continue  # no such day
    return sorted(found)
