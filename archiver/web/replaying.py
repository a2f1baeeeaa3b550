"""A memento as a reader sees it: pages and style sheets with their references led back into the archive."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from archiver.retrieval import Found
from archiver.web.finished import Finished, FinishedKey
from archiver.web.payloads import body_response, read_all
from archiver.web.rewriting.css import rewritten_css
from archiver.web.rewriting.html import rewritten_page
from archiver.web.rewriting.targets import Targets
from archiver.web.site import Site
from archiver.web.wanted import Wanted

LONGEST_PAGE: Final = 16 << 20
LONGEST_SHEET: Final = 4 << 20
_HOLE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200" viewBox="0 0 320 200">'
    '<rect width="320" height="200" fill="#e8e4da"/><path d="M0 200 320 0M0 0l320 200" stroke="#cfc9bb"/>'
    '<rect x="70" y="82" width="180" height="36" fill="#e8e4da"/><text x="160" y="105" font-size="16" '
    'font-family="sans-serif" text-anchor="middle" fill="#6b665c">Picture {}</text></svg>'
)
_HTML = frozenset({"text/html", "application/xhtml+xml"})


def replayed(
    request: Request, site: Site, wanted: Wanted, found: Found, status: int, headers: dict[str, str]
) -> Response:
    """The answer for any modifier but `id_`."""
    capture = found.capture
    mime, _, parameters = headers["Content-Type"].partition(";")
    mime = mime.strip().lower()
    if wanted.modifier == "im_" and (status >= 400 or mime in _HTML):
        return placeholder(request, status if status >= 400 else 404, headers)
    is_sheet = wanted.modifier == "cs_" or mime == "text/css"
    if not is_sheet and (mime not in _HTML or wanted.modifier in ("im_", "js_")):
        return body_response(request, found.payload(), capture, status, headers)
    application = site.origins.application(request) if wanted.modifier == "mp_" else None
    key = FinishedKey(capture.record_id, wanted.modifier, wanted.digits, application)
    targets = Targets(capture.target_uri, wanted.digits, application)
    make = partial(_sheet if is_sheet else _page, site, found, _charset(parameters), targets)
    page = site.finished.made(key, make)
    headers["Content-Type"] = page.media_type
    if page.is_cut:
        headers["X-Archive-Replay-Truncated"] = "length"
    return body_response(request, iter([page.body]), capture, status, headers)


def _sheet(_: Site, found: Found, charset: str | None, targets: Targets) -> Finished:
    content, is_cut = read_all(found.payload(), found.capture, LONGEST_SHEET)
    return Finished(rewritten_css(content, charset, targets), "text/css; charset=utf-8", is_cut)


def _page(site: Site, found: Found, charset: str | None, targets: Targets) -> Finished:
    content, is_cut = read_all(found.payload(), found.capture, LONGEST_PAGE)
    body = rewritten_page(content, charset, targets, site.index)
    return Finished(body, "text/html; charset=utf-8", is_cut)


def placeholder(
    request: Request, status: int, headers: dict[str, str], why: str = "not archived"
) -> Response:
    """What is shown in place of a picture that the archive does not have, or not give out."""
    hole = _HOLE.format(why).encode()
    headers = {**headers, "Content-Type": "image/svg+xml", "Content-Length": str(len(hole))}
    return Response(None if request.method == "HEAD" else hole, status, headers)


def _charset(parameters: str) -> str | None:
    return parameters.partition("charset=")[2].partition(";")[0].strip(" \"'") or None
