"""What a service process says of itself every few seconds, for `archiver status`, the web and the metrics."""

from __future__ import annotations

import os
import resource
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from archiver.model.operations import Beat, HostState
from archiver.storage.index import Index

LEADER, STANDBY, STOPPING = "leader", "standby", "stopping"
Facts = dict[str, float | int | str]
_PAGE = resource.getpagesize()


@dataclass(slots=True)
class Pulse:
    """The beats of this process. Every method raises IndexUnavailableError."""

    owner: str = field(default_factory=lambda: uuid4().hex)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    role: str = STANDBY
    _told: set[str] = field(default_factory=set)

    def beat(self, index: Index, facts: Facts | None = None) -> None:
        """Say that this process lives, and `facts` about it."""
        document: Facts = {"rss_bytes": _resident_bytes(), "cpu_seconds": _cpu_seconds(), **(facts or {})}
        now = datetime.now(UTC)
        index.operations.beats.put(
            Beat(self.owner, socket.gethostname(), os.getpid(), self.role, self.started_at, now, document)
        )

    def tell_hosts(self, index: Index, states: list[HostState]) -> None:
        """Keep which hosts are in trouble, and which no longer are."""
        troubled = [state for state in states if state.closed_until or state.failures]
        names = {state.host for state in troubled}
        well = [state for state in states if state.host in self._told - names]
        if troubled or well:
            index.operations.hosts.put([*troubled, *well])
        self._told = names

    def end(self, index: Index) -> None:
        """This process ends as it should."""
        index.operations.beats.forget(self.owner)


def _resident_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE
    except OSError:  # no Linux: the most that it ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
