"""`archiver serve`: the archive over HTTP."""

from __future__ import annotations

import logging

import click

from archiver.cli.logs import ending_in_the_log, log_format_option, set_up_logs
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, pass_terminal

log = logging.getLogger(__name__)


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on (else web.host).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the application (else web.port).")
@click.option(
    "--replay-port", type=click.IntRange(0, 65535),
    help="Port of the origin that archived pages are shown from (else web.replay_port).",
)  # fmt: skip
@log_format_option
@pass_terminal
def command(
    terminal: Terminal, host: str | None, port: int | None, replay_port: int | None, log_format: str
) -> None:
    """Serve the archive: search and record pages, Memento, CDX, and archived pages on an origin of their own.

    Stops on Ctrl-C or SIGTERM, after the answers under way. Port 0 takes any free port.
    """
    from archiver.web.opening import open_site
    from archiver.web.server import bind, serve

    home, settings = terminal.open_home()
    set_up_logs(log_format, verbose=terminal.verbose, secrets=(settings.database.url,))
    web = settings.web
    host = host or web.host
    shown = f"[{host}]" if ":" in host else "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
    with (
        ending_in_the_log(),
        bind(host, web.port if port is None else port) as main,
        bind(host, web.replay_port if replay_port is None else replay_port) as replay,
        open_index(home, settings) as index,
    ):
        listeners = (main, replay)
        site = open_site(home, settings, index)

        def announce() -> None:
            ports = [listener.getsockname()[1] for listener in listeners]
            log.info(
                "serving http://%s:%d/, archived pages at http://%s:%d/; Ctrl-C stops",
                shown, ports[0], shown, ports[1],
            )  # fmt: skip

        serve(site, listeners, web.trusted_proxies, announce)
