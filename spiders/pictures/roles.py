"""Says of each picture whether it belongs to the article."""

from __future__ import annotations

from lxml.etree import _Element

from archiver.model.picture import PictureRole
from archiver.spiders.pictures.group import METADATA, Group


class Roles:
    """The roles of the pictures of one page."""

    def __init__(self, root: _Element, groups: list[Group]) -> None:
        self._lead = next(
            (group for group in groups if self._in_article(group) and _in_metadata(group)), None
        )
        if self._lead is None:
            self._lead = next((group for group in groups if _in_metadata(group)), None)

    def role(self, group: Group) -> PictureRole:
        if group is self._lead:
            return PictureRole.LEAD
        return PictureRole.ARTICLE if self._in_article(group) else PictureRole.FURNITURE

    def _in_article(self, group: Group) -> bool:
        for sighting in group.sightings:
            if sighting.element is None:
                continue
            above = [a.tag for a in sighting.element.iterancestors()]
            if ("article" in above or "main" in above or "figure" in above) and "a" not in above:
                return True
        return False


def _in_metadata(group: Group) -> bool:
    return any(sighting.origin in METADATA for sighting in group.sightings)
