"""Joins the places where one picture stands: its element, its fallback, its preview in metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain, islice

from lxml.etree import _Element

from archiver.model.picture import PictureOrigin, Rendition
from archiver.spiders.pictures.identity import identity, marks
from archiver.spiders.pictures.likeness import likeness
from archiver.spiders.pictures.sighting import MAX_RENDITIONS, Sighting

METADATA = frozenset(
    {PictureOrigin.OPEN_GRAPH, PictureOrigin.TWITTER, PictureOrigin.META, PictureOrigin.JSON_LD}
)
SaidOf = Callable[[Sighting], tuple[str | None, str | None]]
_MOST_ALIKE = 16
"""Pictures of one identity, and places of each, whose words those of a new place are compared with."""
_NEAR = 8
"""Levels of elements between a picture and the link or fallback that it stands in."""
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


def grouped(sightings: Iterable[Sighting], page_url: str, said_of: SaidOf) -> list[Group]:
    """The pictures of a page in document order; `said_of` gives the words that stand beside one."""
    seen: list[Sighting] = []
    unseen: list[Sighting] = []
    for sighting in sightings:
        (unseen if sighting.origin in _UNSEEN else seen).append(sighting)
    grouping = _Grouping(page_url, said_of)
    for sighting in seen:
        grouping.add(sighting)
    for sighting in unseen:
        grouping.join(sighting)
    return sorted(grouping.groups, key=lambda group: group.order)


class _Grouping:
    """The groups of one page by identity, by likeness, by address, and by the marks that only one has."""

    def __init__(self, page_url: str, said_of: SaidOf) -> None:
        self.groups: list[Group] = []
        self._by_identity: dict[str, list[Group]] = {}
        self._by_likeness: dict[str, list[Group]] | None = None
        self._by_main: dict[str, Group] = {}
        self._by_address: dict[str, Group] = {}
        self._keys: dict[str, str] = {}
        self._marks: dict[str, Group | None] | None = None
        self._page_url = page_url
        self._said_of = said_of

    def add(self, sighting: Sighting) -> None:
        """A picture in its place: joined to the one with its address, or with its identity and its words."""
        main = main_address(sighting)
        group = self._by_main.get(main) or self._in_its_place(sighting, main)
        if group is None:
            alike = self._by_identity.get(self._key(main), ())[:_MOST_ALIKE]
            group = next((group for group in alike if self._says_the_same(group, sighting)), None)
        self._put(sighting, group)

    def join(self, sighting: Sighting) -> None:
        """What metadata or a script names: joined to the picture in the page that it is obviously about."""
        main = main_address(sighting)
        group = self._by_main.get(main) or self._by_address.get(main)
        if group is None:
            group = next(iter(self._by_identity.get(self._key(main), ())), None)
        if group is None:
            group = self._alike(main)
        if group is None and sighting.origin in METADATA:
            group = self._marked(main)
        self._put(sighting, group)

    def _put(self, sighting: Sighting, group: Group | None) -> None:
        main = main_address(sighting)
        if group is None:
            group = Group()
            self.groups.append(group)
            self._by_identity.setdefault(self._key(main), []).append(group)
        group.sightings.append(sighting)
        self._by_main.setdefault(main, group)
        if sighting.element is not None:
            for address in sighting.renditions:
                self._by_address.setdefault(address, group)

    def _in_its_place(self, sighting: Sighting, main: str) -> Group | None:
        """The picture just before, if in the same place and alike: a fallback, the target of a link."""
        last = self.groups[-1].sightings[-1] if self.groups else None
        if last is None or last.element is None or sighting.element is None:
            return None
        is_same = _is_fallback(last.element, sighting) or (
            last.origin is PictureOrigin.LINK
            and last.element in islice(sighting.element.iterancestors(), _NEAR)
        )
        return self.groups[-1] if is_same and likeness(main_address(last)) == likeness(main) else None

    def _says_the_same(self, group: Group, sighting: Sighting) -> bool:
        """Whether no words beside `sighting` differ from those at the first places of the group."""
        own = self._said_of(sighting)
        said = map(self._said_of, group.sightings[:_MOST_ALIKE])
        return all(
            one == other or not one or not other
            for words in said
            for one, other in zip(words, own, strict=True)
        )

    def _key(self, main: str) -> str:
        key = self._keys.get(main)
        if key is None:
            key = self._keys[main] = identity(main)
        return key

    def _alike(self, main: str) -> Group | None:
        """The one picture in the page that `main` may be a rendition of."""
        if self._by_likeness is None:
            self._by_likeness = {}
            for group in self.groups:
                self._by_likeness.setdefault(likeness(main_address(group.sightings[0])), []).append(group)
        alike = self._by_likeness.get(likeness(main), ())
        return alike[0] if len(alike) == 1 else None

    def _marked(self, address: str) -> Group | None:
        """The one picture in the page that shares a mark with `address`; marks of the page do not count."""
        if self._marks is None:
            self._marks = {}
            for group in self.groups:
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


def _is_fallback(before: _Element, sighting: Sighting) -> bool:
    """Whether the sighting is in a `noscript` beside the element `before`."""
    if sighting.origin is not PictureOrigin.NOSCRIPT or sighting.element is None:
        return False
    near = islice(sighting.element.iterancestors(), _NEAR)
    around = next((above for above in near if above.tag == "noscript"), None)
    beside = around.getparent() if around is not None else None
    return beside is not None and beside in islice(before.iterancestors(), _NEAR)
