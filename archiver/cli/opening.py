"""Opens the parts of a home that commands read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from archiver.cli.output import counted, say
from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.storage.index import Index
from archiver.storage.warc import segment_files, segment_name


@contextmanager
def open_index(
    home: Home, settings: Settings, *, migrate: bool = True, tell: Callable[[str], None] = say
) -> Iterator[Index]:
    """The index of the home, made when there is none; with `migrate=False` an old schema is refused.

    `tell` is told when the index is empty and WARC files are there. Raises IndexUnavailableError.
    """
    index = Index.open(settings.database_url(home), migrate=migrate, create=True)
    with closing(index):
        unknown = _unknown_files(home, settings, index)
        if unknown:
            tell(
                f"the index knows nothing of {counted(unknown, 'WARC file')} in {settings.warc_folder(home)}"
                " and is empty; run `archiver reindex`"
            )
        yield index


def _unknown_files(home: Home, settings: Settings, index: Index) -> int:
    """How many WARC files were never indexed, when none was."""
    if index.stats().total.captures:
        return 0
    known = {segment.name for segment in index.segments()}
    return sum(segment_name(path) not in known for path in segment_files(settings.warc_folder(home)))
