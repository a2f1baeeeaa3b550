"""The two ASGI applications: one for people and programs, one for what was archived."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from archiver.errors import ArchiverError
from archiver.web import api, browsing, health, record_page, submissions, submit_page
from archiver.web.cdx import routes as cdx
from archiver.web.interactive import OneWorker, interactive_routes
from archiver.web.mementos import memento_or_timegate
from archiver.web.metrics import metrics
from archiver.web.openapi import openapi
from archiver.web.problems import answer_problem
from archiver.web.site import Site
from archiver.web.timemaps import timemap
from archiver.web.warc_files import warc_file

_ERRORS = {ArchiverError: answer_problem, HTTPException: answer_problem, Exception: answer_problem}


def application(site: Site) -> Starlette:
    """The origin of the application."""
    routes: list[BaseRoute] = [  # asked for most, looked at first
        Route("/web/*/{rest:path}", browsing.calendar),
        Route("/web/timemap/{form}/{url:path}", timemap),
        Route("/web/{rest:path}", memento_or_timegate),
        Route("/", browsing.home),
        Route("/search", browsing.search),
        Route("/sources", browsing.sources),
        Route("/snapshot/{identifier:path}", record_page.snapshot_page),
        Route("/ark:{identifier:path}", record_page.by_ark),
        Route("/submit", submit_page.submitted, methods=["POST"]),
        Route("/submit", submit_page.form),
        Route("/submissions/{id}", submit_page.progress),
        Route("/compare", record_page.comparison),
        Route("/view/{rest:path}", record_page.view),
        Route("/api/openapi.json", openapi),
        Route("/api/v1/snapshots", api.snapshots),
        Route("/api/v1/snapshots/{identifier:path}", api.snapshot),
        Route("/api/v1/records/{identifier:path}", api.record),
        Route("/api/v1/comparison", api.comparison),
        Route("/api/v1/captures", _Captures),
        Route("/api/v1/submissions", submissions.submissions),
        Route("/api/v1/submissions/{id}", submissions.submission),
        Route("/api/v1/urls", api.urls),
        Route("/api/v1/history", api.history),
        Route("/api/v1/sources", api.sources),
        Route("/api/v1/stats", api.stats),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        Route("/favicon.ico", _no_icon),
        Route("/healthz", health.live),
        Route("/readyz", health.ready),
        Route("/metrics", metrics),
        Route("/cdx", cdx.cdx),
        Route("/cdx/search/cdx", cdx.cdx),
        Route("/index", cdx.index),
        Route("/warc/{filename}", warc_file),
        Route("/wayback/available", cdx.available),
    ]
    return _app(site, routes, is_replay=False)


def replay(site: Site) -> Starlette:
    """The origin of what was archived: mementos and nothing else."""
    routes: list[BaseRoute] = [
        Route("/healthz", health.live),
        Route("/robots.txt", _no_robots),
        Route("/web/{rest:path}", memento_or_timegate),
    ]
    if site.wabac is None:
        return _app(site, routes, is_replay=True)
    app = _app(site, [*routes, *interactive_routes(site.wabac)], is_replay=True)
    app.add_middleware(OneWorker)
    return app


def _app(site: Site, routes: Sequence[BaseRoute], *, is_replay: bool) -> Starlette:
    app = Starlette(routes=routes, exception_handlers=_ERRORS)
    app.state.site = site
    app.state.is_replay = is_replay
    return app


class _Captures(HTTPEndpoint):
    """What was captured, and asking for more: one resource, so that `Allow` names both methods."""

    def get(self, request: Request) -> Response:
        """The captures of a URL."""
        return api.captures(request)

    async def post(self, request: Request) -> Response:
        """A submission."""
        return await submissions.submit(request)


async def _no_robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def _no_icon(_: Request) -> Response:
    return Response(None, 204, {"Cache-Control": "public, max-age=86400"})
