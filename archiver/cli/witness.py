"""`archiver witness`: cosigns the log of an archive; run by somebody else, elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from archiver.citation.keys import open_key
from archiver.citation.note import KeyKind, VerifierKey
from archiver.citation.witness import Witness

_state_option = click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The witness's own folder: its key and what it has seen.",
)


@click.group()
def command() -> None:
    """Watch the log of an archive: sign that it only grows. Needs no archive of its own."""


@command.command()
@click.argument("name")
@_state_option
def init(name: str, state: Path) -> None:
    """Make the key of a witness called NAME (such as witness.example.org) and print its public side."""
    click.echo(open_key(state, "witness", KeyKind.WITNESS, name).public)


@command.command()
@click.argument("log", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--key", "key_text", required=True, metavar="VKEY", help="The log's key (archiver keys).")
@_state_option
def sign(log: Path, key_text: str, state: Path) -> None:
    """Print the signature line for the newest checkpoint of the published log in the folder LOG.

    Refuses a log that shrank or changed its past, with exit code 1.
    """
    key = open_key(state, "witness", KeyKind.WITNESS)
    signature = Witness(state, key).cosign(log, VerifierKey.parse(key_text), datetime.now(UTC))
    click.echo(signature.line())
