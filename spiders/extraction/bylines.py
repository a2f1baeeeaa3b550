"""The byline as readers see it, near the headline, in whatever language it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.etree import XPath, _Element

from archiver.spiders.extraction.markup import Markup, distance_to_heading, text_of
from archiver.spiders.extraction.names import looks_like_person, name_key, split_names, unique_names

MOST_ELEMENTS = 400
FARTHEST = 12
LONGEST_BYLINE = 300

_MARKED = XPath(
    "//*[contains(concat(' ', @rel, ' '), ' author ') or contains(@itemprop, 'author')"
    " or contains(@class, 'uthor') or contains(@class, 'yline') or contains(@class, 'AUTHOR') or contains(@id, 'uthor')"
    " or contains(@id, 'yline') or contains(@data-testid, 'uthor') or contains(@data-testid, 'yline')"
    " or contains(@class, 'utor') or contains(@class, 'uteur') or contains(@class, 'riter') or contains(@class, 'eporter')"
    " or contains(@class, 'ournalist') or contains(@class, 'erfasser') or contains(@class, 'redakt')"
    " or contains(@class, 'signature') or contains(@class, 'firma') or contains(@class, 'contributor')"
    " or contains(@class, 'credits')"
    " or (self::a and (contains(@href, '/author') or contains(@href, '/autor') or contains(@href, '/auteur')"
    " or contains(@href, '/people/') or contains(@href, '/profile') or contains(@href, '/journalist')"
    " or contains(@href, '/by/') or contains(@href, '/staff/') or contains(@href, '/firma')"
    " or contains(@href, '/redaktion/') or contains(@href, '/skribent') or contains(@href, '/yazar')"
    " or contains(@href, '/contributor') or contains(@href, '/redakt')))]"
)
_TOKEN = re.compile(
    r"(?:^|[\s_\-]|(?<=[a-z]))(?:by-?line|authors?|autor(?:e|en|es|a|i)?|auteurs?|writers?|reporters?|journalists?|verfasser|"
    r"redakteure?|redaktor|signature|firma|contributors?|credits)(?=$|[\s_\-\d]|[A-Z])",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"comment|related|recommend|teaser|sidebar|caption|footer|newsletter|most-?read|popular|carousel|promo|nav\b|"
    r"gallery|photo|image|picture|copyright|card|more-|social|share|blockquote|quote",
    re.IGNORECASE,
)
_OUTSIDE = frozenset({"figure", "figcaption", "aside", "nav", "footer", "blockquote", "picture", "form"})
_TRAILING = re.compile(
    r"\s*(?:\||•|·|\bPublished\b|\bPosted\b|\bUpdated\b|\bLast\b|\bStand\b|\bVeröffentlicht\b|\bAktualisiert\b|\d).*$", re.DOTALL
)
_BY = re.compile(r"^(?:By|Von|Par|Por|Di|Door|Av|Af|Przez|Oleh|Text|Texte|Texto|Autor|Autorin)\b:?\s+\S", re.UNICODE)


def read_bylines(markup: Markup) -> Iterator[tuple[str, list[str]]]:
    """The names of each byline, nearest to the headline first, with where it stood."""
    found: dict[tuple[int, int], tuple[str, list[str]]] = {}
    groups: dict[_Element, list[_Element]] = {}
    for order, element in enumerate(_MARKED(markup.tree)[:MOST_ELEMENTS]):
        origin = _origin(element)
        if origin is None or _is_elsewhere(markup, element):
            continue
        names = [name for name in _names_in(element) if looks_like_person(name)]
        if names:
            distance = distance_to_heading(markup, element)
            if distance <= FARTHEST or markup.heading is None:
                found[distance, order] = origin, names
                groups.setdefault(element.getparent(), []).append(element)
    yield from _merged(found)


def _merged(found: dict[tuple[int, int], tuple[str, list[str]]]) -> Iterator[tuple[str, list[str]]]:
    """Bylines in order; those at one distance from the headline and of one kind are one list."""
    merged: dict[tuple[int, str], list[str]] = {}
    for (distance, _), (origin, names) in sorted(found.items()):
        merged.setdefault((distance, origin), []).extend(names)
    seen: set[frozenset[str]] = set()
    for (_, origin), names in merged.items():
        unique = unique_names(names)
        keys = frozenset(map(name_key, unique))
        if keys not in seen and len(unique) <= 12:
            seen.add(keys)
            yield origin, unique


def _origin(element: _Element) -> str | None:
    if "author" in (element.get("rel") or "").split():
        return "rel=author"
    if "author" in (element.get("itemprop") or "").split():
        return "itemprop=author"
    for attribute in ("class", "id", "data-testid"):
        if _TOKEN.search(element.get(attribute) or ""):
            return "byline"
    return "author link" if element.tag == "a" and element.get("href") else None


def _is_elsewhere(markup: Markup, element: _Element) -> bool:
    """Whether `element` belongs to a picture, a comment, or the teaser of another article."""
    node: _Element | None = element
    while node is not None and node not in markup.heading_ancestors:
        if node.tag in _OUTSIDE:
            return True
        if node is not element or node.tag != "a":
            marks = f"{node.get('class') or ''} {node.get('id') or ''}"
            if _ELSEWHERE.search(marks):
                return True
        node = node.getparent()
    return False


def _names_in(element: _Element) -> list[str]:
    text = text_of(element, LONGEST_BYLINE)
    if not text or len(text) > LONGEST_BYLINE:
        return []
    links = [text_of(link, 100) for link in element.iter("a")]
    persons = [link for link in links if looks_like_person(link)]
    if len(persons) > 0:
        return unique_names(persons)
    return split_names(_TRAILING.sub("", text))
