"""How each source does, for `archiver status`: what its file says, and what a service makes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.config.source import Source
from archiver.config.source_folder import source_paths
from archiver.config.sources import SourceCatalogue
from archiver.crawl.contact import lacks_contact
from archiver.model.operations import SourceState
from archiver.storage.index import DueSource, Index


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source: its state, whether its file says `enabled` (None without a usable one), and what is due.

    `broken` is what is wrong with its file and what becomes of the source, `refused` why the service leaves
    it out although its file is well, `gone` what becomes of it while its file is not there, `followed`
    whether a service looks at it or would.
    """

    state: SourceState
    enabled: bool | None
    due: DueSource | None
    running: bool
    broken: str | None = None
    refused: str | None = None
    gone: str | None = None
    followed: bool = True

    @property
    def word(self) -> str:
        """`paused`, `running`, `broken file`, `left out`, `on`, `off`, or `no file`."""
        if self.state.paused_at:
            return "paused"
        if self.running:
            return "running"
        if self.broken:
            return "broken file"
        if self.refused:
            return "left out"
        return {None: "no file", True: "on", False: "off"}[self.enabled]

    @property
    def is_worked_on(self) -> bool:
        """Whether a service visits its articles, or would."""
        return self.followed and not self.state.paused_at

    @property
    def reason(self) -> str | None:
        """Why it is as `word` says."""
        paused = self.state.paused_reason if self.state.paused_at else None
        return "; ".join(filter(None, (paused, self.broken, self.refused, self.gone))) or None


class Followed:
    """Which sources the service follows: the one that runs if `is_led`, else one that would be started."""

    def __init__(
        self, home: Home, settings: Settings, catalogue: SourceCatalogue, index: Index, *, is_led: bool
    ) -> None:
        self.catalogue = catalogue
        self.index = index
        self.is_led = is_led
        self.is_folder_gone = source_paths(home.sources) is None
        self._settings = settings

    def is_kept(self, name: str) -> bool:
        """Whether a service that runs follows the source; APScheduler is loaded for that alone."""
        if not self.is_led:
            return False
        from archiver.service.timetable import is_followed

        return is_followed(self.index.job_store(), name)

    def refusal(self, source: Source) -> str | None:
        """Why a service leaves out the source that is switched on; None when it does not.

        A service that runs has an environment of its own, of which its timetable tells.
        """
        refusal = lacks_contact(self._settings, source.urls)
        secrets = [header for header in source.headers if header.variable]
        if refusal or not secrets or self.is_kept(source.name):
            return refusal
        lack = source.lacks(os.environ)
        if self.is_led and not lack:
            names = ", ".join(sorted({str(header.variable) for header in secrets}))
            return f"the service that runs does not follow it: has it the environment variable {names}?"
        return lack

    def without_file(self, name: str) -> str | None:
        """What becomes of a source whose file is gone, while a service that runs follows it."""
        if not self.is_kept(name):
            return None
        if self.is_folder_gone:
            return "the folder sources/ is gone; the service follows it as it was until the folder is back"
        return "its file is gone; the service follows it until it reads the files again, within seconds"


def source_statuses(followed: Followed, now: datetime, dead: frozenset[str]) -> list[SourceStatus]:
    """Those that are switched on or broken, were ever paused or worked on, or have something due; by name.

    The leases of the processes `dead` are void.
    """
    catalogue, index = followed.catalogue, followed.index
    planned = {each.name: each for each in index.operations.sources.all()}
    known = [
        each.name
        for each in planned.values()
        if each.paused_at or each.started_at or each.finished_at or _is_lost(followed, each.name)
    ]
    late = {each.source: each for each in index.due_sources(now)}
    names = {*known, *late, *catalogue.problems, *(source.name for source in catalogue.enabled)}
    found = []
    for name in sorted(names):
        state = planned.get(name, SourceState(name))
        is_held = state.lease_until is not None and state.lease_until > now
        found.append(_status(followed, state, late.get(name), is_held and state.lease_owner not in dead))
    return found


def _is_lost(followed: Followed, name: str) -> bool:
    """Whether the source was in the folder that is gone, and is followed without it."""
    return followed.is_folder_gone and followed.is_kept(name)


def _status(followed: Followed, state: SourceState, due: DueSource | None, running: bool) -> SourceStatus:
    source, problems = followed.catalogue.sources.get(state.name), followed.catalogue.problems.get(state.name)
    status = partial(SourceStatus, state, source.enabled if source else None, due, running)
    if problems:
        is_kept = followed.is_kept(state.name)
        told = "it stays as it was" if is_kept else "it is left out"
        return status(broken=f"{problems[0]}; {told}", followed=is_kept)
    if source and source.enabled:
        refusal = followed.refusal(source)
        return status(refused=refusal, followed=refusal is None)
    gone = followed.without_file(state.name) if source is None or followed.is_folder_gone else None
    return status(gone=gone, followed=gone is not None)
