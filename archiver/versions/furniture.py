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
from archiver.versions.phrases import APPEAL, LABEL

LINKED = 0.6
LONGEST_LINKED = 300
LONGEST_LABEL = 200
ENOUGH_SIBLINGS = 2
"""On one other article a paragraph may be the background that reporters repeat."""
COPY = 0.5
"""An article that shares more of its paragraphs is a copy of this one, not a sibling."""
SAME_HOUR = timedelta(hours=1)

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


def noise_of(
    change: ParagraphChange,
    before: Sequence[Paragraph],
    after: Sequence[Paragraph],
    language: str | None,
    furniture: Furniture,
) -> Noise | None:
    """Why the change of a paragraph is no change of the article; None when it is one."""
    if (
        change.kind is ParagraphChangeKind.EDITED
        and change.before is not None
        and change.after is not None
        and same_but_for_the_clock(change.before, change.after, language)
    ):
        return Noise.CLOCK
    sides = [
        next(p for p in paragraphs if p.text == text)
        for paragraphs, text in ((before, change.before), (after, change.after))
        if text is not None
    ]
    verdicts = [_nature(paragraph, language, furniture) for paragraph in sides]
    return verdicts[-1] if all(verdicts) else None


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
    match = LABEL.match(paragraph.text)
    if match and _ENDS_LABEL.match(paragraph.text, match.end()):
        return True
    return paragraph.kind is not ParagraphKind.QUOTE and bool(APPEAL.search(paragraph.text))
