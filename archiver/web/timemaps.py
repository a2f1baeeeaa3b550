"""TimeMaps (RFC 7089, 5): all captures of a URL, page by page, as links, JSON and CDXJ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from archiver.errors import NotFoundError, UsageError
from archiver.model.capture import Capture
from archiver.model.moment import to_timestamp14, to_warc_date
from archiver.storage.index import Index
from archiver.web.links import http_date
from archiver.web.site import own_origin, site_of
from archiver.web.wanted import memento_path, path_after, whole_url

PAGE: Final = 2_000
"""Mementos in one TimeMap; a longer one goes on in another."""

_PAGED = re.compile(r"(\d{20})/(.*)", re.DOTALL)
_TICK = timedelta(microseconds=1)
TYPES = {
    "link": "application/link-format",
    "json": "application/json",
    "cdxj": "application/cdxj+ors",
}


@dataclass(frozen=True, slots=True)
class TimeMapPage:
    """One page: the captures, and the first moments of the pages around it; None where there is none."""

    origin: str
    url: str
    captures: tuple[Capture, ...]
    first: Capture
    last: Capture
    start: datetime | None
    before: datetime | None
    after: datetime | None

    def uri(self, form: str, start: datetime | None) -> str:
        """The TimeMap in `form` from `start` on; without it the first page."""
        place = "" if start is None else f"{start.astimezone(UTC):%Y%m%d%H%M%S%f}/"
        return f"{self.origin}/web/timemap/{form}/{place}{self.url}"

    def others(self, form: str) -> Iterator[tuple[str, str]]:
        """Relation and URI of the pages around this one."""
        if self.before or self.after:
            yield "first", self.uri(form, None)
        if self.before:
            yield "prev", self.uri(form, None if self.before <= self.first.captured_at else self.before)
        if self.after:
            yield "next", self.uri(form, self.after)


def timemap(request: Request) -> Response:
    """`/web/timemap/{form}/{url}`, its pages `/web/timemap/{form}/{20 digits}/{url}`."""
    form = request.path_params["form"]
    if form not in TYPES:
        raise UsageError(f"there is no TimeMap in {form[:20]}; there are {', '.join(TYPES)}")
    rest = path_after(request, f"/web/timemap/{form}/")
    paged = _PAGED.fullmatch(rest)
    start = _moment(paged[1]) if paged else None
    url = whole_url(paged[2] if paged else rest)
    page = read_page(site_of(request).index, own_origin(request), url, start)
    body = {"link": _as_links, "json": _as_json, "cdxj": _as_cdxj}[form](page)
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body.encode(), 200, headers, media_type=TYPES[form])


def read_page(index: Index, origin: str, url: str, start: datetime | None) -> TimeMapPage:
    """The page of the TimeMap of `url` that begins at `start`. Raises NotFoundError when it is empty."""
    found = tuple(index.captures("exact", url, start, hollow=False, limit=PAGE + 1))
    if not found:
        raise NotFoundError(f"no capture of {url} is in this archive")
    first = next(index.captures("exact", url, hollow=False, limit=1), found[0])
    last = next(index.captures("exact", url, descending=True, hollow=False, limit=1), found[-1])
    before = None
    if start is not None:
        earlier = index.captures("exact", url, to=start - _TICK, descending=True, hollow=False, limit=PAGE)
        before = min((capture.captured_at for capture in earlier), default=None)
    after = found[PAGE].captured_at if len(found) > PAGE else None
    return TimeMapPage(origin, url, found[:PAGE], first, last, start, before, after)


def _moment(digits: str) -> datetime:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{digits} is no moment") from None


def _as_links(page: TimeMapPage) -> str:
    captures = page.captures
    span = f'from="{http_date(captures[0].captured_at)}"; until="{http_date(captures[-1].captured_at)}"'
    kind = 'type="application/link-format"'
    lines = [
        f'<{page.url}>; rel="original"',
        f'<{page.origin}/web/{page.url}>; rel="timegate"',
        f'<{page.uri("link", page.start)}>; rel="self"; {kind}; {span}',
        *(f'<{uri}>; rel="{relation} timemap"; {kind}' for relation, uri in page.others("link")),
        *(
            f'<{page.origin}{memento_path(capture)}>; rel="{relation}"; '
            f'datetime="{http_date(capture.captured_at)}"'
            for capture, relation in _related(page)
        ),
    ]
    return ",\n".join(lines) + "\n"


def _related(page: TimeMapPage) -> Iterator[tuple[Capture, str]]:
    for capture in page.captures:
        names = [
            *(["first"] if capture.record_id == page.first.record_id else []),
            *(["last"] if capture.record_id == page.last.record_id else []),
            "memento",
        ]
        yield capture, " ".join(names)


def _described(page: TimeMapPage, capture: Capture) -> dict[str, str]:
    return {"datetime": to_warc_date(capture.captured_at), "uri": page.origin + memento_path(capture)}


def _as_json(page: TimeMapPage) -> str:
    forms = {f"{form}_format": page.uri(form, page.start) for form in TYPES}
    return json.dumps(
        {
            "original_uri": page.url,
            "self": page.uri("json", page.start),
            "timegate_uri": f"{page.origin}/web/{page.url}",
            "timemap_uri": forms,
            "pages": dict(page.others("json")),
            "mementos": {
                "list": [_described(page, capture) for capture in page.captures],
                "first": _described(page, page.first),
                "last": _described(page, page.last),
            },
        }
    )


def _as_cdxj(page: TimeMapPage) -> str:
    forms = {f"{form}_format": page.uri(form, page.start) for form in TYPES}
    around = [{"rel": f"{relation} timemap", "uri": uri} for relation, uri in page.others("cdxj")]
    lines = [
        '!context ["http://tools.ietf.org/html/rfc7089"]',
        f"!id {json.dumps({'uri': page.uri('cdxj', page.start)})}",
        '!keys ["memento_datetime_YYYYMMDDhhmmss"]',
        f"!meta {json.dumps({'original_uri': page.url})}",
        f"!meta {json.dumps({'timegate_uri': f'{page.origin}/web/{page.url}'})}",
        f"!meta {json.dumps({'timemap_uri': forms})}",
        *(f"!meta {json.dumps(other)}" for other in around),
        *(
            f"{to_timestamp14(capture.captured_at)} "
            + json.dumps(
                {
                    "uri": page.origin + memento_path(capture),
                    "rel": relation,
                    "datetime": http_date(capture.captured_at),
                }
            )
            for capture, relation in islice(_related(page), None)
        ),
    ]
    return "\n".join(lines) + "\n"
