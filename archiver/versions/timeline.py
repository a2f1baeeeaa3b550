"""Folds the snapshots of one article into its distinct versions: A, B, A is two of them, one seen twice."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from archiver.model.snapshot import Snapshot
from archiver.model.version import Comparison, Seen, Timeline, Version
from archiver.versions.compare import compare, first_seen
from archiver.versions.furniture import Furniture
from archiver.versions.seen import Pictures, seen_pictures

MOST_TRIED = 30

SiblingsOf = Callable[[Snapshot, Snapshot], Furniture | None]


def no_siblings(_before: Snapshot, _after: Snapshot) -> Furniture | None:
    """For an article whose source has no other snapshots."""
    return None


def fold(snapshots: Iterable[Snapshot], siblings_of: SiblingsOf = no_siblings) -> Timeline:
    """The versions of the article that `snapshots` show, in whatever order they are given.

    Each visit is compared with the one before it; what differs only in noise is the same version. A version
    is seen again when a snapshot of it and the new one do not differ; it is looked for among the last 30 with
    the same title and longest paragraph. Raises IncomparableError when extractor versions are mixed.
    """
    folding = _Fold(siblings_of)
    for snapshot in sorted(snapshots, key=lambda snapshot: (snapshot.captured_at, snapshot.id)):
        folding.add(snapshot)
    return folding.timeline()


@dataclass(frozen=True, slots=True)
class _Shown:
    """A snapshot, its pictures with what is known of them from earlier ones, and which version it shows."""

    number: int
    snapshot: Snapshot
    pictures: Pictures


class _Fold:
    def __init__(self, siblings_of: SiblingsOf) -> None:
        self._siblings_of = siblings_of
        self._seen: list[list[Seen]] = []
        self._comparisons: list[Comparison] = []
        self._shown: dict[Hashable, list[_Shown]] = {}
        self._last: _Shown | None = None
        self._key: str | None = None

    def add(self, snapshot: Snapshot) -> None:
        pictures = seen_pictures(snapshot, self._last.pictures if self._last else ())
        number = self._number(snapshot, pictures)
        if number == len(self._seen):
            self._seen.append([])
        self._seen[number].append(Seen(snapshot.id, snapshot.captured_at))
        self._last = _Shown(number, snapshot, pictures)
        shown = self._shown.setdefault(_sign(snapshot), [])
        if all(known.number != number for known in shown):
            shown.append(self._last)
        self._key = snapshot.article_key or self._key

    def _number(self, snapshot: Snapshot, pictures: Pictures) -> int:
        """Which version `snapshot` shows; as many as there are, when it is a new one."""
        if self._last is None:
            self._comparisons.append(first_seen(snapshot))
            return 0
        comparison = self._compared(self._last, snapshot, pictures)
        self._comparisons.append(comparison)
        if not comparison.is_change:
            return self._last.number
        for shown in self._shown.get(_sign(snapshot), [])[-MOST_TRIED:]:
            if not self._compared(shown, snapshot, pictures).is_change:
                return shown.number
        return len(self._seen)

    def _compared(self, shown: _Shown, snapshot: Snapshot, pictures: Pictures) -> Comparison:
        siblings = self._siblings_of(shown.snapshot, snapshot)
        return compare(shown.snapshot, snapshot, siblings, (shown.pictures, pictures))

    def timeline(self) -> Timeline:
        versions = tuple(Version(number, tuple(seen)) for number, seen in enumerate(self._seen, 1))
        return Timeline(self._key, versions, tuple(self._comparisons))


def _sign(snapshot: Snapshot) -> Hashable:
    """What two snapshots of one version share before noise is judged: the title and the longest paragraph."""
    if snapshot.article is None:
        return None
    title = " ".join(unicodedata.normalize("NFC", snapshot.article.title or "").split())
    longest = max(snapshot.article.paragraphs, key=lambda p: len(p.text), default=None)
    return title, longest.text if longest else ""
