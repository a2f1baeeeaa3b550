"""`archiver keys`: the public keys that others need to check this archive's log."""

from __future__ import annotations

import click

from archiver.cli.output import Terminal, json_option, pass_terminal, print_json
from archiver.crawl.archive import log_place

_POLICY = """\
# Whom I trust when I verify bundles: archiver verify FILE.wacz --policy THIS-FILE
# Get the keys from those they belong to, not from the bundle.
logs = ["{key}"]

# Public keys of witnesses, and how many of them must have signed.
witnesses = []
quorum = 0

# A capture that was logged later than so many seconds after it claims to be made is told as LATE-LOGGED.
maximum_lag_seconds = 86400

# How many timestamp authorities must have sworn to the time; for each its root certificates, as a PEM file
# beside this one.
timestamps = 0
# [[authority]]
# name = "freetsa.org"
# roots = "freetsa.pem"
"""


@click.command()
@click.option("--policy", is_flag=True, help="As a policy file to begin with, for archiver verify.")
@json_option
@pass_terminal
def command(terminal: Terminal, policy: bool, as_json: bool) -> None:
    """Print the public key of the log, made on first use; give it to whoever checks bundles.

    The private key stays in keys/, readable by its owner alone. Keep a copy of that folder in a safe place.
    """
    home, settings = terminal.open_home()
    key = log_place(home, settings).key().public
    if as_json:
        print_json({"log": str(key), "name": key.name})
    elif policy:
        click.echo(_POLICY.format(key=key), nl=False)
    else:
        click.echo(key)
