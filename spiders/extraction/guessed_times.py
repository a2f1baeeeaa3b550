"""Publication times that a page states and no markup declares: title, script data, beside the headline.

What only a text, a copyright line or an address has is no statement of the page, and none is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml.etree import _Element

from archiver.spiders.extraction.markup import Markup, distance_to_heading
from archiver.spiders.extraction.written_days import is_other, written_bylines

MOST_SCRIPT_CHARACTERS = 1_500_000
MOST_SCRIPTS = 200
MOST_DATED = 400
NEAREST = 5
LONGEST = 160

_DATED = re.compile(r"date|time|publi|datum|fecha|tarih|meta", re.IGNORECASE)
_AT_END = re.compile(r"[|,\u2013\u2014\u00b7\-(]\s*(\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})\)?\s*$")
_KEY = re.compile(
    r"\\?[\"'](?:datePublished|date_published|publishedAt|published_at|publishDate|publish_date|publicationDate|"
    r"publication_date|publishedDate|published_date|firstPublished(?:At|Date)?|first_published_at|pubDate|pub_date|"
    r"publishTime|publish_time|publishedTime|published_time|dateOfPublication|deployDate|deployDt)\\?[\"']\s*:\s*"
    r"\\?[\"']?(\d{4}[-/.]\d\d?[-/.]\d\d?[^\"'\\,}]{0,24}|\d{13}|\d{10})"
)


def guessed_times(markup: Markup) -> Iterator[tuple[str, object]]:
    """Candidates as origin and text, best first."""
    for title in (*markup.meta.get("og:title", ())[:2], markup.title):
        if (match := _AT_END.search(title[-40:])) is not None:
            yield "title", match[1]
    for script in markup.elements.scripts[:MOST_SCRIPTS]:
        for match in _KEY.finditer((script.text or "")[:MOST_SCRIPT_CHARACTERS]):
            yield "script", match[1]
            break
    yield from _beside_heading(markup)
    for stated in written_bylines(markup):
        yield "byline", stated.written


def _beside_heading(markup: Markup) -> Iterator[tuple[str, object]]:
    near = []
    dated = (element for element in markup.root.iter("*") if _DATED.search(_name(element)))
    for order, element in enumerate(islice(dated, MOST_DATED)):
        distance = distance_to_heading(markup, element)
        if distance <= NEAREST:
            text = markup.text_of(element, LONGEST)
            if any(letter.isdigit() for letter in text) and len(text) <= LONGEST and not is_other(text):
                near.append((distance, order, text))
    for _, _, text in sorted(near)[:5]:
        yield "text", text


def _name(element: _Element) -> str:
    return f"{(element.get('class') or '')[:LONGEST]} {(element.get('id') or '')[:LONGEST]}"
