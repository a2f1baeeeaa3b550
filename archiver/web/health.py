"""`/healthz` and `/readyz`: whether the process lives, and whether it can serve."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from archiver.errors import ArchiverError
from archiver.web.heartbeat import Heartbeat, heartbeat
from archiver.web.site import site_of

_NEVER_KEPT = {"Cache-Control": "no-store"}


async def live(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers=_NEVER_KEPT)


def ready(request: Request) -> Response:
    """The index answers, and the WARC files can be read; 503 and what fails otherwise.

    Of a service that runs, or died, it is told which; nothing of one that ended in order. The web is ready
    without one.
    """
    site = site_of(request)
    checks: dict[str, str] = {}
    heard = Heartbeat(None, is_alive=False)
    try:
        site.index.stats()
        checks["index"] = "ok"
        heard = heartbeat(site)
    except ArchiverError:
        checks["index"] = "cannot be reached"
    checks["warc"] = "ok" if site.retrieval.is_readable() else "the folder of the WARC files cannot be read"
    is_ready = set(checks.values()) == {"ok"}
    if heard.last:
        checks["service"] = heard.words
    return JSONResponse(
        {"status": "ok" if is_ready else "unavailable", "checks": checks},
        200 if is_ready else 503,
        headers=_NEVER_KEPT,
    )
