"""`/api/v1`: what the pages show, as JSON, described by an OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from archiver.errors import UsageError
from archiver.model.moment import parse_moment, to_warc_date
from archiver.model.version import ArticleEvent
from archiver.storage import snapshot_codec
from archiver.storage.index import Cursor, Match
from archiver.web.browsing import behind_of, sought_of
from archiver.web.records import described_capture, described_snapshot, find_snapshot
from archiver.web.site import site_of
from archiver.web.wanted import whole_url

_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}
_MOST: Final = 1_000


def snapshots(request: Request) -> Response:
    """Snapshots by words, author, source and dates, the latest archived first."""
    limit = _limit(request)
    words = request.query_params.get("q", "")[:2_000]
    hits = site_of(request).index.search(sought_of(request, words), limit + 1, behind_of(request))
    following = hits[limit - 1].place if len(hits) > limit else None
    return _json(
        {"snapshots": [described_snapshot(hit.snapshot) for hit in hits[:limit]], "behind": following}
    )


def snapshot(request: Request) -> Response:
    """All that is known of one snapshot."""
    found = find_snapshot(site_of(request).index, request.path_params["identifier"])
    return Response(snapshot_codec.encode(found), 200, _OPEN, media_type="application/json")


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
    return _json({"captures": [described_capture(one) for one in found[:limit]], "behind": following})


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
    return _json({"url": told.url, "versions": versions, "events": [_event(event) for event in told.events]})


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
    return _json({"total": {key: getattr(found.total, key) for key in names}, "sources": sources})


def _limit(request: Request) -> int:
    written = request.query_params.get("limit", "100")
    if not (written.isascii() and written.isdigit() and 1 <= int(written[:6]) <= _MOST):
        raise UsageError(f"limit must be a number from 1 to {_MOST}")
    return int(written)


def _json(content: dict[str, Any]) -> Response:
    return JSONResponse(content, headers=_OPEN)


def _parameter(name: str, about: str, *, required: bool = False, place: str = "query") -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": _MOST} if name == "limit" else {"type": "string"}
    return {"name": name, "in": place, "required": required, "description": about, "schema": schema}


def _operation(about: str, parameters: list[dict[str, Any]], *errors: int) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: dict[str, Any] = {
        "200": {"description": "Found", "content": {"application/json": {"schema": {"type": "object"}}}},
        **{str(code): {"description": "See the detail", "content": problem} for code in errors},
    }
    return {"get": {"summary": about, "parameters": parameters, "responses": responses}}


_DATES: Final = [_parameter("from", "From this date on"), _parameter("to", "Up to and including this date")]
_PAGING: Final = [
    _parameter("limit", "At most so many"),
    _parameter("behind", "`behind` of the answer before"),
]
_URL: Final = _parameter("url", "The address", required=True)


def openapi(request: Request) -> Response:
    """The description of this interface."""
    words = [
        _parameter("q", 'Words; in `"..."` side by side'), _parameter("author", "Words of an author's name"),
        _parameter("source", "Name of a source"),
    ]  # fmt: skip
    match = _parameter("match", "What the address stands for")
    match["schema"] = {"type": "string", "enum": [kind.value for kind in Match], "default": "exact"}
    name = _parameter("identifier", "ark:NAAN/name", required=True, place="path")
    problem = {
        "type": "object",
        "properties": {
            "type": {"type": "string"}, "title": {"type": "string"},
            "status": {"type": "integer"}, "detail": {"type": "string"},
        },
    }  # fmt: skip
    document = {
        "openapi": "3.1.0",
        "info": {"title": site_of(request).name, "version": site_of(request).version},
        "servers": [{"url": site_of(request).origins.application(request)}],
        "paths": {
            "/api/v1/snapshots": _operation("Search snapshots", [*words, *_DATES, *_PAGING], 400),
            "/api/v1/snapshots/{identifier}": _operation("One snapshot", [name], 400, 404),
            "/api/v1/captures": _operation("Captures", [_URL, match, *_DATES, *_PAGING], 400),
            "/api/v1/history": _operation("History of an article", [_URL], 400, 404),
            "/api/v1/stats": _operation("Totals", []),
        },
        "components": {"schemas": {"Problem": problem}},
    }
    return _json(document)
