"""Filters of CDX clients: regular expressions of strangers, matched in linear time (RE2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import re2

from archiver.errors import UsageError
from archiver.web.cdx.row import field_of

_LONGEST: Final = 500
_MEMORY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one field."""

    field: str
    is_negated: bool
    matches: Callable[[str], bool]

    def keeps(self, value: str) -> bool:
        """Whether a row whose field has this value stays."""
        return self.matches(value) != self.is_negated


def parse_filter(text: str, *, is_pywb: bool) -> Filter:
    """`[!]field:regex`; with pywb `[!]field:part`, `[!]=field:text`, `[!]~field:regex`. Raises UsageError."""
    is_negated = text.startswith("!")
    text = text.removeprefix("!")
    kind = text[:1] if text[:1] in ("=", "~") else ""
    name, colon, wanted = text.removeprefix(kind).partition(":")
    if not colon:
        raise UsageError("a filter is written field:regex, with ! before it to exclude")
    if len(wanted) > _LONGEST:
        raise UsageError(f"the expression of a filter may have {_LONGEST} characters")
    field = field_of(name)
    if kind == "=":
        return Filter(field, is_negated, lambda value: value == wanted)
    if is_pywb and not kind:
        return Filter(field, is_negated, lambda value: wanted in value)
    return Filter(field, is_negated, _expression(wanted))


def _expression(written: str) -> Callable[[str], bool]:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        compiled = re2.compile(written, options)
    except re2.error:
        raise UsageError(f"{written[:60]!r} is no regular expression (RE2 syntax)") from None
    return lambda value: compiled.fullmatch(value) is not None
