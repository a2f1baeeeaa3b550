"""Permanent identifiers: ARKs with the NOID check character, short, opaque and sayable.

`ark:99999/` + 12 letters and digits that cannot be mistaken for each other (no vowels, no `l`), the last
of them the check character that catches every single wrong character and every swap of two neighbours
(NOID Check Digit Algorithm, computed over `NAAN/NAME`). 11 random characters are 53 bits, so that
machines can mint without asking each other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

ALPHABET = "0123456789bcdfghjkmnpqrstvwxz"
LENGTH = 11

_RESOLVER = re.compile(r"(?i)^(?:https?://[^/?#]+/(?:[^?#]*/)?)?(?=ark:)")
_LOOKS_LIKE = str.maketrans({"o": "0", "l": "1", "i": "1", "u": "v", "y": "v", "a": "4", "e": "3"})


def mint(naan: str = "99999") -> str:
    """A new identifier under the name assigning authority number `naan`."""
    name = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"ark:{naan}/{name}{check_character(f'{naan}/{name}')}"


def check_character(text: str) -> str:
    """The check character of `text` (NAAN, slash and name without it)."""
    total = sum(place * ALPHABET.find(letter) for place, letter in enumerate(text, 1) if letter in ALPHABET)
    return ALPHABET[total % len(ALPHABET)]


def is_identifier(text: str) -> bool:
    """Whether `text` is meant as an ARK, right or mistyped, and not as a URL of a page."""
    return _RESOLVER.sub("", text.strip()).lower().startswith("ark:")


def is_valid(identifier: str) -> bool:
    """Whether `identifier` is an ARK whose check character is right. Hyphens do not count (ARK spec, 3.1)."""
    body = normalise(identifier).removeprefix("ark:")
    naan, slash, name = body.partition("/")
    return bool(slash and naan and len(name) > 1) and check_character(body[:-1]) == body[-1]


def normalise(identifier: str) -> str:
    """The one spelling: `ark:NAAN/name`, from any that the ARK specification allows, a resolver's URL too."""
    text = _RESOLVER.sub("", identifier.strip()).lower().replace("-", "")
    return "ark:" + text.removeprefix("ark:").removeprefix("/").rstrip("/")


def likely(mistyped: str) -> Iterator[str]:
    """The valid identifiers that `mistyped` may stand for, likeliest first; which exist is for others to say.

    First those with letters that only look like the right ones, then two neighbours swapped, one wrong
    character, one too many, one left out. At most 411 for a name of 12 characters.
    """
    naan, slash, name = normalise(mistyped).removeprefix("ark:").partition("/")
    if not slash or not name or len(name) > 64:
        return
    seen = {name}
    for candidate in _corrections(name):
        if candidate in seen:
            continue
        seen.add(candidate)
        identifier = f"ark:{naan}/{candidate}"
        if set(candidate) <= set(ALPHABET) and is_valid(identifier):
            yield identifier


def _corrections(name: str) -> Iterator[str]:
    meant = name.translate(_LOOKS_LIKE)
    yield meant
    for place in range(len(meant) - 1):
        yield meant[:place] + meant[place + 1] + meant[place] + meant[place + 2 :]
    if len(meant) != LENGTH:  # else one was left out
        for place in range(len(meant)):
            for letter in ALPHABET:
                yield meant[:place] + letter + meant[place + 1 :]
    if len(meant) > LENGTH + 1:
        for place in range(len(meant)):
            yield meant[:place] + meant[place + 1 :]
    if len(meant) <= LENGTH:
        for place in range(len(meant) + 1):
            for letter in ALPHABET:
                yield meant[:place] + letter + meant[place:]
