"""The command line: one file a command, loaded only when it is called."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from archiver import __version__
from archiver.cli.output import Terminal, say
from archiver.cli.standard_output import checked_output
from archiver.errors import ArchiverError

COMMANDS = (
    "init",
    "capture",
    "crawl",
    "sources",
    "list",
    "get",
    "show",
    "cite",
    "export",
    "annotate",
    "withdraw",
    "history",
    "diff",
    "sightings",
    "extract",
    "verify",
    "log",
    "keys",
    "witness",
    "fixity",
    "reindex",
    "import",
    "stats",
    "status",
    "run",
    "serve",
    "token",
    "demo",
)
"""In the order of the help; the command `x` is the function `command` of the module `archiver.cli.x`."""

_TAKEN = frozenset({"list", "import"})
"""Words that mean something else in Python; the module has an underscore behind the word."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order in which a newcomer meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None when there is no such command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"archiver.cli.{cmd_name}{'_' * (cmd_name in _TAKEN)}")
        command: click.Command = module.command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The archive's home folder (else $ARCHIVER_HOME, else ./archive).",
)
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
@click.version_option(__version__, prog_name="archiver")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, verbose: bool) -> None:
    """Archives news articles and their pictures so that they can be cited.

    Exit codes: 0 done; 1 something asked for failed, was not found or did not verify; 2 usage or
    configuration; 3 unsafe or malformed input, nothing written; 4 no trust policy.
    """
    ctx.obj = Terminal(home=home, verbose=verbose)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code. No traceback reaches a user."""
    terminal_verbose = bool({"-v", "--verbose"} & set(arguments if arguments is not None else sys.argv[1:]))
    try:
        with checked_output():
            result = cli.main(args=arguments, prog_name="archiver", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except ArchiverError as error:
        if terminal_verbose and error.__cause__:
            click.echo(f"cause: {error.__cause__!r}", err=True)
        say(f"archiver: {error}")
        return error.exit_code
    except click.exceptions.Abort:
        click.echo("archiver: stopped", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if terminal_verbose:
            raise
        click.echo(
            f"archiver: internal error: {type(error).__name__}: {error} (what was archived before is intact;"
            " archiver --verbose shows the details)",
            err=True,
        )
        return 1
