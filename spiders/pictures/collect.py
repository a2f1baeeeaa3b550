"""Walks a page once and collects every place where a picture stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import cast

from lxml.etree import _Element

from archiver.model.picture import PictureOrigin, Rendition
from archiver.spiders.document import Document
from archiver.spiders.pictures.addresses import PICTURE_FILE, Addresses
from archiver.spiders.pictures.css import style_references
from archiver.spiders.pictures.linked import linked_pictures
from archiver.spiders.pictures.scripts import script_addresses
from archiver.spiders.pictures.sighting import Sighting
from archiver.spiders.pictures.srcset import Candidate, Screen, parse_srcset

MAX_ELEMENTS = 1_000_000
MAX_SIGHTINGS = 5_000
MAX_SOURCES = 40
"""`source` elements of one picture; the parser nests them in each other."""
MAX_SCRIPT = 3_000_000
"""Characters of all scripts of a page that are searched."""

_WRAPPERS = 8
"""Levels of elements between a picture and the `picture` or `noscript` that it stands in."""
_LAZY_NAME = re.compile(
    r"^data-(?:[\w-]*-)?(?:src|source|original|lazy|lazyload|url|img|image|images|bg|background|background-image|poster|thumb"
    r"|thumbnail|hi-?res|full|large|zoom|fallback|desktop|mobile|retina|echo|pin-media|media|picture|photo|orig-file|raw)"
    r"(?:-[\w-]+|\d+x?)?$"
)
_NO_PICTURE_NAME = re.compile(
    r"(?:share|link|href|page|permalink|api|ajax|action|config|video|ad-?slot|track)"
)
_ADDRESS_IN_TEXT = re.compile(r"(?:https?:)?(?:\\?/){1,2}[^\s\"'<>()|{}]{4,2000}", re.IGNORECASE)
_LOOKS_LIKE_SRCSET = re.compile(r"\S\s+\d+(?:\.\d+)?[wx]\s*(?:,|$)")
_NO_PICTURE_FILE = re.compile(
    r"\.(?:html?|php|aspx?|jsp|js|json|css|mp4|m3u8|mpd|mp3|webm|pdf|xml|vtt)(?:$|[?#])", re.IGNORECASE
)
_PICTURE_TYPE = re.compile(r"image/", re.IGNORECASE)
_SHOWN_TYPES = re.compile(
    r"image/(?:jpe?g|pjpeg|png|gif|webp|avif|svg\+xml|x-icon|bmp|apng)\b", re.IGNORECASE
)
_PICTURE_META = {
    "og:image": PictureOrigin.OPEN_GRAPH,
    "og:image:url": PictureOrigin.OPEN_GRAPH,
    "og:image:secure_url": PictureOrigin.OPEN_GRAPH,
    "twitter:image": PictureOrigin.TWITTER,
    "twitter:image:src": PictureOrigin.TWITTER,
    "image": PictureOrigin.META,
    "thumbnail": PictureOrigin.META,
    "thumbnailurl": PictureOrigin.META,
    "sailthru.image.full": PictureOrigin.META,
    "sailthru.image.thumb": PictureOrigin.META,
    "parsely-image-url": PictureOrigin.META,
    "msapplication-tileimage": PictureOrigin.ICON,
}
_OWN_LAZY = frozenset({"img", "amp-img", "amp-anim", "source"})
_ICON_RELATIONS = frozenset(
    {"icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "fluid-icon"}
)


_IN_PLACE = frozenset(
    {
        PictureOrigin.IMG, PictureOrigin.SRCSET, PictureOrigin.PICTURE_SOURCE, PictureOrigin.NOSCRIPT,
        PictureOrigin.POSTER, PictureOrigin.SVG, PictureOrigin.INPUT, PictureOrigin.OPEN_GRAPH,
        PictureOrigin.TWITTER, PictureOrigin.JSON_LD,
    }
)  # fmt: skip


class Collector:
    """Collects the pictures of one page, in document order."""

    def __init__(self, document: Document, screen: Screen) -> None:
        self.addresses = Addresses(document.base_url)
        self.sightings: list[Sighting] = []
        self.paragraphs: list[tuple[int, _Element]] = []
        self.headings: list[tuple[int, _Element]] = []
        self._screen = screen
        self._root = document.root
        self._order = 0
        self._pictures: dict[_Element, Sighting] = {}
        self._script_left = MAX_SCRIPT
        self._handlers: dict[str, Callable[[_Element], None]] = {
            "img": self._image,
            "amp-img": self._image,
            "amp-anim": self._image,
            "picture": self._picture,
            "source": self._source,
            "video": self._poster,
            "amp-video": self._poster,
            "audio": self._poster,
            "meta": self._meta,
            "link": self._link,
            "script": self._script,
            "style": self._style,
            "image": self._svg_image,
            "feimage": self._svg_image,
            "input": self._input,
            "object": self._embedded,
            "embed": self._embedded,
            "a": self._anchor,
            "body": self._background,
            "table": self._background,
            "tr": self._background,
            "p": self._paragraph,
            "h1": self._heading,
            "td": self._background,
            "th": self._background,
        }

    def collect(self) -> list[Sighting]:
        """All sightings; the page is walked once."""
        handlers = self._handlers
        for order, element in enumerate(self._root.iter("*")):
            self._order = order
            handler = handlers.get(element.tag)
            if handler is not None:
                handler(element)
            for name, text in _attributes(element):
                if name[:5] == "data-":
                    if "/" in text and element.tag not in _OWN_LAZY:
                        self._lazy_elsewhere(element, name, text)
                elif name == "style" and "url(" in text:
                    self._painted(element, text)
            if order > MAX_ELEMENTS or len(self.sightings) > MAX_SIGHTINGS:
                break
        return [sighting for sighting in self.sightings if sighting.renditions]

    def unusable(self) -> Iterator[tuple[Sighting, str]]:
        """Pictures that stand in the page under addresses that cannot be fetched, with the reason."""
        for sighting in self.sightings:
            if sighting.renditions or not sighting.refused or sighting.origin not in _IN_PLACE:
                continue
            problem = self.addresses.problem(sighting.refused)
            if problem:
                yield sighting, problem

    def _see(self, origin: PictureOrigin, element: _Element | None = None) -> Sighting:
        sighting = Sighting(self._order, origin, element)
        self.sightings.append(sighting)
        return sighting

    def _add(
        self, sighting: Sighting, written: str | None, origin: PictureOrigin, **facts: object
    ) -> str | None:
        address = self.addresses.resolve(written)
        if address is not None:
            if address.startswith("data:"):
                origin = PictureOrigin.DATA_URI
            sighting.add(Rendition(address, origin, **facts))  # type: ignore[arg-type]
        elif sighting.refused is None:
            sighting.refused = written
        return address

    def _add_set(
        self, sighting: Sighting, text: str | None, origin: PictureOrigin, **facts: object
    ) -> list[Candidate]:
        """Note the candidates of a srcset; gives those with an address, resolved."""
        candidates = []
        for candidate in parse_srcset(text or ""):
            address = self._add(
                sighting, candidate.url, origin, width=candidate.width, density=candidate.density, **facts
            )
            if address is not None and not address.startswith("data:"):
                candidates.append(Candidate(address, candidate.width, candidate.density))
        return candidates

    def _image(self, element: _Element) -> None:
        near = list(islice(element.iterancestors(), _WRAPPERS))
        picture = next((above for above in near if above.tag == "picture"), None)
        hidden = any(above.tag == "noscript" for above in near)
        sighting = self._pictures.get(picture) if picture is not None else None
        if sighting is None or (sighting.origin is PictureOrigin.IMG and not hidden):
            sighting = self._see(PictureOrigin.NOSCRIPT if hidden else PictureOrigin.IMG, element)
        if sighting.element is None or sighting.element.tag != "img":
            sighting.element, sighting.origin = (
                element,
                PictureOrigin.NOSCRIPT if hidden else PictureOrigin.IMG,
            )
        plain = PictureOrigin.NOSCRIPT if hidden else PictureOrigin.IMG
        shown = self._lazy(element, sighting)
        candidates = self._add_set(
            sighting, element.get("srcset"), PictureOrigin.NOSCRIPT if hidden else PictureOrigin.SRCSET
        )
        source = self._add(sighting, element.get("src"), plain)
        if candidates and not shown:
            chosen = self._screen.choose(candidates, element.get("sizes"))
            shown = chosen.url if chosen else None
        if not shown and source and not source.startswith("data:"):
            shown = source
        sighting.shown = sighting.shown or shown
        if sighting.alt is None:
            sighting.alt = element.get("alt")
            sighting.width, sighting.height = _pixels(element, "width"), _pixels(element, "height")

    def _lazy(self, element: _Element, sighting: Sighting) -> str | None:
        """The addresses that a script would move into place; gives the one that it would show."""
        shown: str | None = None
        for name, text in _attributes(element):
            if name[:5] != "data-" or not text or len(text) < 3:
                continue
            if "srcset" in name or name.endswith("-set") or _LOOKS_LIKE_SRCSET.search(text[-40:]):
                candidates = self._add_set(sighting, text, PictureOrigin.LAZY_SRCSET)
                sizes = element.get("data-sizes") or element.get("sizes")
                chosen = self._screen.choose(candidates, sizes)
                shown = shown or (chosen.url if chosen else None)
            elif _LAZY_NAME.match(name) and not _NO_PICTURE_NAME.search(name) and _one_address(text):
                address = self._add(sighting, text, PictureOrigin.LAZY)
                if address and not address.startswith("data:") and not shown:
                    shown = address
            elif len(text) > 8:
                for written in _picture_files(text):
                    self._add(sighting, written, PictureOrigin.LAZY)
        return shown

    def _picture(self, element: _Element) -> None:
        self._pictures[element] = self._see(PictureOrigin.PICTURE_SOURCE, element)

    def _source(self, element: _Element) -> None:
        near = islice(element.iterancestors(), _WRAPPERS + MAX_SOURCES)
        picture = next((above for above in near if above in self._pictures), None)
        if picture is None:
            return
        sighting = self._pictures[picture]
        mime, media = element.get("type"), element.get("media")
        facts = {"mime": mime, "media": media}
        shown = self._lazy(element, sighting)
        candidates = self._add_set(sighting, element.get("srcset"), PictureOrigin.PICTURE_SOURCE, **facts)
        if source := element.get("src"):
            self._add(sighting, source, PictureOrigin.PICTURE_SOURCE, **facts)
        fits = self._screen.matches(media) and (not mime or _SHOWN_TYPES.match(mime.strip()))
        if fits and not sighting.shown:
            chosen = self._screen.choose(candidates, element.get("sizes"))
            sighting.shown = shown or (chosen.url if chosen else None)

    def _poster(self, element: _Element) -> None:
        for name in ("poster", "data-poster"):
            if text := element.get(name):
                sighting = self._see(PictureOrigin.POSTER, element)
                sighting.shown = self._add(sighting, text, PictureOrigin.POSTER)

    def _meta(self, element: _Element) -> None:
        name = (
            (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        )
        origin = _PICTURE_META.get(name)
        if origin is not None:
            sighting = self._see(origin)
            self._add(sighting, element.get("content"), origin)
        elif self.sightings and self.sightings[-1].origin in (
            PictureOrigin.OPEN_GRAPH,
            PictureOrigin.TWITTER,
        ):
            last, content = self.sightings[-1], (element.get("content") or "").strip()
            if name in ("og:image:alt", "twitter:image:alt"):
                last.alt = last.alt or content
            elif name == "og:image:width" and content.isdecimal() and len(content) < 6:
                last.width = int(content)

    def _link(self, element: _Element) -> None:
        relations = frozenset((element.get("rel") or "").lower().split())
        if "preload" in relations and (element.get("as") or "").lower() == "image":
            sighting = self._see(PictureOrigin.PRELOAD)
            self._add_set(
                sighting, element.get("imagesrcset"), PictureOrigin.PRELOAD, media=element.get("media")
            )
            self._add(sighting, element.get("href"), PictureOrigin.PRELOAD, media=element.get("media"))
        elif relations & _ICON_RELATIONS:
            self._add(self._see(PictureOrigin.ICON), element.get("href"), PictureOrigin.ICON)
        elif (
            "image_src" in relations
            or "image" in (element.get("itemprop") or "").lower()
            or ("enclosure" in relations and _PICTURE_TYPE.match(element.get("type") or ""))
        ):
            self._add(self._see(PictureOrigin.META), element.get("href"), PictureOrigin.META)

    def _script(self, element: _Element) -> None:
        text = element.text
        if not text or self._script_left <= 0:
            return
        text = text[: self._script_left]
        self._script_left -= len(text)
        if "ld+json" in (element.get("type") or "").lower():
            for picture in linked_pictures(text):
                sighting = self._see(PictureOrigin.JSON_LD)
                sighting.alt, sighting.caption, sighting.credit = None, picture.caption, picture.credit
                for written in picture.addresses:
                    self._add(sighting, written, PictureOrigin.JSON_LD, width=picture.width)
                sighting.main = next(iter(sighting.renditions), None)
                sighting.furniture = picture.furniture
            return
        for written, described in script_addresses(text):
            sighting = self._see(PictureOrigin.SCRIPT)
            sighting.described = described
            self._add(sighting, written, PictureOrigin.SCRIPT)

    def _style(self, element: _Element) -> None:
        for kind, written in style_references(element.text or ""):
            if kind == "picture":
                self._add(self._see(PictureOrigin.STYLE), written, PictureOrigin.STYLE)

    def _svg_image(self, element: _Element) -> None:
        sighting = self._see(PictureOrigin.SVG, element)
        sighting.shown = self._add(
            sighting, element.get("href") or element.get("xlink:href"), PictureOrigin.SVG
        )

    def _input(self, element: _Element) -> None:
        if (element.get("type") or "").lower() == "image":
            sighting = self._see(PictureOrigin.INPUT, element)
            sighting.alt = element.get("alt")
            sighting.shown = self._add(sighting, element.get("src"), PictureOrigin.INPUT)

    def _embedded(self, element: _Element) -> None:
        written = element.get("data") or element.get("src") or ""
        if _PICTURE_TYPE.match(element.get("type") or "") or PICTURE_FILE.search(written):
            sighting = self._see(PictureOrigin.OBJECT, element)
            sighting.shown = self._add(sighting, written, PictureOrigin.OBJECT)

    def _anchor(self, element: _Element) -> None:
        written = element.get("href") or ""
        if PICTURE_FILE.search(written) and _is_picture_file(written):
            sighting = self._see(PictureOrigin.LINK, element)
            sighting.shown = self._add(sighting, written, PictureOrigin.LINK)

    def _paragraph(self, element: _Element) -> None:
        self.paragraphs.append((self._order, element))

    def _heading(self, element: _Element) -> None:
        self.headings.append((self._order, element))

    def _background(self, element: _Element) -> None:
        if written := element.get("background"):
            sighting = self._see(PictureOrigin.STYLE, element)
            sighting.shown = self._add(sighting, written, PictureOrigin.STYLE)

    def _painted(self, element: _Element, style: str) -> None:
        for kind, written in style_references(style):
            if kind == "picture":
                sighting = self._see(PictureOrigin.STYLE, element)
                sighting.shown = self._add(sighting, written, PictureOrigin.STYLE)

    def _lazy_elsewhere(self, element: _Element, name: str, text: str) -> None:
        if "srcset" in name:
            sighting = self._see(PictureOrigin.LAZY_SRCSET, element)
            chosen = self._screen.choose(self._add_set(sighting, text, PictureOrigin.LAZY_SRCSET), None)
            sighting.shown = chosen.url if chosen else None
            return
        for written in _picture_files(text):
            sighting = self._see(PictureOrigin.LAZY, element)
            sighting.shown = self._add(sighting, written, PictureOrigin.LAZY)


def _attributes(element: _Element) -> list[tuple[str, str]]:
    return cast("list[tuple[str, str]]", element.items())


def _pixels(element: _Element, name: str) -> int | None:
    text = (element.get(name) or "").strip().removesuffix("px")
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _one_address(text: str) -> bool:
    text = text.strip()
    return (
        text[:1] not in "{["
        and not re.search(r"\s", text)
        and ("/" in text or "." in text)
        and not _NO_PICTURE_FILE.search(text)
    )


def _is_picture_file(written: str) -> bool:
    """Whether the path, not only the query, names a picture file."""
    return bool(PICTURE_FILE.search(written.partition("?")[0])) and not _NO_PICTURE_FILE.search(written)


def _picture_files(text: str) -> list[str]:
    """The addresses of picture files in a text, JSON escapes undone; at most 50."""
    if not PICTURE_FILE.search(text):
        return []
    if _one_address(text) and not text.startswith(("{", "[")):
        return [text] if _is_picture_file(text) else []
    plain = text[:200_000].replace("\\/", "/").replace("\\u002F", "/").replace("&quot;", '"')
    found = (match[0].rstrip("\\,;") for match in _ADDRESS_IN_TEXT.finditer(plain))
    return list(dict.fromkeys(chain(address for address in found if _is_picture_file(address))))[:50]
