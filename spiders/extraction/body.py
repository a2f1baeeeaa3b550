"""The text of an article as ordered paragraphs: trafilatura finds it, its tree is read piece by piece.

What it finds is then freed from what is no text of the article (its own title, lines that are links to
other pages, repetitions), since these change with every visit and would look like edits.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import cast

from lxml import etree
from lxml.etree import XPath, _Element

from archiver.model.article import Paragraph, ParagraphKind
from archiver.spiders.extraction import fallbacks
from archiver.spiders.extraction.jsonld import Linked
from archiver.spiders.extraction.linkage import with_link_shares
from archiver.spiders.extraction.markup import Markup
from archiver.spiders.extraction.titles import folded

MOST_BYTES = 3_000_000
MOST_ELEMENTS = 15_000
DEEPEST = 200
"""Pages beyond these keep the text finder busy for seconds; news pages have 1,000 elements, 20 deep."""
LINK_SHARE = 0.75
"""A paragraph with more of its letters in links is furniture."""
LONGEST_FURNITURE = 300
LONG_ENOUGH_TO_REPEAT = 60

_SPACE = re.compile(r"\s+")
_is_deep = XPath("boolean(/" + "/".join("*" * DEEPEST) + ")")
_KINDS = {
    "head": ParagraphKind.HEADING,
    "quote": ParagraphKind.QUOTE,
    "item": ParagraphKind.LIST,
    "row": ParagraphKind.LIST,
}
_TEXTLESS = (
    *("script", "style", "svg", "iframe", "link", "meta", "template", "nav", "footer", "button", "noscript"),
    *(
        "img",
        "picture",
        "source",
        "video",
        "audio",
        "input",
        "select",
        "textarea",
        "object",
        "embed",
        "canvas",
    ),
)
"""What never holds text; without it the finder, which copies the page several times, is faster."""
_DIALOGS = etree.XPath("//dialog|//*[@role='dialog' or @role='alertdialog' or @aria-modal='true']")
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


def read_body(markup: Markup, linked: Linked, url: str, size: int, titles: frozenset[str]) -> Body:
    """The text of the page, which is not changed; `size` is that of the page in bytes.

    `titles` are the folded variants of the title: a paragraph that is one of them is no text.
    """
    size -= sum(len(script.text or "") for script in markup.elements.scripts + markup.elements.linked)
    if size > MOST_BYTES or markup.elements.count > MOST_ELEMENTS or _is_deep(markup.root):
        reason = f"{size} bytes without scripts and {markup.elements.count} elements are too much or too deep"
        found = _plainly(markup, reason)
    else:
        try:
            found = Body(_main_text(markup.root, url, titles), "trafilatura")
        except Exception as error:  # noqa: BLE001 - the library met markup that it cannot bear; read the page still
            found = _plainly(markup, f"the text finder failed with {type(error).__name__}")
    found.paragraphs = with_link_shares(found.paragraphs, markup.elements.anchors)
    if fallbacks.length(found.paragraphs) >= fallbacks.SHORTEST_TEXT:
        return found
    others = (
        Body(fallbacks.declared_text(linked), "json-ld:articleBody", found.limits),
        Body(fallbacks.scripted_text(markup.elements.scripts), "script", found.limits),
    )
    return max(found, *others, key=lambda body: fallbacks.length(body.paragraphs))


def _plainly(markup: Markup, reason: str) -> Body:
    limit = f"text read from paragraph elements only: {reason}"
    return Body(fallbacks.plain_text(markup.root, markup.texts), "p", (limit,))


def _main_text(root: _Element, url: str, titles: frozenset[str]) -> list[Paragraph]:
    from trafilatura import bare_extraction

    slim = copy(root)
    etree.strip_elements(slim, *_TEXTLESS, etree.Comment, with_tail=False)
    _drop_dialogs(slim)
    document = bare_extraction(slim, url=url, include_comments=False, include_links=True, with_metadata=False)
    body = getattr(document, "body", None)
    if body is None:
        return []
    pieces = [piece for piece in _pieces(body, ParagraphKind.PARAGRAPH) if not _is_linked(piece)]
    return _without_repetition(pieces, titles)


def _drop_dialogs(root: _Element) -> None:
    """Takes out boxes laid over the page (WAI-ARIA 1.2, 5.4), which ask for consent or for an address."""
    for dialog in cast("list[_Element]", _DIALOGS(root)):
        parent = dialog.getparent()
        if parent is not None and next(dialog.iter("h1", "article", "main"), None) is None:
            tail = dialog.tail
            dialog.clear()
            dialog.tail = tail


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
        kept.append(Paragraph(piece.text, piece.kind, round(piece.linked / len(piece.text), 2)))
    while kept and kept[-1].kind is ParagraphKind.HEADING:
        kept.pop()
    return kept


def _pieces(element: _Element, kind: ParagraphKind) -> Iterator[_Piece]:
    """The leaves of the finder's tree in order: a container gives its children, everything else its text."""
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
