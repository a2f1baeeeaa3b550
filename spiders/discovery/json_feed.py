"""JSON Feed 1.0 and 1.1 (jsonfeed.org), read with the tolerance that XML feeds get."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from archiver.errors import DiscoveryError
from archiver.spiders.discovery.dates import doubts_about, parse_date
from archiver.spiders.discovery.entry import Entry, EntryPicture, Feed, FeedKind
from archiver.spiders.discovery.feed_pictures import pictures_in
from archiver.spiders.discovery.link import absolute_url
from archiver.spiders.discovery.markup import plain_text

JSON_LIMIT = 4 * 1024 * 1024
_CONTENT_READ = 200_000


class _Document(msgspec.Struct):
    """The parts of the document that are read; its items stay undecoded until one is wanted."""

    items: list[msgspec.Raw]
    version: Any = None
    title: Any = None
    language: Any = None
    feed_url: Any = None
    next_url: Any = None
    hubs: Any = None


def read_json_feed(text: str, url: str, limit: int, now: datetime) -> tuple[Feed, int]:
    """The feed with its first `limit` entries, and how many items it has.

    Raises DiscoveryError when it is no JSON or no JSON Feed.
    """
    document = _decode(text, url)
    language = _text(document.language)
    entries = (_entry(raw, url, language, now) for raw in document.items[:limit])
    hubs = document.hubs if isinstance(document.hubs, list) else []
    hub_urls = (absolute_url(url, _text(hub.get("url"))) for hub in hubs[:20] if isinstance(hub, dict))
    feed = Feed(
        kind=FeedKind.JSON,
        title=plain_text(_text(document.title)),
        entries=tuple(entry for entry in entries if entry is not None),
        language=language,
        hubs=tuple(hub for hub in hub_urls if hub),
        own_url=absolute_url(url, _text(document.feed_url)),
        next_page=absolute_url(url, _text(document.next_url)),
    )
    return feed, len(document.items)


def _decode(text: str, url: str) -> _Document:
    try:
        return msgspec.json.decode(text, type=_Document)
    except msgspec.ValidationError as error:
        raise DiscoveryError(f"{url}: is JSON, but no JSON Feed ({error})") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise DiscoveryError(f"{url}: is broken JSON ({error})") from error


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _entry(raw: msgspec.Raw, url: str, language: str | None, now: datetime) -> Entry | None:
    try:
        fields = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    guid = _text(fields.get("id"))
    page = absolute_url(url, _text(fields.get("url")) or _text(fields.get("external_url")))
    if page is None and guid and guid.startswith(("http://", "https://")):
        page = absolute_url(url, guid)
    if page is None:
        return None
    published = parse_date(_text(fields.get("date_published")))
    updated = parse_date(_text(fields.get("date_modified")))
    html = (_text(fields.get("content_html")) or "")[:_CONTENT_READ]
    return Entry(
        url=page,
        title=plain_text(_text(fields.get("title"))),
        published=published,
        updated=updated,
        guid=guid,
        authors=_authors(fields),
        summary=plain_text(_text(fields.get("summary")) or _text(fields.get("content_text")) or html),
        pictures=_pictures(fields, page, html),
        categories=tuple(tag for tag in map(_text, _list(fields.get("tags"))) if tag),
        language=_text(fields.get("language")) or language,
        doubts=doubts_about(published, updated, now),
    )


def _list(value: object) -> list[Any]:
    return value[:100] if isinstance(value, list) else []


def _authors(fields: Mapping[str, Any]) -> tuple[str, ...]:
    named = [*_list(fields.get("authors")), fields.get("author")]
    names = (_text(author.get("name")) for author in named if isinstance(author, dict))
    return tuple(dict.fromkeys(name for name in names if name))


def _pictures(fields: Mapping[str, Any], page: str, html: str) -> tuple[EntryPicture, ...]:
    references = [fields.get("image"), fields.get("banner_image")]
    references += [
        attachment.get("url")
        for attachment in _list(fields.get("attachments"))
        if isinstance(attachment, dict) and str(attachment.get("mime_type", "")).startswith("image/")
    ]
    found: dict[str, EntryPicture] = {}
    for reference in references:
        if picture := absolute_url(page, _text(reference)):
            found.setdefault(picture, EntryPicture(picture))
    for named in pictures_in(html, page):
        found.setdefault(named.url, named)
    return tuple(found.values())
