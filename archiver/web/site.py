"""What every answer is made from: the archive, and the two origins under which it is reached."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request

from archiver.citation.withdrawal import Withdrawals
from archiver.config.sources import SourceCatalogue
from archiver.history import Historian
from archiver.retrieval import Retrieval
from archiver.storage.index import Index
from archiver.web.bundles import Bundles
from archiver.web.desk import Desk
from archiver.web.finished import FinishedPages
from archiver.web.listing_pages import PageStarts

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the two origins are reached, `scheme://host[:port]`.

    An empty URL is derived from the request: its host, with the port that this server listens on.
    """

    application_url: str = ""
    replay_url: str = ""
    application_port: int = 0
    replay_port: int = 0

    def application(self, request: Request) -> str:
        """The application's origin as the asker can reach it."""
        return self.application_url or _derived(request, self.application_port)

    def replay(self, request: Request) -> str:
        """The replay origin as the asker can reach it."""
        return self.replay_url or _derived(request, self.replay_port)


@dataclass(frozen=True, slots=True)
class Site:
    """An archive that is served."""

    index: Index
    retrieval: Retrieval
    historian: Historian
    sources: Callable[[], SourceCatalogue]
    origins: Origins
    version: str
    warc: Path
    withdrawals: Withdrawals
    bundles: Bundles
    desk: Desk
    name: str = "News archive"
    cited_address: str = ""
    """The archive's address in citations; the one at which it was asked may be known to the asker alone."""
    wabac: Path | None = None
    """The folder of the operator's wabac, if there is one."""
    metrics_networks: tuple[str, ...] = ()
    """Who may ask for the metrics."""
    free_floor: int = 0
    is_left: Callable[[], bool] = lambda: False
    """Whether certainly no service works on the archive, whatever the last one said of itself."""
    page_starts: PageStarts = field(default_factory=PageStarts)
    finished: FinishedPages = field(default_factory=FinishedPages)


def site_of(request: Request) -> Site:
    """The site that the application of this request serves."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def own_origin(request: Request) -> str:
    """The origin at which this request came in."""
    origins = site_of(request).origins
    return origins.replay(request) if request.app.state.is_replay else origins.application(request)


def _derived(request: Request, port: int) -> str:
    return _origin(request.scope["scheme"], request.headers.get("host", ""), port)


@lru_cache(maxsize=256)
def _origin(scheme: str, host: str, port: int) -> str:
    if not _HOST.fullmatch(host):
        host = "localhost"
    name = host if host.endswith("]") else re.sub(r":[0-9]{1,5}$", "", host)
    return f"{scheme}://{name}:{port}"
