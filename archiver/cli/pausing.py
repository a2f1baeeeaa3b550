"""`archiver sources pause` and `archiver sources resume`: what the service leaves alone for a while."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, plain, print_json, say
from archiver.config.home import Home
from archiver.config.sources import load_sources
from archiver.errors import UsageError
from archiver.model.operations import SourceState
from archiver.storage.operations.sources import SourceStates


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--reason", help="Why, for whoever looks at it later.")
@json_option
@pass_terminal
def pause(terminal: Terminal, names: tuple[str, ...], reason: str | None, as_json: bool) -> None:
    """Let the service begin nothing on these sources until they are resumed.

    What is under way on them ends as usual; `archiver crawl NAME` still works.
    """
    if reason is not None and not reason.strip():
        raise UsageError("--reason is empty; say why, or leave it away")
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        states = index.operations.sources
        _known(home, states, names)
        for name in dict.fromkeys(names):
            before = states.get(name)
            states.pause(name, datetime.now(UTC), reason)
            _tell(states.get(name), as_json=as_json, before=before)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
@pass_terminal
def resume(terminal: Terminal, names: tuple[str, ...], as_json: bool) -> None:
    """Let the service work on these sources again."""
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        states = index.operations.sources
        _known(home, states, names)
        for name in dict.fromkeys(names):
            before = states.get(name)
            states.resume(name)
            _tell(states.get(name), as_json=as_json, before=before)


def _known(home: Home, states: SourceStates, names: tuple[str, ...]) -> None:
    """Raises UnknownSourceError for a name that is no source's, before anything is changed."""
    catalogue = load_sources(home.sources)
    known = {*catalogue.files, *(state.name for state in states.all() if state.paused_at)}
    for name in names:
        if name not in known:
            catalogue.get(name)


def _tell(state: SourceState, *, as_json: bool, before: SourceState) -> None:
    if as_json:
        print_json({"source": state.name, "paused_at": state.paused_at, "paused_reason": state.paused_reason})
    elif state.paused_at is None:
        say(f"{state.name} goes on" if before.paused_at else f"{state.name} was not paused")
    else:
        why = f": {plain(state.paused_reason)}" if state.paused_reason else ""
        since = f"{state.paused_at:%Y-%m-%d %H:%M} UTC"
        say(f"{state.name} is paused since {since}{why}{_as_before(state, before)}")


def _as_before(state: SourceState, before: SourceState) -> str:
    """That it was paused already, and the reason that is replaced."""
    if before.paused_at is None:
        return ""
    is_replaced = before.paused_reason and before.paused_reason != state.paused_reason
    was = f'; the reason was "{plain(before.paused_reason or "")}"' if is_replaced else ""
    return f" (it was paused already{was})"
