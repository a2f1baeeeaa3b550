"""What a page says of a picture: its alt text, its caption, and who made it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from lxml.etree import _Element

from archiver.spiders.pictures.group import Group
from archiver.spiders.pictures.layout import class_words, written_classes
from archiver.spiders.pictures.sighting import Sighting

LONGEST = 5_000
"""Characters of an alt text or caption that are kept."""

_LEVELS = 7
_LEVELS_TO_FIGURE = 14
_MAX_BLOCK = 60
_MAX_PLACES = 20
_MAX_BARE_BLOCK = 16
_UNREAD = frozenset({"script", "style", "button", "noscript", "template", "svg", "select"})
_INLINE = frozenset({"a", "b", "i", "em", "strong", "u", "sup", "sub", "mark", "q", "cite", "abbr", "wbr"})
_PICTURE_TAGS = frozenset({"img", "amp-img", "video", "iframe"})
_SPACE_BEFORE_STOP = re.compile(r" ([,.)])")
_STATED_CREDIT = re.compile(
    r"""(?:^|[\s(\[|.])
    (?:(?:photo(?:graph)?s?|image|picture|illustration|pic|foto(?:graf[íi]?[ae]?)?s?|bild(?:er)?|fotograaf|billede|kuva|source|quelle
       |fonte|fuente|credit|cr[ée]dit(?:o|s)?|courtesy|fotoğraf|isithombe|nuotr|ljósmynd|φωτο(?:γραφία)?|사진|写真|摄|фото|fotó|zdjęcie|grafik|symbolfoto|archivfoto|zdroj)\s*
       (?:by|:|courtesy(?:\s+of)?|von|/|credit:?|cr[ée]dito?:?)+\s*|©\s*|\(c\)\s*|copyright:?\s+)
    (?P<who>[^()\[\]]{2,120}?)[)\].]*\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\(([^()]{2,90})\)\W*$")
_AGENCY = re.compile(
    r"/|\b(?:AP|AFP|EPA|EFE|PA|dpa|Reuters|Getty|Imago|iStock|Shutterstock|Alamy|Photo|Foto|Archiv\w*|Images?|Pool)\b"
    r"|^(?:[^\W\d_a-zß-ÿ][\w.'-]+\s?){2,4}$"
)
_LONGEST_CREDIT = 90
_LONGEST_STATED = 200
"""Characters of a label and the credit after it; what is longer is a text that only begins like one."""


@dataclass(frozen=True, slots=True)
class PictureWords:
    """What is said of one picture; each None where nothing is. `caption` is as shown, credit included."""

    alt: str | None
    caption: str | None
    credit: str | None
    marked: bool = False
    """The page marks the caption as one; it is not only a line of text beside the picture."""


class WordsReader:
    """Reads the words about the pictures of one page."""

    def __init__(self) -> None:
        self._blocks: dict[_Element, _Block | None] = {}

    def read(self, group: Group) -> PictureWords:
        """What the page says of the picture: beside it first, then in metadata."""
        alt = next((text for s in group.sightings if (text := _squeezed(s.alt))), None)
        caption = credit = None
        marked = False
        for sighting in group.sightings[:_MAX_PLACES]:
            if sighting.element is not None and (block := self._block(sighting.element)) is not None:
                caption, credit = caption or block.caption, credit or block.credit
                marked = marked or (block.marked and caption is not None)
        if caption is None:
            caption = next((text for s in group.sightings if (text := _squeezed(s.caption))), None)
        if credit is None:
            credit = next((text for s in group.sightings if (text := _squeezed(s.credit))), None)
        return PictureWords(alt, caption, _without_label(credit) or _credit_in(caption), marked)

    def beside(self, sighting: Sighting) -> tuple[str | None, str | None]:
        """The alt text and the caption that stand at one place of a picture."""
        block = self._block(sighting.element) if sighting.element is not None else None
        caption = block.caption if block is not None and block.marked else None
        return _squeezed(sighting.alt), caption

    def _block(self, element: _Element) -> _Block | None:
        """What the smallest block around the picture with a caption or credit, and no other picture, says."""
        path = list(islice(element.iterancestors(), _LEVELS_TO_FIGURE))
        figure = next((above for above in path if above.tag == "figure"), None)
        for above in chain(() if figure is None else (figure,), path[:_LEVELS]):
            if above in self._blocks:
                block = self._blocks[above]
            else:
                block = self._blocks[above] = _read_block(above)
            if block is None:
                return None
            if block.caption or block.credit:
                return block
            if above.tag in ("article", "main", "body"):
                return None
        return None


@dataclass(frozen=True, slots=True)
class _Block:
    caption: str | None
    credit: str | None
    marked: bool = True


def _without_label(credit: str | None) -> str | None:
    """A credit without the words that introduce it (`Photo:`)."""
    stated = _STATED_CREDIT.match(credit) if credit and len(credit) <= _LONGEST_STATED else None
    return stated["who"].strip(" |/") or credit if stated else credit


def _credit_in(caption: str | None) -> str | None:
    """The maker that a caption names at its end."""
    if not caption:
        return None
    if stated := _STATED_CREDIT.search(caption[-_LONGEST_STATED:]):
        return stated["who"].strip(" |/") or None
    bracketed = _IN_BRACKETS.search(caption[-120:])
    return bracketed[1] if bracketed and _AGENCY.search(bracketed[1]) else None


def _read_block(block: _Element) -> _Block | None:
    """Caption and credit in a block; None when it is too large to be about one picture."""
    caption = credit = None
    most_pictures, most_elements = (20, 400) if block.tag == "figure" else (1, _MAX_BLOCK)
    pictures = visited = 0
    stack = [block]
    while stack:
        element = stack.pop()
        tag = element.tag
        if not isinstance(tag, str) or tag in _UNREAD:
            continue
        visited += 1
        pictures += tag in _PICTURE_TAGS
        if visited > most_elements or pictures > most_pictures:
            return None
        kind = _kind(element) if element is not block else None
        if kind == "caption" and caption is None:
            caption = _text(element)
            credit = credit or _closing_element(element)
        elif kind == "credit" and credit is None:
            credit = _text(element)
            continue
        if tag != "a" or kind is None:
            stack.extend(reversed(element))
    if caption is None and credit is None and pictures == 1 and visited <= _MAX_BARE_BLOCK:
        return _Block(_bare_caption(block), None, marked=False)
    return _Block(caption, credit)


def _bare_caption(block: _Element) -> str | None:
    """The text of a small block that is one picture and a line of text."""
    text = _text(block) if block.tag in ("div", "figure", "span", "p", "section") else None
    return (
        text
        if text and 10 <= len(text) <= 400 and next(block.iter("a", "h1", "h2", "h3", "h4"), None) is None
        else None
    )


def _closing_element(caption: _Element) -> str | None:
    """The short element that ends a caption after other text: who made the picture."""
    last = caption
    while (
        len(last)
        and not (last[-1].tail or "").strip()
        and last[-1].tag in ("span", "small", "cite", "em", "i", "p", "div")
    ):
        last = last[-1]
        text = _text(last)
        if text and len(text) <= _LONGEST_CREDIT and len(_text(caption) or "") > len(text) + 15:
            return None if text.endswith((".", "!", "?")) else text.strip("()| ")
    return None


def _kind(element: _Element) -> str | None:
    if element.tag == "figcaption":
        return "caption"
    words = class_words(written_classes(element))
    stated = element.get("itemprop")
    if "credit" in words or stated in ("copyrightHolder", "creditText", "author", "creator"):
        return "credit"
    if "caption" in words or stated in ("caption", "description"):
        return "caption"
    return None


def _text(element: _Element) -> str | None:
    text = _squeezed("".join(_pieces(element)))
    return text and _SPACE_BEFORE_STOP.sub(r"\1", text)


def _pieces(element: _Element) -> Iterator[str]:
    """The text that is shown, with a space wherever a block or a span begins or ends."""
    stack: list[tuple[_Element, bool]] = [(element, True)]
    length = 0
    while stack and length < LONGEST:
        node, opening = stack.pop()
        shown = isinstance(node.tag, str) and node.tag not in _UNREAD
        if opening and shown:
            stack.append((node, False))
            text = node.text
            stack.extend((child, True) for child in reversed(node))
        else:
            text = node.tail if node is not element else None
        if shown and node.tag not in _INLINE:
            yield " "
        if text:
            length += len(text)
            yield text


def _squeezed(text: str | None) -> str | None:
    if not text:
        return None
    return " ".join(text[: 2 * LONGEST].split())[:LONGEST] or None
