"""Opens the log of a home for the commands that write into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archiver.citation.ledger_writer import LedgerWriter, open_ledger
from archiver.cli.opening import open_index
from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.crawl.archive import log_place, warcinfo
from archiver.reindex import recover_segments


@contextmanager
def open_home_ledger(home: Home, settings: Settings) -> Iterator[LedgerWriter]:
    """The log of the home, with what a crash left behind mended."""
    folder = settings.warc_folder(home)
    with open_index(home, settings) as index:
        recover_segments(folder, index)
        with open_ledger(index, folder, log_place(home, settings), warcinfo(settings)) as ledger:
            yield ledger
