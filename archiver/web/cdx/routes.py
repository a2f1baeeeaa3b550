"""`/cdx`, `/cdx/search/cdx`, `/index` and `/wayback/available`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from archiver.errors import UsageError
from archiver.model.moment import to_timestamp14
from archiver.web.cdx import answers
from archiver.web.cdx.query import Query, parse_query
from archiver.web.cdx.selection import page_count, select
from archiver.web.site import own_origin, site_of
from archiver.web.wanted import Wanted, memento_path, whole_url

_OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


def cdx(request: Request) -> Response:
    """The Internet Archive's dialect."""
    return _answer(request, parse_query(request.query_params))


def index(request: Request) -> Response:
    """The dialect of pywb."""
    return _answer(request, parse_query(request.query_params, is_pywb=True))


def available(request: Request) -> Response:
    """The availability API: the capture closest to `timestamp`, the latest without one."""
    url = request.query_params.get("url", "")
    timestamp = request.query_params.get("timestamp", "")
    if timestamp and not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 14):
        raise UsageError("timestamp is no date; write YYYYMMDDhhmmss or the beginning of it")
    wanted = Wanted(timestamp, "", whole_url(url))
    capture = site_of(request).index.closest(wanted.url, wanted.moment)
    snapshots = {}
    if capture:
        snapshots["closest"] = {
            "status": str(capture.status),
            "available": True,
            "url": own_origin(request) + memento_path(capture),
            "timestamp": to_timestamp14(capture.captured_at),
        }
    answer = {"url": url, "archived_snapshots": snapshots, **({"timestamp": timestamp} if timestamp else {})}
    return JSONResponse(answer, headers=_OPEN)


def _answer(request: Request, query: Query) -> Response:
    site = site_of(request)
    if query.shows_page_count:
        count = page_count(site.index, query)
        return PlainTextResponse(f"{count}\n", headers=_OPEN)
    limit = query.limit
    keys: list[str] = []
    if query.shows_resume_key and limit is not None and limit > 0:
        found = select(site.index, replace(query, limit=limit + 1), site.page_starts)
        found, keys = answers.with_resume_key(found, query)
    else:
        found = select(site.index, query, site.page_starts)
    form = {
        "text": answers.text_lines,
        "json": answers.object_lines if request.url.path == "/index" else answers.json_lines,
        "cdxj": answers.cdxj_lines,
    }[query.output]
    return _streamed(request, query, answers.pieces(form(found, query, keys)))


def _streamed(request: Request, query: Query, pieces: Iterator[bytes]) -> Response:
    """The pieces; the first is read at once, so that what fails is told with its own status."""
    first = next(pieces, b"")
    pieces = chain([first], pieces)
    headers = {**_OPEN, "Vary": "Accept-Encoding"}
    if query.gzip and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        pieces = answers.compressed(pieces)
    media = "application/json" if query.output == "json" and request.url.path != "/index" else "text/plain"
    if query.output == "json" and request.url.path == "/index":
        media = "application/x-ndjson"
    if query.output == "cdxj":
        media = "text/x-cdxj"
    if request.method == "HEAD":
        return Response(None, 200, headers, media_type=media)
    return StreamingResponse(pieces, 200, headers, media_type=media)
