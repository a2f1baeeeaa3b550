"""Words that change by themselves: "3 hours ago", "12 comments", "14:05".

The relative times of each language are those of the Unicode CLDR, so no language needs rules of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Final, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_timedelta

LONGEST_LINE = 100
"""Characters; what is longer is a sentence, in which the time that something happened can be corrected."""
MOST_WORDS_LEFT = 6
MOST_WORDS_BY_A_CLOCK = 3

_STYLES: Final[tuple[Literal["long", "short", "narrow"], ...]] = ("long", "short", "narrow")
_SECONDS = (60, 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400)
_COUNTS = (1, 2, 3, 5, 11, 21)
_NUMBER = re.compile(r"\d+")
_COUNTED = re.compile(
    r"""\b\d[\d.,\s']*[km]?\s*(?:comment|kommentar|coment|commento|commenti|reactie|reaktion|r[ée]action|komentarz
    |комментари|коментар|yorum|评论|評論|コメント|댓글|تعليق|share|geteilt|partage|compartid|condivision|view|aufruf
    |vue|visualiza|просмотр|like|reader|leser|lecteur|lector|lettor|lezer|vote|stimme|antwort|repl(?:y|ies)|post\b)\w*
    |(?:comment|kommentar|coment[aá]rio|comentario|commenti|reacties|комментарии|评论|コメント)\w*\s*[:(]?\s*\d+\)?""",
    re.VERBOSE | re.IGNORECASE,
)
_CLOCK = re.compile(
    r"""\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b | \b\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b
    | \b\d{1,2}\s?[:.h]\s?\d{2}(?::\d{2})?(?:\s?(?:[ap]\.?m\b\.?|uhr|h\b|utc|gmt|ce?s?t\b|e[sd]?t\b))?""",
    re.VERBOSE | re.IGNORECASE,
)
_COUNT = re.compile(r"\(?\d{1,6}\)?|[-\u2212+]?\d{1,3}\s?[^\W\d_]{1,5}\.?")
"""A line that is a bare count, or a bare span of time: `12`, `(12)`, `3 h`, `-19 min`."""
_WORD = re.compile(r"[^\W\d_]+")


def same_but_for_the_clock(before: str, after: str, language: str | None) -> bool:
    """Whether two short lines differ only in relative times, counters of an audience, or a bare clock."""
    if len(before) > LONGEST_LINE or len(after) > LONGEST_LINE:
        return False
    one, other = _settled(before, language), _settled(after, language)
    return one is not None and one == other


def is_clock(text: str, language: str | None) -> bool:
    """Whether `text` is a short line with a relative time, a counter or a bare clock and little else."""
    return len(text) <= LONGEST_LINE and _settled(text, language) is not None


def _settled(text: str, language: str | None) -> str | None:
    """`text` without what changes by itself; None when nothing does, or much else is said."""
    if not _NUMBER.search(text):
        return None
    if _COUNT.fullmatch(text):
        return "\0"
    rest, masked = text, _NUMBER.sub("0", text).casefold()
    for phrase in (*_relative(_base(language)), *_relative("en")):
        if phrase in masked:
            rest = re.sub(re.escape(phrase).replace("0", r"\d+"), "\0", rest, flags=re.IGNORECASE)
    rest = _COUNTED.sub("\0", rest)
    if rest != text and len(_WORD.findall(rest)) <= MOST_WORDS_LEFT:
        return _CLOCK.sub("\0", rest)
    rest = _CLOCK.sub("\0", text)
    return rest if rest != text and len(_WORD.findall(rest)) <= MOST_WORDS_BY_A_CLOCK else None


def _base(language: str | None) -> str:
    return re.split(r"[-_]", language.lower(), maxsplit=1)[0] if language else "en"


@lru_cache(maxsize=64)
def _relative(language: str) -> tuple[str, ...]:
    """What CLDR writes in `language` for a time ago, each number a 0, longest first; nothing if unknown."""
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError, TypeError):
        return ()
    phrases = {_NUMBER.sub("0", phrase).casefold() for phrase in _phrases(locale)}
    return tuple(sorted((p for p in phrases if "0" in p and _WORD.search(p)), key=len, reverse=True))


def _phrases(locale: Locale) -> Iterator[str]:
    for seconds in _SECONDS:
        for count in _COUNTS:
            ago = timedelta(seconds=-seconds * count)
            for style in _STYLES:
                try:
                    yield format_timedelta(ago, threshold=1, add_direction=True, format=style, locale=locale)
                except KeyError:
                    continue  # CLDR has no such style in this language
