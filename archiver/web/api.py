"""`/api/v1`: what the pages show, as JSON."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from archiver.citation.withheld import described_withdrawal, document_of
from archiver.errors import UsageError
from archiver.model.moment import parse_moment, to_warc_date
from archiver.model.version import ArticleEvent
from archiver.retrieval import named_by
from archiver.storage.index import Cursor, Match
from archiver.versions.described import described
from archiver.web.browsing import behind_of, below, cursor_of, findable, read_match, sought_of
from archiver.web.freshness import checked
from archiver.web.record_page import Step, compared_sides, record_of
from archiver.web.records import (
    described_capture,
    described_picture,
    described_snapshot,
    described_standing,
    page_path,
)
from archiver.web.site import site_of
from archiver.web.wanted import whole_url
from archiver.web.watched import described_source, watched_sources

_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}
MOST: Final = 1_000


def snapshots(request: Request) -> Response:
    """Snapshots by words, author, source and dates, the latest archived first."""
    limit = _limit(request)
    site = site_of(request)
    words = request.query_params.get("q", "")[:2_000]
    hits = site.index.search(sought_of(request, words), limit + 1, behind_of(request))
    following = hits[limit - 1].place if len(hits) > limit else None
    found = [
        described_snapshot(one, withdrawn=site.withdrawals.of_snapshot(one.id) is not None)
        for one in (hit.snapshot for hit in findable(site, hits[:limit], words))
    ]
    return answer(request, {"snapshots": found, "behind": following})


def snapshot(request: Request) -> Response:
    """All that is known of one snapshot."""
    site = site_of(request)
    found = named_by(site.index, request.path_params["identifier"])
    document = document_of(found, site.withdrawals.of_snapshot(found.id))
    return checked(request, document, "application/json", _OPEN)


def record(request: Request) -> Response:
    """What the record page shows of one snapshot."""
    site = site_of(request)
    told = record_of(site, named_by(site.index, request.path_params["identifier"]))
    content = {
        **described_snapshot(told.snapshot, withdrawn=told.withdrawal is not None),
        "page": page_path(told.snapshot),
        "withdrawal": described_withdrawal(told.withdrawal),
        "evidence": described_standing(told.standing) if told.standing else None,
        "gallery": [described_picture(one) for one in told.pictures],
        "history": [_step(step) for step in told.steps],
        "citations": told.citations,
    }
    return answer(request, content)


def comparison(request: Request) -> Response:
    """What differs between two snapshots."""
    before, after = compared_sides(request, "/api/v1/comparison")
    return answer(request, described(site_of(request).historian.compared(before, after)))


def urls(request: Request) -> Response:
    """The addresses below a prefix, host or domain, with what was captured of each."""
    asked = request.query_params
    kind, plain = read_match(asked.get("url", "").strip()[:2_000], asked.get("match", "prefix"))
    found, behind = below(site_of(request).index, kind, plain, cursor_of(request))
    described_urls = [
        {
            "url": one.url, "captures": one.count, "first": to_warc_date(one.first),
            "last": to_warc_date(one.last), "mime": one.mime,
        }
        for one in found
    ]  # fmt: skip
    return answer(request, {"urls": described_urls, "behind": str(behind) if behind else None})


def sources(request: Request) -> Response:
    """What is watched, how the work on it goes, and what it brought in."""
    watched = watched_sources(site_of(request))
    return answer(
        request,
        {"sources": [described_source(one) for one in watched.rows], "unreadable": watched.unreadable},
    )


def captures(request: Request) -> Response:
    """The captures that a URL stands for."""
    asked = request.query_params
    limit = _limit(request)
    try:
        match = Match(asked.get("match", "exact"))
        after = Cursor.parse(asked["behind"]) if asked.get("behind") else None
        from_ = parse_moment(asked["from"])[0] if asked.get("from") else None
        to = parse_moment(asked["to"])[1] if asked.get("to") else None
    except ValueError as error:
        raise UsageError(str(error)[:200]) from None
    url = whole_url(asked.get("url", ""))
    found = list(site_of(request).index.captures(match, url, from_, to, limit=limit + 1, after=after))
    following = str(Cursor.behind(found[limit - 1])) if len(found) > limit else None
    withdrawals = site_of(request).withdrawals
    described_captures = [
        {**described_capture(one), "withdrawn": withdrawals.of_capture(one) is not None}
        for one in found[:limit]
    ]
    return answer(request, {"captures": described_captures, "behind": following})


def history(request: Request) -> Response:
    """The versions of the article at a URL, and what visits found in between."""
    told = site_of(request).historian.history(whole_url(request.query_params.get("url", "")))
    versions = [
        {
            "number": version.number,
            "seen": [
                {"snapshot": seen.snapshot_id, "captured_at": to_warc_date(seen.captured_at)}
                for seen in version.seen
            ],
        }
        for version in told.timeline.versions
    ]
    events = [_event(event) for event in told.events]
    return answer(request, {"url": told.url, "versions": versions, "events": events})


def _step(step: Step) -> dict[str, Any]:
    return {
        "kinds": list(step.kinds),
        "is_change": step.is_change,
        "snapshot": step.snapshot.id if step.snapshot else None,
        "captured_at": to_warc_date(step.snapshot.captured_at) if step.snapshot else None,
        "before": step.before,
        "event": _event(step.event) if step.event else None,
    }


def _event(event: ArticleEvent) -> dict[str, Any]:
    return {
        "kind": event.kind, "observed_at": to_warc_date(event.observed_at), "url": event.url,
        "status": event.status, "detail": event.detail, "confirmed": event.confirmed,
    }  # fmt: skip


def stats(request: Request) -> Response:
    """Totals, and those of each source."""
    found = site_of(request).index.stats()
    names = tuple(type(found.total).__dataclass_fields__)
    sources = {name: {key: getattr(own, key) for key in names} for name, own in found.sources.items()}
    return answer(request, {"total": {key: getattr(found.total, key) for key in names}, "sources": sources})


def _limit(request: Request) -> int:
    written = request.query_params.get("limit", "100")
    if not (written.isascii() and written.isdigit() and 1 <= int(written[:6]) <= MOST):
        raise UsageError(f"limit must be a number from 1 to {MOST}")
    return int(written)


def answer(request: Request, content: dict[str, Any]) -> Response:
    """`content` as JSON for everybody, with a validator."""
    written = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return checked(request, written, "application/json", _OPEN)
