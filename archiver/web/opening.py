"""Makes the site of a home: what `archiver serve` and the service give to their servers."""

from __future__ import annotations

from archiver import __version__
from archiver.citation.published import PublishedLog
from archiver.citation.sequencer import LogPlace
from archiver.citation.withdrawal import Withdrawals
from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.config.sources import load_sources
from archiver.history import Historian
from archiver.retrieval import Retrieval
from archiver.storage.home_lock import is_free
from archiver.storage.index import Index
from archiver.web.bundles import Bundles
from archiver.web.desk import Desk
from archiver.web.interactive import check_wabac
from archiver.web.site import Origins, Site


def open_site(home: Home, settings: Settings, index: Index) -> Site:
    """The archive of `home` as it is served; nothing is read yet.

    Raises ConfigurationError when the setting web.wabac names no wabac.
    """
    folder = settings.warc_folder(home)
    web, identity = settings.web, settings.identity
    log = PublishedLog(index, folder, LogPlace(home.log, home.keys))
    retrieval = Retrieval(index, folder)
    return Site(
        index=index,
        retrieval=retrieval,
        historian=Historian(index, retrieval),
        sources=lambda: load_sources(home.sources),
        origins=Origins(web.application_url, web.replay_url),
        version=__version__,
        warc=folder,
        withdrawals=Withdrawals(index, folder),
        bundles=Bundles(
            log, web.bundle_bytes, identity.collection or identity.operator, settings.cited_address()
        ),
        desk=Desk(index, settings.url_policy(), web.submissions_per_minute, web.submissions_waiting),
        name=identity.collection or web.name,
        cited_address=settings.cited_address(),
        metrics_networks=web.metrics_networks,
        free_floor=int(settings.storage.free_floor),
        is_left=lambda: index.is_local and is_free(home.root),
        wabac=check_wabac(home.path(web.wabac)) if web.wabac else None,
    )
