"""The sources as their files say, read again when one changes; a broken file leaves its source as it was."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archiver.config.source import Source
from archiver.config.source_folder import source_paths
from archiver.config.sources import SourceCatalogue, load_sources
from archiver.errors import ArchiverError, ConfigurationError

log = logging.getLogger(__name__)
Fingerprint = frozenset[tuple[str, int, int, int]]


@dataclass(slots=True)
class SourceFiles:
    """The enabled sources of the files in `folder` and of those that come with the program.

    While the folder is away or cannot be read, all stays as it was: a disk that is not mounted is no wish of
    the operator. `refuses` says why a source may not be followed, None when it may; at the start that is an
    error. `lacks` says what one cannot be followed without: it is left out, at the start too.
    """

    folder: Path
    load: Callable[[Path], SourceCatalogue] = load_sources
    refuses: Callable[[Source], str | None] = lambda _source: None
    lacks: Callable[[Source], str | None] = lambda _source: None
    sources: dict[str, Source] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    _broken: frozenset[str] = frozenset()
    _seen: Fingerprint | None = None
    _was_there: bool = False
    _trouble: str | None = None

    def reload(self) -> bool:
        """Read the files if any has changed since the last time; whether other sources are enabled now.

        Raises ConfigurationError the first time when the folder cannot be read, or a source is refused.
        """
        is_first = self._seen is None
        try:
            found = self._look()
            catalogue = self.load(self.folder) if found != self._seen else None
            is_settled = catalogue is None or is_first or self._look() == found
        except ArchiverError as error:
            if is_first:
                raise
            self._tell_trouble(str(error))
            return False
        self._tell_trouble(None)
        if catalogue is None or not is_settled:  # what changes while it is read is read at the next look
            return False
        self._seen = found
        return self._take(catalogue, is_first=is_first)

    def _look(self) -> Fingerprint:
        """The folder as it is now. Raises ConfigurationError when it cannot be read, or is there no more."""
        paths = source_paths(self.folder)
        if paths is None and self._was_there:
            raise ConfigurationError(f"{self.folder} is not there any more")
        self._was_there = self._was_there or paths is not None
        return frozenset(_fingerprint(path) for path in paths or ())

    def _tell_trouble(self, trouble: str | None) -> None:
        if trouble and trouble != self._trouble:
            log.error("the source files cannot be read; all sources stay as they were: %s", trouble)
        elif self._trouble and not trouble:
            log.info("the source files can be read again")
        self._trouble = trouble

    def _take(self, catalogue: SourceCatalogue, *, is_first: bool) -> bool:
        enabled = {source.name: source for source in catalogue.enabled}
        for name, problems in catalogue.problems.items():
            kept = self.sources.get(name)
            if kept:
                enabled[name] = kept
            told = "it stays as it was" if kept else "it is left out"
            for problem in problems:
                log.error("source %s: %s; %s", name, problem, told)
        self._turn_away(enabled, is_first=is_first)
        for name in sorted(self._broken - catalogue.problems.keys()):
            if name in catalogue.sources and enabled.get(name) == self.sources.get(name):
                log.info("source %s: its file is well again; it stays as it was", name)
        self._broken = frozenset(catalogue.problems)
        changed = enabled != self.sources
        if changed and not is_first:
            _tell(self.sources, enabled)
        self.sources = enabled
        return changed

    def _turn_away(self, enabled: dict[str, Source], *, is_first: bool) -> None:
        self.left_out = {}
        for name, source in list(enabled.items()):
            refusal = self.refuses(source)
            if refusal and is_first:
                raise ConfigurationError(refusal)
            reason = refusal or self.lacks(source)
            if reason:
                log.error("source %s is left out: %s", name, reason)
                self.left_out[name] = reason
                del enabled[name]


def _tell(before: dict[str, Source], now: dict[str, Source]) -> None:
    for name in sorted(now.keys() - before.keys()):
        log.info("source %s is followed from now on", name)
    for name in sorted(before.keys() - now.keys()):
        log.info("source %s is no longer followed", name)
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            log.info("source %s was changed", name)


def _fingerprint(path: Path) -> tuple[str, int, int, int]:
    """Name, size and times of change of a file, by which a change is known; or why there are none."""
    try:
        status = path.stat()
    except OSError as error:  # told with the reason when the file is read
        return path.name, -1, error.errno or 0, 0
    return path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns
