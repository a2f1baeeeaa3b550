"""Bundles of snapshots, as `archiver export` makes them, made when they are asked for and kept a while."""

from __future__ import annotations

import os
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Final

from starlette.exceptions import HTTPException

from archiver.citation.exporting import export_bundle
from archiver.citation.published import NotLoggedError, PublishedLog
from archiver.model.snapshot import Snapshot

AT_ONCE: Final = 2
"""Bundles that are made at the same time; who asks for a third is asked to come again."""

KEPT: Final = 4
"""Bundles that stay open after they were asked for, so that a reader can ask for their parts."""


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle as an open file without a name."""

    descriptor: int
    size: int


class Bundles:
    """Makes the bundles of one archive: not too large, not too many at once; safe for several threads."""

    def __init__(self, log: PublishedLog, longest: int, archive: str = "", base_url: str = "") -> None:
        self._log = log
        self._longest = longest
        self._archive = archive
        self._base_url = base_url
        self._making = BoundedSemaphore(AT_ONCE)
        self._lock = Lock()
        self._kept: OrderedDict[str, Made] = OrderedDict()

    def state_of(self, snapshot: Snapshot) -> str:
        """What tells one bundle of a snapshot from a later one. Raises HTTPException 503: not logged yet."""
        try:
            return self._log.state_of(snapshot)
        except NotLoggedError as error:
            raise HTTPException(503, str(error), {"Retry-After": "60"}) from None

    def open(self, snapshot: Snapshot, state: str) -> Made:
        """The bundle in this state; the caller closes the descriptor.

        Raises HTTPException: 413 when it would be too large, 503 when enough others are made.
        """
        with self._lock:
            if made := self._kept.get(state):
                self._kept.move_to_end(state)
                return Made(os.dup(made.descriptor), made.size)
        self._refuse_large(snapshot)
        if not self._making.acquire(blocking=False):
            raise HTTPException(503, "Other bundles are being made; try again soon.", {"Retry-After": "10"})
        try:
            made = self._made(snapshot)
        finally:
            self._making.release()
        with self._lock:
            before = self._kept.pop(state, None)
            self._kept[state] = made
            surplus = [self._kept.popitem(last=False)[1] for _ in range(len(self._kept) - KEPT)]
            for old in [*surplus, *([before] if before else [])]:
                os.close(old.descriptor)
            return Made(os.dup(made.descriptor), made.size)

    def _made(self, snapshot: Snapshot) -> Made:
        with tempfile.TemporaryDirectory(prefix="archiver-bundle-") as folder:
            path = Path(folder) / "bundle.wacz"
            export_bundle(self._log, [snapshot], path, archive=self._archive, base_url=self._base_url)
            return Made(os.open(path, os.O_RDONLY), path.stat().st_size)

    def _refuse_large(self, snapshot: Snapshot) -> None:
        size = 0
        for record_id in snapshot.record_ids:
            capture = self._log.index.capture(record_id)
            if capture:
                size += capture.location.length
                size += capture.original.location.length if capture.original else 0
        if size > self._longest:
            raise HTTPException(
                413,
                f"The records of this snapshot have {size:,} bytes, more than web.bundle_bytes allows here; "
                "the archive's operator can make the bundle with archiver export.",
            )
