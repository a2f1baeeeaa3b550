"""Remembers where the pages of numbered listings begin, so that a client that goes on need not start anew."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from archiver.storage.index import Cursor

_MOST: Final = 10_000


class PageStarts:
    """The cursors behind which pages of listings begin; the least recently used are forgotten."""

    def __init__(self) -> None:
        self._starts: OrderedDict[tuple[str, int], Cursor] = OrderedDict()
        self._lock = Lock()

    def nearest(self, listing: str, page: int) -> tuple[int, Cursor | None]:
        """The last known page up to `page`, and the cursor in front of it; page 0 is always known."""
        with self._lock:
            for number in range(page, max(0, page - 1_000), -1):
                if cursor := self._starts.get((listing, number)):
                    self._starts.move_to_end((listing, number))
                    return number, cursor
        return 0, None

    def remember(self, listing: str, page: int, start: Cursor) -> None:
        """`page` of `listing` begins behind `start`."""
        with self._lock:
            self._starts[listing, page] = start
            self._starts.move_to_end((listing, page))
            while len(self._starts) > _MOST:
                self._starts.popitem(last=False)
