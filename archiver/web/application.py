"""The two ASGI applications: one for people and programs, one for what was archived."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from archiver.errors import ArchiverError
from archiver.web import health
from archiver.web.cdx import routes as cdx
from archiver.web.mementos import memento_or_timegate
from archiver.web.problems import answer_problem
from archiver.web.site import Site
from archiver.web.timemaps import timemap
from archiver.web.warc_files import warc_file

_ERRORS = {ArchiverError: answer_problem, HTTPException: answer_problem, Exception: answer_problem}


def application(site: Site) -> Starlette:
    """The origin of the application."""
    routes = [
        Route("/healthz", health.live),
        Route("/readyz", health.ready),
        Route("/web/timemap/{form}/{url:path}", timemap),
        Route("/web/{rest:path}", memento_or_timegate),
        Route("/cdx", cdx.cdx),
        Route("/cdx/search/cdx", cdx.cdx),
        Route("/index", cdx.index),
        Route("/warc/{filename}", warc_file),
        Route("/wayback/available", cdx.available),
    ]
    return _app(site, routes, is_replay=False)


def replay(site: Site) -> Starlette:
    """The origin of what was archived: mementos and nothing else."""
    routes = [
        Route("/healthz", health.live),
        Route("/robots.txt", _no_robots),
        Route("/web/{rest:path}", memento_or_timegate),
    ]
    return _app(site, routes, is_replay=True)


def _app(site: Site, routes: list[Route], *, is_replay: bool) -> Starlette:
    app = Starlette(routes=routes, exception_handlers=_ERRORS)
    app.state.site = site
    app.state.is_replay = is_replay
    return app


async def _no_robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
