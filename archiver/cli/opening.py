"""Opens the parts of a home that commands read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.storage.index import Index


@contextmanager
def open_index(home: Home, settings: Settings, *, migrate: bool = True) -> Iterator[Index]:
    """The index of the home, made when there is none; with `migrate=False` an old schema is refused.

    Raises IndexUnavailableError.
    """
    index = Index.open(settings.database_url(home), migrate=migrate, create=True)
    try:
        yield index
    finally:
        index.close()
