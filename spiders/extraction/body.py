"""The text of an article as ordered paragraphs: trafilatura finds it, its tree is read piece by piece."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from lxml.etree import _Element
from lxml.html import HtmlElement

from archiver.model.article import Paragraph, ParagraphKind

_SPACE = re.compile(r"\s+")
_KINDS = {
    "head": ParagraphKind.HEADING,
    "quote": ParagraphKind.QUOTE,
    "item": ParagraphKind.LIST,
    "row": ParagraphKind.LIST,
}
_CONTAINERS = frozenset({"body", "main", "div", "list", "table", "quote"})

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def read_body(tree: HtmlElement, url: str) -> tuple[Paragraph, ...]:
    """The paragraphs of the main text of `tree`, which is not changed; empty when there is none."""
    from trafilatura import bare_extraction

    document = bare_extraction(tree, url=url, include_comments=False, include_images=False, with_metadata=False)
    if document is None or document.body is None:
        return ()
    return tuple(_paragraphs(document.body, ParagraphKind.PARAGRAPH))


def _paragraphs(element: _Element, kind: ParagraphKind) -> Iterator[Paragraph]:
    """The leaves of a trafilatura tree in order: a container gives its children, everything else its text."""
    if element.tag in _CONTAINERS:
        yield from _text(element.text, kind)
        for child in element:
            own = _KINDS.get(child.tag, kind) if isinstance(child.tag, str) else kind
            yield from _paragraphs(child, own)
            yield from _text(child.tail, kind)
        return
    for line in "".join(_with_breaks(element)).split("\n"):
        yield from _text(line, kind)


def _with_breaks(element: _Element) -> Iterator[str]:
    if element.text:
        yield _SPACE.sub(" ", element.text)
    for child in element:
        if child.tag == "lb":
            yield "\n"
        elif child.tag == "cell":
            yield from _with_breaks(child)
            yield " "
        else:
            yield from _with_breaks(child)
        if child.tail:
            yield _SPACE.sub(" ", child.tail)


def _text(text: str | None, kind: ParagraphKind) -> Iterator[Paragraph]:
    collapsed = _SPACE.sub(" ", text or "").strip()
    if collapsed:
        yield Paragraph(collapsed, kind)
