"""Finds the home of the archive that a command is about, and makes one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from archiver.config.folder import Home
from archiver.config.kinds import expanded
from archiver.config.template import render_template
from archiver.errors import ConfigurationError

__all__ = ["Home", "create_home", "find_home"]

VARIABLE = "ARCHIVER_HOME"
DEFAULT = "archive"
_ELSEWHERE = "choose another folder with --home DIR or ARCHIVER_HOME"


def find_home(
    option: str | Path | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    must_exist: bool = False,
) -> Home:
    """The home: `option` (--home), else ARCHIVER_HOME, else ./archive.

    Raises ConfigurationError when it is no folder, or `must_exist` and no archive was begun there.
    """
    chosen = Path(option or environ.get(VARIABLE) or DEFAULT)
    root = Path(os.path.abspath(expanded(chosen)))  # noqa: PTH100 - resolve() would follow links
    home = Home(root)
    try:
        if root.exists() and not root.is_dir():
            raise ConfigurationError(f"{root} is not a folder; {_ELSEWHERE}")
        missing = must_exist and not home.exists
    except OSError as error:
        raise _unusable(root, error) from None
    if missing:
        raise ConfigurationError(
            f"there is no archive at {root}; make one with archiver init, or {_ELSEWHERE}"
        )
    return home


def create_home(home: Home) -> bool:
    """Make the folders of `home` and its commented archiver.toml; what is there stays as it is.

    Returns whether no archive had been begun there. Raises ConfigurationError when the place cannot be
    written to.
    """
    path = home.root
    try:
        is_new = not home.exists
        for path in (home.root, home.sources, home.warc, home.log, home.spool):
            path.mkdir(parents=True, exist_ok=True)
        path = home.keys
        path.mkdir(exist_ok=True)
        path.chmod(0o700)
        path = home.config_file
        _write_once(path, render_template())
    except OSError as error:
        raise _unusable(path, error) from None
    if not os.access(home.root, os.W_OK | os.X_OK):
        raise ConfigurationError(f"{home.root} cannot be written to; {_ELSEWHERE}")
    return is_new


def _write_once(path: Path, text: str) -> None:
    """Write a file that does not exist yet; a crash leaves either all of it or none of it."""
    if path.exists():
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _unusable(path: Path, error: OSError) -> ConfigurationError:
    reason = error.strerror or str(error)
    return ConfigurationError(f"{path} cannot be used: {reason}; {_ELSEWHERE}")
