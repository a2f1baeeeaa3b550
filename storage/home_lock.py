"""One service a home: a lock on it and on a file in it, which end with the process however that ends.

The file names the holder; the folder stays locked when somebody removes the file.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from archiver.errors import AlreadyRunningError, ConfigurationError
from archiver.model.moment import to_warc_date

LOCK_NAME = "run.lock"
_GLANCE = 0.02
_GLANCES = 50
"""Who only asks whether the lock is free has it for less than a glance; so many are waited for."""


@contextmanager
def sole_service(home: Path) -> Iterator[None]:
    """Hold the lock of `home`. Raises AlreadyRunningError, which names who holds it."""
    path = home / LOCK_NAME
    with _opened(home, os.O_RDONLY | os.O_DIRECTORY) as folder:
        if not _take_folder(folder):
            raise _held(home, _read(path))
        with os.fdopen(_open(path, os.O_RDWR | os.O_CREAT), "r+", encoding="utf-8") as file:
            if not _take(file):
                raise _held(home, file.read())
            file.truncate()
            now = to_warc_date(datetime.now(UTC))
            json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": now}, file)
            file.flush()
            yield
            file.seek(0)
            file.truncate()


def is_free(home: Path) -> bool:
    """Whether certainly no service works on `home`; False also when that cannot be known.

    Asks with locks that are shared, so that no two who ask disturb each other, and gives them back at once.
    """
    with (
        contextlib.suppress(ConfigurationError),  # no file, or not ours to read: who knows
        _opened(home, os.O_RDONLY | os.O_DIRECTORY) as folder,
        _opened(home / LOCK_NAME, os.O_RDONLY) as file,
    ):
        return _try(folder, fcntl.LOCK_SH) and _try(file, fcntl.LOCK_SH)
    return False


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = _open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CLOEXEC, 0o644)
    except OSError as error:
        doing = "written" if flags & os.O_CREAT else "read"
        raise ConfigurationError(f"{path} cannot be {doing}: {error.strerror}") from None


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return None


def _take_folder(folder: int) -> bool:
    """As `_take`; where folders cannot be locked (NFS) the lock on the file has to do."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _take(folder)
    except OSError:
        return True
    return True


def _take(file: IO[Any] | int) -> bool:
    """Take the lock for good; False when a service has it, which is more than to ask about it."""
    for _ in range(_GLANCES):
        if _try(file, fcntl.LOCK_EX):
            return True
        if not _try(file, fcntl.LOCK_SH):
            return False
        fcntl.flock(file, fcntl.LOCK_UN)
        time.sleep(_GLANCE)
    return False


def _try(file: IO[Any] | int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _held(home: Path, told: str | None) -> AlreadyRunningError:
    return AlreadyRunningError(
        f"a service already runs on {home}: {_holder(told)}; stop that one first, or give this one another"
        " home"
    )


def _holder(told: str | None) -> str:
    if told is None:
        return f"it is not known which, since its {LOCK_NAME} was removed"
    try:
        holder = json.loads(told)
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "it has only just begun"
