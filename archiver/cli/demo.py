"""`archiver demo`: the whole thing on a bundled local news site."""

from __future__ import annotations

import io
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import click

from archiver.cli.output import Terminal, pass_terminal
from archiver.config.home import Home, create_home
from archiver.config.settings import load_settings
from archiver.demo.story import DemoError, Story
from archiver.errors import ConfigurationError

WITNESS = "test-witness.demo.invalid"
LONGEST = 48
"""Characters shown of an argument."""

MARK = "made-by-archiver-demo"
DEFAULT = Path("demo-archive")
SETTINGS = {
    "ARCHIVER_NETWORK__ALLOW_PRIVATE": '["127.0.0.0/8"]',
    "ARCHIVER_POLITENESS__DELAY": "0",
    "ARCHIVER_POLITENESS__AUTOTHROTTLE": "false",
    "ARCHIVER_IDENTITY__OPERATOR": "The demo",
    "ARCHIVER_IDENTITY__VANTAGE": "this machine",
}


def prove(root: Path, snapshot: str) -> None:
    """Cite and export the first pictures; check the bundle offline, and one with a changed bit."""
    click.echo("\nThe log of what was archived, seen and signed by a witness")
    click.echo("  A TEST witness on this machine, which proves nothing: a real one is somebody else.")
    witness = _witnessed(root)
    click.echo("\nThe first pictures cited, handed over, and checked without the archive")
    bundle, changed, policy = root / "evidence.wacz", root / "changed.wacz", root / "policy.toml"
    _run(root, "cite", snapshot)
    _run(root, "export", snapshot, "-o", str(bundle))
    policy.write_text(_policy(root, witness), encoding="utf-8")
    verified = _run(root, "verify", str(bundle), "--policy", str(policy))
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    click.echo("\nThe same bundle with one bit changed")
    refused = _run(root, "verify", str(changed), "--policy", str(policy))
    if verified != 0 or refused not in (1, 3):
        raise DemoError("the bundle and its changed copy were not told apart")


def _witnessed(root: Path) -> str:
    """Have a witness of the demo's own cosign the log; its public key."""
    state, published = str(root / "test-witness"), str(root / "published-log")
    key = _printed("witness", "init", WITNESS, "--state", state)
    _run(root, "log", "export", published)
    log_key = _printed("--home", str(root), "keys")
    line = _printed("witness", "sign", published, "--key", log_key, "--state", state)
    _run(root, "log", "cosignature", line, "--key", key)
    return key


def _policy(root: Path, witness: str) -> str:
    """The policy that the demo verifies by: the log's key and the test witness."""
    text = _printed("--home", str(root), "keys", "--policy")
    named = text.replace("witnesses = []", f'witnesses = ["{witness}"]').replace("quorum = 0", "quorum = 1")
    return f"# The witness in this policy is a test witness of the demo. Trust no such policy.\n{named}\n"


def _printed(*arguments: str) -> str:
    """What a command prints."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        code = _call(*arguments)
    if code:
        raise DemoError(f"archiver {arguments[0]} ended with exit code {code}")
    return printed.getvalue().strip()


def _run(root: Path, *arguments: str) -> int:
    """Call a command as a person would, and show the call."""
    named = [str(Path(a).name) if a.startswith(str(root)) else a for a in arguments]
    shown = [a if len(a) <= LONGEST else f"'{a[: LONGEST - 3]}...'" for a in named]
    click.secho(f"$ archiver {' '.join(shown)}", bold=True)
    code = _call("--home", str(root), *arguments)
    click.echo(f"  (exit code {code})")
    return code


def _call(*arguments: str) -> int:
    from archiver.cli import main

    return main(list(arguments))


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
    first = Story(home, load_settings(home, SETTINGS), click.echo).play()
    prove(root, first.id)
    name = root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root
    click.echo(
        f"\nLook around: archiver --home {name} stats; archiver --home {name} list URL; ... get URL --at DATE"
    )
    click.echo(f"In a browser: make serve (or: archiver --home {name} serve)")
