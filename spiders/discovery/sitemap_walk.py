"""Walks a publisher's tree of sitemaps, newest first, and comes to an end whatever the tree looks like.

A state machine without I/O: it names the next sitemap, is told what came, and hands back the pages.
"""

from __future__ import annotations

import calendar
import heapq
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from archiver.spiders.discovery.entry import Entry
from archiver.spiders.discovery.link import is_same_site
from archiver.spiders.discovery.sitemap import Sitemap, SitemapKind

_DATE_IN_URL = re.compile(
    r"(?<!\d)((?:19|20)\d{2})[-_/.]?(?:(0[1-9]|1[0-2])(?:[-_/.]?(0[1-9]|[12]\d|3[01]))?)?(?!\d)"
)
_YEAR_AND_MONTH = re.compile(r"(?:yyyy|year)=((?:19|20)\d{2})&(?:mm|month)=(0?[1-9]|1[0-2])(?!\d)")
_NEWS = re.compile(r"news|latest|recent|today", re.IGNORECASE)
_SLACK = timedelta(days=2)
"""How far a `lastmod` may be behind what it dates."""


@dataclass(frozen=True, slots=True)
class WalkLimits:
    """Where a walk ends: levels of indexes, sitemaps fetched, pages handed out, sitemaps waiting."""

    depth: int = 3
    sitemaps: int = 200
    pages: int = 200_000
    waiting: int = 50_000


@dataclass(order=True, slots=True)
class _Waiting:
    rank: tuple[int, float, int]
    url: str = field(compare=False)
    depth: int = field(compare=False)


class SitemapWalk:
    """One pass over the sitemaps below `roots`, keeping what may be as new as `since`.

    Use: while `(url := walk.next_url())` fetch it and call `read` with the parsed sitemap, or `failed`.
    `allowed` decides about sitemaps on other hosts (default: the registrable domains of the roots).
    `warnings` collects what was left out, and why; it has one line for each reason.
    """

    def __init__(
        self,
        roots: Iterable[str],
        *,
        since: datetime | None = None,
        limits: WalkLimits | None = None,
        allowed: Callable[[str], bool] | None = None,
    ) -> None:
        self._roots = tuple(dict.fromkeys(roots))
        self._since = since
        self._limits = limits or WalkLimits()
        self._allowed = allowed or self._is_of_a_root_site
        self._heap: list[_Waiting] = []
        self._depths: dict[str, int] = {}
        self._pages: set[str] = set()
        self._fetched = 0
        self._left_out: dict[str, int] = {}
        for url in self._roots:
            self._wait(url, 0, (0, 0.0))

    def next_url(self) -> str | None:
        """The sitemap to fetch now; None when the walk is over."""
        if not self._heap:
            return None
        if self._fetched >= self._limits.sitemaps or len(self._pages) >= self._limits.pages:
            reason = "sitemaps" if self._fetched >= self._limits.sitemaps else "pages"
            self._leave_out(f"sitemaps not read, because the limit of {reason} was reached", len(self._heap))
            self._heap.clear()
            return None
        self._fetched += 1
        return heapq.heappop(self._heap).url

    def read(self, url: str, sitemap: Sitemap) -> tuple[Entry, ...]:
        """Take in what was at `url`: the pages that are new in this walk and recent enough, newest first."""
        if sitemap.kind is SitemapKind.INDEX:
            self._descend(url, sitemap.entries)
            return ()
        fresh = []
        for entry in sitemap.entries:
            if entry.url in self._pages:
                continue
            if len(self._pages) >= self._limits.pages:
                self._leave_out("pages beyond the limit", 1)
            elif self._since and entry.dated and entry.dated < self._since:
                self._leave_out("pages older than asked for", 1)
            else:
                self._pages.add(entry.url)
                fresh.append(entry)
        oldest = datetime.min.replace(tzinfo=UTC)
        return tuple(sorted(fresh, key=lambda entry: entry.dated or oldest, reverse=True))

    def failed(self, url: str, reason: str) -> None:
        """Take in that `url` could not be fetched or read."""
        self._leave_out(f"sitemap {url} could not be read: {reason}", 1)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out: a count and a reason each."""
        return tuple(f"{count:,} x {reason}" for reason, count in self._left_out.items())

    def _descend(self, url: str, entries: Iterable[Entry]) -> None:
        depth = self._depths.get(url, 0) + 1
        for entry in entries:
            latest = _latest(entry)
            if entry.url in self._depths:
                self._leave_out("sitemaps named more than once", 1)
            elif depth > self._limits.depth:
                self._leave_out(f"sitemaps more than {self._limits.depth} levels deep", 1)
            elif not self._allowed(entry.url):
                self._leave_out("sitemaps on another site", 1)
            elif self._since and latest and latest < self._since - _SLACK:
                self._leave_out("sitemaps older than asked for", 1)
            elif len(self._heap) >= self._limits.waiting:
                self._leave_out("sitemaps beyond the limit of those waiting", 1)
            else:
                self._wait(entry.url, depth, _rank(entry.url, latest))

    def _wait(self, url: str, depth: int, rank: tuple[int, float]) -> None:
        self._depths[url] = depth
        heapq.heappush(self._heap, _Waiting((*rank, len(self._depths)), url, depth))

    def _leave_out(self, reason: str, count: int) -> None:
        self._left_out[reason] = self._left_out.get(reason, 0) + count

    def _is_of_a_root_site(self, url: str) -> bool:
        return any(is_same_site(url, root) for root in self._roots)


def _rank(url: str, latest: datetime | None) -> tuple[int, float]:
    """News sitemaps first, then the dated from new to old, then the undated as they stand."""
    if _NEWS.search(url.rpartition("/")[2]):
        return 0, -(latest.timestamp() if latest else 0.0)
    return (1, -latest.timestamp()) if latest else (2, 0.0)


def _latest(entry: Entry) -> datetime | None:
    """The latest moment that the sitemap can tell of: its `lastmod`, else the date in its URL."""
    return entry.updated or date_in_url(entry.url)


def date_in_url(url: str) -> datetime | None:
    """The end of the year, month or day that `url` names, such as `sitemap-2017-11.xml`; else None."""
    match = _YEAR_AND_MONTH.search(url)
    found: re.Match[str] | None = match or next(reversed(list(_DATE_IN_URL.finditer(url))), None)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2] or 12)
    day = int(found[3]) if found.re is _DATE_IN_URL and found[3] else calendar.monthrange(year, month)[1]
    if day > calendar.monthrange(year, month)[1]:
        return None
    return datetime(year, month, day, 23, 59, 59, tzinfo=UTC)
