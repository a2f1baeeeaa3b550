"""Permanent identifiers: ARKs with the NOID check character, short, opaque and sayable.

`ark:99999/` + 12 letters and digits that cannot be mistaken for each other (no vowels, no `l`), the last
of them the check character that catches every single wrong character and every swap of two neighbours
(NOID Check Digit Algorithm, computed over `NAAN/NAME`). 11 random characters are 53 bits, so that
machines can mint without asking each other.
"""

from __future__ import annotations

import secrets

ALPHABET = "0123456789bcdfghjkmnpqrstvwxz"
LENGTH = 11


def mint(naan: str = "99999") -> str:
    """A new identifier under the name assigning authority number `naan`."""
    name = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"ark:{naan}/{name}{check_character(f'{naan}/{name}')}"


def check_character(text: str) -> str:
    """The check character of `text` (NAAN, slash and name without it)."""
    total = sum(place * ALPHABET.find(letter) for place, letter in enumerate(text, 1) if letter in ALPHABET)
    return ALPHABET[total % len(ALPHABET)]


def is_valid(identifier: str) -> bool:
    """Whether `identifier` is an ARK whose check character is right. Hyphens do not count (ARK spec, 3.1)."""
    body = normalise(identifier).removeprefix("ark:")
    naan, slash, name = body.partition("/")
    return bool(slash and naan and len(name) > 1) and check_character(body[:-1]) == body[-1]


def normalise(identifier: str) -> str:
    """The one spelling: `ark:NAAN/name`, from any that the ARK specification allows."""
    text = identifier.strip().lower().replace("-", "")
    return "ark:" + text.removeprefix("ark:").removeprefix("/").rstrip("/")
