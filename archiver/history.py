"""The history of an article: its versions, what changed between them, and what visits found in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from archiver.errors import ArchiverError, NotFoundError
from archiver.model.article import ExtractedArticle
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent, Comparison, Timeline
from archiver.retrieval import Retrieval
from archiver.spiders.extraction import EXTRACTOR_VERSION, ExtractionError, extract
from archiver.storage.index import Index
from archiver.uri import with_scheme
from archiver.versions import (
    address_key,
    article_key,
    compare,
    fold,
    key_of,
    long_paragraphs,
    pictures_through,
)

_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is known of one article: `snapshots` oldest first, all read by the same extractor."""

    url: str
    snapshots: tuple[Snapshot, ...]
    timeline: Timeline
    events: tuple[ArticleEvent, ...]

    def steps(self) -> Iterator[tuple[datetime, Comparison | ArticleEvent]]:
        """Snapshots (as compared with the one before) and events in the order of time."""
        times = {snapshot.id: snapshot.captured_at for snapshot in self.snapshots}
        steps: list[tuple[datetime, Comparison | ArticleEvent]] = [
            (times[comparison.after], comparison) for comparison in self.timeline.comparisons
        ]
        steps += [(event.observed_at, event) for event in self.events]
        yield from sorted(steps, key=lambda step: step[0])


class Historian:
    """Tells histories from an archive. Pages that another extractor version read are read again."""

    def __init__(self, index: Index, retrieval: Retrieval) -> None:
        self._index = index
        self._retrieval = retrieval

    def history(self, url: str) -> History:
        """The history of the article that `url` leads to, under all its URLs. Raises NotFoundError."""
        shown = list(self._index.snapshots(url))
        begun = _begun(with_scheme(url), shown)
        if not begun:
            raise NotFoundError(
                f"no snapshot of {url} in this archive (archiver capture {with_scheme(url)} makes one)"
            )
        found = [s for key, start in begun.items() for s in self._snapshots((key,)) if s.captured_at >= start]
        snapshots = tuple(self.current(s) for s in _of_the_story(shown, found))
        places = {address_key(place) for s in snapshots for place in (s.seed, s.page.target_uri)}
        events = [
            event
            for key, start in begun.items()
            for event in self._index.events(key)
            if event.observed_at >= start and address_key(event.url) in places
        ]
        events.sort(key=lambda event: event.observed_at)
        return History(url, snapshots, fold(snapshots), tuple(events))

    def _snapshots(self, keys: Iterable[str]) -> list[Snapshot]:
        """Those of the articles that `keys` name, oldest first, as they are stored."""
        found = {s.id: s for key in keys for s in self._index.article_snapshots(key)}
        return sorted(found.values(), key=lambda s: (s.captured_at, s.id))

    def compared(self, before: Snapshot, after: Snapshot) -> Comparison:
        """What differs between two snapshots of an article, as `current` gives them.

        What its other snapshots know of the pictures counts: since when one is gone, and what it was.
        """
        keys = dict.fromkeys(filter(None, map(key_of, (before, after))))
        every = {s.id: s for s in (*self._snapshots(keys), before, after)}
        known = pictures_through(every.values())
        return compare(before, after, pictures=(known[before.id], known[after.id]))

    def difference(self, url: str, from_: datetime | None, to: datetime | None) -> tuple[Snapshot, Snapshot]:
        """The two snapshots of the article closest to two dates; without dates the last two versions.

        Raises NotFoundError when there are no two.
        """
        history = self.history(url)
        if len(history.snapshots) < 2:
            raise NotFoundError(f"there is only one snapshot of {url}: nothing to compare it with")
        seen = {snapshot.id: snapshot for snapshot in history.snapshots}
        firsts = [seen[version.seen[0].snapshot_id] for version in history.timeline.versions]
        last = history.snapshots[-1]
        after = min(history.snapshots, key=lambda s: abs(s.captured_at - to)) if to else last
        if from_:
            return min(history.snapshots, key=lambda s: abs(s.captured_at - from_)), after
        earlier = [s for s in firsts if s.captured_at < after.captured_at and s.id != after.id]
        known = pictures_through(history.snapshots)
        distinct = [
            s for s in earlier if compare(s, after, pictures=(known[s.id], known[after.id])).is_change
        ]
        before = (distinct or earlier or [history.snapshots[0]])[-1]
        return before, after

    def current(self, snapshot: Snapshot) -> Snapshot:
        """`snapshot` as the present extractor reads its stored page; the archive itself stays as it is."""
        if snapshot.article and snapshot.article.extractor_version == EXTRACTOR_VERSION:
            return snapshot
        article = self.read(snapshot)
        if snapshot.article is None and article:
            # unread, it named no address of its own; its key came from where it was fetched
            key = article_key(article, snapshot.page.target_uri, snapshot.seed)
            return replace(snapshot, article=article, article_key=key)
        return replace(snapshot, article=article)

    def read(self, snapshot: Snapshot) -> ExtractedArticle | None:
        """The article in the stored page of `snapshot`, read again; None when it cannot be read."""
        known = self._index.extraction(snapshot.page.record_id, EXTRACTOR_VERSION)
        if known:
            return known
        capture = self._index.capture(snapshot.page.record_id)
        if capture is None:
            return None
        try:
            found = self._retrieval.open(capture)
            page = b"".join(found.payload())
            content_type = found.record.http().header("Content-Type") or ""
            charset = content_type.partition("charset=")[2].strip(" \"'") or None
            return replace(extract(page, snapshot.page.target_uri, charset), pictures=())
        except (ExtractionError, ArchiverError):
            return None


def _begun(url: str, shown: Iterable[Snapshot]) -> dict[str, datetime]:
    """The articles that `url` showed, by key, and from when on they belong to its history.

    From the beginning if the page came from `url` itself; else since `url` first led to it: what an article
    elsewhere was before that is no history of `url`.
    """
    here = address_key(url)
    begun: dict[str, datetime] = {}
    for snapshot in shown:
        key = key_of(snapshot)
        if key and address_key(snapshot.page.target_uri) == here:
            begun[key] = _EVER
        elif key:
            begun.setdefault(key, snapshot.captured_at)
    return begun


def _of_the_story(shown: Iterable[Snapshot], found: Iterable[Snapshot]) -> list[Snapshot]:
    """Those of `found` that are `shown` or tell the same story as one that is, oldest first.

    The page of another story can have called itself the same address.
    """
    own = {snapshot.id for snapshot in shown}
    waiting = {snapshot.id: snapshot for snapshot in found}
    joined = [snapshot for snapshot in waiting.values() if snapshot.id in own]
    kept: list[Snapshot] = []
    told: set[object] = set()
    while joined:
        kept += joined
        for snapshot in joined:
            del waiting[snapshot.id]
            told |= _told(snapshot)
        joined = [s for s in waiting.values() if s.article is None or not told.isdisjoint(_told(s))]
    return sorted(kept, key=lambda snapshot: (snapshot.captured_at, snapshot.id))


def _told(snapshot: Snapshot) -> set[object]:
    """What tells a story from others: its title and its long paragraphs."""
    article = snapshot.article
    if article is None:
        return set()
    return {*long_paragraphs(article), *filter(None, (article.title,))}
