"""Picture addresses in the state that scripts carry: found as text; no script is run or parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_ADDRESSES = 2_000

_ADDRESS = re.compile(
    r"https?:(?:\\?/|\\u002[fF]){2}[^\s\"'<>\\]{3,60}(?:\\?/|\\u002[fF])(?:[^\s\"'<>\\]|\\/|\\u00[23][0-9a-fA-F]){1,1500}"
)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|avif|gif)(?![a-z0-9])", re.IGNORECASE)
_DESCRIPTION = re.compile(r"caption|\balt(?:_?text)?\\?\"|legend|imageText|bildunter|credit", re.IGNORECASE)
_BESIDE = 300
"""Characters before and after an address that are looked at."""
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def script_addresses(text: str) -> Iterator[tuple[str, bool]]:
    """The addresses of picture files in a script, each once, JSON escapes undone.

    With each comes whether something beside it describes a picture: a caption, an alt text, a credit.
    """
    if not _PICTURE.search(text):
        return
    seen: set[str] = set()
    for match in _ADDRESS.finditer(text):
        written = match[0]
        if not _PICTURE.search(written) or written in seen:
            continue
        seen.add(written)
        beside = (
            text[max(0, match.start() - _BESIDE) : match.start()] + text[match.end() : match.end() + _BESIDE]
        )
        address = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), written).replace("\\/", "/")
        yield address.rstrip(",;)"), _DESCRIPTION.search(beside) is not None
        if len(seen) >= MAX_ADDRESSES:
            return
