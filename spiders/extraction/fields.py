"""Where the values of each field are collected, in the order of trust, so that disagreement can be kept."""

from __future__ import annotations

import dataclasses
import html
import re
from dataclasses import dataclass

from archiver.model.article import ArticleField, Doubt, Finding

MOST_DISAGREEING = 8
LONGEST_VALUE = 2_000

_SPACE = re.compile(r"\s+")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")


def plain(value: object) -> str:
    """`value` as one line of text: character references decoded, white space collapsed; else empty."""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
    text = value[: 4 * LONGEST_VALUE]
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(html.unescape(text))
    return _SPACE.sub(" ", text.replace("\x00", "")).strip()[:LONGEST_VALUE]


@dataclass(slots=True)
class Candidates:
    """The values found for one field, most trusted first."""

    field: ArticleField
    found: list[Finding] = dataclasses.field(default_factory=list)

    def add(self, value: object, origin: str, doubt: Doubt | None = None) -> None:
        """Append `value` unless it is empty or is no text."""
        text = plain(value)
        if text and len(self.found) < 64:
            self.found.append(Finding(self.field, text, origin, doubt))

    @property
    def first(self) -> Finding | None:
        """The most trusted value that nothing speaks against, else the most trusted."""
        return next((finding for finding in self.found if not finding.doubt), None) or next(
            iter(self.found), None
        )

    def others_than(self, chosen: Finding | None) -> list[Finding]:
        """The values that differ from `chosen` and from each other, bounded."""
        seen = {_folded(chosen.value)} if chosen else set()
        others: list[Finding] = []
        for finding in self.found:
            if _folded(finding.value) not in seen and len(others) < MOST_DISAGREEING:
                seen.add(_folded(finding.value))
                others.append(finding)
        return others


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()
