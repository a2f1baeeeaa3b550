"""The sources as their files say, read again when one changes; a broken file leaves its source as it was."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archiver.config.source import Source
from archiver.config.sources import SourceCatalogue, load_sources
from archiver.errors import ArchiverError, ConfigurationError

log = logging.getLogger(__name__)
Fingerprint = frozenset[tuple[str, int, int]]


@dataclass(slots=True)
class SourceFiles:
    """The enabled sources of the files in `folder` and of those that come with the program.

    `refuses` says why a source may not be followed, None when it may.
    """

    folder: Path
    load: Callable[[Path], SourceCatalogue] = load_sources
    refuses: Callable[[Source], str | None] = lambda _source: None
    sources: dict[str, Source] = field(default_factory=dict)
    _seen: Fingerprint | None = None

    def reload(self) -> bool:
        """Read the files if any has changed since the last time; whether other sources are enabled now."""
        found = _fingerprint(self.folder)
        if found == self._seen:
            return False
        is_first, self._seen = self._seen is None, found
        try:
            catalogue = self.load(self.folder)
        except ArchiverError as error:
            if is_first:
                raise
            log.error("the source files cannot be read; all sources stay as they were: %s", error)  # noqa: TRY400
            return False
        enabled = {source.name: source for source in catalogue.enabled}
        for name, problems in catalogue.problems.items():
            kept = self.sources.get(name)
            if kept:
                enabled[name] = kept
            told = "it stays as it was" if kept else "it is left out"
            for problem in problems:
                log.error("source %s: %s; %s", name, problem, told)
        self._turn_away(enabled, is_first=is_first)
        changed = enabled != self.sources
        if changed and not is_first:
            _tell(self.sources, enabled)
        self.sources = enabled
        return changed

    def _turn_away(self, enabled: dict[str, Source], *, is_first: bool) -> None:
        for name, source in list(enabled.items()):
            reason = self.refuses(source)
            if reason and is_first:
                raise ConfigurationError(reason)
            if reason:
                log.error("source %s is left out: %s", name, reason)
                del enabled[name]


def _tell(before: dict[str, Source], now: dict[str, Source]) -> None:
    for name in sorted(now.keys() - before.keys()):
        log.info("source %s is followed from now on", name)
    for name in sorted(before.keys() - now.keys()):
        log.info("source %s is no longer followed", name)
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            log.info("source %s was changed", name)


def _fingerprint(folder: Path) -> Fingerprint:
    """Name, size and time of change of every file."""
    found = set()
    for path in folder.glob("*.y*ml"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # removed while we looked: the next look sees the folder without it
        found.add((path.name, status.st_size, status.st_mtime_ns))
    return frozenset(found)
