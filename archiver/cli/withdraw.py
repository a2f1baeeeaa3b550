"""`archiver withdraw`: a snapshot's bytes are no longer given out; what it was stays on record."""

from __future__ import annotations

import click

from archiver.cli.annotate import state_about
from archiver.cli.output import Terminal, json_option, pass_terminal


@click.command()
@click.argument("snapshot")
@click.option("--reason", required=True, help="Why, for everybody to read.")
@click.option("--by", help="Who decided; else the operator of the archive.")
@json_option
@pass_terminal
def command(terminal: Terminal, snapshot: str, reason: str, by: str | None, as_json: bool) -> None:
    """Withdraw SNAPSHOT: it is no longer shown or exported, with REASON and date in its place.

    Identifier, digests and the entry in the log stay, and the bytes stay in the WARC files.
    """
    state_about(terminal, snapshot, "withdrawal", "reason", reason, by, as_json=as_json)
