"""Says of each picture whether it belongs to the article, by adding up what speaks for and against it.

The weights come from a logistic regression over the pictures of news pages of some seventy publishers,
rounded to halves; it was checked on publishers that it had not seen. No rule is about one site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from archiver.model.picture import PictureOrigin, PictureRole
from archiver.spiders.pictures.group import METADATA, Group
from archiver.spiders.pictures.layout import Layout
from archiver.spiders.pictures.sighting import Sighting

THRESHOLD = 2.5
MAX_PLACES = 20
"""Places of one picture that are looked at."""

PICTURE_WEIGHTS = {
    "stated in metadata": 0.5,
    "stated for previews": 0.5,
    "has a caption": 1.0,
    "has a long alt text": 1.0,
    "has one rendition": -1.0,
    "is drawn or animated": -1.5,
    "is named like a logo": -1.0,
}
PLACE_WEIGHTS = {
    "is a picture element": 1.0,
    "links elsewhere": -1.5,
    "near class: recirculation": -1.0,
    "class: teaser": -1.0,
    "near class: author": -0.5,
    "near class: logo": -1.0,
    "class: navigation": -0.5,
    "class: embed": -0.5,
    "class: social": -0.5,
    "class: advertisement": -0.5,
    "near class: media": 1.0,
    "class: body": 0.5,
    "class: gallery": 1.0,
    "in page chrome": -1.0,
    "in an article inside an article": -0.5,
    "is small": -0.5,
    "is large": 1.0,
    "between paragraphs": 1.0,
    "from heading to first paragraph": 0.5,
    "before the heading": -0.5,
    "after the last paragraph": -0.5,
    "by heading or body": 1.0,
    "among the paragraphs": 2.0,
}
LINK_SHARE_WEIGHT = -1.5
HEADED_CARD_WEIGHT = -1.5

_CHROME = frozenset({"aside", "nav", "footer", "button", "li"})
_DRAWN = re.compile(r"\.(?:svg|gif)\b", re.IGNORECASE)
_LOGO = re.compile(
    r"logo|icon|avatar|sprite|placeholder|pixel|badge|banner|gravatar|blank|spacer|transparent|loading|default|author"
    r"|profile|emoji|flag|button|btn|facebook|twitter|whatsapp|google-?play|app-?store"
)
_ELEMENT_ORIGINS = frozenset({PictureOrigin.IMG, PictureOrigin.PICTURE_SOURCE, PictureOrigin.NOSCRIPT})
_LONG_ALT = 25


class Roles:
    """The roles of the pictures of one page."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def assign(self, groups: list[Group], captioned: list[bool]) -> list[PictureRole]:
        """The role of each group; `captioned` says which have a caption."""
        scores = [self.score(group, has) for group, has in zip(groups, captioned, strict=True)]
        inside = [index for index, score in enumerate(scores) if score >= THRESHOLD]
        roles = [PictureRole.FURNITURE] * len(groups)
        for index in inside:
            roles[index] = PictureRole.ARTICLE
        lead = self._lead(groups, inside)
        if lead is not None:
            roles[lead] = PictureRole.LEAD
        return roles

    def score(self, group: Group, captioned: bool) -> float:
        """How much speaks for the picture being the article's; at its best place when it has several."""
        places = [s for s in islice(group.sightings, MAX_PLACES) if s.element is not None]
        if not places:
            return float("-inf")
        own = sum(PICTURE_WEIGHTS[sign] for sign in _picture_signs(group, captioned))
        return own + max(self._place_score(place, own) for place in places)

    def _place_score(self, place: Sighting, own: float) -> float:
        score = sum(PLACE_WEIGHTS[sign] for sign in self._place_signs(place))
        if own + score < THRESHOLD:
            return score
        assert place.element is not None
        share, headed = self._layout.card(place.element)
        return score + LINK_SHARE_WEIGHT * share + HEADED_CARD_WEIGHT * headed

    def _place_signs(self, place: Sighting) -> Iterator[str]:
        assert place.element is not None
        around = self._layout.around(place.element)
        if place.origin in _ELEMENT_ORIGINS:
            yield "is a picture element"
        if around.links_elsewhere:
            yield "links elsewhere"
        for word in ("recirculation", "author", "logo"):
            if word in around.near:
                yield f"near class: {word}"
        for word in ("teaser", "navigation", "embed", "social", "advertisement", "body", "gallery"):
            if word in around.far:
                yield f"class: {word}"
        if "media" in around.near or "figure" in around.tags:
            yield "near class: media"
        if around.tags & _CHROME:
            yield "in page chrome"
        if around.nested_article:
            yield "in an article inside an article"
        yield from self._size_and_position(place)
        if around.by_heading or around.by_body:
            yield "by heading or body"
        if around.among_paragraphs:
            yield "among the paragraphs"

    def _size_and_position(self, place: Sighting) -> Iterator[str]:
        if (place.width and place.width <= 110) or (place.height and place.height <= 90):
            yield "is small"
        if place.width and place.width >= 400:
            yield "is large"
        heading, first, last = (self._layout.heading_order, self._layout.first_order, self._layout.last_order)
        if first is not None and last is not None:
            if first < place.order < last:
                yield "between paragraphs"
            elif place.order > last:
                yield "after the last paragraph"
        if heading is not None and place.order < heading:
            yield "before the heading"
        elif heading is not None and first is not None and place.order < first:
            yield "from heading to first paragraph"

    def _lead(self, groups: list[Group], inside: list[int]) -> int | None:
        """The main picture: on top of the article and in metadata, else on top, else what previews show."""
        named = [index for index in inside if _named(groups[index])]
        first = self._layout.first_order
        on_top = [index for index in inside if first is None or _place_order(groups[index]) < first]
        if on_top and not (named and named[0] < on_top[0]):
            return next((index for index in on_top if index in named), on_top[0])
        if named:
            return named[0]
        stated = [index for index, group in enumerate(groups) if _named(group) and not _is_logo(group)]
        return stated[0] if stated else (inside[0] if inside else None)


def _picture_signs(group: Group, captioned: bool) -> Iterator[str]:
    origins = {sighting.origin for sighting in group.sightings if not sighting.furniture}
    if origins & METADATA:
        yield "stated in metadata"
    if origins & {PictureOrigin.OPEN_GRAPH, PictureOrigin.TWITTER}:
        yield "stated for previews"
    if captioned:
        yield "has a caption"
    if any(len(sighting.alt or "") > _LONG_ALT for sighting in islice(group.sightings, MAX_PLACES)):
        yield "has a long alt text"
    addresses = group.addresses(5)
    if len(addresses) == 1:
        yield "has one rendition"
    if any(_DRAWN.search(address) for address in addresses) or all(a.startswith("data:") for a in addresses):
        yield "is drawn or animated"
    if _is_logo(group):
        yield "is named like a logo"


def _is_logo(group: Group) -> bool:
    return _LOGO.search(" ".join(group.addresses(5)).lower()) is not None


def _named(group: Group) -> bool:
    return any(s.origin in METADATA and not s.furniture for s in group.sightings)


def _place_order(group: Group) -> int:
    return next((s.order for s in group.sightings if s.element is not None), group.order)
