"""The sources: one YAML file each, those that come with the program below those of the home.

A file of the home with the name of one that comes with the program overrides only the keys that it gives.
"""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from archiver.config.schedule import SPARSE
from archiver.config.source import Source
from archiver.config.source_folder import SUFFIX, UnreadableError, content, printable, source_paths
from archiver.config.source_schema import ADDRESSES, READERS, REQUIRED, WrongValueError, did_you_mean
from archiver.config.strict_yaml import Mapping, Mark, YAMLProblem, merged, parse_mapping
from archiver.errors import ConfigurationError, UnknownSourceError

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SHIPPED = "shipped:"


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """What is wrong with a source file: where, and what was expected and found."""

    mark: Mark
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.mark}: {self.key}: {self.message}" if self.key else f"{self.mark}: {self.message}"


class SourceFileError(ConfigurationError):
    """A source file cannot be used as it is. `problems` are all that were found in it."""

    def __init__(self, problems: tuple[SourceProblem, ...]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SourceCatalogue:
    """All sources by name. `files` says which files each was read from, the last one overriding.

    `problems` has, by name, what is wrong with the files that could not be used; the sources in them are
    not in `sources`, all others are.
    """

    sources: dict[str, Source]
    files: dict[str, tuple[str, ...]]
    problems: dict[str, tuple[SourceProblem, ...]] = field(default_factory=dict)

    def get(self, name: str) -> Source:
        """The source called `name`. Raises UnknownSourceError, or SourceFileError when its file is broken."""
        if name in self.sources:
            return self.sources[name]
        if name in self.problems:
            raise SourceFileError(self.problems[name])
        hint = did_you_mean(name, [*self.sources, *self.problems])
        raise UnknownSourceError(f"there is no source {name!r}{hint}; `archiver sources list` shows all")

    @property
    def enabled(self) -> tuple[Source, ...]:
        """The sources that are switched on, by name."""
        return tuple(source for source in self if source.enabled)

    def lacking(self, environ: abc.Mapping[str, str]) -> dict[str, str]:
        """Of the sources that are switched on, by name, what those lack whose headers cannot be sent."""
        return {source.name: lack for source in self.enabled if (lack := source.lacks(environ))}

    def __iter__(self) -> Iterator[Source]:
        return iter(self.sources[name] for name in sorted(self.sources))

    def __len__(self) -> int:
        return len(self.sources)


def load_sources(home_sources: Path | None = None) -> SourceCatalogue:
    """The sources that come with the program and those in the folder `home_sources`, if it is there.

    Raises ConfigurationError when the folder is there and cannot be read.
    """
    sources: dict[str, Source] = {}
    problems: dict[str, tuple[SourceProblem, ...]] = {}
    shipped = _shipped_files()
    own = _own_files(home_sources) if home_sources else {}
    files: dict[str, tuple[str, ...]] = {}
    for name in sorted({*shipped, *own}):
        layers = [layer for layer in (shipped.get(name), own.get(name)) if layer]
        files[name] = tuple(layer.label for layer in layers)
        try:
            sources[name] = _source(name, layers)
        except SourceFileError as error:
            problems[name] = error.problems
    return SourceCatalogue(sources, files, problems)


def validate_source_file(path: Path, *, known_as: Path | None = None) -> Source:
    """The source in the file `path`, as `load_sources` would read it from a home, there called `known_as`.

    Raises SourceFileError with all problems, each with line, key, what was expected and what was found.
    """
    known_as = known_as or path
    name = printable(known_as.name).removesuffix(SUFFIX)
    below = _shipped_files().get(name)
    layers = [layer for layer in (below, _Layer(printable(str(known_as)), partial(content, path))) if layer]
    return _source(name, layers)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One file of a source; `label` is how people know it."""

    label: str
    read: Callable[[], bytes]

    def mapping(self) -> Mapping:
        top = Mark(self.label, 1)
        try:
            text = self.read()
            return parse_mapping(text.decode("utf-8"), self.label)
        except UnreadableError as error:
            problem = SourceProblem(top, "", str(error))
        except UnicodeDecodeError as error:
            place = Mark(self.label, text.count(b"\n", 0, error.start) + 1)
            problem = SourceProblem(place, "", "is not UTF-8 text; save it as UTF-8")
        except YAMLProblem as error:
            problem = SourceProblem(error.mark, "", error.message)
        raise SourceFileError((problem,))


def _shipped_files() -> dict[str, _Layer]:
    folder = resources.files("archiver.config") / "sources"
    return {
        entry.name.removesuffix(SUFFIX): _Layer(_SHIPPED + entry.name, entry.read_bytes)
        for entry in folder.iterdir()
        if entry.name.endswith(SUFFIX)
    }


def _own_files(folder: Path) -> dict[str, _Layer]:
    return {printable(path.name).removesuffix(SUFFIX): _own(path) for path in source_paths(folder) or ()}


def _own(path: Path) -> _Layer:
    return _Layer(printable(str(path)), partial(content, path))


def _source(name: str, layers: list[_Layer]) -> Source:
    mappings = [layer.mapping() for layer in layers]
    top = mappings[-1].mark
    whole = mappings[0]
    for mapping in mappings[1:]:
        whole = merged(whole, mapping)
    problems: list[SourceProblem] = []
    if not _NAME.fullmatch(name):
        problems.append(
            SourceProblem(top, "", f"expected a file name such as my-source{SUFFIX}, found {name + SUFFIX!r}")
        )
    values = _values(whole, problems)
    if values.setdefault("name", name) != name:
        problems.append(
            SourceProblem(
                whole.key_marks["name"],
                "name",
                f"expected {name!r} as the file is called, found {values['name']!r}",
            )
        )
    _check_whole(whole, values, problems)
    if problems:
        raise SourceFileError(tuple(sorted(problems, key=lambda problem: problem.mark.line)))
    source = Source(**{"revisit": SPARSE, **values})
    outside = tuple(_outside(whole, source))
    if outside:
        raise SourceFileError(outside)
    return source


def _values(whole: Mapping, problems: list[SourceProblem]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, node in whole.entries.items():
        if key not in READERS:
            hint = did_you_mean(key, READERS) or f" (there are {', '.join(READERS)})"
            problems.append(SourceProblem(whole.key_marks[key], key, f"is no key of a source{hint}"))
            continue
        try:
            values[key] = READERS[key](node)
        except WrongValueError as wrong:
            full_key = f"{key}.{wrong.key}" if wrong.key else key
            message = f"expected {wrong.expected}, found {wrong.found}"
            problems.append(SourceProblem(wrong.mark, full_key, message))
    return values


def _check_whole(whole: Mapping, values: dict[str, Any], problems: list[SourceProblem]) -> None:
    for key in REQUIRED:
        if key not in whole.entries:
            problems.append(SourceProblem(whole.mark, key, "is missing"))
        elif values.get(key) == ():
            problems.append(SourceProblem(whole.key_marks[key], key, "expected at least one, found none"))
    if not any(key in whole.entries for key in ADDRESSES):
        message = f"expected at least one of {', '.join(ADDRESSES)}, found none"
        problems.append(SourceProblem(whole.mark, "", message))


def _outside(whole: Mapping, source: Source) -> Iterator[SourceProblem]:
    """The addresses that are on none of the source's domains."""
    for key in ADDRESSES:
        for url in getattr(source, key):
            if not source.owns(url):
                message = f"expected an address on {', '.join(source.domains)}, found {url!r}"
                yield SourceProblem(whole.key_marks[key], key, message)
