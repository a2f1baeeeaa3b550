"""`archiver serve`: the archive over HTTP."""

from __future__ import annotations

import logging

import click

from archiver.cli.logs import ending_in_the_log, log_format_option, set_up_logs
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, pass_terminal
from archiver.errors import ArchiverError, UsageError

log = logging.getLogger(__name__)


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on (else web.host).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the application (else web.port).")
@click.option(
    "--replay-port", type=click.IntRange(0, 65535),
    help="Port of the origin that archived pages are shown from (else web.replay_port).",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that serve (else web.workers).")
@log_format_option
@pass_terminal
def command(
    terminal: Terminal,
    host: str | None,
    port: int | None,
    replay_port: int | None,
    workers: int | None,
    log_format: str,
) -> None:
    """Serve the archive: search and record pages, Memento, CDX, and archived pages on an origin of their own.

    Stops on Ctrl-C or SIGTERM, after the answers under way. Port 0 takes any free port.
    """
    from archiver.web.opening import open_site
    from archiver.web.server import bound, serve
    from archiver.web.workers import Ready, run_workers

    home, settings = terminal.open_home()
    set_up_logs(log_format, verbose=terminal.verbose, secrets=(settings.database.url,))
    web = settings.web
    host = host or web.host
    port = web.port if port is None else port
    replay_port = web.replay_port if replay_port is None else replay_port
    if port == replay_port != 0:
        raise UsageError(f"--port and --replay-port are both {port}; choose another for one of them")
    shown = f"[{host}]" if ":" in host else "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
    count = workers or web.workers
    with (
        ending_in_the_log("the web is not served", logging.ERROR),  # beside a service that goes on
        bound(host, port, count) as mains,
        bound(host, replay_port, count) as replays,
    ):

        def announce() -> None:
            ports = [listeners[0].getsockname()[1] for listeners in (mains, replays)]
            log.info(
                "serving http://%s:%d/, archived pages at http://%s:%d/; Ctrl-C stops",
                shown, ports[0], shown, ports[1],
            )  # fmt: skip

        def work(number: int, when_ready: Ready) -> None:
            with open_index(home, settings, tell=log.debug if number else log.warning) as index:
                site = open_site(home, settings, index)
                serve(site, (mains[number], replays[number]), web.trusted_proxies, when_ready)

        if count == 1:
            work(0, announce)
            return
        with open_index(home, settings, tell=log.debug):
            log.debug("the index can be opened")  # made or upgraded once; no fault is told by each worker
        if run_workers(count, work, announce):
            raise ArchiverError("a worker could not begin; the lines above say why")
