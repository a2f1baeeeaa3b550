"""The pictures that a feed names for its entries: media elements, enclosures, images in the content."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml.etree import _Element as Element

from archiver.spiders.discovery.entry import EntryPicture
from archiver.spiders.discovery.link import absolute_url
from archiver.spiders.discovery.markup import children, name_of, plain_text, text_of

_MOST_PICTURES = 100
_MOST_ELEMENTS = 1000
_MOST_CHILDREN = 100
_DESCRIPTIONS = ("media:description", "media:title", "media:text")
_CREDITS = ("media:credit", "media:copyright")
_IMG = re.compile(r"<img\b([^<>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(src|alt)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_PICTURE_SUFFIX = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|heic|svg|bmp|tiff?)(?:\?|$)", re.IGNORECASE)


def pictures_in(markup: str, base: str) -> Iterator[EntryPicture]:
    """The `<img>` of a piece of HTML."""
    for match in _IMG.finditer(markup):
        named = {name.lower(): double or single for name, double, single in _ATTRIBUTE.findall(match[1])}
        picture = absolute_url(base, html.unescape(named.get("src", "")))
        if picture:
            yield EntryPicture(picture, plain_text(named.get("alt")))


def pictures_of(element: Element, base: str, contents: Iterable[str]) -> tuple[EntryPicture, ...]:
    """The pictures of an entry, those in media elements and enclosures first, then those in its HTML."""
    found: dict[str, EntryPicture] = {}
    for picture in islice(_named_pictures(element, base), _MOST_PICTURES):
        found.setdefault(picture.url, picture)
    for content in contents:
        if "<img" in content or "<IMG" in content:
            for picture in islice(pictures_in(content, base), _MOST_PICTURES):
                found.setdefault(picture.url, picture)
    return tuple(found.values())[:_MOST_PICTURES]


def _named_pictures(element: Element, base: str) -> Iterator[EntryPicture]:
    for part in islice(element.iter("*"), _MOST_ELEMENTS):
        name = name_of(part.tag)
        reference = _reference(name, part)
        picture = absolute_url(base, reference) if reference else None
        if picture:
            yield EntryPicture(picture, *_described(part))


def _reference(name: str, part: Element) -> str | None:
    if name in ("media:thumbnail", "itunes:image"):
        return part.get("url") or part.get("href")
    if name == "media:content" and _is_picture(part, part.get("url")):
        return part.get("url")
    if name in ("enclosure", "atom:link") and _is_picture(part, part.get("url") or part.get("href")):
        is_enclosure = name == "enclosure" or part.get("rel") == "enclosure"
        return (part.get("url") or part.get("href")) if is_enclosure else None
    if name == "image" and len(part) == 0:
        return part.text or part.get("url") or part.get("href")
    if name == "url" and (parent := part.getparent()) is not None and name_of(parent.tag) == "image":
        return part.text
    return None


def _is_picture(part: Element, reference: str | None) -> bool:
    if not reference:
        return False
    kind = (part.get("medium") or part.get("type") or "").lower()
    return kind.startswith("image") or (not kind and bool(_PICTURE_SUFFIX.search(reference)))


def _described(part: Element) -> tuple[str | None, str | None]:
    """Alt text and credit of a media element: its own, else those of the media group around it."""
    for holder in (part, part.getparent()):
        if holder is None or not name_of(holder.tag).startswith("media:"):
            continue
        named: dict[str, str] = {}
        for name, child in islice(children(holder), _MOST_CHILDREN):
            named.setdefault(name, text_of(child))
        alt = next((named[name] for name in _DESCRIPTIONS if named.get(name)), None)
        credit = next((named[name] for name in _CREDITS if named.get(name)), None)
        if alt or credit:
            return plain_text(alt), plain_text(credit)
    return None, None
