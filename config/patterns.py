"""Regular expressions from source files: compiled once, and refused when they could run for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_PATTERN = 500
_REPEATS = (parser.MAX_REPEAT, parser.MIN_REPEAT)
_MANY = 20


def compile_pattern(text: str) -> re.Pattern[str]:
    """`text` compiled. Raises ValueError that says what is expected instead."""
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"a pattern of at most {LONGEST_PATTERN} characters")
    try:
        tree = parser.parse(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"a regular expression ({error})") from None
    if _explodes(tree, 0):
        raise ValueError("a pattern without a repetition inside a repetition, such as (a+)+")
    if not text or re.compile(text).fullmatch(""):
        raise ValueError("a pattern that does not match everything")
    return re.compile(text)


def _explodes(tree: Iterable[Any], depth: int) -> bool:
    """Whether an unbounded repetition stands inside another, which can take exponential time."""
    for operation, argument in tree:
        inner = depth
        if operation in _REPEATS and argument[1] > _MANY:
            inner += 1
        if inner > 1 or any(_explodes(branch, inner) for branch in _branches(operation, argument)):
            return True
    return False


def _branches(operation: Any, argument: Any) -> list[Iterable[Any]]:
    """The parts of an operation that are patterns themselves."""
    parts = argument if isinstance(argument, tuple | list) else (argument,)
    found = [part for part in parts if isinstance(part, parser.SubPattern)]
    if operation is parser.BRANCH:
        found += argument[1]
    return found
