"""One service a home: a lock on a file in it, which ends with the process however that ends."""

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
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        if not _take(file):
            raise AlreadyRunningError(
                f"a service already runs on {home}: {_told(file.read())}; stop that one first, or give this"
                " one another home"
            )
        file.truncate()
        json.dump(
            {"pid": os.getpid(), "host": socket.gethostname(), "since": to_warc_date(datetime.now(UTC))}, file
        )
        file.flush()
        yield
        file.seek(0)
        file.truncate()


def is_free(home: Path) -> bool:
    """Whether certainly no service works on `home`; False also when that cannot be known.

    Asks with a lock that is shared, so that no two who ask disturb each other, and gives it back at once.
    """
    with contextlib.suppress(OSError):  # no file, or not ours to read: who knows
        descriptor = os.open(home / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return _try(file, fcntl.LOCK_SH)
    return False


def _take(file: IO[Any]) -> bool:
    """Take the lock for good; False when a service has it, which is more than to ask about it."""
    for _ in range(_GLANCES):
        if _try(file, fcntl.LOCK_EX):
            return True
        if not _try(file, fcntl.LOCK_SH):
            return False
        fcntl.flock(file, fcntl.LOCK_UN)
        time.sleep(_GLANCE)
    return False


def _try(file: IO[Any], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _told(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "it has only just begun"
