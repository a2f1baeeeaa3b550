"""Bylines that no markup tells: a short line beside the headline that says "By ..." or puts a name to a date.

Tried only where neither data nor class names name a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml.etree import _Element

from archiver.spiders.extraction.markup import Markup, distance_to_heading
from archiver.spiders.extraction.names import looks_like_person, split_names

MOST_ELEMENTS = 6_000
MOST_LINES = 200
LONGEST_LINE = 120
NEAREST = 6

_LINES = ("p", "div", "span", "li", "dd", "small", "em", "strong", "address", "h2", "h3", "h4")
_ELSEWHERE = frozenset({"figure", "figcaption", "aside", "nav", "footer", "blockquote", "form", "a"})
_CREDITED = re.compile(
    r"(?:by|von|par|por|di|door|av|af|przez|oleh|author|autor(?:in)?|autore|auteur|text|texte|texto|testo|tekst|"
    r"yazar|penulis|автор|текст)\b(?:/\w+)?\s*:?\s+(?=[^\W\d_])",
    re.IGNORECASE,
)
_DATED = re.compile(r"\s*[|\u00b7\u2022,\-\u2013]\s*\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}")


def read_written_bylines(markup: Markup) -> Iterator[list[str]]:
    """The persons of each such line: those near the headline, then those that name an author anywhere."""
    far: list[list[str]] = []
    if markup.heading is None:
        return
    for element, text in islice(_lines(markup), MOST_LINES):
        credit = _CREDITED.match(text)
        dated = _DATED.search(text)
        if credit:
            names = split_names(text[credit.end() : dated.start() if dated else None])
        elif dated:
            names = [text[: dated.start()].strip()]
        else:
            continue
        if not names or not all(map(looks_like_person, names)):
            continue
        if distance_to_heading(markup, element) <= NEAREST:
            yield names
        elif credit and credit[0].rstrip(": ").lower() not in ("by", "von", "par", "por", "di", "av", "af"):
            far.append(names)
    yield from far


def _lines(markup: Markup) -> Iterator[tuple[_Element, str]]:
    """The short blocks of text, in document order, that could be a byline."""
    for element in islice(markup.root.iter(*_LINES), MOST_ELEMENTS):
        if len(element) > 6:
            continue
        text = markup.text_of(element, LONGEST_LINE)
        if 5 < len(text) <= LONGEST_LINE and (_CREDITED.match(text) or _DATED.search(text)):
            parents = islice(element.iterancestors(), 40)
            if not any(parent.tag in _ELSEWHERE for parent in parents):
                yield element, text
