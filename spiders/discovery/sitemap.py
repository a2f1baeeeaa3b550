"""Sitemaps (sitemaps.org 0.9 with the news and image extensions): where publishers list all they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from lxml.etree import _Element as Element

from archiver.errors import DiscoveryError
from archiver.spiders.discovery.dates import doubts_about, parse_date
from archiver.spiders.discovery.entry import Entry, EntryPicture
from archiver.spiders.discovery.feed import parse_feed
from archiver.spiders.discovery.link import absolute_url
from archiver.spiders.discovery.markup import (
    Limits,
    children,
    read_markup,
    read_text,
    root_name,
    text_of,
    unpack,
)

SITEMAP_LIMITS = Limits(size=50 * 1024 * 1024, tags=1_000_000)
MOST_ENTRIES = 50_000
"""What the protocol allows in one sitemap."""
_START = 64 * 1024
"""Bytes within which the outermost element has to begin."""
_PICTURES_PER_ENTRY = 1000
_FEEDS = ("rss", "feed", "rdf", "channel")
_ENTRIES = {"sitemapindex": "sitemap", "urlset": "url"}


class SitemapKind(StrEnum):
    """Whether the entries are pages or further sitemaps."""

    URLSET = "urlset"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A sitemap as read. `entries` name pages, or for an index sitemaps, in the order of the document.

    `updated` of an entry is its `lastmod`, `published` its `news:publication_date`.
    """

    kind: SitemapKind
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()


def parse_sitemap(
    content: bytes, url: str, content_type: str | None = None, now: datetime | None = None
) -> Sitemap:
    """The sitemap in `content`, fetched from `url`; `now` is for dates ahead of it.

    Sitemap, sitemap index, one URL a line, RSS or Atom; each may be gzip. At most 50 MiB, 1,000,000 tags
    and 50,000 entries are read, which the warnings then say. Raises DiscoveryError when it is something else.
    """
    now = now or datetime.now(UTC)
    unpacked = unpack(content, url, SITEMAP_LIMITS.size)
    name = root_name(read_text(unpacked[:_START], content_type, SITEMAP_LIMITS)[0])
    if name in _FEEDS:
        feed = parse_feed(unpacked, url, content_type, now)
        return Sitemap(SitemapKind.URLSET, feed.entries, feed.warnings)
    text, warnings = read_text(unpacked, content_type, SITEMAP_LIMITS)
    start = text[:1000].lstrip()
    if not start:
        raise DiscoveryError(f"{url}: is empty, not a sitemap")
    if start.startswith(("http://", "https://")):
        return _listed(text, url, warnings)
    if name in _ENTRIES:
        markup = read_markup(text, url, SITEMAP_LIMITS)
        kind = SitemapKind.INDEX if name == "sitemapindex" else SitemapKind.URLSET
        return _sitemap(kind, _located(markup.root, _ENTRIES[name], url, now), [*warnings, *markup.warnings])
    if not name:
        raise DiscoveryError(f"{url}: is not XML, not a sitemap; it begins with {start[:60]!r}")
    what = "an HTML page" if name == "html" else f"XML that begins with <{name[:40]}>"
    raise DiscoveryError(f"{url}: is {what}, not a sitemap")


def _sitemap(kind: SitemapKind, found: Iterable[Entry | None], warnings: list[str]) -> Sitemap:
    entries: dict[str, Entry] = {}
    unusable = 0
    for entry in found:
        if entry is None:
            unusable += 1
        elif len(entries) == MOST_ENTRIES and entry.url not in entries:
            warnings.append(f"it has more than {MOST_ENTRIES:,} entries; the rest was not read")
            break
        else:
            entries.setdefault(entry.url, entry)
    if unusable:
        warnings.append(f"{unusable} entries without a usable URL were left out")
    return Sitemap(kind, tuple(entries.values()), tuple(warnings))


def _listed(text: str, url: str, warnings: list[str]) -> Sitemap:
    """One URL a line (sitemaps.org, "Text file")."""
    references = (line for line in text.splitlines() if line.strip())
    found = (absolute_url(url, reference) for reference in references)
    return _sitemap(SitemapKind.URLSET, (Entry(page) if page else None for page in found), warnings)


def _located(root: Element, wanted: str, url: str, now: datetime) -> Iterator[Entry | None]:
    for element in root.iter(f"{{*}}{wanted}"):
        named: dict[str, Element] = {}
        pictures: list[Element] = []
        for name, child in children(element):
            if name.startswith("image:") and len(pictures) < _PICTURES_PER_ENTRY:
                pictures.append(child)
            else:
                named.setdefault(name.removeprefix("?:"), child)
        location = named.get("loc")
        page = absolute_url(url, text_of(location)) if location is not None else None
        yield _entry(page, named, pictures, url, now) if page else None


def _entry(page: str, named: dict[str, Element], pictures: list[Element], base: str, now: datetime) -> Entry:
    updated = parse_date(text_of(named["lastmod"])) if "lastmod" in named else None
    entry = Entry(page, updated=updated, doubts=doubts_about(None, updated, now))
    if pictures:
        shown = (_picture(picture, base) for picture in pictures)
        entry = replace(entry, pictures=tuple(picture for picture in shown if picture))
    if "news:news" in named:
        entry = _with_news(entry, named["news:news"], now)
    return entry


def _with_news(entry: Entry, element: Element, now: datetime) -> Entry:
    """The entry with what Google's news extension says of it."""
    facts: dict[str, str] = {}
    for name, child in children(element):
        if name == "news:publication":
            facts.update(
                (inner, text_of(part)) for inner, part in children(child) if inner == "news:language"
            )
        else:
            facts.setdefault(name, text_of(child))
    published = parse_date(facts.get("news:publication_date"))
    keywords = (word.strip() for word in facts.get("news:keywords", "").split(","))
    return replace(
        entry,
        title=" ".join(facts.get("news:title", "").split()) or None,
        published=published,
        language=facts.get("news:language") or None,
        categories=tuple(dict.fromkeys(word for word in keywords if word)),
        doubts=doubts_about(published, entry.updated, now),
    )


def _picture(element: Element, base: str) -> EntryPicture | None:
    facts = {name: text_of(child) for name, child in children(element)}
    picture = absolute_url(base, facts.get("image:loc"))
    return EntryPicture(picture, facts.get("image:caption") or facts.get("image:title")) if picture else None
