"""`archiver run`: the service."""

from __future__ import annotations

import logging
import os
import signal
import sys

import click

from archiver.cli.logs import ending_in_the_log, log_format_option, set_up_logs
from archiver.cli.output import Terminal, json_option, pass_terminal, plain, print_json, say
from archiver.config.sources import SourceCatalogue, load_sources
from archiver.errors import ArchiverError, UsageError
from archiver.model.operations import COUNTS

log = logging.getLogger(__name__)


class OnceError(ArchiverError):
    """Some sources could not be looked at; each was named, all else was done."""


@click.command()
@click.option("--once", is_flag=True, help="Do all that is due once, then end; no web.")
@click.option("--web/--no-web", default=None, help="Serve the archive too (else service.web).")
@json_option
@log_format_option
@pass_terminal
def command(terminal: Terminal, once: bool, web: bool | None, as_json: bool, log_format: str) -> None:
    """Run the service: sources on their schedules, articles again when due, audits, the log, and the web.

    Stops on Ctrl-C or SIGTERM after what is under way; SIGHUP reads the source files again. What a kill
    interrupts is due again at the next start. With --once the exit code is 1 when a source could not be
    looked at as it should.
    """
    _heed_signals_while_beginning()
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
        done = run_once(home, settings)
    looks = done.looks
    problems = {name: look.problem for name, look in looks.items() if look.problem}
    brought = {name: getattr(done.counts, name) for name in COUNTS}
    able, unable = _sources(load_sources(home.sources))
    if as_json:
        print_json({**brought, "problems": problems})
    else:
        told = [f"{count} {name.replace('_', ' ')}" for name, count in brought.items() if count]
        if told or not problems:
            say(", ".join(told) or f"nothing new{'' if looks else _why_nothing(able, unable)}")
    for name, problem in problems.items():
        say(f"{name}: {plain(problem)}")
    if problems:
        raise OnceError(f"{len(problems)} of {len(looks)} sources could not be looked at as they should")
    if unable and not looks and not able:
        raise OnceError(f"no source can be looked at: {'; '.join(unable)}")


def _sources(catalogue: SourceCatalogue) -> tuple[list[str], list[str]]:
    """The names of the sources that can be looked at, and of the others what is wrong with each."""
    lacking = catalogue.lacking(os.environ)
    broken = [str(each[0]) for each in catalogue.problems.values()]
    able = [source.name for source in catalogue.enabled if source.name not in lacking]
    return able, [*broken, *(f"source {name}: {lack}" for name, lack in lacking.items())]


def _why_nothing(able: list[str], unable: list[str]) -> str:
    if able:
        return ": every source that is enabled is paused"
    if unable:
        return ""
    return ": no source is enabled; switch one on with `enabled: true` in sources/NAME.yaml"


def _heed_signals_while_beginning() -> None:
    """Until the service heeds them itself: SIGTERM ends what did not begin yet, SIGHUP reloads nothing."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
