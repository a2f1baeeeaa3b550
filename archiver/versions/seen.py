"""What is known of an article's pictures at one visit: what was had then, and what earlier visits had.

The same picture comes under many addresses (sizes, formats, cache keys), and one address can show another
picture tomorrow. So pictures are paired by address and bytes first, then by bytes, then by what their
addresses have in common.

That a picture is gone says only a definite answer for exactly an address that gave it before. Anything else
(a timeout, a full queue, a server in trouble) says nothing of it, and what was known before still holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from archiver.model.digest import Digest
from archiver.model.picture import FetchedRendition, PictureRole, PictureStatus, SnapshotPicture
from archiver.model.snapshot import Snapshot
from archiver.spiders.pictures.identity import identity
from archiver.versions.classify import SECOND_LOOK

_HAD = (PictureStatus.CAPTURED, PictureStatus.UNCHANGED)
_GONE = (404, 410, 451)
_CACHE_KEYS = re.compile(
    r"(?:v|ver|version|rev|revision|t|ts|time|timestamp|cb|cachebuster|cache|_|rnd|rand|random|nocache|"
    r"updated|modified|mod|lastmod|mtime|d|dt|hash|h?mac|sig|sign|signature|token|auth|expires|exp|s|k|key|ck|itok)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Gone:
    """The answer that a picture is gone: at which address, how, and when it was first given.

    `confirmed` when it was given again at least six hours later.
    """

    url: str
    status: int
    since: datetime
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture of one visit: `had` are the digests by address that this visit had.

    `last` are those last had, at this visit or an earlier one; `gone` when the last definite answer was that
    it is gone.
    """

    picture: SnapshotPicture
    url: str
    had: Mapping[str, Digest]
    addresses: frozenset[str]
    last: Mapping[str, Digest]
    gone: Gone | None = None

    @property
    def counts(self) -> bool:
        """Whether it is part of the article."""
        return self.picture.found.role is not PictureRole.FURNITURE

    @property
    def asked(self) -> tuple[str, ...]:
        """The addresses that were asked for; of one that was only listed the first."""
        return tuple(fetched.url for fetched in self.picture.fetched) or (self.url,)

    @property
    def words(self) -> tuple[str | None, str | None]:
        """The alternative text and the caption."""
        return self.picture.found.alt, self.picture.found.caption


@dataclass(frozen=True, slots=True)
class Match:
    """The places of pictures that are the same, of an earlier and a later visit; the surest pair first.

    More than one where one visit kept as one picture what the other has as several.
    """

    olds: tuple[int, ...]
    news: tuple[int, ...]

    @property
    def is_one_to_one(self) -> bool:
        """Whether both visits have it as one picture."""
        return len(self.olds) == len(self.news) == 1


Pictures = tuple[Seen, ...]
"""The pictures of one visit in the order of its page."""


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


def seen_pictures(snapshot: Snapshot, earlier: Pictures = ()) -> Pictures:
    """The pictures of `snapshot`; `earlier` are those of the visit before, as this function gave them.

    A picture without an address that could be fetched is no part of it: nothing tells it from another.
    """
    news = tuple(_seen(picture) for picture in snapshot.pictures if picture.url)
    if all(new.had or not new.counts for new in news):
        return news
    known: dict[int, Seen] = {}
    for match in matched(earlier, news):
        first, *more = (earlier[i] for i in match.olds)
        place, *others = match.news
        known[place] = _together(first, more)
        pieces = ((j, _within(first, news[j])) for j in others)
        known |= {j: piece for j, piece in pieces if not _lives_on(piece, news[place])}
    return tuple(
        _remembered(known[place], new, snapshot.captured_at) if place in known else new
        for place, new in enumerate(news)
    )


def pictures_through(snapshots: Iterable[Snapshot]) -> dict[str, Pictures]:
    """The pictures of each of the snapshots of one article, by its id; in whatever order they are given."""
    known: dict[str, Pictures] = {}
    pictures: Pictures = ()
    for snapshot in sorted(snapshots, key=lambda snapshot: (snapshot.captured_at, snapshot.id)):
        pictures = known[snapshot.id] = seen_pictures(snapshot, pictures)
    return known


def _seen(picture: SnapshotPicture) -> Seen:
    had = {
        fetched.url: fetched.payload_digest
        for fetched in picture.fetched
        if fetched.status in _HAD and fetched.payload_digest
    }
    urls = dict.fromkeys(
        [*picture.found.fetch, *(rendition.url for rendition in picture.found.renditions), *had]
    )
    return Seen(picture, next(iter(urls), ""), had, frozenset(urls), had)


def _remembered(old: Seen, new: Seen, at: datetime) -> Seen:
    """`new` with what is known of it from `old`, the same picture one visit before."""
    if new.had or not old.last or not (old.counts and new.counts):
        return new
    answer = _answer_that_it_is_gone(new.picture.fetched, old.last)
    if answer is None:
        return replace(new, last=old.last, gone=old.gone)
    since = old.gone.since if old.gone else at
    confirmed = at - since >= SECOND_LOOK or (old.gone is not None and old.gone.confirmed)
    return replace(new, last=old.last, gone=Gone(answer.url, answer.http_status, since, confirmed))


def _answer_that_it_is_gone(
    fetched: Sequence[FetchedRendition], last: Mapping[str, Digest]
) -> FetchedRendition | None:
    """The answer for an address that gave the picture before, when every address asked for says so.

    With another key or signature an address can be another picture's, or can never have given any.
    """
    if any(one.status is not PictureStatus.MISSING or one.http_status not in _GONE for one in fetched):
        return None
    return next((one for one in fetched if one.url in last), None)


def pair(olds: Sequence[Seen], news: Sequence[Seen]) -> dict[int, int]:
    """For each later picture the earlier one that it is; each is used once, the surest sign first."""
    signs: tuple[Callable[[Seen], Iterable[Hashable]], ...] = (
        lambda seen: seen.last.items(),
        lambda seen: seen.last.values(),
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


def matched(olds: Sequence[Seen], news: Sequence[Seen]) -> list[Match]:
    """The pictures of two visits that are the same, however many of them each visit kept as one.

    What is left over when all are paired was not added or removed as long as the other visit has an address
    that was asked for among those of any picture: then only the program joins pictures in another way now.
    """
    pairs = pair(olds, news)
    lost = _kept_within(sorted(set(range(len(olds))) - set(pairs.values())), olds, news)
    came = _kept_within(sorted(set(range(len(news))) - set(pairs)), news, olds)
    return [Match((i, *lost.get(j, ())), (j, *came.get(i, ()))) for j, i in pairs.items()]


def _kept_within(
    left: Iterable[int], pictures: Sequence[Seen], others: Sequence[Seen]
) -> dict[int, list[int]]:
    """Those of `pictures` that are left, by the place of the one of `others` that has their address."""
    places: dict[str, int] = {}
    for place, other in enumerate(others):
        for address in other.addresses:
            places.setdefault(address, place)
    kept: dict[int, list[int]] = {}
    for one in left:
        for place in [places[url] for url in pictures[one].asked if url in places][:1]:
            kept.setdefault(place, []).append(one)
    return kept


def counterparts(
    match: Match, olds: Sequence[Seen], news: Sequence[Seen]
) -> Iterator[tuple[int, Seen, Seen]]:
    """What of the earlier pictures is to be held against what of the later, with the place of the later."""
    (i, *lost), (j, *came) = match.olds, match.news
    yield (
        j,
        _without(olds[i], [news[k] for k in came], news[j]),
        _without(news[j], [olds[k] for k in lost], olds[i]),
    )
    for k in came:
        yield k, _within(olds[i], news[k]), news[k]
    for k in lost:
        yield j, olds[k], _within(news[j], olds[k])


def _within(whole: Seen, piece: Seen) -> Seen:
    """What of `whole` is the picture `piece`."""
    return _only(whole, lambda url: url in piece.addresses or url in piece.last)


def _without(whole: Seen, pieces: Sequence[Seen], other: Seen) -> Seen:
    """What of `whole` is none of `pieces`, or is `other` too."""
    taken = frozenset[str]().union(*(piece.addresses for piece in pieces)) - other.addresses
    return _only(whole, lambda url: url not in taken)


def _only(seen: Seen, is_kept: Callable[[str], bool]) -> Seen:
    had, last = (
        {url: digest for url, digest in known.items() if is_kept(url)} for known in (seen.had, seen.last)
    )
    gone = seen.gone if seen.gone and is_kept(seen.gone.url) else None
    return replace(seen, had=had, addresses=frozenset(filter(is_kept, seen.addresses)), last=last, gone=gone)


def _lives_on(piece: Seen, other: Seen) -> bool:
    """Whether `other` has all bytes of `piece`: then it is not gone, whatever its own address answers."""
    return set(piece.last.values()) <= set(other.last.values())


def _together(first: Seen, more: Iterable[Seen]) -> Seen:
    """What is known of several pictures as of one."""
    last = dict(first.last)
    for one in more:
        last = {**one.last, **last}
    return replace(first, last=last)
