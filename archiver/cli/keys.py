"""`archiver keys`: the public keys that others need to check this archive's log."""

from __future__ import annotations

import click

from archiver.cli.output import Terminal, json_option, pass_terminal, print_json
from archiver.crawl.archive import log_place


@click.command()
@json_option
@pass_terminal
def command(terminal: Terminal, as_json: bool) -> None:
    """Print the public key of the log, made on first use; give it to whoever checks bundles.

    The private key stays in keys/, readable by its owner alone. Keep a copy of that folder in a safe place.
    """
    home, settings = terminal.open_home()
    key = log_place(home, settings).key().public
    if as_json:
        print_json({"log": str(key), "name": key.name})
    else:
        click.echo(key)
