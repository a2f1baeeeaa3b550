"""The comparison of two texts for people: paragraphs are aligned, then the words inside are compared."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fast_diff_match_patch import diff

from archiver.model.version import ParagraphChange, ParagraphChangeKind
from archiver.spiders.extraction.digests import paragraph_digest

ALIKE = 0.4
"""The share of words that two paragraphs have in common when one is an edit of the other."""
MOST_PAIRS = 2_500
"""The most pairs of paragraphs tried within one gap; a larger gap is paired in order."""
WORD_DIFF_SECONDS = 1.0

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana and Han are written without spaces: there each character is a word."""
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|\s+|[^\w\s]")
_FIRST_CODE = 0x100
_SURROGATES = range(0xD800, 0xE000)


class SpanKind(StrEnum):
    """What became of a stretch of text."""

    EQUAL = "equal"
    INSERT = "insert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text: all but the inserted make up the earlier text, all but the deleted the later."""

    kind: SpanKind
    text: str


_KINDS = {"=": SpanKind.EQUAL, "+": SpanKind.INSERT, "-": SpanKind.DELETE}


def align(before: Sequence[str], after: Sequence[str]) -> tuple[ParagraphChange, ...]:
    """The paragraphs that differ, in reading order.

    Paragraphs count as equal by their digests (NFC, white space collapsed). What is removed in one place and
    equal to what is added in another moved; what has at least 0.4 of its words in common was edited.
    """
    old, new = _numbered(before), _numbered(after)
    kept = _longest_common(old, new)
    removed, added, edited = _gaps(before, after, kept)
    places = {new[j]: j for j in added}
    moved = {i: places[old[i]] for i in removed if old[i] in places}
    arrived = frozenset(moved.values())
    changes: list[tuple[float, ParagraphChange]] = [
        *((j, ParagraphChange(ParagraphChangeKind.EDITED, before[i], after[j], j)) for i, j in edited),
        *((j, ParagraphChange(ParagraphChangeKind.MOVED, before[i], after[j], j)) for i, j in moved.items()),
        *(
            (j, ParagraphChange(ParagraphChangeKind.ADDED, None, after[j], j))
            for j in added
            if j not in arrived
        ),
    ]
    standing = sorted([*kept, *edited])
    starts = [i for i, _ in standing]
    for i in removed:
        if i not in moved:
            previous = bisect_left(starts, i) - 1
            place = standing[previous][1] + 0.5 if previous >= 0 else -0.5
            changes.append((place, ParagraphChange(ParagraphChangeKind.REMOVED, before[i], None, i)))
    return tuple(change for _, change in sorted(changes, key=lambda entry: entry[0]))


def spans(before: str, after: str) -> tuple[Span, ...]:
    """How `before` became `after`, word by word; a script without spaces is compared by characters.

    The text of all spans but the inserted is `before`, of all but the deleted `after`.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    codes = {token: _code(rank) for rank, token in enumerate(dict.fromkeys([*old, *new]))}
    steps = diff(
        "".join(codes[token] for token in old),
        "".join(codes[token] for token in new),
        timelimit=WORD_DIFF_SECONDS,
        cleanup="No",
    )
    found: list[Span] = []
    i = j = 0
    for sign, count in steps:
        kind = _KINDS[sign]
        tokens = new[j : j + count] if kind is SpanKind.INSERT else old[i : i + count]
        i += 0 if kind is SpanKind.INSERT else count
        j += 0 if kind is SpanKind.DELETE else count
        found.append(Span(kind, "".join(tokens)))
    return tuple(_joined(found))


def as_html(parts: Iterable[Span]) -> str:
    """The spans with `ins` and `del` elements, the text escaped."""
    tags = {SpanKind.INSERT: "ins", SpanKind.DELETE: "del"}
    return "".join(
        f"<{tags[part.kind]}>{html.escape(part.text)}</{tags[part.kind]}>"
        if part.kind in tags
        else html.escape(part.text)
        for part in parts
    )


def as_text(parts: Iterable[Span]) -> str:
    """The spans in one line for a terminal without colours: `[-deleted-]{+inserted+}`."""
    marks = {SpanKind.INSERT: ("{+", "+}"), SpanKind.DELETE: ("[-", "-]"), SpanKind.EQUAL: ("", "")}
    return "".join(part.text.join(marks[part.kind]) for part in parts)


def _numbered(paragraphs: Sequence[str]) -> list[tuple[bytes, int]]:
    """Each paragraph's digest and how often it stood before, so that no two are equal."""
    seen: Counter[bytes] = Counter()
    numbered = []
    for paragraph in paragraphs:
        digest = paragraph_digest(paragraph).value
        numbered.append((digest, seen[digest]))
        seen[digest] += 1
    return numbered


def _longest_common(
    old: Sequence[tuple[bytes, int]], new: Sequence[tuple[bytes, int]]
) -> list[tuple[int, int]]:
    """The longest run of pairs in the same order on both sides (n log n, since no two entries are equal)."""
    places = {entry: j for j, entry in enumerate(new)}
    pairs = [(i, places[entry]) for i, entry in enumerate(old) if entry in places]
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        ends[length : length + 1] = [j]
        last[length : length + 1] = [number]
        before.append(last[length - 1] if length else -1)
    common = []
    number = last[-1] if last else -1
    while number >= 0:
        common.append(pairs[number])
        number = before[number]
    return common[::-1]


def _gaps(
    before: Sequence[str], after: Sequence[str], kept: Sequence[tuple[int, int]]
) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """What stands between the equal paragraphs: removed and added, and pairs of which one is an edit."""
    removed: list[int] = []
    added: list[int] = []
    edited: list[tuple[int, int]] = []
    i = j = 0
    for next_i, next_j in [*kept, (len(before), len(after))]:
        olds, news = list(range(i, next_i)), list(range(j, next_j))
        pairs = _paired(before, after, olds, news) if olds and news else []
        edited += pairs
        removed += sorted(set(olds) - {old for old, _ in pairs})
        added += sorted(set(news) - {new for _, new in pairs})
        i, j = next_i + 1, next_j + 1
    return removed, added, edited


def _paired(
    before: Sequence[str], after: Sequence[str], olds: list[int], news: list[int]
) -> list[tuple[int, int]]:
    """The pairs in order whose likeness, summed up, is greatest."""
    bags = {i: _words(before[i]) for i in olds}
    others = {j: _words(after[j]) for j in news}
    if len(olds) * len(news) > MOST_PAIRS:
        near = zip(olds, news, strict=False)
        return [(i, j) for i, j in near if _likeness(bags[i], others[j]) >= ALIKE]
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [[(0.0, ())] * (len(news) + 1)]
    for i in olds:
        row: list[tuple[float, tuple[tuple[int, int], ...]]] = [(0.0, ())]
        for column, j in enumerate(news, 1):
            choice = max(best[-1][column], row[-1])
            likeness = _likeness(bags[i], others[j])
            if likeness >= ALIKE:
                total, chosen = best[-1][column - 1]
                choice = max(choice, (total + likeness, (*chosen, (i, j))))
            row.append(choice)
        best.append(row)
    return list(best[-1][-1][1])


def _words(text: str) -> Counter[str]:
    return Counter(token for token in _TOKEN.findall(text) if not token.isspace())


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def _code(rank: int) -> str:
    code = _FIRST_CODE + rank
    return chr(code if code < _SURROGATES.start else code + len(_SURROGATES))


def _joined(parts: Iterable[Span]) -> list[Span]:
    """Neighbours of one kind made one; a space between two changed words belongs to the change."""
    joined: list[Span] = []
    for part in parts:
        if joined and joined[-1].kind is part.kind:
            joined[-1] = Span(part.kind, joined[-1].text + part.text)
        elif part.text:
            joined.append(part)
    return joined
