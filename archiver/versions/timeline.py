"""Folds the snapshots of one article into its distinct versions: A, B, A is two of them, one seen twice."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterable

from archiver.model.snapshot import Snapshot
from archiver.model.version import Comparison, Seen, Timeline, Version
from archiver.versions.compare import compare, first_seen
from archiver.versions.furniture import Furniture

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


class _Fold:
    def __init__(self, siblings_of: SiblingsOf) -> None:
        self._siblings_of = siblings_of
        self._seen: list[list[Seen]] = []
        self._comparisons: list[Comparison] = []
        self._shown: dict[Hashable, list[tuple[int, Snapshot]]] = {}
        self._last: tuple[int, Snapshot] | None = None
        self._key: str | None = None

    def add(self, snapshot: Snapshot) -> None:
        number = self._number(snapshot)
        if number == len(self._seen):
            self._seen.append([])
        self._seen[number].append(Seen(snapshot.id, snapshot.captured_at))
        shown = self._shown.setdefault(_sign(snapshot), [])
        if all(known != number for known, _ in shown):
            shown.append((number, snapshot))
        self._last = number, snapshot
        self._key = snapshot.article_key or self._key

    def _number(self, snapshot: Snapshot) -> int:
        """Which version `snapshot` shows; as many as there are, when it is a new one."""
        if self._last is None:
            self._comparisons.append(first_seen(snapshot))
            return 0
        number, previous = self._last
        comparison = compare(previous, snapshot, self._siblings_of(previous, snapshot))
        self._comparisons.append(comparison)
        if not comparison.is_change:
            return number
        for earlier, shown in self._shown.get(_sign(snapshot), [])[-MOST_TRIED:]:
            if not compare(shown, snapshot, self._siblings_of(shown, snapshot)).is_change:
                return earlier
        return len(self._seen)

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
