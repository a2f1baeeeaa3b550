"""How the pictures of an article changed, by their bytes where both visits have them, or as last had."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from archiver.model.digest import Digest
from archiver.model.version import Noise, PictureChange, PictureChangeKind
from archiver.versions.seen import Gone, Match, Pictures, Seen, counterparts, matched, without_cache_key


def compare_pictures(olds: Pictures, news: Pictures) -> tuple[PictureChange, ...]:
    """Every difference between two visits' pictures in the order of the later page, the removed last."""
    matches = matched(olds, news)
    told = [each for match in matches for each in _differences(match, olds, news)]
    lasting = {i for match in matches for i in match.olds}
    known = {j for match in matches for j in match.news}
    told += ((j, _came_or_went(PictureChangeKind.ADDED, new)) for j, new in enumerate(news) if j not in known)
    told.sort(key=lambda each: each[0])
    left = (old for i, old in enumerate(olds) if i not in lasting)
    removed = (_came_or_went(PictureChangeKind.REMOVED, old) for old in left)
    return (*(change for _, change in told), *removed)


def _differences(match: Match, olds: Pictures, news: Pictures) -> Iterator[tuple[int, PictureChange]]:
    """Each difference with the place of the later picture."""
    ones, others = [olds[i] for i in match.olds], [news[j] for j in match.news]
    still = any(one.had for one in ones) == any(other.had for other in others)
    for j, old, new in counterparts(match, olds, news):
        change = _change(old, new)
        of_bytes = _gone_or_back(old, new, change) if old.gone or new.gone else _bytes(old, new, change)
        if of_bytes and (match.is_one_to_one or not (still and of_bytes.kind is PictureChangeKind.NOT_HAD)):
            yield j, of_bytes
    for change in _words(ones, others):
        yield match.news[0], change


def _change(old: Seen, new: Seen) -> PictureChange:
    alt, caption = new.words
    noise = None if old.counts and new.counts else Noise.ROLE
    return PictureChange(PictureChangeKind.REPLACED, new.url, alt=alt, caption=caption, noise=noise)


def _words(olds: Sequence[Seen], news: Sequence[Seen]) -> Iterator[PictureChange]:
    """How what is said of a picture changed.

    Of pictures that were kept as one the words of one only are known. So where they were joined or split,
    words that any of them had at both visits tell of no change.
    """
    change = _change(
        next((old for old in olds if old.counts), olds[0]), next((new for new in news if new.counts), news[0])
    )
    ones, others = [old.picture.found for old in olds], [new.picture.found for new in news]
    automatic = any(found.automatic_alt for found in (*ones, *others))
    for kind, earlier, later in (
        (PictureChangeKind.ALT, [one.alt for one in ones], [other.alt for other in others]),
        (PictureChangeKind.CAPTION, [one.caption for one in ones], [other.caption for other in others]),
        (PictureChangeKind.CREDIT, [one.credit for one in ones], [other.credit for other in others]),
    ):
        said, says = (
            {plain for words in all_words if (plain := _plain(words))} for all_words in (earlier, later)
        )
        if (said or says) and not said & says and not (kind is PictureChangeKind.ALT and automatic):
            yield replace(change, kind=kind, before=_first(earlier), after=_first(later))


def _first(every: Sequence[str | None]) -> str | None:
    return next((words for words in every if _plain(words)), every[0])


def _gone_or_back(old: Seen, new: Seen, change: PictureChange) -> PictureChange | None:
    """What can be said of a picture that is or was gone; of one still gone, that a second look says so.

    What is gone is what its address gave: a picture that had given way to that one before is not.
    """
    if new.gone is None:
        back = replace(
            change, kind=PictureChangeKind.BACK_AGAIN, before_digest=_any(old), after_digest=_any(new)
        )
        return (_replaced(old, new, change) or back) if new.last else None
    if old.gone is None:
        if old.last and new.gone.url not in old.last and not _digests(old) & _digests(new):
            return _bytes(old, new, change)
        return _gone(PictureChangeKind.GONE, old, new.gone, change)
    if new.gone.confirmed and not old.gone.confirmed:
        return _gone(PictureChangeKind.STILL_GONE, old, new.gone, change)
    return None


def _gone(kind: PictureChangeKind, old: Seen, gone: Gone, change: PictureChange) -> PictureChange:
    return replace(
        change,
        kind=kind,
        url=gone.url,
        before_digest=old.last.get(gone.url) or _any(old),
        after=f"answers {gone.status}",
        confirmed=gone.confirmed,
    )


def _bytes(old: Seen, new: Seen, change: PictureChange) -> PictureChange | None:
    """What can be said of the bytes: nothing when any are equal, replaced when one address gave others."""
    known = bool(old.last and new.last)
    if not known or _digests(old) & _digests(new):
        return _not_had(old, new, change) if bool(old.had) != bool(new.had) else None
    rendition = replace(
        change,
        kind=PictureChangeKind.RENDITION,
        before_digest=_any(old),
        after_digest=_any(new),
        noise=change.noise or Noise.RENDITION,
    )
    return _replaced(old, new, change) or rendition


def _not_had(old: Seen, new: Seen, change: PictureChange) -> PictureChange:
    reasons = (old.picture.reason or _status(old), new.picture.reason or _status(new))
    return replace(
        change,
        kind=PictureChangeKind.NOT_HAD,
        before_digest=_any(old) if old.had else None,
        after_digest=_any(new) if new.had else None,
        before=None if old.had else reasons[0],
        after=None if new.had else reasons[1],
        noise=change.noise or Noise.NOT_HAD,
    )


def _replaced(old: Seen, new: Seen, change: PictureChange) -> PictureChange | None:
    """That one address, with or without its cache key, gave other bytes; None when any bytes are equal."""
    if _digests(old) & _digests(new):
        return None
    plain = {without_cache_key(url): digest for url, digest in old.last.items()}
    for earlier, key in ((old.last, str), (plain, without_cache_key)):
        for url, digest in new.last.items():
            if key(url) in earlier:
                return replace(change, url=url, before_digest=earlier[key(url)], after_digest=digest)
    return None


def _came_or_went(kind: PictureChangeKind, seen: Seen) -> PictureChange:
    alt, caption = seen.words
    digest = _any(seen) if seen.had else None
    return PictureChange(
        kind,
        seen.url,
        before_digest=digest if kind is PictureChangeKind.REMOVED else None,
        after_digest=digest if kind is PictureChangeKind.ADDED else None,
        alt=alt,
        caption=caption,
        noise=None if seen.counts else Noise.ROLE,
    )


def _digests(seen: Seen) -> frozenset[Digest]:
    return frozenset(seen.last.values())


def _any(seen: Seen) -> Digest | None:
    return next(iter(seen.last.values()), None)


def _status(seen: Seen) -> str:
    return seen.picture.status.value


def _plain(words: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", words or "").split())
