"""Pages and style sheets made ready to be shown, kept for a while: making one costs far more than sending."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final
from uuid import UUID

LIFETIME: Final = 300.0
"""Seconds after which a page is made anew, since pictures of it may have been archived meanwhile."""


@dataclass(frozen=True, slots=True)
class FinishedKey:
    """What a finished page depends on: record, modifier, the digits in its links, the frame it stands in."""

    record_id: UUID
    modifier: str
    digits: str
    application: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A page or sheet in UTF-8, its media type, and whether the archived one was longer than is replayed."""

    body: bytes
    media_type: str
    is_cut: bool


class FinishedPages:
    """The pages asked for last, of at most `limit` bytes together. Several threads may use it."""

    def __init__(self, limit: int = 64 << 20, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = Lock()
        self._pages: OrderedDict[FinishedKey, tuple[float, Finished]] = OrderedDict()
        self._turns: dict[FinishedKey, Lock] = {}
        self._held = 0

    def get(self, key: FinishedKey) -> Finished | None:
        """The page, if it was made lately and is still held."""
        with self._lock:
            found = self._pages.get(key)
            if found is None:
                return None
            made, page = found
            if self._clock() - made > LIFETIME:
                self._forget(key)
                return None
            self._pages.move_to_end(key)
            return page

    def made(self, key: FinishedKey, make: Callable[[], Finished]) -> Finished:
        """The page, made if it is not held; others who ask for it meanwhile wait instead of making it too."""
        page = self.get(key)
        if page is not None:
            return page
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        try:
            with turn:
                page = self.get(key)
                if page is None:
                    page = make()
                    self.put(key, page)
                return page
        finally:
            with self._lock:
                self._turns.pop(key, None)

    def put(self, key: FinishedKey, page: Finished) -> None:
        """Hold `page`, and let go of those asked for longest ago; one larger than an eighth is not held."""
        if len(page.body) > self._limit // 8:
            return
        with self._lock:
            self._forget(key)
            self._pages[key] = (self._clock(), page)
            self._held += len(page.body)
            while self._held > self._limit:
                self._forget(next(iter(self._pages)))

    def _forget(self, key: FinishedKey) -> None:
        _, page = self._pages.pop(key, (0.0, None))
        if page is not None:
            self._held -= len(page.body)
