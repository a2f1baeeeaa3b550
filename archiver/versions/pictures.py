"""How the pictures of an article changed, by their bytes where both visits have them.

The same picture comes under many addresses (sizes, formats, cache keys), and one address can show another
picture tomorrow. So pictures are paired by address and bytes first, then by bytes, then by what their
addresses have in common.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from archiver.model.digest import Digest
from archiver.model.picture import PictureRole, PictureStatus, SnapshotPicture
from archiver.model.version import Noise, PictureChange, PictureChangeKind
from archiver.spiders.pictures.identity import identity

_HAD = (PictureStatus.CAPTURED, PictureStatus.UNCHANGED)
_CACHE_KEYS = re.compile(
    r"(?:v|ver|version|rev|revision|t|ts|time|timestamp|cb|cachebuster|cache|_|rnd|rand|random|nocache|"
    r"updated|modified|mod|lastmod|mtime|d|dt|hash|h?mac|sig|sign|signature|token|auth|expires|exp|s|k|key|ck|itok)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture of one visit: `had` are the digests by address, `plain` the same without cache keys."""

    picture: SnapshotPicture
    url: str
    had: dict[str, Digest]
    plain: dict[str, Digest]
    addresses: frozenset[str]

    @property
    def digests(self) -> frozenset[Digest]:
        return frozenset(self.had.values())

    @property
    def counts(self) -> bool:
        """Whether it is part of the article."""
        return self.picture.found.role is not PictureRole.FURNITURE

    @property
    def words(self) -> tuple[str | None, str | None]:
        return self.picture.found.alt, self.picture.found.caption


def without_cache_key(url: str) -> str:
    """`url` without the query parameters that only make caches ask again."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if not parts.query:
        return url
    kept = [
        pair
        for pair in parts.query.split("&")
        if not _CACHE_KEYS.fullmatch(pair.partition("=")[0]) and not pair.isdigit()
    ]
    return urlunsplit(parts._replace(query="&".join(kept)))


def compare_pictures(
    before: Sequence[SnapshotPicture], after: Sequence[SnapshotPicture]
) -> tuple[PictureChange, ...]:
    """Every difference between two visits' pictures in the order of the later page, the removed last.

    A picture without an address that could be fetched is no part of it: nothing tells it from another.
    """
    olds, news = _with_address(before), _with_address(after)
    pairs = _pair(olds, news)
    changes: list[PictureChange] = []
    for j, new in enumerate(news):
        if j in pairs:
            changes += _differences(olds[pairs[j]], new)
        else:
            changes.append(_came_or_went(PictureChangeKind.ADDED, new))
    paired = set(pairs.values())
    gone = (old for i, old in enumerate(olds) if i not in paired)
    changes += (_came_or_went(PictureChangeKind.REMOVED, old) for old in gone)
    return tuple(changes)


def _with_address(pictures: Sequence[SnapshotPicture]) -> list[_Seen]:
    return [_seen(picture) for picture in pictures if picture.url]


def _seen(picture: SnapshotPicture) -> _Seen:
    had = {
        fetched.url: fetched.payload_digest
        for fetched in picture.fetched
        if fetched.status in _HAD and fetched.payload_digest
    }
    urls = dict.fromkeys(
        [*picture.found.fetch, *(rendition.url for rendition in picture.found.renditions), *had]
    )
    return _Seen(
        picture,
        next(iter(urls), ""),
        had,
        {without_cache_key(url): digest for url, digest in had.items()},
        frozenset(urls),
    )


def _pair(olds: Sequence[_Seen], news: Sequence[_Seen]) -> dict[int, int]:
    """For each later picture the earlier one that it is; each is used once, the surest sign first."""
    signs: tuple[Callable[[_Seen], Iterable[Hashable]], ...] = (
        lambda seen: seen.had.items(),
        lambda seen: seen.digests,
        lambda seen: seen.addresses,
        lambda seen: (without_cache_key(url) for url in seen.addresses),
        lambda seen: {identity(url) for url in seen.addresses},
    )
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for sign in signs:
        places: dict[Hashable, list[int]] = {}
        for i, old in enumerate(olds):
            if i not in used:
                for key in sign(old):
                    places.setdefault(key, []).append(i)
        for j, new in enumerate(news):
            if j in pairs:
                continue
            match = next((i for key in sign(new) for i in places.get(key, ()) if i not in used), None)
            if match is not None:
                pairs[j] = match
                used.add(match)
    return pairs


def _differences(old: _Seen, new: _Seen) -> Iterator[PictureChange]:
    noise = None if old.counts and new.counts else Noise.ROLE
    alt, caption = new.words
    change = PictureChange(PictureChangeKind.REPLACED, new.url, alt=alt, caption=caption, noise=noise)
    bytes_differ = _bytes(old, new, change)
    if bytes_differ:
        yield bytes_differ
    one, other = old.picture.found, new.picture.found
    automatic = one.automatic_alt or other.automatic_alt
    for kind, earlier, later in (
        (PictureChangeKind.ALT, one.alt, other.alt),
        (PictureChangeKind.CAPTION, one.caption, other.caption),
        (PictureChangeKind.CREDIT, one.credit, other.credit),
    ):
        if _plain(earlier) != _plain(later) and not (kind is PictureChangeKind.ALT and automatic):
            yield replace(change, kind=kind, before=earlier, after=later)


def _bytes(old: _Seen, new: _Seen, change: PictureChange) -> PictureChange | None:
    """What can be said of the bytes: nothing when any are equal, replaced when one address gave others."""
    if old.digests & new.digests:
        return None
    if not old.had and not new.had:
        return None
    if not old.had or not new.had:
        reasons = (old.picture.reason or _status(old), new.picture.reason or _status(new))
        return replace(
            change,
            kind=PictureChangeKind.NOT_HAD,
            before_digest=_any(old),
            after_digest=_any(new),
            before=None if old.had else reasons[0],
            after=None if new.had else reasons[1],
            noise=change.noise or Noise.NOT_HAD,
        )
    for earlier, later in ((old.had, new.had), (old.plain, new.plain)):
        shared = next((url for url in later if url in earlier), None)
        if shared is not None:
            url = next(u for u in new.had if shared in (u, without_cache_key(u)))
            return replace(change, url=url, before_digest=earlier[shared], after_digest=later[shared])
    return replace(
        change,
        kind=PictureChangeKind.RENDITION,
        before_digest=_any(old),
        after_digest=_any(new),
        noise=change.noise or Noise.RENDITION,
    )


def _came_or_went(kind: PictureChangeKind, seen: _Seen) -> PictureChange:
    alt, caption = seen.words
    digest = _any(seen)
    return PictureChange(
        kind,
        seen.url,
        before_digest=digest if kind is PictureChangeKind.REMOVED else None,
        after_digest=digest if kind is PictureChangeKind.ADDED else None,
        alt=alt,
        caption=caption,
        noise=None if seen.counts else Noise.ROLE,
    )


def _any(seen: _Seen) -> Digest | None:
    return next(iter(seen.had.values()), None)


def _status(seen: _Seen) -> str:
    return seen.picture.status.value


def _plain(words: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", words or "").split())
