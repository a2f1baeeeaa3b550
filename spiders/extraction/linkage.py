"""How much of a short paragraph stands in links: the text finder forgets the links around blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lxml import etree
from lxml.etree import _Element

from archiver.model.article import Paragraph

LONGEST = 300
"""Characters; a longer paragraph is text, whatever it links to."""
SHORTEST_LINK = 12


def with_link_shares(paragraphs: list[Paragraph], anchors: Iterable[_Element]) -> list[Paragraph]:
    """The paragraphs with `linked` raised to the share of them that is the text of links on the page."""
    if not any(len(paragraph.text) <= LONGEST for paragraph in paragraphs):
        return paragraphs
    texts = {
        _squeezed(etree.tostring(anchor, encoding="unicode", method="text", with_tail=False))
        for anchor in anchors
        if anchor.get("href")
    }
    links = sorted((text for text in texts if SHORTEST_LINK <= len(text) <= LONGEST), key=len, reverse=True)
    return [
        paragraph if len(paragraph.text) > LONGEST else _measured(paragraph, links)
        for paragraph in paragraphs
    ]


def _measured(paragraph: Paragraph, links: list[str]) -> Paragraph:
    text = _squeezed(paragraph.text)
    rest = text
    for link in links:
        if link in rest:
            rest = rest.replace(link, "", 1)
    share = round(1 - len(rest) / len(text), 2) if text else 0.0
    return replace(paragraph, linked=share) if share > paragraph.linked else paragraph


def _squeezed(text: str) -> str:
    return "".join(text.split())
