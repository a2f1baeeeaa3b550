"""What a source says about one of its pages, whatever the way it says it: feed, sitemap or listing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class FeedKind(StrEnum):
    """The format that a feed is written in."""

    RSS = "rss"
    RDF = "rdf"
    ATOM = "atom"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class EntryPicture:
    """A picture that a feed or sitemap names for a page; `url` is absolute."""

    url: str
    alt: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One page that a source names. `url` is absolute http(s) without fragment; dates are UTC.

    `summary` is plain text of at most 2,000 characters. `doubts` are remarks in words about values that
    cannot be true, such as a date far in the future; the values are kept as given.
    """

    url: str
    title: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    guid: str | None = None
    authors: tuple[str, ...] = ()
    summary: str | None = None
    pictures: tuple[EntryPicture, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    doubts: tuple[str, ...] = ()

    @property
    def dated(self) -> datetime | None:
        """The latest moment that the source names for the page."""
        return max((moment for moment in (self.published, self.updated) if moment), default=None)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as read. `entries` are in the order of the document.

    `interval` is how often the publisher says the feed is renewed (`ttl`, or the syndication module of
    RSS 1.0); `skip_hours` (GMT) and `skip_days` (0 is Monday) are when it says not to look. `hubs` are
    WebSub hubs (W3C WebSub, 4), `own_url` the feed's name for itself, `next_page` the older part of a
    paged or archived feed (RFC 5005). `warnings` say what was wrong with it and what was left out.
    """

    kind: FeedKind
    title: str | None
    entries: tuple[Entry, ...]
    language: str | None = None
    updated: datetime | None = None
    interval: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    hubs: tuple[str, ...] = ()
    own_url: str | None = None
    next_page: str | None = None
    warnings: tuple[str, ...] = ()
