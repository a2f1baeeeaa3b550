"""YAML as a source file may use it: keys, text and lists, each with its line; nothing that runs or unfolds.

Aliases, tags, merge keys, repeated keys and second documents are refused, and every scalar stays the text
that was written: `no` is Norwegian here, never false.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

LONGEST_TEXT = 256 * 1024
_DEEPEST = 8
_MOST_NODES = 20_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands: the file as shown to people, the line from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written; `quoted` when it cannot mean null, true or a number."""

    text: str
    quoted: bool
    mark: Mark

    @property
    def is_null(self) -> bool:
        """Whether nothing was written, or `null`."""
        return not self.quoted and self.text in ("", "~", "null")


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    nodes: tuple[Node, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in order; `key_marks` says where each key stands."""

    entries: dict[str, Node]
    key_marks: dict[str, Mark]
    mark: Mark


Node = Scalar | Sequence | Mapping


class YAMLProblem(Exception):  # noqa: N818 - collected and reported as a problem of the file
    """The text is no YAML, or uses what is refused. `mark` is where."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark
        self.message = message


def parse_mapping(text: str, file: str) -> Mapping:
    """The mapping that `text` is. Raises YAMLProblem; `file` is for its marks."""
    top = Mark(file, 1)
    if len(text) > LONGEST_TEXT:
        raise YAMLProblem(top, f"expected at most {LONGEST_TEXT:,} characters, found {len(text):,}")
    try:
        node = _Reading(file, yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        line = place.line + 1 if place else 1
        raise YAMLProblem(Mark(file, line), f"is not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise YAMLProblem(top, f"is not YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(node, Mapping):
        raise YAMLProblem(top, "expected lines of the form `key: value`")
    return node


class _Reading:
    """Builds nodes from the events of the parser, so that nothing is resolved or constructed."""

    def __init__(self, file: str, events: Iterator[yaml.Event]) -> None:
        self._file = file
        self._events = events
        self._nodes = 0

    def document(self) -> Node | None:
        document: Node | None = None
        count = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                count += 1
                if count > 1:
                    raise YAMLProblem(self._mark(event), "expected one document, found a second after `---`")
                document = self._node(next(self._events), 0)
        return document

    def _node(self, event: yaml.Event, depth: int) -> Node:
        mark = self._mark(event)
        self._refuse(event, depth, mark)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, event.style in ("'", '"', "|", ">"), mark)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self._members(yaml.SequenceEndEvent, depth)), mark)
        return self._mapping(mark, depth)

    def _refuse(self, event: yaml.Event, depth: int, mark: Mark) -> None:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent):
            raise YAMLProblem(mark, f"aliases are refused: write out what `*{event.anchor}` stands for")
        if self._nodes > _MOST_NODES or depth > _DEEPEST:
            raise YAMLProblem(mark, "is nested too deep or has too many values for a source")
        if anchor := getattr(event, "anchor", None):
            raise YAMLProblem(mark, f"anchors are refused: remove `&{anchor}`")
        if tag := getattr(event, "tag", None):
            raise YAMLProblem(mark, f"tags are refused: remove `{tag}`")

    def _members(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)

    def _mapping(self, mark: Mark, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        marks: dict[str, Mark] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise YAMLProblem(key.mark, "expected a word as key, found a list or mapping")
            if key.text in entries:
                first = marks[key.text].line
                raise YAMLProblem(key.mark, f"{key.text} was given before, in line {first}; keep one of them")
            entries[key.text] = self._node(next(self._events), depth + 1)
            marks[key.text] = key.mark
        return Mapping(entries, marks, mark)

    def _mark(self, event: yaml.Event) -> Mark:
        assert event.start_mark is not None
        return Mark(self._file, event.start_mark.line + 1)


def merged(base: Mapping, over: Mapping) -> Mapping:
    """`base` with what `over` says instead; mappings within are merged likewise, lists replaced whole."""
    entries, marks = dict(base.entries), {**base.key_marks, **over.key_marks}
    for key, node in over.entries.items():
        below = entries.get(key)
        both = isinstance(below, Mapping) and isinstance(node, Mapping)
        entries[key] = merged(below, node) if both else node  # type: ignore[arg-type]
    return Mapping(entries, marks, over.mark)
