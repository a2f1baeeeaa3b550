"""One service a home: a lock on a file in it, which ends with the process however that ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from archiver.errors import AlreadyRunningError, ConfigurationError
from archiver.model.moment import to_warc_date

LOCK_NAME = "run.lock"


@contextmanager
def sole_service(home: Path) -> Iterator[None]:
    """Hold the lock of `home`. Raises AlreadyRunningError, which names who holds it."""
    path = home / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunningError(
                f"a service already runs on {home}: {_told(file.read())}; stop that one first, or give this"
                " one another home"
            ) from None
        file.truncate()
        json.dump(
            {"pid": os.getpid(), "host": socket.gethostname(), "since": to_warc_date(datetime.now(UTC))}, file
        )
        file.flush()
        yield
        file.seek(0)
        file.truncate()


def _told(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "it has only just begun"
