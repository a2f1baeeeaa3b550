"""Tells what stands around an article from the article: what changes on every page is no edit of this one.

Four signs, none of which knows a publisher: a paragraph is mostly links; it says what time it is; it is the
label of a box; or the same words stand, or came and went within the hour, on other articles of the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archiver.model.article import Paragraph, ParagraphKind
from archiver.model.digest import Digest
from archiver.model.snapshot import Snapshot
from archiver.model.version import Noise, ParagraphChange, ParagraphChangeKind
from archiver.spiders.extraction.digests import paragraph_digest, paragraph_digests
from archiver.versions.clock import is_clock, same_but_for_the_clock
from archiver.versions.phrases import ADVERTISEMENT, APPEAL, LABEL, TRAILING_ADVERTISEMENT

LINKED = 0.6
LONGEST_LINKED = 300
LONGEST_LABEL = 200
LONGEST_FRAGMENT = 60
ENOUGH_SIBLINGS = 2
"""On one other article a paragraph may be the background that reporters repeat."""
COPY = 0.5
"""An article that shares more of its paragraphs is a copy of this one, not a sibling."""
SAME_HOUR = timedelta(hours=1)

_SENTENCE_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f\u061f\u0964]\W*$")
_ENDS_LABEL = re.compile(r"\s*(?:$|[:\uff1a>»|\u2192\u25b6\u2013\u2014-])")


@dataclass(frozen=True, slots=True)
class Furniture:
    """What other articles of the source say that paragraphs of this one are, by digest."""

    paragraphs: frozenset[Digest] = frozenset()

    def __contains__(self, text: str) -> bool:
        return bool(self.paragraphs) and paragraph_digest(text) in self.paragraphs


NO_FURNITURE = Furniture()


def furniture_of(
    before: Snapshot, after: Snapshot, siblings: Iterable[Snapshot], changed: Iterable[Changed] = ()
) -> Furniture:
    """What stands on at least two of `siblings`, or came or went on one of them in the hour of `after`.

    `siblings` are snapshots of other articles of the same source near the two visits, `changed` the visits at
    which they changed. Those of the same article, and copies of it under another address, do not count.
    """
    own = {digest for side in (before, after) if side.article for digest in paragraph_digests(side.article)}
    standing: dict[Digest, set[str]] = {}
    for sibling in siblings:
        name = sibling.article_key or sibling.page.target_uri
        if sibling.article is None or name in (_name(before), _name(after)):
            continue
        digests = frozenset(paragraph_digests(sibling.article))
        if len(digests & own) > COPY * len(digests):
            continue
        for digest in digests & own:
            standing.setdefault(digest, set()).add(name)
    found = {digest for digest, names in standing.items() if len(names) >= ENOUGH_SIBLINGS}
    for other in changed:
        if abs(other.at - after.captured_at) <= SAME_HOUR and other.article_key != after.article_key:
            found |= other.paragraphs & own
    return Furniture(frozenset(found))


@dataclass(frozen=True, slots=True)
class Changed:
    """The paragraphs that came or went at one visit to one article."""

    article_key: str | None
    at: datetime
    paragraphs: frozenset[Digest]


def _name(snapshot: Snapshot) -> str:
    return snapshot.article_key or snapshot.page.target_uri


class Text:
    """The paragraphs of one visit, and between which of them the sentences stand."""

    def __init__(self, paragraphs: Sequence[Paragraph]) -> None:
        self._by_words = {paragraph.text: paragraph for paragraph in paragraphs}
        sentences = [place for place, paragraph in enumerate(paragraphs) if not _is_fragment(paragraph)]
        self._first, self._last = (sentences[0], sentences[-1]) if sentences else (-1, len(paragraphs))

    def paragraph(self, words: str) -> Paragraph:
        """The paragraph that says exactly `words`."""
        return self._by_words[words]

    def is_at_edge(self, position: int) -> bool:
        """Whether nothing but fragments stands before, or nothing but fragments after."""
        return position <= self._first or position >= self._last


def noise_of(
    change: ParagraphChange, before: Text, after: Text, language: str | None, furniture: Furniture
) -> Noise | None:
    """Why the change of a paragraph is no change of the article; None when it is one."""
    if change.before is not None and change.after is not None:
        noise = _noise_of_edit(change.before, change.after, language)
        if noise:
            return noise
    sides = [
        text.paragraph(words)
        for text, words in ((before, change.before), (after, change.after))
        if words is not None
    ]
    verdicts = [_nature(paragraph, language, furniture) for paragraph in sides]
    if all(verdicts):
        return verdicts[-1]
    holder = before if change.after is None else after
    at_edge = change.kind is ParagraphChangeKind.MOVED or holder.is_at_edge(change.position)
    return Noise.FRAGMENT if at_edge and all(map(_is_fragment, sides)) else None


def _noise_of_edit(before: str, after: str, language: str | None) -> Noise | None:
    if before == after:
        return None
    if same_but_for_the_clock(before, after, language):
        return Noise.CLOCK
    if TRAILING_ADVERTISEMENT.sub("", before) == TRAILING_ADVERTISEMENT.sub("", after):
        return Noise.LABEL
    return None


def _is_fragment(paragraph: Paragraph) -> bool:
    """Whether it is a few words without the end of a sentence: the name of a section, a writer, a place."""
    text = paragraph.text
    return (
        paragraph.kind in (ParagraphKind.PARAGRAPH, ParagraphKind.LIST)
        and len(text) <= LONGEST_FRAGMENT
        and not _SENTENCE_END.search(text)
    )


def _nature(paragraph: Paragraph, language: str | None, furniture: Furniture) -> Noise | None:
    text = paragraph.text
    if text in furniture:
        return Noise.SIBLINGS
    if len(text) <= LONGEST_LINKED and paragraph.linked >= LINKED:
        return Noise.LINKS
    if is_clock(text, language):
        return Noise.CLOCK
    if len(text) <= LONGEST_LABEL and _is_label(paragraph):
        return Noise.LABEL
    return None


def _is_label(paragraph: Paragraph) -> bool:
    if ADVERTISEMENT.fullmatch(paragraph.text):
        return True
    match = LABEL.match(paragraph.text)
    if match and _ENDS_LABEL.match(paragraph.text, match.end()):
        return True
    return paragraph.kind is not ParagraphKind.QUOTE and bool(APPEAL.search(paragraph.text))
