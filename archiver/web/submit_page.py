"""`/submit` and `/submissions/{id}`: asking for a page by hand, and watching what becomes of it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archiver.web.heartbeat import heartbeat
from archiver.web.pages import render
from archiver.web.site import site_of
from archiver.web.submissions import LONGEST_BODY, find_submission, read_body
from archiver.web.tokens import CAPTURE, token_of

_EVERY: Final = 3
"""Seconds after which the page of a submission that is not done asks again."""

_EVERY_WITHOUT_SERVICE: Final = 30


def form(request: Request) -> Response:
    """The empty form; `?url=` fills in the address."""
    return _form(request, {"url": request.query_params.get("url", "")[:8_192], "images": True})


def _form(
    request: Request, filled: dict[str, Any], problem: str | None = None, status: int = 200
) -> Response:
    site = site_of(request)
    values = {
        "problem": problem,
        "is_open": site.desk.is_open,
        "heard": heartbeat(site),
        "q": "",
        **filled,
    }
    return render(request, "submit.html", values, status, is_private=True)


async def submitted(request: Request) -> Response:
    """The form sent: the page is queued, and its own page shown."""
    _refuse_other_sites(request)
    body = await read_body(request, LONGEST_BODY)
    return await run_in_threadpool(_submitted, request, body)


def _submitted(request: Request, body: bytes) -> Response:
    site = site_of(request)
    try:
        sent = parse_qs(body.decode(), max_num_fields=20)
    except ValueError:
        raise HTTPException(400, "The form cannot be read.") from None
    url = sent.get("url", [""])[0].strip()
    images = "images" in sent
    try:
        token = token_of(site, sent.get("token", [""])[0].strip(), CAPTURE)
        [queued] = site.desk.submit(token, [url], images=images)
    except HTTPException as error:
        answer = _form(request, {"url": url, "images": images}, error.detail, error.status_code)
        answer.headers.update(error.headers or {})
        return answer
    return RedirectResponse(f"/submissions/{queued.id}", 303)


def progress(request: Request) -> Response:
    """How a submission fares; the page asks again by itself until it is over."""
    site = site_of(request)
    found = find_submission(site, request.path_params["id"])
    heard = heartbeat(site)
    is_over = found.state in ("done", "failed")
    values = {
        "submission": found,
        "is_held_up": found.state == "queued" and not heard.is_alive,
        "heard": heard,
        "refresh": None if is_over else _EVERY if heard.is_alive else _EVERY_WITHOUT_SERVICE,
        "waiting": site.index.operations.submissions.queued_count() if found.state == "queued" else 0,
        "q": "",
    }
    return render(request, "submission.html", values, is_private=True)


def _refuse_other_sites(request: Request) -> None:
    """Only our own form may be sent here. Raises HTTPException 403."""
    site = request.headers.get("sec-fetch-site")
    host = urlsplit(request.headers.get("origin", "")).netloc
    is_own = site == "same-origin" if site else host != "" and host == request.headers.get("host")
    if not is_own:
        raise HTTPException(403, "This form is sent from its own page; programs use POST /api/v1/captures.")
