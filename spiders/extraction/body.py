"""The text of an article as ordered paragraphs: trafilatura finds it, its tree is read piece by piece.

What it finds is then freed from what is no text of the article (its own title, lines that are links to
other pages, repetitions), since these change with every visit and would look like edits.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml.etree import _Element
from lxml.html import HtmlElement

from archiver.model.article import Paragraph, ParagraphKind
from archiver.spiders.extraction import fallbacks
from archiver.spiders.extraction.jsonld import Linked
from archiver.spiders.extraction.titles import folded

MOST_BYTES = 3_000_000
MOST_ELEMENTS = 50_000
LINK_SHARE = 0.75
"""A paragraph with more of its letters in links is furniture."""
LONGEST_FURNITURE = 300
LONG_ENOUGH_TO_REPEAT = 60

_SPACE = re.compile(r"\s+")
_KINDS = {
    "head": ParagraphKind.HEADING,
    "quote": ParagraphKind.QUOTE,
    "item": ParagraphKind.LIST,
    "row": ParagraphKind.LIST,
}
_CONTAINERS = frozenset({"body", "main", "div", "list", "table", "quote"})

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


@dataclass(slots=True)
class _Piece:
    text: str
    kind: ParagraphKind
    linked: int


@dataclass(slots=True)
class Body:
    """The paragraphs, where they came from, and in words what was cut short."""

    paragraphs: list[Paragraph]
    origin: str
    limits: tuple[str, ...] = ()


def read_body(tree: HtmlElement, linked: Linked, url: str, size: int, titles: frozenset[str]) -> Body:
    """The text of the page in `tree`, which is not changed; `size` is that of the page in bytes.

    `titles` are the folded variants of the title: a paragraph that is one of them is no text.
    """
    if size > MOST_BYTES or _count(tree, MOST_ELEMENTS) >= MOST_ELEMENTS:
        limit = f"text read by paragraph elements only: a page of {size} bytes is too large for the text finder"
        return Body(fallbacks.plain_text(tree), "p", (limit,))
    try:
        found = Body(_main_text(tree, url, titles), "trafilatura")
    except Exception as error:  # noqa: BLE001 - a library met markup it cannot bear; the page must still be read
        limit = f"text read by paragraph elements only: the text finder failed with {type(error).__name__}"
        found = Body(fallbacks.plain_text(tree), "p", (limit,))
    if fallbacks.length(found.paragraphs) >= fallbacks.SHORTEST_TEXT:
        return found
    others = (
        Body(fallbacks.declared_text(linked), "json-ld:articleBody", found.limits),
        Body(fallbacks.scripted_text(tree), "script", found.limits),
    )
    return max(found, *others, key=lambda body: fallbacks.length(body.paragraphs))


def _count(tree: HtmlElement, most: int) -> int:
    return sum(1 for _ in islice(tree.iter(), most))


def _main_text(tree: HtmlElement, url: str, titles: frozenset[str]) -> list[Paragraph]:
    from trafilatura import bare_extraction

    document = bare_extraction(tree, url=url, include_comments=False, include_links=True, with_metadata=False)
    if document is None or document.body is None:
        return []
    pieces = [piece for piece in _pieces(document.body, ParagraphKind.PARAGRAPH) if not _is_linked(piece)]
    return _without_repetition(pieces, titles)


def _is_linked(piece: _Piece) -> bool:
    return len(piece.text) <= LONGEST_FURNITURE and piece.linked >= LINK_SHARE * len(piece.text)


def _without_repetition(pieces: list[_Piece], titles: frozenset[str]) -> list[Paragraph]:
    seen: set[str] = set()
    kept: list[Paragraph] = []
    for piece in pieces:
        words = folded(piece.text)
        if words in titles or words in seen:
            continue
        if len(words) >= LONG_ENOUGH_TO_REPEAT:
            seen.add(words)
        kept.append(Paragraph(piece.text, piece.kind))
    while kept and kept[-1].kind is ParagraphKind.HEADING:
        kept.pop()
    return kept


def _pieces(element: _Element, kind: ParagraphKind) -> Iterator[_Piece]:
    """The leaves of a trafilatura tree in order: a container gives its children, everything else its text."""
    if element.tag in _CONTAINERS:
        yield from _piece([(element.text or "", False)], kind)
        loose: list[tuple[str, bool]] = []
        for child in element:
            if child.tag in ("ref", "hi"):
                loose += _runs(child, child.tag == "ref")
            else:
                yield from _piece(loose, kind)
                loose = []
                yield from _pieces(child, _KINDS.get(child.tag, kind))
            loose.append((child.tail or "", False))
        yield from _piece(loose, kind)
        return
    line: list[tuple[str, bool]] = []
    for run in _runs(element, False):
        if run[0] == "\n":
            yield from _piece(line, kind)
            line = []
        else:
            line.append(run)
    yield from _piece(line, kind)


def _runs(element: _Element, linked: bool) -> Iterator[tuple[str, bool]]:
    """The text in `element`, and whether it is in a link; a line break is a run of its own."""
    if element.text:
        yield _SPACE.sub(" ", element.text), linked
    for child in element:
        if child.tag == "lb":
            yield "\n", linked
        else:
            yield from _runs(child, linked or child.tag == "ref")
            if child.tag == "cell":
                yield " ", linked
        if child.tail:
            yield _SPACE.sub(" ", child.tail), linked


def _piece(runs: list[tuple[str, bool]], kind: ParagraphKind) -> Iterator[_Piece]:
    text = _SPACE.sub(" ", "".join(run for run, _ in runs)).strip()
    if text:
        yield _Piece(text, kind, sum(len(run.strip()) for run, linked in runs if linked))
