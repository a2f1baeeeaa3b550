"""`archiver status`: how the running of the archive does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, echo, json_option, pass_terminal, print_json, size, table
from archiver.cli.relative import ago, span
from archiver.cli.source_status import Followed, SourceStatus, source_statuses
from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.config.sources import SourceCatalogue, load_sources
from archiver.errors import StorageError
from archiver.model.operations import Beat, HostState
from archiver.storage.home_lock import is_free
from archiver.storage.index import Index


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that is told, as of the moment `now`.

    `dead` are the owners of the beats whose process is known to have ended without a word.
    """

    now: datetime
    beats: Sequence[Beat]
    dead: frozenset[str]
    queued: int
    running: int
    oldest_submission: datetime | None
    closed: Sequence[HostState]
    free: int
    floor: int
    sources: Sequence[SourceStatus]

    @property
    def due(self) -> int:
        """How many articles are due of the sources that a service works on."""
        return sum(source.due.count for source in self.sources if source.due and source.is_worked_on)

    @property
    def oldest_due(self) -> datetime | None:
        """Since when the one that is due longest is."""
        found = (source.due.oldest for source in self.sources if source.due and source.is_worked_on)
        return min(found, default=None)

    @property
    def leader(self) -> Beat | None:
        """The process that leads, or did when it was last heard of."""
        leading = [beat for beat in self.beats if beat.role != "standby"]
        return min(leading, key=lambda beat: (self.is_stale(beat), beat.role != "leader"), default=None)

    def is_stale(self, beat: Beat) -> bool:
        """Whether the process ended without a word, or was not heard of for too long."""
        return beat.owner in self.dead or beat.is_silent(self.now)


@click.command()
@json_option
@pass_terminal
def command(terminal: Terminal, as_json: bool) -> None:
    """Who runs the archive, what is due, what waits, which hosts are closed, and how each source does."""
    home, settings = terminal.open_home()
    catalogue = load_sources(home.sources)
    with open_index(home, settings, migrate=False) as index:
        status = look(home, settings, catalogue, index)
    print_json(describe(status)) if as_json else _show(status)


def look(home: Home, settings: Settings, catalogue: SourceCatalogue, index: Index) -> Status:
    """How the archive does now. Raises IndexUnavailableError, StorageError."""
    now = datetime.now(UTC)
    operations = index.operations
    beats = operations.beats.all()
    nobody_works = index.is_local and is_free(home.root)
    dead = frozenset(beat.owner for beat in beats if nobody_works)
    is_led = any(
        beat.role == "leader" and not beat.is_silent(now) and beat.owner not in dead for beat in beats
    )
    queued, running, oldest_submission = operations.submissions.unfinished()
    return Status(
        now=now,
        beats=beats,
        dead=dead,
        queued=queued,
        running=running,
        oldest_submission=oldest_submission,
        closed=operations.hosts.closed(now),
        free=free_bytes(settings.warc_folder(home)),
        floor=int(settings.storage.free_floor),
        sources=source_statuses(Followed(home, settings, catalogue, index, is_led=is_led), now, dead),
    )


def free_bytes(folder: Path) -> int:
    """Bytes that may be written where `folder` is, or will be. Raises StorageError."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        found = os.statvfs(there)
    except OSError as error:
        raise StorageError(f"cannot ask how much space {there} has: {error.strerror}") from error
    return found.f_bavail * found.f_frsize


def _show(status: Status) -> None:
    now = status.now
    echo(f"service   {_service(status)}")
    due = f"{status.due} due, the oldest since {ago(status.oldest_due, now)}" if status.due else "none is due"
    echo(f"revisits  {due}")
    echo(f"queue     {_queue(status)}")
    short = ": less than storage.free_floor, nothing is archived" if status.free < status.floor else ""
    echo(f"disk      {size(status.free)} free{short or f' (floor {size(status.floor)})'}")
    for host in status.closed:
        echo(f"closed    {host.host} {_closed_for(host, now)}: {host.reason or 'no reason given'}")
    if status.sources:
        echo("")
        table(
            (
                "source", "is", "last run", "next run", "new", "changed", "unchanged", "gone", "failed",
                "due", "oldest due", "problem",
            ),
            (_cells(source, now) for source in status.sources),
        )  # fmt: skip


def _cells(source: SourceStatus, now: datetime) -> tuple[str, ...]:
    state, total, due = source.state, source.state.total, source.due
    problem = source.reason if state.paused_at else source.reason or state.problem
    return (
        state.name, source.word, ago(state.finished_at, now, "never"), _next(source, now),
        str(total.new), str(total.changed), str(total.unchanged), str(total.gone), str(total.failed),
        str(due.count) if due else "", ago(due.oldest, now) if due else "", problem or "",
    )  # fmt: skip


def _closed_for(host: HostState, now: datetime) -> str:
    return f"for another {span(host.closed_until - now)}" if host.closed_until else "for a while"


def _next(source: SourceStatus, now: datetime) -> str:
    state = source.state
    if state.paused_at or not source.followed:
        return "-"
    if state.next_run_at and state.next_run_at <= now:
        return "now"
    return ago(state.next_run_at, now)


def _service(status: Status) -> str:
    leader, now = status.leader, status.now
    standing_by = sum(beat.role == "standby" and not status.is_stale(beat) for beat in status.beats)
    others = f"; {standing_by} standing by" if standing_by else ""
    if leader is None:
        return f"no service is running{others}"
    who = f"{leader.host} (pid {leader.pid})"
    heard = f"last heard of {ago(leader.at, now)}"
    if leader.owner in status.dead:
        return f"no service is running: {who}, {heard}, ended without a word"
    if status.is_stale(leader):
        return f"no service is running: {who} was {heard} and did not say that it ends{others}"
    doing = "is stopping" if leader.role == "stopping" else "is running"
    return f"{who} {doing}, started {ago(leader.started_at, now)}, {heard}{others}"


def _queue(status: Status) -> str:
    if not status.queued and not status.running:
        return "no submission waits"
    oldest = ago(status.oldest_submission, status.now)
    return f"{status.queued} submissions wait, {status.running} under way, the oldest came {oldest}"


def describe(status: Status) -> dict[str, object]:
    """The status as one JSON object: moments as dates, lengths of time in seconds."""
    leader = status.leader
    return {
        "at": status.now,
        "service": {
            "running": leader is not None and not status.is_stale(leader),
            "leader": leader and leader.owner,
            "processes": [
                {**asdict(beat), "stale": status.is_stale(beat), "silent_seconds": _seconds(status, beat.at)}
                for beat in status.beats
            ],
        },
        "revisits": {
            "due": status.due,
            "oldest": status.oldest_due,
            "lag_seconds": _seconds(status, status.oldest_due),
        },
        "submissions": {
            "queued": status.queued,
            "running": status.running,
            "oldest": status.oldest_submission,
        },
        "closed_hosts": [asdict(host) for host in status.closed],
        "disk": {
            "free_bytes": status.free,
            "floor_bytes": status.floor,
            "enough": status.free >= status.floor,
        },
        "sources": {source.state.name: _described_source(status, source) for source in status.sources},
    }


def _described_source(status: Status, source: SourceStatus) -> dict[str, object]:
    state, due = source.state, source.due
    facts = asdict(state)
    del facts["name"], facts["lease_owner"], facts["lease_until"], facts["interval"]
    return {
        "state": source.word,
        "state_reason": source.reason,
        "enabled": source.enabled,
        "paused": state.paused_at is not None,
        "running": source.running,
        **facts,
        "next_run_at": state.next_run_at if source.followed else None,
        "interval_seconds": state.interval.total_seconds() if state.interval else None,
        "due": due.count if due else 0,
        "oldest_due": due.oldest if due else None,
        "lag_seconds": _seconds(status, due.oldest) if due else 0,
    }


def _seconds(status: Status, since: datetime | None) -> float:
    """How long ago, never less than 0."""
    return max(0.0, (status.now - since).total_seconds()) if since else 0
