"""How the pictures of an article changed, by their bytes where both visits have them, or as last had."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from archiver.model.digest import Digest
from archiver.model.version import Noise, PictureChange, PictureChangeKind
from archiver.versions.seen import Gone, Pictures, Seen, joined, pair, part_of, without_cache_key


def compare_pictures(olds: Pictures, news: Pictures) -> tuple[PictureChange, ...]:
    """Every difference between two visits' pictures in the order of the later page, the removed last."""
    pairs = pair(olds, news)
    together = joined(olds, news, pairs)
    changes: list[PictureChange] = []
    for j, new in enumerate(news):
        if j in pairs:
            changes += _differences(olds[pairs[j]], new)
        elif j in together:
            changes += _differences(part_of(olds[together[j]], new), new)
        else:
            changes.append(_came_or_went(PictureChangeKind.ADDED, new))
    paired = set(pairs.values())
    left = (old for i, old in enumerate(olds) if i not in paired)
    changes += (_came_or_went(PictureChangeKind.REMOVED, old) for old in left)
    return tuple(changes)


def _differences(old: Seen, new: Seen) -> Iterator[PictureChange]:
    noise = None if old.counts and new.counts else Noise.ROLE
    alt, caption = new.words
    change = PictureChange(PictureChangeKind.REPLACED, new.url, alt=alt, caption=caption, noise=noise)
    of_bytes = _gone_or_back(old, new, change) if old.gone or new.gone else _bytes(old, new, change)
    if of_bytes:
        yield of_bytes
    one, other = old.picture.found, new.picture.found
    automatic = one.automatic_alt or other.automatic_alt
    for kind, earlier, later in (
        (PictureChangeKind.ALT, one.alt, other.alt),
        (PictureChangeKind.CAPTION, one.caption, other.caption),
        (PictureChangeKind.CREDIT, one.credit, other.credit),
    ):
        if _plain(earlier) != _plain(later) and not (kind is PictureChangeKind.ALT and automatic):
            yield replace(change, kind=kind, before=earlier, after=later)


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
