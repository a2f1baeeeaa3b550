"""The text of each element of a page, found in one walk over the page.

Readers ask for the text of thousands of elements, many of which stand in each other. To walk into each of
them would cost the square of a page that is nested; so the walk is done once, and each knows its part.
"""

from __future__ import annotations

import re

from lxml import etree
from lxml.etree import _Element

LONGEST_TEXT = 1_000
MOST_PIECES = 2_000

_SPACE = re.compile(r"\s+")
_BREAKS = frozenset({"br", "p", "div", "li", "td", "h1", "h2", "h3", "h4", "ul", "section", "figcaption"})
_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "button"})


class _Run:
    """Pieces of text in order, each with its length; white space that follows on white space is left out."""

    __slots__ = ("lengths", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.lengths: list[int] = []

    def add(self, piece: str) -> None:
        length = len(piece.strip())
        if length or (self.lengths and self.lengths[-1]):
            self.pieces.append(piece)
            self.lengths.append(length)

    def has_text(self, start: int) -> bool:
        return any(self.lengths[start : start + 2])


class Texts:
    """The text that a reader sees in each element of the tree `root`, which must not be changed meanwhile."""

    def __init__(self, root: _Element) -> None:
        self._parts: dict[_Element, tuple[_Run, int, int]] = {}
        """For each element that has text the run in which it stands, from where to where."""
        run = _Run()
        opened: list[tuple[_Run, int]] = []
        for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
            if event == "start":
                opened.append((run, len(run.pieces)))
                run = self._begin(element, run)
                continue
            if event == "end":
                run, start = opened.pop()
                self._end(element, run, start)
            if element.tail:
                run.add(element.tail)

    @staticmethod
    def _begin(element: _Element, run: _Run) -> _Run:
        """What is not seen gets a run of its own: in it, an element that is asked for alone has its text."""
        tag = element.tag
        if tag in _UNSEEN:
            return _Run()
        if tag in _BREAKS:
            run.add(" ")
        if element.text:
            run.add(element.text)
        return run

    def _end(self, element: _Element, run: _Run, start: int) -> None:
        if run.has_text(start):
            self._parts[element] = (run, start, len(run.pieces))
        if element.tag in _BREAKS:
            run.add(" ")

    def of(self, element: _Element, limit: int = LONGEST_TEXT) -> str:
        """The text in `element`, one line, at most about `limit` characters."""
        part = self._parts.get(element)
        if part is None:
            return ""
        run, start, end = part
        end = min(end, start + MOST_PIECES)
        pieces: list[str] = []
        length = 0
        for piece, own in zip(run.pieces[start:end], run.lengths[start:end], strict=True):
            pieces.append(piece[: 4 * limit])
            length += own
            if length > limit:
                break
        return _SPACE.sub(" ", "".join(pieces)).strip()
