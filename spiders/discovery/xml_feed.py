"""RSS 0.9x, 1.0 and 2.0 and Atom, read from one table of element names.

Publishers mix the formats and their modules freely, so every element is looked for in every format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from lxml import etree
from lxml.etree import _Element as Element

from archiver.spiders.discovery.dates import doubts_about, parse_date
from archiver.spiders.discovery.entry import Entry, Feed, FeedKind
from archiver.spiders.discovery.feed_pictures import pictures_of
from archiver.spiders.discovery.link import absolute_url
from archiver.spiders.discovery.markup import children, plain_text, text_of

_CONTENT_READ = 200_000
_MOST_PARTS = 200

_TITLES = ("title", "atom:title", "dc:title")
_PUBLISHED = ("pubdate", "published", "atom:published", "atom:issued", "issued", "dcterms:issued", "dc:date")
_PUBLISHED_LAST = ("dcterms:created", "atom:created", "created", "date")
_UPDATED = ("updated", "atom:updated", "atom:modified", "modified", "dcterms:modified", "lastbuilddate")
_AUTHORS = ("author", "atom:author", "dc:creator", "itunes:author", "creator")
_SUMMARIES = ("description", "summary", "atom:summary", "dc:description")
_CONTENTS = ("content:encoded", "atom:content", "content", "xhtml:body", "xhtml:div")
_CATEGORIES = ("category", "atom:category", "dc:subject", "media:keywords")
_LANGUAGES = ("language", "dc:language")

_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_MAIL_AND_NAME = re.compile(r"[^\s@]+@[^\s()]+\s*\(([^()]+)\)")
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 730, "yearly": 8760}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_Parts = dict[str, list[Element]]


def read_feed(root: Element, kind: FeedKind, url: str, warnings: tuple[str, ...]) -> Feed:
    """The feed without its entries; `url` is where it came from."""
    channel = next((child for name, child in children(root) if name == "channel"), root)
    parts = _parts(channel)
    base = (
        absolute_url(url, _attribute(channel, "base")) or absolute_url(url, _attribute(root, "base")) or url
    )
    links = list(_links(parts, base))
    language = _text(parts, _LANGUAGES) or _attribute(root, "lang") or _attribute(channel, "lang")
    return Feed(
        kind=kind,
        title=plain_text(_text(parts, _TITLES)),
        entries=(),
        language=language,
        updated=parse_date(_text(parts, _UPDATED) or _text(parts, _PUBLISHED), language),
        interval=_interval(parts),
        skip_hours=frozenset(_numbers(parts, "skiphours", 24)),
        skip_days=frozenset(_days(parts)),
        hubs=tuple(dict.fromkeys(href for rel, href in links if rel == "hub")),
        own_url=next((href for rel, href in links if rel == "self"), None),
        next_page=next((href for rel, href in links if rel in ("next", "prev-archive")), None),
        warnings=warnings,
    )


def base_of(root: Element, url: str) -> str:
    """What relative URLs of the feed are resolved against: its `xml:base`, else `url`."""
    named = _attribute(_channel(root), "base") or _attribute(root, "base")
    return absolute_url(url, named) or url


def _channel(root: Element) -> Element:
    return next((child for name, child in children(root) if name == "channel"), root)


def entry_elements(root: Element, limit: int) -> list[Element]:
    """The first `limit` elements that stand for an entry, in document order."""
    found: list[Element] = []
    for element in root.iter("{*}item", "{*}entry"):
        if len(found) == limit:
            break
        found.append(element)
    return found


def entry_date(element: Element, language: str | None) -> datetime | None:
    """The latest date that an entry element carries."""
    parts = _parts(element)
    dates = (parse_date(_text(parts, names), language) for names in (_PUBLISHED, _PUBLISHED_LAST, _UPDATED))
    return max((moment for moment in dates if moment), default=None)


def read_entry(element: Element, feed: Feed, base: str, now: datetime) -> Entry | None:
    """One entry; None when it names no page that can be fetched."""
    parts = _parts(element)
    base = absolute_url(base, _attribute(element, "base")) or base
    guid = _text(parts, ("guid", "atom:id", "id", "dc:identifier"))
    page = _page(element, parts, base, guid)
    if page is None:
        return None
    language = _text(parts, _LANGUAGES) or _attribute(element, "lang") or feed.language
    published = parse_date(_text(parts, _PUBLISHED) or _text(parts, _PUBLISHED_LAST), language)
    updated = parse_date(_text(parts, _UPDATED), language)
    contents = [_markup(part) for names in (_SUMMARIES, _CONTENTS) for part in _all(parts, names)]
    return Entry(
        url=page,
        title=plain_text(_text(parts, _TITLES)),
        published=published,
        updated=updated,
        guid=guid,
        authors=_unique(_author(part) for part in _all(parts, _AUTHORS)),
        summary=next((summary for summary in map(plain_text, contents) if summary), None),
        pictures=pictures_of(element, base, contents),
        categories=_unique(_category(part) for part in _all(parts, _CATEGORIES)),
        language=language,
        doubts=doubts_about(published, updated, now),
    )


def _parts(element: Element) -> _Parts:
    parts: _Parts = {}
    for name, child in islice(children(element), _MOST_PARTS):
        parts.setdefault(name, []).append(child)
    return parts


def _all(parts: _Parts, names: Iterable[str]) -> Iterator[Element]:
    for name in names:
        yield from parts.get(name, ())


def _text(parts: _Parts, names: Iterable[str]) -> str | None:
    for name in names:
        for part in parts.get(name, ()):
            if text := text_of(part):
                return text
    return None


def _attribute(element: Element, name: str) -> str | None:
    return element.get(f"{{http://www.w3.org/XML/1998/namespace}}{name}")


def _unique(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _markup(part: Element) -> str:
    """The HTML inside a summary or content: escaped text as it is, inline XHTML written out."""
    if len(part) == 0:
        return part.text or ""
    inner = [part.text or ""]
    inner += [etree.tostring(child, encoding="unicode") for child in part]
    return "".join(inner)[:_CONTENT_READ]


def _links(parts: _Parts, base: str) -> Iterator[tuple[str, str]]:
    for part in _all(parts, ("atom:link", "link")):
        href = absolute_url(base, part.get("href"))
        if href:
            yield (part.get("rel") or "alternate").lower(), href


def _page(element: Element, parts: _Parts, base: str, guid: str | None) -> str | None:
    """Where the entry's page is: the first of these that gives a URL."""
    for name in ("feedburner:origlink", "link"):
        for part in parts.get(name, ()):
            if part.text and (page := absolute_url(base, part.text)):
                return page
    page = _alternate(parts, base) or _permalink(parts, base, guid)
    return page or absolute_url(base, element.get(_ABOUT) or _first(parts, "atom:content", "src"))


def _first(parts: _Parts, name: str, attribute: str) -> str | None:
    return next((part.get(attribute) for part in parts.get(name, ())), None)


def _alternate(parts: _Parts, base: str) -> str | None:
    if "atom:link" not in parts and "link" not in parts:
        return None
    found = [
        (0 if "html" in (part.get("type") or "text/html") else 1, href)
        for part in _all(parts, ("atom:link", "link"))
        if (part.get("rel") or "alternate").lower() == "alternate"
        and (href := absolute_url(base, part.get("href")))
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _permalink(parts: _Parts, base: str, guid: str | None) -> str | None:
    if guid is None or not guid.lower().startswith(("http://", "https://")):
        return None
    permalink = next((part.get("isPermaLink") for part in parts.get("guid", ())), None)
    return None if (permalink or "").lower() == "false" else absolute_url(base, guid)


def _author(part: Element) -> str | None:
    name = next((text_of(child) for key, child in children(part) if key in ("atom:name", "name")), None)
    text = " ".join((name or text_of(part)).split())
    match = _MAIL_AND_NAME.fullmatch(text)
    return plain_text(match[1] if match else text)


def _category(part: Element) -> str | None:
    return plain_text(part.get("label") or part.get("term") or text_of(part))


def _interval(parts: _Parts) -> timedelta | None:
    minutes = _text(parts, ("ttl",))
    if minutes and minutes.isdecimal() and 0 < int(minutes[:6]) <= 525_600:
        return timedelta(minutes=int(minutes[:6]))
    period = _PERIODS.get((_text(parts, ("sy:updateperiod",)) or "").lower())
    frequency = (_text(parts, ("sy:updatefrequency",)) or "1")[:6]
    if period is None or not frequency.isdecimal() or int(frequency) == 0:
        return None
    return timedelta(hours=period) / int(frequency)


def _numbers(parts: _Parts, name: str, below: int) -> Iterator[int]:
    for part in parts.get(name, ()):
        for _, child in children(part):
            text = text_of(child)[:3]
            if text.isdecimal() and int(text) <= below:
                yield int(text) % below


def _days(parts: _Parts) -> Iterator[int]:
    for part in parts.get("skipdays", ()):
        for _, child in children(part):
            if (name := text_of(child).lower()) in _DAYS:
                yield _DAYS.index(name)
