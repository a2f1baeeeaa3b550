"""Adds up what pieces of work brought, for who wants to know what a whole run came to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from archiver.model.operations import PassCounts
from archiver.service.dispatcher import Done, Work, Worker


@dataclass(frozen=True, slots=True)
class AllDone:
    """What the look at each source came to, by name, and what all brought, visits of due articles too."""

    looks: Mapping[str, Done]
    counts: PassCounts


class Tally:
    """Has `worker` do each piece of work, and adds what it brought to `counts`."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.counts = PassCounts()

    async def do(self, work: Work, halt: asyncio.Event) -> Done:
        """As the worker."""
        done = await self._worker(work, halt)
        self.counts += done.counts
        return done
