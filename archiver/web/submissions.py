"""`POST /api/v1/captures` and `/api/v1/submissions`: pages asked for over HTTP, and how they fare."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from archiver.errors import NotFoundError
from archiver.model.moment import to_warc_date
from archiver.model.operations import Submission
from archiver.web.desk import MOST_AT_ONCE
from archiver.web.heartbeat import Heartbeat, heartbeat
from archiver.web.site import Site, site_of
from archiver.web.tokens import CAPTURE, READ, bearer_of

LONGEST_BODY: Final = 64 << 10
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request to archive says."""

    urls: tuple[str, ...]
    images: bool
    is_list: bool


async def submit(request: Request) -> Response:
    """`POST /api/v1/captures`: queue pages; 202 with where to ask after them."""
    body = await read_body(request, LONGEST_BODY)
    return await run_in_threadpool(_submit, request, body)


def _submit(request: Request, body: bytes) -> Response:
    site = site_of(request)
    token = bearer_of(request, CAPTURE)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send JSON, with Content-Type: application/json.")
    asked = read_asked(body)
    queued = site.desk.submit(token, asked.urls, images=asked.images)
    heard = heartbeat(site)
    if asked.is_list:
        content = {"submissions": [described(one, heard) for one in queued]}
        return JSONResponse(content, 202, _HEADERS)
    location = {"Location": f"/api/v1/submissions/{queued[0].id}"}
    return JSONResponse(described(queued[0], heard), 202, {**_HEADERS, **location})


def submission(request: Request) -> Response:
    """`GET /api/v1/submissions/{id}`: whoever knows the id may ask."""
    site = site_of(request)
    found = find_submission(site, request.path_params["id"])
    return JSONResponse(described(found, heartbeat(site)), headers=_HEADERS)


def submissions(request: Request) -> Response:
    """`GET /api/v1/submissions`: the newest, of all tokens (scope `read`) or of one's own."""
    site = site_of(request)
    token = bearer_of(request, READ, CAPTURE)
    own = None if READ in token.scopes else token.id
    heard = heartbeat(site)
    found = site.index.operations.submissions.recent(_LISTED, own)
    return JSONResponse({"submissions": [described(one, heard) for one in found]}, headers=_HEADERS)


def find_submission(site: Site, name: str) -> Submission:
    """The submission with this id. Raises NotFoundError."""
    found = site.index.operations.submissions.get(name)
    if found is None:
        raise NotFoundError("there is no such submission")
    return found


def described(submission: Submission, heard: Heartbeat) -> dict[str, Any]:
    """A submission as one JSON object; `note` says what holds it up."""
    moments = {
        name: to_warc_date(at) if at else None
        for name, at in (
            ("submitted_at", submission.submitted_at),
            ("started_at", submission.started_at),
            ("finished_at", submission.finished_at),
        )
    }
    return {
        "id": submission.id,
        "url": submission.url,
        "state": submission.state,
        "images": submission.images,
        **moments,
        "attempts": submission.attempts,
        "snapshot": submission.snapshot,
        "record": f"/snapshot/{submission.snapshot}" if submission.snapshot else None,
        "reason": submission.reason,
        "page": f"/submissions/{submission.id}",
        "note": note(submission, heard),
    }


def note(submission: Submission, heard: Heartbeat) -> str | None:
    """What holds a submission up; None when nothing does."""
    if submission.state != "queued" or heard.is_alive:
        return None
    return f"it will be archived when the service runs: {heard.words}"


async def read_body(request: Request, longest: int) -> bytes:
    """The body of a request. Raises HTTPException 413 as soon as it is longer than `longest` bytes."""
    declared = request.headers.get("content-length", "")
    read = bytearray()
    if not (declared.isascii() and declared.isdigit() and int(declared[:18]) > longest):
        async for piece in request.stream():
            read += piece
            if len(read) > longest:
                break
        else:
            return bytes(read)
    detail = f"The request has more than {longest // 1024} KiB."
    raise HTTPException(413, detail, {"Connection": "close"})


def read_asked(body: bytes) -> Asked:
    """What `{"url": ...}` or `{"urls": [...]}` asks for. Raises HTTPException 400 and 422."""
    try:
        written = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The request is not JSON.") from None
    if not isinstance(written, dict):
        raise HTTPException(422, 'Send an object such as {"url": "https://example.org/", "images": true}.')
    unknown = written.keys() - {"url", "urls", "images"}
    if unknown:
        raise HTTPException(422, f"There is no member {min(unknown)[:40]!r}; there are url, urls and images.")
    images = written.get("images", True)
    if not isinstance(images, bool):
        raise HTTPException(422, "images is true or false.")
    if ("url" in written) == ("urls" in written):
        raise HTTPException(422, "Name one url, or several urls.")
    is_list = "urls" in written
    urls = written["urls"] if is_list else [written["url"]]
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise HTTPException(422, "url is a text, urls a list of texts.")
    if not 1 <= len(urls) <= MOST_AT_ONCE:
        raise HTTPException(422, f"Name between 1 and {MOST_AT_ONCE} URLs.")
    return Asked(tuple(urls), images, is_list)
