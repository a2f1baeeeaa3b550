"""The elements that the readers look for, found in one pass over the page.

A page has thousands of elements and some dozens of distinct class names, so each name is judged once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml.etree import _Element

MOST_OF_A_KIND = 2_000
MOST_MARKED = 400
LONGEST_NAME = 300

_BYLINE = re.compile(
    r"(?:by-?line|author|autor|auteur|writer|reporter|journalist|verfasser|redakteur|redaktor|signature|firma|"
    r"contributor|credits)(?:s|e|en|es|a|i)?(?=$|[\s_\-\d]|(?-i:[A-Z]))",
    re.IGNORECASE,
)
_BYLINE_STEMS = (
    *(
        "line",
        "author",
        "autor",
        "auteur",
        "writer",
        "reporter",
        "journalist",
        "verfasser",
        "redak",
        "signature",
    ),
    *("firma", "contributor", "credits"),
)
"""One of these is in every name that `_BYLINE` finds; looking for them first is four times faster."""
_WALL = re.compile(
    r"(?:paywall|regwall|piano)[-_]+(?:overlay|barrier|teaser|gradient|wall|paywall)|article-?paywall|meteredcontent",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Elements:
    """Elements of a page by kind, each in document order and at most 2,000 of a kind."""

    metas: list[_Element] = field(default_factory=list)
    links: list[_Element] = field(default_factory=list)
    anchors: list[_Element] = field(default_factory=list)
    headings: list[_Element] = field(default_factory=list)
    times: list[_Element] = field(default_factory=list)
    properties: list[_Element] = field(default_factory=list)
    """Those with `itemprop` (microdata) or, meta elements apart, `property` (RDFa)."""
    scripts: list[_Element] = field(default_factory=list)
    linked: list[_Element] = field(default_factory=list)
    """The JSON-LD scripts."""
    bylines: list[_Element] = field(default_factory=list)
    title: _Element | None = None
    wall: str | None = None
    """The class or id of what hides the text from those who have not paid."""
    count: int = 0


def find_elements(root: _Element) -> Elements:
    """One pass over the page."""
    found = Elements()
    by_tag = {
        "meta": found.metas,
        "link": found.links,
        "a": found.anchors,
        "h1": found.headings,
        "time": found.times,
    }
    judged: dict[str, tuple[bool, bool]] = {}
    for element in root.iter("*"):
        found.count += 1
        tag = element.tag
        kind = by_tag.get(tag)
        if kind is not None:
            _keep(kind, element, MOST_OF_A_KIND)
        elif tag == "script":
            _keep(found.linked if _is_linked_data(element) else found.scripts, element, MOST_OF_A_KIND)
            continue
        elif tag == "title" and found.title is None:
            found.title = element
        if tag == "meta":
            continue
        attributes = element.attrib
        if attributes:
            if "itemprop" in attributes or "property" in attributes:
                _keep(found.properties, element, MOST_OF_A_KIND)
            _mark(found, element, judged)
    return found


def _keep(kind: list[_Element], element: _Element, most: int) -> None:
    if len(kind) < most:
        kind.append(element)


def _is_linked_data(script: _Element) -> bool:
    return "ld+json" in (script.get("type") or "").lower()


def _mark(found: Elements, element: _Element, judged: dict[str, tuple[bool, bool]]) -> None:
    byline = element.get("rel") == "author" or element.get("itemprop") == "author"
    for attribute in ("class", "id", "data-testid"):
        name = element.get(attribute)
        if not name:
            continue
        verdict = judged.get(name)
        if verdict is None:
            verdict = judged[name] = _judge(name[:LONGEST_NAME])
        byline = byline or verdict[0]
        if verdict[1] and found.wall is None:
            found.wall = name[:80]
    if byline:
        _keep(found.bylines, element, MOST_MARKED)


def _judge(name: str) -> tuple[bool, bool]:
    """Whether a class or id names a byline, and whether it names a wall."""
    lowered = name.lower()
    byline = any(stem in lowered for stem in _BYLINE_STEMS) and bool(_BYLINE.search(name))
    return byline, ("wall" in lowered or "metered" in lowered) and bool(_WALL.search(name))
