"""Reads `srcset` and `sizes` as browsers do (HTML standard, 4.8.4.3), and makes the choice that they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_CANDIDATES = 500
"""Candidates of one `srcset` that are read; real ones have some dozen."""

_BETWEEN = re.compile(r"[ \t\n\f\r,]*")
_URL = re.compile(r"[^ \t\n\f\r]+")
_DESCRIPTORS = re.compile(r"(?:[^,(]++|\([^)]*+\)?)*+")
_WORD = re.compile(r"(?:[^ \t\n\f\r(]++|\([^)]*+\)?)++")
_WIDTH = re.compile(r"[0-9]+w")
_HEIGHT = re.compile(r"[0-9]+h")
_DENSITY = re.compile(r"-?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?x")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One image candidate string: `width` in pixels (`640w`) or `density` (`2x`), or neither (1x)."""

    url: str
    width: int | None = None
    density: float | None = None


def parse_srcset(text: str) -> tuple[Candidate, ...]:
    """The image candidates of a `srcset` attribute; those with wrong descriptors are left out."""
    candidates: list[Candidate] = []
    position, end = 0, len(text)
    while len(candidates) < MAX_CANDIDATES:
        position = _skip(_BETWEEN, text, position)
        if position >= end:
            break
        found = _URL.match(text, position)
        assert found is not None, "what follows white space and commas is something else"
        url, position = found[0], found.end()
        descriptors = ""
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            stop = _skip(_DESCRIPTORS, text, position)
            descriptors, position = text[position:stop], stop
        candidate = _candidate(url, _WORD.findall(descriptors))
        if candidate is not None:
            candidates.append(candidate)
    return tuple(candidates)


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _candidate(url: str, descriptors: Sequence[str]) -> Candidate | None:
    """The candidate, or None where the standard calls its descriptors an error."""
    width: int | None = None
    height: int | None = None
    density: float | None = None
    for word in descriptors[:4]:
        number = word[:-1]
        if len(number) > 12:
            return None
        if _WIDTH.fullmatch(word) and width is None and density is None and int(number):
            width = int(number)
        elif _DENSITY.fullmatch(word) and width is None and density is None and height is None:
            density = float(number)
            if density < 0:
                return None
        elif _HEIGHT.fullmatch(word) and height is None and density is None and int(number):
            height = int(number)
        else:
            return None
    if height is not None and width is None:
        return None
    return Candidate(url, width, density)


_MEDIA = re.compile(r"\(\s*+(min|max)-(width|height)\s*+:\s*+([0-9.]++)\s*+(px|em|rem)?\s*+\)")
_RANGE = re.compile(r"\(\s*+(width|height)\s*+(<=|>=|<|>)\s*+([0-9.]++)\s*+(px|em|rem)?\s*+\)")
_NUMBER = r"([0-9]++(?:\.[0-9]++)?|\.[0-9]++)"
_LENGTH = re.compile(rf"{_NUMBER}\s*+(px|vw|em|rem|vh)?")
_TERM = re.compile(rf"(?:(?<=\s)([-+])\s+)?{_NUMBER}(px|vw|em|rem|vh)")
_EM = 16.0


@dataclass(frozen=True, slots=True)
class Screen:
    """The browser window whose choice is followed; `width` and `height` in CSS pixels."""

    width: int = 1366
    height: int = 768
    density: float = 1.0

    def matches(self, media: str | None) -> bool:
        """Whether a media query holds; what is not about size holds, but print and dark do not."""
        if not media or not media.strip():
            return True
        return any(self._matches_one(query) for query in media[:1000].lower().split(","))

    def _matches_one(self, query: str) -> bool:
        if "print" in query or "dark" in query or query.strip().startswith("not "):
            return False
        if "portrait" in query and self.height < self.width:
            return False
        for bound, axis, number, unit in _MEDIA.findall(query):
            limit, own = self._pixels(number, unit), self.width if axis == "width" else self.height
            if (own < limit) if bound == "min" else (own > limit):
                return False
        for axis, sign, number, unit in _RANGE.findall(query):
            limit, own = self._pixels(number, unit), self.width if axis == "width" else self.height
            if not {"<": own < limit, "<=": own <= limit, ">": own > limit, ">=": own >= limit}[sign]:
                return False
        return True

    def source_size(self, sizes: str | None) -> float:
        """The width in CSS pixels that a `sizes` attribute gives; 100vw where it says nothing usable."""
        for part in _at_top_level(sizes or "")[:50]:
            media, length = _split_size(part)
            if media and not self.matches(media):
                continue
            pixels = self._length(length)
            if pixels is not None:
                return pixels
        return float(self.width)

    def choose(self, candidates: Sequence[Candidate], sizes: str | None) -> Candidate | None:
        """The candidate that a browser shows: the least dense that is sharp, else the densest."""
        if not candidates:
            return None
        size = max(self.source_size(sizes), 1.0)
        density = {id(c): (c.width / size if c.width else c.density or 1.0) for c in candidates}
        sharp = [c for c in candidates if density[id(c)] >= self.density]
        if sharp:
            return min(sharp, key=lambda c: density[id(c)])
        return max(candidates, key=lambda c: density[id(c)])

    def _length(self, text: str) -> float | None:
        text = text.strip().lower()
        if text.startswith(("calc(", "min(", "max(", "clamp(")):
            return self._calculated(text)
        found = _LENGTH.fullmatch(text)
        return self._pixels(found[1], found[2]) if found else None

    def _calculated(self, text: str) -> float | None:
        """A rough `calc()`: the sum of its lengths with their signs, or the least of them for `min()`."""
        terms = [
            (-1.0 if sign == "-" else 1.0) * self._pixels(number, unit)
            for sign, number, unit in _TERM.findall(text[:300])
        ]
        if not terms:
            return None
        value = min(terms) if text.startswith("min(") else sum(terms) if "calc" in text else max(terms)
        return value if value > 0 else None

    def _pixels(self, number: str, unit: str | None) -> float:
        try:
            value = float(number[:12])
        except ValueError:
            return 0.0
        factors = {"vw": self.width / 100, "vh": self.height / 100, "em": _EM, "rem": _EM}
        return value * factors.get(unit or "px", 1.0)


def _at_top_level(sizes: str) -> list[str]:
    """The parts between the commas that stand in no bracket."""
    return [
        part for part in re.findall(r"(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+", sizes[:4000]) if part.strip()
    ]


def _split_size(part: str) -> tuple[str, str]:
    """The media condition and the length of one part of `sizes`."""
    part = part.strip()
    if not part.startswith("(") and not part.lower().startswith(("not ", "only ", "screen")):
        return "", part
    cut = re.search(r"\s(?=(?:calc|min|max|clamp)\(|[^\s()]+$)", part)
    return (part[: cut.start()], part[cut.end() :]) if cut else (part, "")
