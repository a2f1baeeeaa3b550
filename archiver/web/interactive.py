"""The interactive view: an archived page with its own scripts, run by a wabac that the operator installed.

wabac (of Webrecorder) is a service worker that rewrites pages in the browser. It is no part of this program.
It lives below `/interactive/` on the replay origin and reads exact mementos (`id_`) of that origin alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from archiver.errors import ConfigurationError, NotFoundError, UsageError
from archiver.model.capture import Capture
from archiver.model.moment import to_timestamp14
from archiver.web.pages import page_of
from archiver.web.site import site_of
from archiver.web.wanted import parse_wanted, path_after

WORKER: Final = "sw.js"
_STATIC: Final = Path(__file__).parent / "static"
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def check_wabac(folder: Path) -> Path:
    """The folder, which has a worker in it. Raises ConfigurationError."""
    if not (folder / WORKER).is_file():
        raise ConfigurationError(
            f"web.wabac names {folder}, which has no {WORKER}; it is in the folder dist of the npm package"
            " @webrecorder/wabac"
        )
    return folder


def interactive_path(capture: Capture) -> str:
    """Where the replay origin shows `capture` with its scripts."""
    return f"/interactive/{to_timestamp14(capture.captured_at)}/{capture.target_uri}"


def interactive_routes(folder: Path) -> list[BaseRoute]:
    """What the replay origin has besides, with the wabac in `folder`."""

    def worker(_: Request) -> Response:
        """wabac; it may ask its own origin and nobody else."""
        policy = {"Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-eval'"}
        return FileResponse(folder / WORKER, headers={**_HEADERS, **policy}, media_type="text/javascript")

    return [
        Route(f"/interactive/{WORKER}", worker),
        Route("/interactive/loader.js", _loader),
        Route("/interactive/loader.css", _style),
        Route("/interactive/w/{rest:path}", _without_worker),
        Route("/interactive/{rest:path}", _view),
    ]


class OneWorker:
    """Lets nothing but wabac become a service worker, whatever archived scripts ask for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what a browser fetches to make a service worker of it, unless it is wabac."""
        if scope["type"] == "http" and scope["path"] != f"/interactive/{WORKER}":
            asked = dict(scope["headers"])
            if b"service-worker" in asked or asked.get(b"sec-fetch-dest") == b"serviceworker":
                await Response("no service worker is served here", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _view(request: Request) -> Response:
    """`/interactive/{timestamp}/{url}`: the frame that the page is shown in."""
    wanted = parse_wanted(path_after(request, "/interactive/"))
    if wanted is None:
        raise UsageError("write /interactive/20171114100000/https://example.org/")
    site = site_of(request)
    capture = site.index.closest(wanted.url, wanted.moment)
    if capture is None:
        raise NotFoundError(f"no capture of {wanted.url} is in this archive")
    site.withdrawals.check(capture)
    if wanted.digits != to_timestamp14(capture.captured_at):
        return RedirectResponse(interactive_path(capture), 302)
    values = {
        "capture": capture,
        "timestamp": wanted.digits,
        "application": site.origins.application(request),
    }
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; "
        "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    text = page_of(request, "interactive.html", values)
    return Response(text, 200, headers, media_type="text/html")


def _loader(_: Request) -> Response:
    return FileResponse(_STATIC / "interactive.js", headers=_HEADERS, media_type="text/javascript")


def _style(_: Request) -> Response:
    return FileResponse(_STATIC / "archive.css", headers=_HEADERS, media_type="text/css")


def _without_worker(_: Request) -> Response:
    raise NotFoundError("this page is made by the interactive view, which has to be opened first")
