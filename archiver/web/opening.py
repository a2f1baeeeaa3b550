"""Makes the site of a home: what `archiver serve` and the service give to their servers."""

from __future__ import annotations

from archiver import __version__
from archiver.citation.withdrawal import Withdrawals
from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.config.sources import load_sources
from archiver.history import Historian
from archiver.retrieval import Retrieval
from archiver.storage.index import Index
from archiver.web.site import Origins, Site


def open_site(home: Home, settings: Settings, index: Index) -> Site:
    """The archive of `home` as it is served; nothing is read yet."""
    folder = settings.warc_folder(home)
    retrieval = Retrieval(index, folder)
    return Site(
        index=index,
        retrieval=retrieval,
        historian=Historian(index, retrieval),
        sources=lambda: load_sources(home.sources),
        origins=Origins(settings.web.application_url, settings.web.replay_url),
        version=__version__,
        warc=folder,
        withdrawals=Withdrawals(index, folder),
        name=settings.identity.collection or settings.web.name,
    )
