"""Bylines as citation styles want them: family and given name where that is certain, else the name as it is.

A byline taken apart wrongly is worse than one that is whole, so organisations, single names and scripts in
which the order of a name is not ours to guess stay in one piece.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_ORGANISATION = re.compile(
    r"(?i)\b(agenc(?:y|ia)|agence|agentur|associated press|association|authority|board|broadcasting|bureau"
    r"|center|centre|committee|company|corporation|correspondents?|council|department|desk|editorial|editors"
    r"|foundation|gazette|government|group|herald|inc|institute|journal|ltd|media|ministry|network|news"
    r"|newsroom|office|organi[sz]ation|press|redaktion|rédaction|redacción|redazione|reporters|reuters"
    r"|service|society|staff|times|tribune|union|university|wires?)\b"
)
_PARTICLES = frozenset(
    ["af", "al", "ap", "bin", "bint", "da", "das", "de", "degli", "dei", "del", "della", "den", "der", "des",
     "di", "do", "dos", "du", "e", "el", "ibn", "la", "las", "le", "les", "lo", "los", "of", "ten", "ter",
     "'t", "van", "vom", "von", "y", "zu", "zum", "zur"]
)  # fmt: skip
_SUFFIX = re.compile(r"(?i)(?:jr|sr)\.?|ii|iii|iv")
_LATIN_LIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN")


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it. `family` is None for what is not taken apart: `name` is then the whole."""

    name: str
    family: str | None = None
    given: str | None = None
    suffix: str | None = None

    @property
    def inverted(self) -> str:
        """`Family, Given`, or the name as it is."""
        if self.family is None:
            return self.name
        return ", ".join(part for part in (self.family, self.given, self.suffix) if part)

    @property
    def initials(self) -> str:
        """The given names as initials, such as `J.-L. M.`, for styles that shorten."""
        words = (self.given or "").split()
        return " ".join("-".join(f"{part[0]}." for part in word.split("-") if part) for word in words)


def parse_author(name: str, site: str | None = None) -> Author:
    """The author that a byline names; `site` is the name of the outlet, which often signs itself."""
    if not _is_person(name, site):
        return Author(name)
    if name.count(",") == 1:
        family, _, given = (part.strip() for part in name.partition(","))
        if _SUFFIX.fullmatch(given):
            person = parse_author(family, site)
            return Author(name, person.family, person.given, given) if person.family else Author(name)
        return Author(f"{given} {family}", family, given) if family and given else Author(name)
    words = name.split()
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else None
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return Author(name, " ".join(words[start:]), " ".join(words[:start]), suffix)


def _is_person(name: str, site: str | None) -> bool:
    words = name.split()
    if not 2 <= len(words) <= 6 or (site and name.casefold() == site.casefold()):
        return False
    if _ORGANISATION.search(name) or any(character in name for character in '/&@|():;"') or name.isupper():
        return False
    if name.count(",") > 1 or any(character.isdigit() for character in name):
        return False
    letters = [character for character in name if character.isalpha()]
    if not all(unicodedata.name(letter, "").startswith(_LATIN_LIKE) for letter in letters):
        return False
    return all(word[0].isupper() or word.lower() in _PARTICLES for word in words)
