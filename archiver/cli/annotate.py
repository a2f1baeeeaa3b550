"""`archiver annotate`: what became known of a snapshot later, as a signed entry of the log."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from archiver.citation.statement import later_statement
from archiver.cli.ledgers import open_home_ledger
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json
from archiver.cli.show import find_snapshot
from archiver.errors import UsageError

LONGEST = 10_000


@click.command()
@click.argument("snapshot")
@click.argument("text")
@click.option("--correction", is_flag=True, help="It corrects what the archive itself said.")
@click.option("--by", help="Who says so; else the operator of the archive.")
@json_option
@pass_terminal
def command(
    terminal: Terminal, snapshot: str, text: str, correction: bool, by: str | None, as_json: bool
) -> None:
    """Say something of SNAPSHOT: TEXT stands with it from now on, everywhere. Its bytes never change.

    For example: "The pictures were later shown to be from a video game." It becomes an entry of the log and
    cannot be taken back, only followed by another.
    """
    kind = "correction" if correction else "annotation"
    state_about(terminal, snapshot, kind, "text", text, by, as_json=as_json)


def state_about(
    terminal: Terminal, name: str, kind: str, field: str, text: str, by: str | None, *, as_json: bool
) -> None:
    """Make, keep and log a statement about the snapshot `name`. Raises UsageError for an empty text."""
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        raise UsageError(f"write between 1 and {LONGEST} characters")
    home, settings = terminal.open_home()
    with open_home_ledger(home, settings) as ledger:
        found = find_snapshot(ledger.index, name)
        ledger.statement_of(found)
        said_by = by or settings.identity.operator or None
        statement = later_statement(kind, found.id, datetime.now(UTC), {field: text, "by": said_by})
        stored = ledger.state(statement, found.page.target_uri, found.page.record_id)
        ledger.sequence()
        leaf = next(s.leaf for s in ledger.index.ledger.about(found.id) if s.digest == stored.digest)
    if as_json:
        print_json({"snapshot": found.id, "kind": kind, field: text, "by": said_by, "entry": leaf})
    else:
        click.echo(f"{kind} of {found.id} is entry {leaf} of the log")
