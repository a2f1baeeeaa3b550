"""Feeds: bytes of any format and any quality become entries, or one sentence that says why not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from lxml import etree, html
from lxml.etree import _Element as Element

from archiver.errors import DiscoveryError
from archiver.spiders.discovery.entry import Entry, Feed, FeedKind
from archiver.spiders.discovery.json_feed import JSON_LIMIT, read_json_feed
from archiver.spiders.discovery.link import absolute_url
from archiver.spiders.discovery.markup import Limits, name_of, read_markup, read_text, unpack
from archiver.spiders.discovery.xml_feed import base_of, entry_date, entry_elements, read_entry, read_feed

FEED_LIMITS = Limits(size=8 * 1024 * 1024, tags=300_000)
MOST_ENTRIES = 10_000
"""Entries kept of one feed; of more, the newest."""
_MOST_ELEMENTS = 12_500
_HTML_READ = 512 * 1024
_HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body|script|div|meta)\b", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_KINDS = {"rss": FeedKind.RSS, "channel": FeedKind.RSS, "rdf:rdf": FeedKind.RDF, "rdf": FeedKind.RDF}
_KINDS |= {"atom:feed": FeedKind.ATOM, "feed": FeedKind.ATOM}
_OTHERS = {
    "urlset": "a sitemap; name it under `sitemaps`",
    "sitemapindex": "a sitemap index; name it under `sitemaps`",
    "opml": "an OPML list of feeds; name the feeds themselves",
}


def parse_feed(
    content: bytes, url: str, content_type: str | None = None, now: datetime | None = None
) -> Feed:
    """The feed in `content`, fetched from `url` with the given Content-Type; `now` is for dates ahead of it.

    RSS 0.9x, 1.0, 2.0, Atom 0.3 and 1.0 (RFC 4287), JSON Feed. At most 8 MiB, 300,000 tags and 10,000
    entries are read, which the warnings then say. Raises DiscoveryError when it is something else; for an
    HTML page the message names the feeds that the page links to.
    """
    now = now or datetime.now(UTC)
    text, warnings = read_text(unpack(content, url, FEED_LIMITS.size), content_type, FEED_LIMITS)
    start = text.lstrip()[:1]
    if not start:
        raise DiscoveryError(f"{url}: is empty, not a feed")
    if start in "{[":
        return _json(text, url, now, warnings)
    if _HTML_START.match(text.lstrip()[:200]):
        raise DiscoveryError(_html_message(text, url))
    markup = read_markup(text, url, FEED_LIMITS)
    name = name_of(str(markup.root.tag))
    if name in ("html", "xhtml:html"):
        raise DiscoveryError(_html_message(text, url))
    if name in _OTHERS:
        raise DiscoveryError(f"{url}: is {_OTHERS[name]}")
    elements = entry_elements(markup.root, _MOST_ELEMENTS)
    if name not in _KINDS:
        if not elements:
            raise DiscoveryError(f"{url}: is XML, but no feed; its outermost element is <{name[:40]}>")
        warnings.append(f"its outermost element <{name[:40]}> is unknown; it was read as RSS")
    feed = read_feed(markup.root, _KINDS.get(name, FeedKind.RSS), url, ())
    return _with_entries(feed, elements, base_of(markup.root, url), now, [*warnings, *markup.warnings])


def feed_links(text: str, url: str) -> tuple[str, ...]:
    """The feeds that an HTML page links to (`link rel=alternate`), absolute, at most twenty."""
    try:
        root = html.document_fromstring(text[:_HTML_READ].encode("utf-8", "replace"), parser=_html_parser())
    except (etree.ParserError, etree.XMLSyntaxError):
        return ()
    found = (
        absolute_url(url, link.get("href"))
        for link in root.iter("link")
        if "alternate" in (link.get("rel") or "").lower().split()
        and (link.get("type") or "").partition(";")[0].strip().lower() in _FEED_TYPES
    )
    return tuple(dict.fromkeys(link for link in found if link))[:20]


def _html_parser() -> html.HTMLParser:
    return html.HTMLParser(encoding="utf-8", no_network=True, collect_ids=False)


def _html_message(text: str, url: str) -> str:
    links = feed_links(text, url)
    if links:
        return f"{url}: is an HTML page, not a feed; it links to these feeds: {', '.join(links[:5])}"
    return f"{url}: is an HTML page, not a feed, and links to no feed; use it as a listing instead"


def _json(text: str, url: str, now: datetime, warnings: list[str]) -> Feed:
    if len(text) > JSON_LIMIT:
        raise DiscoveryError(f"{url}: is a JSON feed of more than {JSON_LIMIT:,} bytes; refused")
    feed, count = read_json_feed(text, url, MOST_ENTRIES, now)
    if count > MOST_ENTRIES:
        warnings.append(f"it has {count:,} entries; the first {MOST_ENTRIES:,} were kept")
    return replace(feed, warnings=tuple(warnings))


def _with_entries(feed: Feed, elements: list[Element], base: str, now: datetime, warnings: list[str]) -> Feed:
    if len(elements) > MOST_ENTRIES:
        warnings.append(f"it has {_count(elements)} entries; the newest {MOST_ENTRIES:,} of them were kept")
        elements = _newest(elements, feed.language)
    entries: dict[tuple[str, str | None], Entry] = {}
    unusable = 0
    for element in elements:
        entry = read_entry(element, feed, base, now)
        if entry is None:
            unusable += 1
        else:
            entries.setdefault((entry.url, entry.guid), entry)
    if unusable:
        warnings.append(f"{unusable} entries without a usable link were left out")
    return replace(feed, entries=tuple(entries.values()), warnings=tuple(warnings))


def _count(elements: list[Element]) -> str:
    return f"{len(elements):,} or more" if len(elements) == _MOST_ELEMENTS else f"{len(elements):,}"


def _newest(elements: list[Element], language: str | None) -> list[Element]:
    """The newest entries, in the order of the document; those without a date count as the oldest."""
    oldest = datetime.min.replace(tzinfo=UTC)
    dated = [(entry_date(element, language) or oldest, -place) for place, element in enumerate(elements)]
    kept = sorted(-place for _, place in sorted(dated, reverse=True)[:MOST_ENTRIES])
    return [elements[place] for place in kept]
