"""The byline as readers see it, near the headline, in whatever language it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import urlsplit

from lxml.etree import _Element

from archiver.spiders.extraction.markup import Markup, distance_to_heading
from archiver.spiders.extraction.names import looks_like_person, name_key, split_names, unique_names

MOST_LINKS = 100
LONGEST_NAME = 300
LONGEST_ADDRESS = 500
MOST_ANCESTORS = 100
FARTHEST = 12
LONGEST_BYLINE = 300
MOST_NAMES_IN_BYLINE = 15
WHOLE_SHARE = 0.3

_AUTHOR_PATH = re.compile(
    r"/(?:authors?|autore?n?|autores?|auteurs?|people|profiles?|profil|journalists?|by|staff|firmas?|redaktion|redakteure?|"
    r"skribent(?:er)?|yazar(?:lar)?|contributors?|reporters?|writers?|penulis|columnists?)/\S+",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"comment|related|recommend|teaser|sidebar|caption|footer|newsletter|most-?read|popular|carousel|promo|nav\b|"
    r"gallery|photo|image|picture|copyright|card|more-|social|share|blockquote|quote",
    re.IGNORECASE,
)
_OUTSIDE = frozenset({"figure", "figcaption", "aside", "nav", "footer", "blockquote", "picture", "form"})
_TRAILING = re.compile(
    r"\s*(?:\||•|·|\bPublished\b|\bPosted\b|\bUpdated\b|\bLast\b|\bStand\b|\bVeröffentlicht\b|\bAktualisiert\b|\d).*$",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Byline:
    """The persons that one place of the page names: `whole` when it holds hardly anything else."""

    names: tuple[str, ...]
    origin: str
    whole: bool


def read_bylines(markup: Markup, host: str) -> list[Byline]:
    """The bylines of the article, nearest to the headline first; `host` is the page's, without `www.`."""
    found: list[tuple[int, int, Byline, _Element]] = []
    for order, (element, origin) in enumerate(_candidates(markup, host)):
        distance = distance_to_heading(markup, element)
        if (distance > FARTHEST and markup.heading is not None) or _is_elsewhere(markup, element):
            continue
        names, whole = _names_in(markup, element, host)
        if names:
            found.append((distance, order, Byline(tuple(names), origin, whole), element))
    found.sort(key=lambda entry: entry[:2])
    return _distinct(_siblings_joined(found))


def _siblings_joined(found: list[tuple[int, int, Byline, _Element]]) -> Iterator[Byline]:
    """Links side by side, one for each author, are one byline."""
    rows: dict[tuple[_Element | None, str], list[Byline]] = {}
    for _, _, byline, element in found:
        rows.setdefault((element.getparent(), f"{byline.origin} {element.get('class')}"), []).append(byline)
    for row in rows.values():
        names = unique_names(name for byline in row for name in byline.names)
        yield Byline(tuple(names), row[0].origin, all(byline.whole for byline in row))


def _distinct(bylines: Iterable[Byline]) -> list[Byline]:
    kept: dict[frozenset[str], Byline] = {}
    for byline in bylines:
        if len(byline.names) <= MOST_NAMES_IN_BYLINE:
            kept.setdefault(frozenset(map(name_key, byline.names)), byline)
    return list(kept.values())


def _candidates(markup: Markup, host: str) -> Iterator[tuple[_Element, str]]:
    for element in markup.elements.bylines:
        if "author" in (element.get("rel") or "").split():
            yield element, "rel=author"
        elif "author" in (element.get("itemprop") or "").split():
            yield element, "itemprop=author"
        else:
            yield element, "byline"
    links = (link for link in markup.elements.anchors if _leads_to(link, host, _AUTHOR_PATH))
    for link in islice(links, MOST_LINKS):
        parent = link.getparent()
        if parent is None or len(markup.text_of(parent, LONGEST_BYLINE)) <= LONGEST_BYLINE:
            yield link, "author link"


def _leads_to(link: _Element, host: str, path: re.Pattern[str] | None = None) -> bool:
    """Whether `link` leads to a page of this site, with such a path."""
    address = (link.get("href") or "")[:LONGEST_ADDRESS]
    if path and not path.search(address):
        return False
    try:
        other = urlsplit(address).hostname
    except ValueError:
        return False
    return not other or other.removeprefix("www.") == host


def _is_elsewhere(markup: Markup, element: _Element) -> bool:
    """Whether `element` belongs to a picture, a comment, or the teaser of another article."""
    for node in chain([element], islice(element.iterancestors(), MOST_ANCESTORS)):
        if node in markup.heading_ancestors:
            return False
        if node.tag in _OUTSIDE:
            return True
        if node is not element or node.tag != "a":
            marks = f"{(node.get('class') or '')[:LONGEST_NAME]} {(node.get('id') or '')[:LONGEST_NAME]}"
            if _ELSEWHERE.search(marks):
                return True
    return markup.heading is not None


def _names_in(markup: Markup, element: _Element, host: str) -> tuple[list[str], bool]:
    """The persons named in `element`, and whether they are most of its text."""
    text = markup.text_of(element, LONGEST_BYLINE)
    if not text or len(text) > LONGEST_BYLINE:
        return [], False
    links = (link for link in element.iter("a") if _leads_to(link, host))
    linked = [name for link in links for name in split_names(markup.text_of(link, 100))]
    own = split_names(_TRAILING.sub("", text))
    names = unique_names(filter(looks_like_person, linked)) or unique_names(filter(looks_like_person, own))
    return names, sum(map(len, names)) >= WHOLE_SHARE * len(text)
