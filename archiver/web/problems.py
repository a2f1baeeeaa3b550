"""Errors as answers: problem details (RFC 9457) for programs, a page for people; no stack, no path."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from archiver.citation.withdrawal import WithdrawnError
from archiver.errors import (
    ArchiverError,
    IndexUnavailableError,
    NotFoundError,
    StorageError,
    UnsafeInputError,
    UsageError,
)
from archiver.model.moment import to_warc_date
from archiver.web.site import site_of

log = logging.getLogger(__name__)

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root{{color-scheme:light dark}}
body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem}}
h1{{font-size:1.3rem}}</style></head>
<body><h1>{title}</h1><p>{detail}</p>{more}</body></html>
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong: HTTP status, and for a person what it is and what to do."""

    status: int
    detail: str
    record: str | None = None
    """The page that says more."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """Further members of the problem details object (RFC 9457, 3.2)."""

    @property
    def title(self) -> str:
        """The status in words."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return "Error"

    def as_json(self) -> bytes:
        """The problem details object."""
        known = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return json.dumps({**known, **self.members}).encode()

    def as_html(self, home: str, archive: str) -> str:
        """A plain page that refers to nothing but the record, and the archive at `home`."""
        ways = [(self.record, "Its record")] if self.record else []
        ways.append((home, archive))
        links = " · ".join(
            f'<a href="{html.escape(where)}" target="_top">{html.escape(words)}</a>' for where, words in ways
        )
        more = f"<p>{links}</p>"
        return _PAGE.format(title=html.escape(self.title), detail=html.escape(self.detail), more=more)


class DamagedCaptureError(ArchiverError):
    """The bytes of an indexed capture cannot be read; the message carries no path."""


def problem_of(error: Exception) -> Problem:
    """What a stranger may know of `error`."""
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail))
    if isinstance(error, DamagedCaptureError):
        return Problem(500, str(error))
    if isinstance(error, IndexUnavailableError):
        return Problem(503, "The index of the archive cannot be reached at the moment; try again later.")
    if isinstance(error, StorageError):
        return Problem(500, "What is stored of this cannot be read; the archive's operator has to mend it.")
    if isinstance(error, NotFoundError):
        return Problem(404, str(error))
    if isinstance(error, UnsafeInputError | UsageError):
        return Problem(400, str(error))
    return Problem(500, "Something failed inside the archive; its log says what.")


def answer_problem(request: Request, error: Exception) -> Response:
    """The answer for `error`, in the form that the asker prefers."""
    problem = _withdrawn(request, error) if isinstance(error, WithdrawnError) else problem_of(error)
    if problem.status >= 500 and not isinstance(error, HTTPException):
        log.error("%s %s: %s", request.method, request.url.path[:200], error, exc_info=error)
    headers = {"Cache-Control": "no-store", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
    if isinstance(error, HTTPException) and error.headers:
        headers.update(error.headers)
    site = site_of(request)
    application = site.origins.application(request)
    if problem.record:
        headers["Link"] = f'<{application}/>; rel="blocked-by", <{problem.record}>; rel="describedby"'
    if not wants_html(request):
        return Response(problem.as_json(), problem.status, headers, media_type="application/problem+json")
    headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    page = problem.as_html(f"{application}/", site.name)
    return Response(page, problem.status, headers, media_type="text/html")


def _withdrawn(request: Request, error: WithdrawnError) -> Problem:
    """451 (RFC 7725), with the way to the record, which stays."""
    withdrawal = error.withdrawal
    record = f"{site_of(request).origins.application(request)}/snapshot/{withdrawal.snapshot}"
    members = {
        "snapshot": withdrawal.snapshot, "record": record, "reason": withdrawal.reason,
        "withdrawn_at": to_warc_date(withdrawal.at), "withdrawn_by": withdrawal.by,
    }  # fmt: skip
    return Problem(451, str(error), record, members)


def wants_html(request: Request) -> bool:
    """Whether a browser asks."""
    return "text/html" in request.headers.get("accept", "")
