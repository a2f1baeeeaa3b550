"""What a page states in its markup beside JSON-LD: meta elements, links, microdata, RDFa, headings, times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from lxml.etree import _Element

from archiver.spiders.extraction.elements import Elements, find_elements
from archiver.spiders.extraction.texts import LONGEST_TEXT, Texts

MOST_HEADINGS = 12
MOST_ANCESTORS = 100

_WORD = re.compile(r"\w+")
_ARTICLE_SCOPE = re.compile(r"(?:article|posting|report|newsitem)\b", re.IGNORECASE)


@dataclass(slots=True)
class Markup:
    """A page's statements: `meta` maps a lower-case name to its values in document order."""

    root: _Element
    elements: Elements
    texts: Texts
    meta: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    properties: dict[str, list[tuple[str, _Element]]] = field(default_factory=dict)
    headings: list[tuple[str, _Element]] = field(default_factory=list)
    title: str = ""
    language: str = ""
    heading: _Element | None = None
    """The main heading: the first-level one that shares most words with the page's title."""
    heading_text: str = ""
    heading_ancestors: frozenset[_Element] = frozenset()

    @property
    def titles(self) -> str:
        """The titles that the head gives the page, one after the other."""
        shared = [*self.meta.get("og:title", ())[:2], *self.meta.get("twitter:title", ())[:1]]
        return " ".join([self.title, *shared])

    def text_of(self, element: _Element, limit: int = LONGEST_TEXT) -> str:
        """The text that a reader sees in `element`, one line, at most about `limit` characters."""
        return self.texts.of(element, limit)

    def value_of(self, element: _Element) -> str:
        """The value of a property (HTML, 5.2.4): an attribute of meta, time, links, media, else the text."""
        if element.get("content"):
            return str(element.get("content"))
        if element.tag == "time" and element.get("datetime"):
            return str(element.get("datetime"))
        if element.tag in ("img", "audio", "video", "source", "iframe", "embed"):
            return element.get("src") or element.get("data-src") or ""
        if element.tag == "link":
            return element.get("href") or ""
        return self.text_of(element)

    def first_meta(self, *names: str) -> Iterator[tuple[str, str]]:
        """Each value of each of `names`, with the name, in the order of `names`."""
        for name in names:
            for value in self.meta.get(name, ()):
                yield name, value


def read_markup(root: _Element) -> Markup:
    """What the markup of the page states."""
    elements = find_elements(root)
    markup = Markup(root, elements, Texts(root))
    for element in elements.metas:
        content = element.get("content")
        if content:
            for attribute in ("name", "property", "itemprop", "http-equiv"):
                name = element.get(attribute)
                if name:
                    markup.meta.setdefault(name.strip().lower(), []).append(content)
    for element in elements.links:
        for relation in (element.get("rel") or "").lower().split():
            markup.links.setdefault(relation, []).append(element.get("href") or "")
    headings = ((markup.text_of(heading), heading) for heading in elements.headings[:MOST_HEADINGS])
    markup.headings = [(text, heading) for text, heading in headings if text]
    markup.title = markup.text_of(elements.title) if elements.title is not None else ""
    markup.language = (root.get("lang") or root.get("xml:lang") or "").strip()
    _find_main_heading(markup)
    _read_properties(markup)
    return markup


def _find_main_heading(markup: Markup) -> None:
    words = set(_WORD.findall(markup.titles.casefold()))
    best = 0.0
    for text, heading in markup.headings:
        own = set(_WORD.findall(text.casefold()))
        shared = len(own & words) * len(own & words) / len(own) if own else 0.0
        if shared > best:
            best, markup.heading, markup.heading_text = shared, heading, text
    if markup.heading is None and len(markup.headings) == 1:
        markup.heading_text, markup.heading = markup.headings[0]
    if markup.heading is not None:
        markup.heading_ancestors = frozenset(markup.heading.iterancestors())


def _read_properties(markup: Markup) -> None:
    """Microdata and RDFa properties that belong to an article (HTML 5.2 of microdata; RDFa Lite 1.1)."""
    for element in markup.elements.properties:
        kind = "itemprop" if element.get("itemprop") else "property"
        scope = _scope_of(element)
        if scope is not None and not _ARTICLE_SCOPE.search(scope):
            continue
        for name in (element.get(kind) or "").split():
            short = name.rpartition(":")[2].rpartition("/")[2].lower()
            origin = "microdata" if kind == "itemprop" else "rdfa"
            value = markup.value_of(element)
            if value and short:
                markup.properties.setdefault(short, []).append((f"{origin}:{short}", element))


def _scope_of(element: _Element) -> str | None:
    """The type of the nearest thing that `element` describes; None outside of any."""
    for ancestor in islice(element.iterancestors(), MOST_ANCESTORS):
        if ancestor.get("itemscope") is not None or ancestor.get("typeof"):
            return ancestor.get("itemtype") or ancestor.get("typeof") or ""
    return None


def distance_to_heading(markup: Markup, element: _Element) -> int:
    """How many steps up from `element` there is something that also holds the main heading; 99 for none."""
    for steps, ancestor in enumerate(islice(element.iterancestors(), MOST_ANCESTORS)):
        if ancestor in markup.heading_ancestors:
            return steps
    return 99
