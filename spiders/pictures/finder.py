"""Every picture of a page: what it is called, where it stands, which of its renditions are worth fetching."""

from __future__ import annotations

from archiver.model.picture import FoundPicture, PictureOrigin, Rendition
from archiver.spiders.document import Document
from archiver.spiders.pictures.automatic import is_automatic
from archiver.spiders.pictures.collect import Collector
from archiver.spiders.pictures.group import METADATA, Group, grouped, main_address
from archiver.spiders.pictures.layout import Layout
from archiver.spiders.pictures.policy import PicturePolicy, Renditions
from archiver.spiders.pictures.roles import Roles
from archiver.spiders.pictures.srcset import Screen
from archiver.spiders.pictures.words import WordsReader


def find_pictures(document: Document, policy: PicturePolicy = PicturePolicy()) -> tuple[FoundPicture, ...]:  # noqa: B008
    """Every picture that a reader of the page could have seen, in document order. Never raises.

    Addresses are absolute, ASCII, without fragment; a `data:` URI is shortened to the digest of its bytes.
    """
    screen = Screen(policy.viewport_width, policy.viewport_height, policy.density)
    collector = Collector(document, screen)
    groups = grouped(collector.collect(), document.url)
    reader = WordsReader()
    groups = [group for group in groups if policy.icons or not _is_icon(group)][: policy.limit]
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
