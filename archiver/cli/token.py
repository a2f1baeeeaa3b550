"""`archiver token`: who may ask this archive for something over HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, say, table
from archiver.cli.relative import ago
from archiver.errors import NotFoundError, UsageError
from archiver.model.operations import Token
from archiver.model.secret import SCOPES, new_secret, secret_digest

_NAME = re.compile(r"\w[\w .@+-]{0,79}")


@click.group()
def command() -> None:
    """Tokens: who may submit pages over HTTP (POST /api/v1/captures)."""


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("capture",),
    metavar="SCOPE",
    help=f"What it is good for: {'; '.join(f'{scope} ({use})' for scope, use in SCOPES.items())}."
    " Can be given again. [default: capture]",
)
@json_option
@pass_terminal
def add(terminal: Terminal, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a token for whoever NAME is, and print its secret: this once, as only its digest is kept."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a name: use up to 80 letters, digits, blanks, - . @ + or _")
    for scope in scopes:
        if scope not in SCOPES:
            raise UsageError(f"there is no scope {scope!r}; there are {', '.join(SCOPES)}")
    home, settings = terminal.open_home()
    secret = new_secret()
    digest = secret_digest(secret)
    assert digest is not None
    with open_index(home, settings) as index:
        token = index.operations.tokens.add(name, scopes, digest, datetime.now(UTC))
    if as_json:
        print_json({**describe(token), "secret": secret})
        return
    click.echo(secret)
    say("keep this secret: it cannot be shown again; send it as Authorization: Bearer SECRET")


@command.command("list")
@json_option
@pass_terminal
def list_(terminal: Terminal, as_json: bool) -> None:
    """All tokens, those that were revoked too; their secrets are not known any more."""
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        tokens = index.operations.tokens.all()
    if as_json:
        for token in tokens:
            print_json(describe(token))
        return
    now = datetime.now(UTC)
    shown = table(
        ("id", "scopes", "made", "last used", "revoked", "name"),
        (
            (
                token.id, ",".join(sorted(token.scopes)), ago(token.created_at, now),
                ago(token.last_used_at, now, "never"), ago(token.revoked_at, now, ""), token.name,
            )
            for token in tokens
        ),
    )  # fmt: skip
    if not shown:
        say("there is no token; make one with archiver token add NAME")


@command.command()
@click.argument("name_or_id")
@json_option
@pass_terminal
def revoke(terminal: Terminal, name_or_id: str, as_json: bool) -> None:
    """Make a token invalid for ever, at once."""
    home, settings = terminal.open_home()
    now = datetime.now(UTC)
    with open_index(home, settings) as index:
        if not index.operations.tokens.revoke(name_or_id, now):
            raise NotFoundError(
                f"no valid token has the name or id {name_or_id!r}; archiver token list shows all"
            )
    if as_json:
        print_json({"token": name_or_id, "revoked_at": now})
    else:
        say(f"the token {name_or_id} is revoked")


def describe(token: Token) -> dict[str, object]:
    """A token as one JSON object."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_at": token.created_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
