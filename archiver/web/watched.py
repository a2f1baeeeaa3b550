"""The sources as people and programs are told of them: what is watched, how it goes, what it brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archiver.model.moment import to_warc_date
from archiver.model.operations import SourceState
from archiver.storage.index import SourceStats
from archiver.web.site import Site


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """One source; `is_on` is None for what no source file names: asked for by hand, or of a former source."""

    name: str
    title: str
    country: str
    domains: tuple[str, ...]
    is_on: bool | None
    stats: SourceStats
    state: SourceState
    now: datetime

    @property
    def is_running(self) -> bool:
        """Whether somebody works on it."""
        return self.state.lease_until is not None and self.state.lease_until > self.now

    @property
    def condition(self) -> str:
        """One word: `paused`, `off`, `running`, `failing`, `on`; empty where there is nothing to watch."""
        if self.is_on is None:
            return ""
        if self.state.paused_at:
            return "paused"
        if not self.is_on:
            return "off"
        if self.is_running:
            return "running"
        return "failing" if self.state.failures else "on"


@dataclass(frozen=True, slots=True)
class WatchedSources:
    """All of them, those that are on and brought most first; `unreadable` source files are left out."""

    rows: tuple[WatchedSource, ...]
    unreadable: int

    @property
    def shown(self) -> tuple[WatchedSource, ...]:
        """Those that are on, were worked on, or brought something."""
        return tuple(row for row in self.rows if not self._is_idle(row))

    @property
    def idle(self) -> tuple[WatchedSource, ...]:
        """Those that are off and never brought anything: most of what ships with the program."""
        return tuple(row for row in self.rows if self._is_idle(row))

    @staticmethod
    def _is_idle(row: WatchedSource) -> bool:
        return row.condition == "off" and not row.stats.captures and row.state.started_at is None

    @property
    def were_worked_on(self) -> bool:
        """Whether the service ever worked on one of them."""
        return any(row.state.started_at or row.state.paused_at for row in self.rows)


def watched_sources(site: Site) -> WatchedSources:
    """What is watched, and what was ever archived besides."""
    catalogue = site.sources()
    stats = site.index.stats().sources
    states = {state.name: state for state in site.index.operations.sources.all()}
    now = datetime.now(UTC)
    rows = [
        WatchedSource(
            source.name, source.title, source.country, tuple(source.domains), source.enabled,
            stats.get(source.name, SourceStats()), states.get(source.name, SourceState(source.name)), now,
        )
        for source in catalogue
    ]  # fmt: skip
    rows.sort(key=lambda row: (not row.is_on, -row.stats.snapshots, row.name))
    known = {source.name for source in catalogue}
    others = [
        WatchedSource(
            name, name or "asked for by hand", "", (), None, own, states.get(name, SourceState(name)), now
        )
        for name, own in stats.items()
        if name not in known
    ]
    return WatchedSources((*others, *rows), len(catalogue.problems))


def described_source(one: WatchedSource) -> dict[str, Any]:
    """A source with its state and totals, as JSON has them."""
    state = one.state
    moments = {
        name: to_warc_date(at) if at else None
        for name, at in (
            ("paused_at", state.paused_at), ("started_at", state.started_at),
            ("finished_at", state.finished_at), ("succeeded_at", state.succeeded_at),
            ("next_run_at", state.next_run_at),
        )
    }  # fmt: skip
    return {
        "name": one.name, "title": one.title, "country": one.country, "domains": list(one.domains),
        "enabled": one.is_on, "condition": one.condition, **moments, "paused_reason": state.paused_reason,
        "failures": state.failures, "problem": state.problem,
        "totals": {name: getattr(one.stats, name) for name in SourceStats.__dataclass_fields__},
    }  # fmt: skip
