"""`archiver init`: makes a home."""

from __future__ import annotations

import click

from archiver.cli.output import Terminal, echo, json_option, pass_terminal, print_json
from archiver.config.home import create_home, find_home


@click.command()
@json_option
@pass_terminal
def command(terminal: Terminal, as_json: bool) -> None:
    """Make a home: the folder of the archive, with a commented archiver.toml and sources/.

    Running it again is harmless: what is there stays.
    """
    home = find_home(terminal.home)
    create_home(home)
    if as_json:
        print_json({"home": str(home.root), "config": str(home.config_file)})
    else:
        echo(f"The archive is at {home.root}")
        echo(f"Settings: {home.config_file} (every setting is listed there with its default)")
        click.echo("Next: archiver capture URL")
