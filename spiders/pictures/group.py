"""Joins the places where one picture stands: its element, its fallback, its preview in metadata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice

from archiver.model.picture import PictureOrigin, Rendition
from archiver.spiders.pictures.identity import identity
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


def grouped(sightings: Iterable[Sighting]) -> list[Group]:
    """The pictures of a page in document order."""
    seen: list[Sighting] = []
    unseen: list[Sighting] = []
    for sighting in sightings:
        (unseen if sighting.origin in _UNSEEN else seen).append(sighting)
    keys: dict[str, str] = {}
    groups: dict[str, Group] = {}
    by_address: dict[str, Group] = {}
    for sighting in (*seen, *unseen):
        main = main_address(sighting)
        key = keys.get(main) or keys.setdefault(main, identity(main))
        group = groups.get(key)
        if group is None and sighting.origin in _UNSEEN:
            group = by_address.get(main)
        if group is None:
            group = groups[key] = Group()
        group.sightings.append(sighting)
        if main == sighting.main or sighting.element is not None:
            for address in sighting.renditions:
                by_address.setdefault(address, group)
    return sorted(groups.values(), key=lambda group: group.order)


def main_address(sighting: Sighting) -> str:
    """The address that tells which picture it is: what is shown, else the first that is no placeholder."""
    if sighting.shown:
        return sighting.shown
    addresses = list(sighting.renditions)
    return next((address for address in addresses if not address.startswith("data:")), addresses[0])
