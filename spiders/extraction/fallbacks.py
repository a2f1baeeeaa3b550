"""The text of pages that the main text finder cannot read: too large, drawn by script, or walled.

Each of these is cruder than the finder and linear in the size of the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree
from lxml.etree import _Element
from lxml.html import HTMLParser

from archiver.model.article import Paragraph, ParagraphKind
from archiver.spiders.extraction.fields import plain
from archiver.spiders.extraction.jsonld import Linked
from archiver.spiders.extraction.texts import Texts

MOST_PARAGRAPHS = 3_000
MOST_SCRIPTS = 200
LONGEST_PARAGRAPH = 8_000
SHORTEST_TEXT = 200
DEEPEST_QUOTING = 2
MOST_SCRIPT_CHARACTERS = 4_000_000

_ASIDE = frozenset({"aside", "nav", "footer", "figure"})
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""One that does not end takes all the rest: no string begins in it that ends, and to look for one at each of
its quotes would cost the square of its length."""
_PARAGRAPH_TAG = re.compile(r"(?:<|u003c|x3c)p[\s>\\]", re.IGNORECASE)
_KINDS = {
    "h2": ParagraphKind.HEADING,
    "h3": ParagraphKind.HEADING,
    "h4": ParagraphKind.HEADING,
    "blockquote": ParagraphKind.QUOTE,
    "li": ParagraphKind.LIST,
}


def declared_text(linked: Linked) -> list[Paragraph]:
    """The `articleBody` of the JSON-LD, a paragraph a line."""
    for node in linked.articles[:2]:
        body = node.get("articleBody")
        if isinstance(body, str) and len(body) >= SHORTEST_TEXT:
            if "<p" in body:
                return _paragraphs_of_markup(body)
            lines = (plain(line) for line in body.splitlines()[:MOST_PARAGRAPHS])
            return [Paragraph(line) for line in lines if line]
    return []


def scripted_text(scripts: list[_Element]) -> list[Paragraph]:
    """The longest HTML that stands as a string in a script: so pages drawn by script carry their text."""
    best: list[Paragraph] = []
    for script in scripts[:MOST_SCRIPTS]:
        source = (script.text or "")[:MOST_SCRIPT_CHARACTERS]
        if not _PARAGRAPH_TAG.search(source):
            continue
        for markup in _markup_strings(source):
            found = _paragraphs_of_markup(markup)
            if length(found) > length(best):
                best = found
    return best if length(best) >= SHORTEST_TEXT else []


def plain_text(root: _Element, texts: Texts) -> list[Paragraph]:
    """The paragraphs of the element that holds most of them."""
    lengths: dict[_Element, int] = {}
    found: list[tuple[_Element, str]] = []
    for element in islice(root.iter("p"), MOST_PARAGRAPHS):
        text = texts.of(element, LONGEST_PARAGRAPH)[:LONGEST_PARAGRAPH]
        parent = element.getparent()
        if text and parent is not None and parent.tag not in _ASIDE:
            found.append((parent, text))
            lengths[parent] = lengths.get(parent, 0) + len(text)
    if not lengths:
        return []
    holder = max(lengths, key=lengths.__getitem__)
    return [Paragraph(text) for parent, text in found if parent is holder]


def _markup_strings(source: str, depth: int = 0) -> Iterator[str]:
    """The strings in `source` that are HTML, also those inside a string that is itself data."""
    for match in _STRING.finditer(source):
        if len(match[0]) < SHORTEST_TEXT or not _PARAGRAPH_TAG.search(match[0]):
            continue
        try:
            decoded = json.loads(match[0], strict=False)
        except ValueError:
            continue
        if decoded.lstrip().startswith("<"):
            yield decoded
        elif depth < DEEPEST_QUOTING:
            yield from _markup_strings(decoded, depth + 1)


def _paragraphs_of_markup(markup: str) -> list[Paragraph]:
    try:
        tree = etree.fromstring(markup.encode("utf-8", "replace"), HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError):
        return []
    if tree is None:
        return []
    found: list[Paragraph] = []
    texts = Texts(tree)
    for element in tree.iter("p", "h2", "h3", "h4", "li"):
        text = texts.of(element, LONGEST_PARAGRAPH)[:LONGEST_PARAGRAPH]
        if text and len(found) < MOST_PARAGRAPHS:
            found.append(Paragraph(text, _KINDS.get(str(element.tag), ParagraphKind.PARAGRAPH)))
    return found


def length(paragraphs: list[Paragraph]) -> int:
    """The number of characters of text."""
    return sum(len(paragraph.text) for paragraph in paragraphs)
