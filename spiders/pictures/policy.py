"""Which pictures of a page are fetched. The choice never touches what is listed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Renditions(StrEnum):
    """How many renditions of one picture are fetched."""

    BEST = "best"
    """The largest and the one that a desktop browser shows, and those named in metadata."""
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PicturePolicy:
    """What is fetched: `renditions` of each picture, `icons` of the site too; at most `limit` of them.

    Of pictures that only a script names, those that the script describes are fetched, at most `from_scripts`.

    `viewport_width` and `viewport_height` in CSS pixels and `density` describe the browser whose choice
    among the renditions is followed.
    """

    renditions: Renditions = Renditions.BEST
    icons: bool = False
    limit: int = 2_000
    from_scripts: int = 20
    viewport_width: int = 1366
    viewport_height: int = 768
    density: float = 1.0
