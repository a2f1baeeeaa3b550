"""`archiver keys`: the public keys that others need to check this archive's log; a new one for it."""

from __future__ import annotations

import json

import click

from archiver.citation.note import VerifierKey
from archiver.citation.rotation import Rotation, rotations
from archiver.cli.ledgers import open_home_ledger
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, echo, json_option, pass_terminal, print_json, say
from archiver.crawl.archive import log_place
from archiver.model.moment import to_warc_date

_POLICY = """\
# Whom I trust when I verify bundles: archiver verify FILE.wacz --policy THIS-FILE
# Get the keys from those they belong to, not from the bundle.
logs = {keys}

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


@click.group(invoke_without_command=True)
@click.option("--policy", is_flag=True, help="As a policy file to begin with, for archiver verify.")
@json_option
@click.pass_context
def command(ctx: click.Context, policy: bool, as_json: bool) -> None:
    """Print the public key of the log, made on first use; give it to whoever checks bundles.

    The private key stays in keys/, readable by its owner alone. Keep a copy of that folder in a safe place.
    """
    if ctx.invoked_subcommand:
        return
    terminal = ctx.find_object(Terminal)
    assert terminal is not None
    key, known = _known(terminal)
    if as_json:
        print_json({"log": str(key), "name": key.name, "retired": [str(one.old) for one in known]})
    elif policy:
        keys = [str(key), *(str(one.old) for one in reversed(known))]
        click.echo(_POLICY.format(keys=json.dumps(keys)), nl=False)
    else:
        click.echo(key)


@command.command()
@json_option
@pass_terminal
def show(terminal: Terminal, as_json: bool) -> None:
    """List the keys of the log, those that signed before too: who checks old bundles needs them."""
    key, known = _known(terminal)
    for one in known:
        until = to_warc_date(one.at)[:19] + "Z"
        if as_json:
            print_json({"key": str(one.old), "signed_until": until, "entry": one.leaf})
        else:
            echo(f"{one.old}  until {until}, replaced by entry {one.leaf} of the log")
    if as_json:
        print_json({"key": str(key), "signed_until": None, "entry": None})
    else:
        echo(f"{key}  signs now")


@command.command()
@json_option
@pass_terminal
def rotate(terminal: Terminal, as_json: bool) -> None:
    """Give the log a new key.

    The old key announces it as the last entry that it signs for, and its private side is then deleted. What
    was signed before stays provable with the old public key. Readers need the new one: send it to them, and
    make a new copy of keys/.
    """
    home, settings = terminal.open_home()
    with open_home_ledger(home, settings) as ledger:
        rotation = ledger.rotate(settings.identity.operator or None)
    if as_json:
        print_json({"old": str(rotation.old), "new": str(rotation.new), "entry": rotation.leaf})
    else:
        click.echo(rotation.new)
    say(f"the old key announced it in entry {rotation.leaf} of the log; make a new copy of {home.keys}")


def _known(terminal: Terminal) -> tuple[VerifierKey, list[Rotation]]:
    """The key that signs now, and the rotations before it, oldest first."""
    home, settings = terminal.open_home()
    key = log_place(home, settings).key().public
    with open_index(home, settings) as index:
        return key, rotations(index, settings.warc_folder(home), key.name)
