"""Who may write to an SQLite index at a time: all processes in turn, or one alone that replaces all of it.

SQLite itself orders single transactions. Replacing the content takes a copy that no transaction of ours can
enclose, so writers and replacers agree by locks on two files beside the database (flock(2)).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.errors import IndexUnavailableError


@contextmanager
def among_others(database: Path) -> Iterator[None]:
    """A writing transaction; waits while somebody replaces the content."""
    with _held(database, ".lock", fcntl.LOCK_SH):
        yield


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Replacing the content: waits for the transactions that have begun, and new ones wait for this."""
    with _held(database, ".lock", fcntl.LOCK_EX):
        yield


@contextmanager
def as_the_only_rebuilder(database: Path) -> Iterator[None]:
    """Building new content beside the old. Raises IndexUnavailableError when another process does."""
    with _held(database, ".rebuild-lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
        yield


@contextmanager
def _held(database: Path, suffix: str, operation: int) -> Iterator[None]:
    path = database.with_name(database.name + suffix)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        reason = error.strerror or str(error)
        raise IndexUnavailableError(
            f"the index {database} cannot be written ({path.name}: {reason}); check the permissions"
        ) from error
    try:
        _lock(descriptor, operation, database)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, operation: int, database: Path) -> None:
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        raise rebuilt_elsewhere(str(database)) from None


def rebuilt_elsewhere(where: str) -> IndexUnavailableError:
    """What a second rebuild at the same time is told."""
    return IndexUnavailableError(
        f"the index {where} is being rebuilt by another process; it is enough to wait for that one"
    )
