"""Mementos and the TimeGate (RFC 7089): the archived answer of a URL nearest to a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from archiver.citation.withdrawal import WithdrawnError
from archiver.errors import NotFoundError, UsageError
from archiver.model.capture import Capture
from archiver.retrieval import Found
from archiver.storage.warc import HttpHead
from archiver.web.freshness import is_known
from archiver.web.links import all_links, base_links, http_date, memento_link
from archiver.web.payloads import body_response, opened
from archiver.web.replaying import placeholder, replayed
from archiver.web.site import Site, own_origin, site_of
from archiver.web.wanted import Wanted, memento_path, parse_wanted, path_after, whole_url

IMMUTABLE: Final = "public, max-age=31536000, immutable"
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}[\x20-\x7e]{0,200}")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9!#$%&'*+.^_`|~-]")
_NOT_IN_VALUE = re.compile(r"[^\x20-\x7e\x80-\xff\t]")
_LONGEST_KEPT_HEADER: Final = 8_192
_MOST_KEPT_HEADERS: Final = 200
_LONGEST_KEPT_HEADERS: Final = 49_152
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AS_STORED = frozenset({"id_", "im_", "js_"})
QUICK: Final = 131_072
"""Bytes of a stored record up to which it is read without a thread."""


async def memento_or_timegate(request: Request) -> Response:
    """`/web/{timestamp}{modifier}/{url}` and `/web/{url}`.

    What takes two short look-ups and waits for no disk is answered at once: a thread would cost more.
    """
    site = site_of(request)
    wanted = parse_wanted(path_after(request, "/web/"))
    if wanted is not None and wanted.modifier in _AS_STORED and site.index.is_local:
        capture = site.index.closest(wanted.url, wanted.moment, same_url=True)
        if capture is not None and site.retrieval.is_in_memory(capture, QUICK):
            return _found(request, site, wanted, capture)
    return await run_in_threadpool(_answer, request, site, wanted)


def _answer(request: Request, site: Site, wanted: Wanted | None) -> Response:
    if wanted is None:
        return _timegate(request, whole_url(path_after(request, "/web/")))
    capture = site.index.closest(wanted.url, wanted.moment)
    return _absent(request, site, wanted) if capture is None else _found(request, site, wanted, capture)


def _found(request: Request, site: Site, wanted: Wanted, capture: Capture) -> Response:
    """The memento, or the answer that leads to it or says why it is not given out."""
    if not wanted.is_exactly(capture):
        return _nearest(request, wanted, capture)
    withdrawal = site.withdrawals.of_capture(capture)
    if withdrawal and wanted.modifier == "im_":
        return placeholder(request, 451, _hole_headers(request, site), "withdrawn")
    if withdrawal:
        raise WithdrawnError(withdrawal)
    if not request.app.state.is_replay and _is_navigation(request):
        origin = site.origins.replay(request)
        return _redirect(
            origin + memento_path(capture, wanted.modifier, is_fine=wanted.is_fine),
            {"Vary": "Sec-Fetch-Mode"},
        )
    return _memento(request, site, wanted, capture)


def _absent(request: Request, site: Site, wanted: Wanted) -> Response:
    if wanted.modifier == "im_":
        return placeholder(request, 404, _hole_headers(request, site))
    raise NotFoundError(f"no capture of {wanted.url} is in this archive")


def _hole_headers(request: Request, site: Site) -> dict[str, str]:
    return {
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": policy(site.origins.application(request)),
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _timegate(request: Request, url: str) -> Response:
    site = site_of(request)
    capture = site.index.closest(url, _accepted(request))
    if capture is None:
        raise NotFoundError(f"no capture of {url} is in this archive")
    origin = own_origin(request)
    headers = {
        "Vary": "accept-datetime",
        "Link": all_links(origin, site.index, capture),
        "Cache-Control": "no-cache",
    }
    return _redirect(origin + memento_path(capture), headers)


def _accepted(request: Request) -> datetime | None:
    """The moment of Accept-Datetime; None without one. Raises UsageError (RFC 7089, 4.5.3)."""
    written = request.headers.get("accept-datetime")
    if written is None:
        return None
    try:
        moment = parsedate_to_datetime(written)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise UsageError("Accept-Datetime is no date; write it like Tue, 14 Nov 2017 10:00:00 GMT") from None


def _nearest(request: Request, wanted: Wanted, capture: Capture) -> Response:
    origin = own_origin(request)
    links = [*base_links(origin, capture.target_uri), memento_link(origin, capture, "memento")]
    return _redirect(
        origin + memento_path(capture, wanted.modifier, is_fine=wanted.is_fine),
        {"Link": ", ".join(links), "Cache-Control": "no-cache"},
    )


def _redirect(target: str, headers: dict[str, str]) -> Response:
    plain = {name: value.encode("latin-1", "replace").decode("latin-1") for name, value in headers.items()}
    response = Response(None, 302, plain)
    response.headers["Location"] = quote(target, safe="!#$%&'()*+,/:;=?@[]~")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Link, Location"
    return response


def _is_navigation(request: Request) -> bool:
    """Whether a browser would show the answer as a document: then it belongs on the other origin."""
    return request.headers.get("sec-fetch-mode") in ("navigate", "nested-navigate")


def _memento(request: Request, site: Site, wanted: Wanted, capture: Capture) -> Response:
    found = opened(site.retrieval, capture)
    assert found.payload_record is not None
    head = found.record.http()
    shown = found.payload_record.http() if head.status == 304 else head
    headers = {
        "Memento-Datetime": http_date(capture.captured_at),
        "Link": _links(request, site, wanted, capture),
        "Content-Type": _content_type(shown, found),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": policy(site.origins.application(request)),
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "*",
        "Cache-Control": IMMUTABLE,
        "X-Archive-Record-Id": f"urn:uuid:{capture.record_id}",
    }
    if capture.imported_from:
        headers["X-Archive-Imported-From"] = capture.imported_from
    if capture.truncated:
        headers["X-Archive-Truncated"] = capture.truncated.value
    headers |= _original_headers(head)
    status = shown.status if 200 <= shown.status <= 599 else 502
    if status in _REDIRECTS and capture.redirect and wanted.modifier != "id_":
        return _archived_redirect(wanted, capture, status, headers)
    if status in _REDIRECTS and capture.redirect:
        headers["Location"] = _location(wanted, capture)
    if etag := _etag(wanted, capture, site.version):
        headers["ETag"] = etag
        if is_known(request, etag):
            return Response(None, 304, {k: headers[k] for k in ("ETag", "Cache-Control", "Memento-Datetime")})
    if wanted.modifier == "id_":
        return _exact(request, found, shown, capture, status, headers)
    return replayed(request, site, wanted, found, status, headers)


def _archived_redirect(wanted: Wanted, capture: Capture, status: int, headers: dict[str, str]) -> Response:
    headers["Location"] = _location(wanted, capture)
    headers["Content-Length"] = "0"
    return Response(None, status, headers)


def _location(wanted: Wanted, capture: Capture) -> str:
    target = quote(capture.redirect or "", safe="!#$%&'()*+,/:;=?@[]~")
    return f"/web/{wanted.digits}{wanted.modifier}/{target}"


def _exact(
    request: Request, found: Found, head: HttpHead, capture: Capture, status: int, headers: dict[str, str]
) -> Response:
    """The payload: coded as it was stored where the asker takes that coding, else decoded."""
    headers["Vary"] = "Accept-Encoding"
    codings = head.content_codings
    if codings and _takes(request, codings):
        headers["Content-Encoding"] = ", ".join(codings)
        pieces = found.entity()
    else:
        pieces = found.payload() if codings else found.entity()
    return body_response(request, pieces, capture, status, headers)


def _takes(request: Request, codings: tuple[str, ...]) -> bool:
    accepted = request.headers.get("accept-encoding")
    if accepted is None:
        return True
    weights = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weights[name.strip()] = parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return all(weights.get(coding, weights.get("*", False)) for coding in codings)


def _links(request: Request, site: Site, wanted: Wanted, capture: Capture) -> str:
    origin = own_origin(request)
    if wanted.modifier in ("", "mp_"):
        return all_links(origin, site.index, capture)
    links = [*base_links(origin, capture.target_uri), memento_link(origin, capture, "memento")]
    return ", ".join(links)


def _content_type(head: HttpHead, found: Found) -> str:
    written = head.header("content-type") or ""
    if _CONTENT_TYPE.fullmatch(written):
        return written
    return found.capture.mime if _CONTENT_TYPE.fullmatch(found.capture.mime) else "application/octet-stream"


def _etag(wanted: Wanted, capture: Capture, version: str) -> str | None:
    if capture.payload_digest is None:
        return None
    kind = "" if wanted.modifier == "id_" else f"-{wanted.modifier}{version}"
    return f'W/"{capture.payload_digest.value.hex()[:32]}{kind}"'


def _original_headers(head: HttpHead) -> dict[str, str]:
    """The archived headers under names that nothing acts on; repeated ones joined as HTTP allows."""
    kept: dict[str, str] = {}
    length = 0
    for name, value in head.headers[:_MOST_KEPT_HEADERS]:
        key = f"x-archive-orig-{_NOT_IN_NAME.sub('-', name.lower())[:100]}"
        clean = _NOT_IN_VALUE.sub(" ", value)[:_LONGEST_KEPT_HEADER].strip()
        length += len(key) + len(clean)
        if length > _LONGEST_KEPT_HEADERS:
            break
        kept[key] = f"{kept[key]}, {clean}" if key in kept else clean
    return kept


def policy(application: str) -> str:
    """What an archived document may do: be looked at, and nothing else; no origin of its own, no script."""
    return (
        "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
        "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
        "media-src 'self' data:; frame-src 'self'; form-action 'none'; base-uri 'none'; "
        f"frame-ancestors 'self' {application}"
    )
