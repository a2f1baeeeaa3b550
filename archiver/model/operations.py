"""What the running of an archive is told in: passes, closed hosts, processes, tokens, submissions.

None of it is evidence, so none of it stands in a WARC file; all moments are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

SILENCE = timedelta(seconds=60)
"""How long a process may be silent."""


@dataclass(frozen=True, slots=True)
class PassCounts:
    """What a pass over a source, or a batch of revisits, brought.

    Visits by what became of them (`new` to `failed`); `left_out` pages that were not wanted; `entries` that
    feeds and listings named, of which `known` needed no request; `pictures` archived and `missing`.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    walled: int = 0
    failed: int = 0
    left_out: int = 0
    entries: int = 0
    known: int = 0
    pictures: int = 0
    missing: int = 0

    def __add__(self, other: PassCounts) -> PassCounts:
        return PassCounts(*(getattr(self, each) + getattr(other, each) for each in COUNTS))

    def __sub__(self, other: PassCounts) -> PassCounts:
        return PassCounts(*(getattr(self, each) - getattr(other, each) for each in COUNTS))


COUNTS = tuple(each.name for each in fields(PassCounts))
"""The names of the counts, in order."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How far the work on one source is; everything is empty for a source that was never worked on.

    `started_at` is when its last work began, a pass or a batch of revisits; `finished_at` when its last pass
    ended, `succeeded_at` when the last one without a `problem` did. `failures` counts the passes in a row
    that ended with one. `interval` is the time between passes that was found to suit; None: as its file says.
    Whoever works on the source holds a lease until `lease_until`.
    """

    name: str
    paused_at: datetime | None = None
    paused_reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_run_at: datetime | None = None
    interval: timedelta | None = None
    failures: int = 0
    problem: str | None = None
    last: PassCounts = PassCounts()
    total: PassCounts = PassCounts()
    lease_owner: str | None = None
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostState:
    """How one host is treated: closed to requests until a moment, and why; `delay` in seconds."""

    host: str
    closed_until: datetime | None
    reason: str | None
    failures: int
    delay: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Beat:
    """What a service process said of itself at the moment `at`; `role` is leader, standby or stopping."""

    owner: str
    host: str
    pid: int
    role: str
    started_at: datetime
    at: datetime
    document: dict[str, float | int | str] = field(default_factory=dict)

    def is_silent(self, now: datetime) -> bool:
        """Whether the process is taken for dead: not heard of for too long, or heard of in the future."""
        return abs(now - self.at) > SILENCE


@dataclass(frozen=True, slots=True)
class Token:
    """Who may ask the archive for something over HTTP. The secret itself is known to its holder alone."""

    id: str
    name: str
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A page that somebody asked to be archived, and what became of it.

    `state` is queued, running, done or failed. `token` is the id of the token that asked; `snapshot` the
    identifier of what was archived; `reason` why it failed, one line.
    """

    id: str
    url: str
    token: str | None
    submitted_at: datetime
    state: str = "queued"
    images: bool = True
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    snapshot: str | None = None
    reason: str | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
