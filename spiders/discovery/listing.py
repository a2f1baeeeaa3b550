"""Listings: the links of a section front that lead to articles, in the order that the editors gave them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archiver.spiders.discovery.identity import identity_key, is_front_page
from archiver.spiders.discovery.link import is_same_site
from archiver.spiders.discovery.pagination import MOST_LINKS, links, next_page
from archiver.spiders.discovery.traps import trap_in
from archiver.spiders.document import Document

_LONGEST_TITLE = 500
_SLUG = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?:[-_+][^\W_]++){3,}")
_DATE_IN_PATH = re.compile(r"/(?:19|20)\d{2}[-/]?(?:0[1-9]|1[0-2])(?:[-/]?\d{2})?(?:/|-|\d|$)")
_NUMBER = re.compile(r"(?<!\d)\d{5,}(?!\d)|(?<![0-9a-f])[0-9a-f]{16,}(?![0-9a-f])|-[a-z]?\d{4,}")
_NUMBER_IN_QUERY = re.compile(
    r"(?:^|[&_])(?:\w*id|article|news|story|newsid|p|no|a)=[A-Z]{0,4}\d{3,}", re.IGNORECASE
)
_FURNITURE = re.compile(
    r"/(?:tags?|topics?|authors?|autor(?:en|es)?|auteurs?|category|categor[iy]a?s?|sections?|search|suche|buscar"
    r"|login|signin|register|account|subscribe|abo(?:nnement)?s?|newsletters?|about(?:-us)?|contact(?:-us)?|kontakt"
    r"|impressum|privacy(?:-policy)?|datenschutz|terms(?:-\w+)*|cookies?(?:-\w+)*|help|faq|jobs|careers|advertis\w+"
    r"|shop|store|rss|feeds?|sitemap|print|share|comments?|page|weather|horoscopes?|podcasts?|apps?)(?:/|$)",
    re.IGNORECASE,
)

_EXPECTED = frozenset({"on another site", "not included", "excluded", "no page"})


@dataclass(frozen=True, slots=True)
class ListingEntry:
    """One link of a listing. `url` is what to fetch, `identity` what tells it from others.

    `position` counts from 0 in the order of first mention; `title` is the longest text that a link to it
    has, or the alt text of its picture. `mentions` is how often the page links to it. `is_likely` says that
    address and text look like an article's and not like a section's.
    """

    url: str
    identity: str
    title: str | None
    position: int
    mentions: int
    is_likely: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing page links to; `next_page` is its continuation. `warnings` count what was left out."""

    entries: tuple[ListingEntry, ...]
    next_page: str | None
    warnings: tuple[str, ...] = ()

    @property
    def articles(self) -> tuple[ListingEntry, ...]:
        """The entries that look like articles."""
        return tuple(entry for entry in self.entries if entry.is_likely)


def article_links(
    document: Document,
    *,
    include: Sequence[re.Pattern[str]] = (),
    exclude: Sequence[re.Pattern[str]] = (),
    same_site: bool = True,
    now: datetime | None = None,
) -> Listing:
    """The links of `document`, a section front.

    With `include`, an entry is every link that one of the patterns is found in (all are likely then), else
    every link that is no trap; `exclude` takes away. With `same_site` only links within the registrable
    domain of the page count. The first 5,000 links are looked at.
    """
    now = now or datetime.now(UTC)
    own = identity_key(document.url)
    found: dict[str, ListingEntry] = {}
    left_out: dict[str, int] = {}
    for element, url in islice(links(document), MOST_LINKS):
        reason = _reason_against(url, document.url, include, exclude, same_site, now)
        if reason is not None:
            left_out[reason] = left_out.get(reason, 0) + 1
        elif (key := identity_key(url)) != own:
            _note(found, key, url, _title(element), bool(include))
    warnings = tuple(f"{count:,} x {reason}" for reason, count in left_out.items() if reason not in _EXPECTED)
    return Listing(tuple(found.values()), next_page(document, same_site=same_site), warnings)


def looks_like_article(url: str, title: str | None) -> bool:
    """Whether address and link text are those of an article: a date, a number or a long slug in it."""
    parts = urlsplit(url)
    if _FURNITURE.search(parts.path) or is_front_page(url):
        return False
    strong = bool(_DATE_IN_PATH.search(parts.path) or _NUMBER_IN_QUERY.search(parts.query))
    last = parts.path.rstrip("/").rpartition("/")[2]
    if strong or _NUMBER.search(last) or _SLUG.search(last):
        return True
    words = (title or "").split()
    long_title = len(words) >= 5 or (
        len(words) < 5 and len(title or "") >= 20 and not (title or "").isascii()
    )
    return long_title and parts.path.strip("/").count("/") >= 1


def _reason_against(
    url: str,
    page: str,
    include: Sequence[re.Pattern[str]],
    exclude: Sequence[re.Pattern[str]],
    same_site: bool,
    now: datetime,
) -> str | None:
    if same_site and not is_same_site(url, page):
        return "on another site"
    if any(pattern.search(url) for pattern in exclude):
        return "excluded"
    if include and not any(pattern.search(url) for pattern in include):
        return "not included"
    return trap_in(url, now)


def _note(found: dict[str, ListingEntry], key: str, url: str, title: str | None, wanted: bool) -> None:
    known = found.get(key)
    if known is None:
        likely = wanted or looks_like_article(url, title)
        found[key] = ListingEntry(url, key, title, len(found), 1, likely)
        return
    best = max(known.title, title, key=lambda text: len(text or ""))
    likely = known.is_likely or looks_like_article(url, best)
    found[key] = ListingEntry(known.url, key, best, known.position, known.mentions + 1, likely)


def _title(element: HtmlElement) -> str | None:
    text = " ".join("".join(element.itertext()).split())
    if not text:
        text = next(
            (" ".join(alt.split()) for picture in element.iter("img") if (alt := picture.get("alt"))), ""
        )
    if not text:
        text = (element.get("aria-label") or element.get("title") or "").strip()
    return text[:_LONGEST_TITLE] or None
