"""`archiver run`: the service."""

from __future__ import annotations

import logging

import click

from archiver.cli.logs import ending_in_the_log, log_format_option, set_up_logs
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, say
from archiver.errors import UsageError

log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="Do all that is due once, then end; no web.")
@click.option("--web/--no-web", default=None, help="Serve the archive too (else service.web).")
@json_option
@log_format_option
@pass_terminal
def command(terminal: Terminal, once: bool, web: bool | None, as_json: bool, log_format: str) -> None:
    """Run the service: sources on their schedules, articles again when due, audits, the log, and the web.

    Stops on Ctrl-C or SIGTERM after what is under way; SIGHUP reads the source files again. What a kill
    interrupts is due again at the next start.
    """
    from archiver.service.run import run_once, run_service

    if as_json and not once:
        raise UsageError("--json tells what one pass brought; it goes with --once")
    home, settings = terminal.open_home()
    set_up_logs(log_format, verbose=terminal.verbose, secrets=(settings.database.url,))
    with ending_in_the_log():
        if not once:
            served = settings.service.web if web is None else web
            arguments = ("--home", str(home.root), "serve", "--log-format", log_format) if served else ()
            run_service(home, settings, web=arguments)
            return
        counts = run_once(home, settings)
    brought = {name: getattr(counts, name) for name in counts.__slots__}
    if as_json:
        print_json(brought)
    else:
        say(
            ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in brought.items() if count)
            or "nothing new"
        )
