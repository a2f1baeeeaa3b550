"""The folder of the source files: what is in it, read so that nothing strange in it can stop the reader."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from archiver.errors import ConfigurationError

SUFFIX = ".yaml"
LARGEST = 1 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


class UnreadableError(Exception):
    """A file cannot be taken for a source; the message says why."""


def source_paths(folder: Path) -> list[Path] | None:
    """What has the name of a source file in `folder`, by name; None when there is no such folder.

    Raises ConfigurationError when there is something that cannot be read.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 - Path.iterdir() would read it later
    except FileNotFoundError as error:
        if not folder.is_symlink():
            return None
        raise _unusable(folder, error) from None
    except NotADirectoryError:
        message = f"{folder} is no folder; move it away, and put the source files into a folder of that name"
        raise ConfigurationError(message) from None
    except OSError as error:
        raise _unusable(folder, error) from None
    return [folder / name for name in sorted(names) if name.endswith(SUFFIX) and not name.startswith(".")]


def printable(name: str) -> str:
    r"""A name from the file system as text that can be written anywhere: what is no UTF-8 in it as `\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def content(path: Path) -> bytes:
    """The bytes of one source file. Raises UnreadableError; never waits for what is no file."""
    if printable(path.name) != path.name:
        raise UnreadableError("its name is not UTF-8; give it one such as my-source.yaml")
    try:
        _require_file(path.stat())  # opening a device can do something to it
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            _require_file(os.fstat(stream.fileno()))
            return stream.read(LARGEST)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from None


def _require_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((kind for is_so, kind in _KINDS if is_so(status.st_mode)), "something else")
        raise UnreadableError(f"expected a file with text, found {kind}")
    if status.st_size > LARGEST:
        raise UnreadableError(f"expected at most {LARGEST:,} bytes, found {status.st_size:,}")


def _unusable(folder: Path, error: OSError) -> ConfigurationError:
    reason = error.strerror or str(error)
    return ConfigurationError(
        f"{folder} cannot be read: {reason}; mend it, so that whoever runs the archive can read the folder"
    )
