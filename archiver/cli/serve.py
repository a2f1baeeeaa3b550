"""`archiver serve`: the archive over HTTP."""

from __future__ import annotations

import click

from archiver import __version__
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, pass_terminal, say
from archiver.config.sources import load_sources
from archiver.history import Historian
from archiver.retrieval import Retrieval


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on (else web.host).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the application (else web.port).")
@click.option(
    "--replay-port", type=click.IntRange(0, 65535),
    help="Port of the origin that archived pages are shown from (else web.replay_port).",
)  # fmt: skip
@pass_terminal
def command(terminal: Terminal, host: str | None, port: int | None, replay_port: int | None) -> None:
    """Serve the archive: search and record pages, Memento, CDX, and archived pages on an origin of their own.

    Stops on Ctrl-C or SIGTERM, after the answers under way. Port 0 takes any free port.
    """
    from archiver.web.server import bind, serve
    from archiver.web.site import Origins, Site

    home, settings = terminal.open_home()
    web = settings.web
    host = host or web.host
    shown = f"[{host}]" if ":" in host else "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
    with (
        bind(host, web.port if port is None else port) as main,
        bind(host, web.replay_port if replay_port is None else replay_port) as replay,
        open_index(home, settings) as index,
    ):
        listeners = (main, replay)
        retrieval = Retrieval(index, settings.warc_folder(home))
        site = Site(
            index=index,
            retrieval=retrieval,
            historian=Historian(index, retrieval),
            sources=lambda: load_sources(home.sources),
            origins=Origins(web.application_url, web.replay_url),
            version=__version__,
            name=settings.identity.collection or web.name,
        )

        def announce() -> None:
            ports = [listener.getsockname()[1] for listener in listeners]
            say(f"archive:        http://{shown}:{ports[0]}/")
            say(f"archived pages: http://{shown}:{ports[1]}/ (Ctrl-C stops)")

        serve(site, listeners, web.trusted_proxies, announce)
