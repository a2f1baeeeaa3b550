"""The pages on which archived articles are found: home, search, the captures of a URL, the sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import groupby, islice
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archiver.errors import UsageError
from archiver.model.capture import Capture
from archiver.model.digest import Digest
from archiver.model.moment import parse_moment
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Cursor, Hit, Index, Match, Sought
from archiver.storage.index.search import folded
from archiver.web.pages import render
from archiver.web.records import page_path, title_of, view_path
from archiver.web.site import Site, site_of
from archiver.web.wanted import path_after, whole_url
from archiver.web.watched import watched_sources

SHOWN: Final = 20
CAPTURES: Final = 500
_URLS_READ: Final = 3_000
_LOOKS_LIKE_URL = re.compile(
    r"(?:https?://\S+|(?:\*\.)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?]\S*)?\*?)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A snapshot as a list shows it."""

    id: str
    title: str
    url: str
    captured_at: datetime
    source: str | None
    authors: tuple[str, ...]
    captured: int
    missing: int
    view: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class FoundUrl:
    """A URL below a prefix or host, with what was captured of it."""

    url: str
    count: int
    first: datetime
    last: datetime
    mime: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A capture in the calendar; `differs` when its payload is another than that of the one before."""

    capture: Capture
    differs: bool
    view: str
    withdrawn: bool


def home(request: Request) -> Response:
    """Search, and what is new."""
    site = site_of(request)
    hits = site.index.search(Sought(), 12)
    stats = site.index.stats().total
    return render(request, "home.html", {"stats": stats, "latest": _listed(site, hits), "q": ""})


def search(request: Request) -> Response:
    """`/search`: a URL, or words; narrowed by author, source and dates."""
    asked = request.query_params
    words = asked.get("q", "").strip()[:2_000]
    if _LOOKS_LIKE_URL.fullmatch(words) and asked.get("in", "") != "text":
        return _by_url(request, words, asked.get("match", ""))
    return _by_words(request, words)


def _by_words(request: Request, words: str) -> Response:
    asked = request.query_params
    sought = sought_of(request, words)
    site = site_of(request)
    hits = site.index.search(sought, SHOWN + 1, behind_of(request))
    more = None
    if len(hits) > SHOWN:
        kept = {name: value for name, value in asked.items() if name != "behind"}
        more = "/search?" + urlencode({**kept, "behind": hits[SHOWN - 1].place})
    values = {
        "q": words, "found": _listed(site, findable(site, hits[:SHOWN], words)), "more": more,
        "author": sought.author, "source": sought.source,
        "from_": asked.get("from", "")[:30], "to": asked.get("to", "")[:30],
    }  # fmt: skip
    return render(request, "search.html", values)


def findable(site: Site, hits: Iterable[Hit], words: str) -> list[Hit]:
    """The hits without withdrawn snapshots that were found by more than their titles and authors.

    Else the text that is withheld could be guessed word by word.
    """
    return [
        hit
        for hit in hits
        if site.withdrawals.of_snapshot(hit.snapshot.id) is None or _is_in_title(hit.snapshot, words)
    ]


def _is_in_title(snapshot: Snapshot, words: str) -> bool:
    authors = snapshot.article.authors if snapshot.article else ()
    told = set(folded(" ".join((title_of(snapshot), *authors))).split())
    return set(folded(words).split()) <= told


def sought_of(request: Request, words: str) -> Sought:
    """What a search asks for. Raises UsageError for what is no date."""
    asked = request.query_params
    return Sought(
        words=words,
        author=asked.get("author", "").strip()[:200],
        source=asked.get("source", "").strip()[:200],
        from_=_date(asked.get("from", ""), last=False),
        to=_date(asked.get("to", ""), last=True),
    )


def behind_of(request: Request) -> int | None:
    """The place that a search goes on behind. Raises UsageError."""
    written = request.query_params.get("behind", "")
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and len(written) < 19):
        raise UsageError("behind is no place in a search")
    return int(written)


def _date(written: str, *, last: bool) -> datetime | None:
    if not written.strip():
        return None
    try:
        return parse_moment(written)[1 if last else 0]
    except ValueError:
        raise UsageError(f"{written[:30]} is no date; write 2017-11-14 or 2017-11") from None


def _by_url(request: Request, written: str, match: str) -> Response:
    wildcard = written.endswith("*") or written.startswith("*.")
    if not wildcard and match in ("", "exact"):
        return RedirectResponse(f"/web/*/{whole_url(written)}", 302)
    kind, plain = read_match(written, match)
    found, behind = below(site_of(request).index, kind, plain, cursor_of(request))
    more = None
    if behind:
        more = "/search?" + urlencode({"q": written, "match": kind.value, "behind": str(behind)})
    values = {"q": written, "match": kind.value, "urls": found, "more": more}
    return render(request, "urls.html", values)


def read_match(written: str, match: str) -> tuple[Match, str]:
    """What an address with or without a wildcard stands for, and the address alone. Raises UsageError."""
    if match not in ("", *Match):
        raise UsageError("match must be exact, prefix, host or domain")
    wildcard = written.endswith("*") or written.startswith("*.")
    kind = Match(match) if match and not wildcard else Match.PREFIX
    if written.startswith("*."):
        kind = Match.DOMAIN
    plain = written.removeprefix("*.").rstrip("*")
    if not plain.strip("/:htps"):
        raise UsageError("a wildcard needs a host before it" if wildcard else "no URL is given")
    return kind, plain


def cursor_of(request: Request) -> Cursor | None:
    """The place in a listing that it goes on behind. Raises UsageError."""
    written = request.query_params.get("behind")
    try:
        return Cursor.parse(written) if written else None
    except ValueError:
        raise UsageError("behind is no place in a listing") from None


def below(index: Index, match: Match, url: str, after: Cursor | None) -> tuple[list[FoundUrl], Cursor | None]:
    """The URLs that a prefix or host stands for, and where the list goes on."""
    captures = list(islice(index.captures(match, url, after=after), _URLS_READ))
    by_url: dict[str, list[Capture]] = {}
    for capture in captures:
        by_url.setdefault(capture.target_uri, []).append(capture)
    found = [
        FoundUrl(url, len(own), own[0].captured_at, own[-1].captured_at, own[-1].mime)
        for url, own in by_url.items()
    ]
    return found, Cursor.behind(captures[-1]) if len(captures) == _URLS_READ else None


def calendar(request: Request) -> Response:
    """`/web/*/{url}`: every capture of a URL, by month and day, those with other content marked."""
    url = whole_url(path_after(request, "/web/*/").partition("?behind=")[0])
    after = cursor_of(request)
    site = site_of(request)
    index = site.index
    captures = list(index.captures("exact", url, limit=CAPTURES + 1, after=after))
    more = (
        f"/web/*/{url}?behind={Cursor.behind(captures[CAPTURES - 1])}" if len(captures) > CAPTURES else None
    )
    seen = _seen(site, captures[:CAPTURES])
    months = [
        (
            month,
            [(when, list(own)) for when, own in groupby(group, lambda one: one.capture.captured_at.date())],
        )
        for month, group in groupby(seen, lambda one: f"{one.capture.captured_at:%B %Y}")
    ]
    snapshots = list(index.snapshots(url, descending=True, limit=1))
    values = {
        "url": url, "q": url, "months": months, "count": len(seen), "more": more,
        "years": _years(seen), "latest": snapshots[0] if snapshots else None,
    }  # fmt: skip
    return render(request, "calendar.html", values, 200 if captures else 404)


def _seen(site: Site, captures: Iterable[Capture]) -> list[Seen]:
    seen = []
    previous = None
    for capture in captures:
        digest = _content(site, capture)
        withdrawn = site.withdrawals.of_capture(capture) is not None
        seen.append(Seen(capture, previous is not None and digest != previous, view_path(capture), withdrawn))
        previous = digest
    return seen


def _content(site: Site, capture: Capture) -> Digest | None:
    """The digest of what the answer stands for: of a 304 that of the capture that it refers to."""
    if capture.status == HTTPStatus.NOT_MODIFIED and capture.original:
        capture = site.index.capture(capture.original.record_id) or capture
    return capture.payload_digest


def _years(seen: list[Seen]) -> list[tuple[int, int, int]]:
    """Year, captures, and those in percent of the fullest year."""
    counts = [(y, len(list(own))) for y, own in groupby(seen, lambda one: one.capture.captured_at.year)]
    most = max((count for _, count in counts), default=1)
    return [(year, count, max(4, 100 * count // most)) for year, count in counts]


def sources(request: Request) -> Response:
    """What is watched, how the work on it goes, and what each source brought in."""
    return render(request, "sources.html", {"watched": watched_sources(site_of(request)), "q": ""})


def _listed(site: Site, hits: Iterable[Hit]) -> Iterator[Listed]:
    for hit in hits:
        snapshot = hit.snapshot
        yield Listed(
            snapshot.id, title_of(snapshot), snapshot.page.target_uri, snapshot.captured_at,
            snapshot.provenance.source, snapshot.article.authors if snapshot.article else (),
            len(snapshot.captured), len(snapshot.missing), page_path(snapshot),
            site.withdrawals.of_snapshot(snapshot.id) is not None,
        )  # fmt: skip
