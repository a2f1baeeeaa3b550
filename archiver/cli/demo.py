"""`archiver demo`: the whole thing on a bundled local news site."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from archiver.cli.output import Terminal, pass_terminal
from archiver.config.home import Home, create_home
from archiver.config.settings import load_settings
from archiver.demo.story import Story
from archiver.errors import ConfigurationError

MARK = "made-by-archiver-demo"
DEFAULT = Path("demo-archive")
SETTINGS = {
    "ARCHIVER_NETWORK__ALLOW_PRIVATE": '["127.0.0.0/8"]',
    "ARCHIVER_POLITENESS__DELAY": "0",
    "ARCHIVER_POLITENESS__AUTOTHROTTLE": "false",
    "ARCHIVER_IDENTITY__OPERATOR": "The demo",
    "ARCHIVER_IDENTITY__VANTAGE": "this machine",
}


@click.command()
@pass_terminal
def command(terminal: Terminal) -> None:
    """Archive a bundled local news site while its pictures are exchanged, and show what stayed.

    No network is needed. The archive is made in ./demo-archive (or --home) and stays there to look around
    in; running the demo again makes it anew.
    """
    root = (terminal.home or DEFAULT).absolute()
    if root.exists() and any(root.iterdir()) and not (root / MARK).exists():
        raise ConfigurationError(
            f"{root} holds something else; name an empty folder: archiver --home DIR demo"
        )
    shutil.rmtree(root, ignore_errors=True)
    home = Home(root)
    create_home(home)
    (root / MARK).touch()
    terminal.set_up_logging()
    Story(home, load_settings(home, SETTINGS), click.echo).play()
    name = root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root
    click.echo(
        f"\nLook around: archiver --home {name} stats; archiver --home {name} list URL; ... get URL --at DATE"
    )
    click.echo(f"In a browser: make serve (or: archiver --home {name} serve)")
