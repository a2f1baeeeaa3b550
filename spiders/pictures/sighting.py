"""One place of a page where a picture stands, before the places of one picture are joined."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml.etree import _Element

from archiver.model.picture import PictureOrigin, Rendition

MAX_RENDITIONS = 300
"""Renditions of one picture that are listed."""


@dataclass(slots=True)
class Sighting:
    """A picture at one place: `order` is the place's number in document order, `shown` what a browser shows.

    `main` is the address that says which picture it is; `element` is None for what no reader sees in place
    (metadata, scripts).
    """

    order: int
    origin: PictureOrigin
    element: _Element | None = None
    renditions: dict[str, Rendition] = field(default_factory=dict)
    main: str | None = None
    shown: str | None = None
    alt: str | None = None
    caption: str | None = None
    credit: str | None = None
    width: int | None = None
    height: int | None = None
    described: bool = True
    """For a picture in a script: a caption or the like stands beside it."""
    refused: str | None = None
    """The first thing written as its address that is none which could be fetched."""
    furniture: bool = False
    """Metadata says that it is a logo, a portrait of an author, or of another article."""

    def add(self, rendition: Rendition) -> None:
        """Note a rendition, unless it is known or there are too many."""
        if len(self.renditions) < MAX_RENDITIONS:
            self.renditions.setdefault(rendition.url, rendition)
