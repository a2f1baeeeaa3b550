"""Every picture of a page: what it is called, where it stands, which of its renditions are worth fetching."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archiver.model.picture import FoundPicture, PictureOrigin, PictureRole, Rendition
from archiver.spiders.document import Document
from archiver.spiders.pictures.automatic import is_automatic
from archiver.spiders.pictures.collect import Collector
from archiver.spiders.pictures.group import METADATA, Group, grouped, main_address
from archiver.spiders.pictures.layout import Layout
from archiver.spiders.pictures.policy import PicturePolicy, Renditions
from archiver.spiders.pictures.roles import Roles
from archiver.spiders.pictures.srcset import Screen
from archiver.spiders.pictures.words import WordsReader


@dataclass(frozen=True, slots=True)
class PagePictures:
    """The pictures of a page in document order, and by position why one that is wanted cannot be fetched."""

    pictures: tuple[FoundPicture, ...]
    problems: dict[int, str]


def find_pictures(document: Document, policy: PicturePolicy = PicturePolicy()) -> tuple[FoundPicture, ...]:  # noqa: B008
    """The first `policy.limit` pictures that a reader of the page could have seen, in document order.

    Addresses are absolute, ASCII, without fragment; a `data:` URI is shortened to the digest of its bytes.
    Never raises.
    """
    collector, groups, reader = _looked_at(document, policy)
    return _described(document, collector, groups[: policy.limit], reader, policy)


def look_for_pictures(document: Document, policy: PicturePolicy) -> PagePictures:
    """Every picture as `find_pictures` gives them, those too that are not fetched though they are wanted.

    That is what is over the limit, and what stands under an address that cannot be fetched. Never raises.
    """
    collector, groups, reader = _looked_at(document, policy)
    described = _described(document, collector, groups, reader, policy)
    listed: list[tuple[int, FoundPicture, str | None]] = []
    wanted = 0
    for group, picture in zip(groups, described, strict=True):
        wanted += bool(picture.fetch)
        over = (
            f"over the limit of {policy.limit} pictures" if picture.fetch and wanted > policy.limit else None
        )
        listed.append((group.order, replace(picture, fetch=()) if over else picture, over))
    if policy.renditions is not Renditions.NONE:
        known: set[str | None] = set()
        for sighting, problem in collector.unusable():
            if sighting.refused not in known:
                known.add(sighting.refused)
                nowhere = FoundPicture(
                    0, PictureRole.ARTICLE, (), (), alt=(sighting.alt or "").strip() or None
                )
                listed.append((sighting.order, nowhere, problem))
        listed.sort(key=lambda each: each[0])
    return PagePictures(
        tuple(replace(picture, position=number) for number, (_, picture, _) in enumerate(listed)),
        {number: problem for number, (_, _, problem) in enumerate(listed) if problem},
    )


def _looked_at(document: Document, policy: PicturePolicy) -> tuple[Collector, list[Group], WordsReader]:
    collector = Collector(document, Screen(policy.viewport_width, policy.viewport_height, policy.density))
    reader = WordsReader()
    groups = grouped(collector.collect(), document.url, reader.beside)
    return collector, [group for group in groups if policy.icons or not _is_icon(group)], reader


def _described(
    document: Document, collector: Collector, groups: list[Group], reader: WordsReader, policy: PicturePolicy
) -> tuple[FoundPicture, ...]:
    words = [reader.read(group) for group in groups]
    title = document.root.findtext(".//title") or ""
    roles = Roles(Layout(collector.paragraphs, collector.headings, title))
    assigned = roles.assign(groups, [said.marked for said in words])
    found = []
    scripted = 0
    for position, (group, role, said) in enumerate(zip(groups, assigned, words, strict=True)):
        renditions = group.renditions()
        asked = _wanted(group, renditions, policy)
        if asked and policy.renditions is not Renditions.ALL and _is_from_script(group):
            scripted += group.sightings[0].described
            if not group.sightings[0].described or scripted > policy.from_scripts:
                asked = ()
        found.append(
            FoundPicture(
                position=position,
                role=role,
                renditions=tuple(renditions.values()),
                fetch=asked,
                alt=said.alt,
                caption=said.caption,
                credit=said.credit,
                automatic_alt=is_automatic(said.alt),
            )
        )
    return tuple(found)


def _is_icon(group: Group) -> bool:
    return all(sighting.origin is PictureOrigin.ICON for sighting in group.sightings)


def _is_from_script(group: Group) -> bool:
    return all(sighting.origin is PictureOrigin.SCRIPT for sighting in group.sightings)


def _wanted(group: Group, renditions: dict[str, Rendition], policy: PicturePolicy) -> tuple[str, ...]:
    """The addresses to fetch, the largest rendition first."""
    addresses = [address for address in renditions if not address.startswith("data:")]
    if not addresses or policy.renditions is Renditions.NONE:
        return ()
    largest = _largest(group, [renditions[address] for address in addresses])
    wanted = [largest]
    for sighting in group.sightings:
        if sighting.shown:
            wanted.append(sighting.shown)
        elif sighting.origin in METADATA:
            wanted.append(main_address(sighting))
    if policy.renditions is Renditions.ALL:
        wanted.extend(addresses)
    return tuple(
        dict.fromkeys(
            address for address in wanted if address in renditions and not address.startswith("data:")
        )
    )


def _largest(group: Group, renditions: list[Rendition]) -> str:
    """The widest rendition that states its width, else the densest, else what is shown."""
    widest = max(renditions, key=lambda rendition: rendition.width or 0)
    if widest.width:
        return widest.url
    densest = max(renditions, key=lambda rendition: rendition.density or 0.0)
    if densest.density:
        return densest.url
    return next((s.shown for s in group.sightings if s.shown), renditions[0].url)
