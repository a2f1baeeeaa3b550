"""Joins the places where one picture stands: its element, its fallback, its preview in metadata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice

from archiver.model.picture import PictureOrigin, Rendition
from archiver.spiders.pictures.identity import identity, marks
from archiver.spiders.pictures.sighting import MAX_RENDITIONS, Sighting

METADATA = frozenset(
    {PictureOrigin.OPEN_GRAPH, PictureOrigin.TWITTER, PictureOrigin.META, PictureOrigin.JSON_LD}
)
_UNSEEN = METADATA | {PictureOrigin.SCRIPT, PictureOrigin.PRELOAD, PictureOrigin.ICON}


@dataclass(slots=True)
class Group:
    """All sightings of one picture; those with an element first, each kind in document order."""

    sightings: list[Sighting] = field(default_factory=list)

    @property
    def order(self) -> int:
        """Where the picture stands: its first element, or where metadata names it."""
        return self.sightings[0].order

    def addresses(self, limit: int) -> list[str]:
        """At most `limit` of its addresses."""
        return list(islice(dict.fromkeys(chain.from_iterable(s.renditions for s in self.sightings)), limit))

    def renditions(self) -> dict[str, Rendition]:
        """Every rendition by its address, in the order found."""
        known: dict[str, Rendition] = {}
        for sighting in self.sightings:
            for address, rendition in sighting.renditions.items():
                if len(known) < MAX_RENDITIONS:
                    known.setdefault(address, rendition)
        return known


def grouped(sightings: Iterable[Sighting], page_url: str) -> list[Group]:
    """The pictures of a page in document order."""
    seen: list[Sighting] = []
    unseen: list[Sighting] = []
    for sighting in sightings:
        (unseen if sighting.origin in _UNSEEN else seen).append(sighting)
    grouping = _Grouping(page_url)
    for sighting in seen:
        grouping.add(sighting)
    for sighting in unseen:
        grouping.join(sighting)
    return sorted(grouping.groups.values(), key=lambda group: group.order)


class _Grouping:
    """The groups of one page by identity, by address, and by the marks that only one picture has."""

    def __init__(self, page_url: str) -> None:
        self.groups: dict[str, Group] = {}
        self._by_address: dict[str, Group] = {}
        self._keys: dict[str, str] = {}
        self._marks: dict[str, Group | None] | None = None
        self._page_url = page_url

    def add(self, sighting: Sighting) -> None:
        """A picture in its place: joined to those with the same identity."""
        self._put(sighting, self.groups.get(self._key(sighting)))

    def join(self, sighting: Sighting) -> None:
        """What metadata or a script names: joined to the picture in the page that it is obviously about."""
        main = main_address(sighting)
        group = self.groups.get(self._key(sighting)) or self._by_address.get(main)
        if group is None and sighting.origin in METADATA:
            group = self._marked(main)
        self._put(sighting, group)

    def _put(self, sighting: Sighting, group: Group | None) -> None:
        if group is None:
            group = self.groups[self._key(sighting)] = Group()
        group.sightings.append(sighting)
        if sighting.element is not None:
            for address in sighting.renditions:
                self._by_address.setdefault(address, group)

    def _key(self, sighting: Sighting) -> str:
        main = main_address(sighting)
        key = self._keys.get(main)
        if key is None:
            key = self._keys[main] = identity(main)
        return key

    def _marked(self, address: str) -> Group | None:
        """The one picture in the page that shares a mark with `address`; marks of the page do not count."""
        if self._marks is None:
            self._marks = {}
            for group in self.groups.values():
                for mark in marks(main_address(group.sightings[0])):
                    known = self._marks.setdefault(mark, group)
                    if known is not group:
                        self._marks[mark] = None
        shared = (self._marks.get(mark) for mark in marks(address) if mark not in self._page_url)
        return next((group for group in shared if group is not None), None)


def main_address(sighting: Sighting) -> str:
    """The address that tells which picture it is: what is shown, else the first that is no placeholder."""
    if sighting.shown:
        return sighting.shown
    addresses = list(sighting.renditions)
    return next((address for address in addresses if not address.startswith("data:")), addresses[0])
