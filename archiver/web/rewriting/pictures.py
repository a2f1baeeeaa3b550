"""Chooses for each picture of a page a rendition that the archive has; shows what a script would have."""

from __future__ import annotations

import re
from typing import Final, cast

from lxml.etree import XPath
from lxml.html import HtmlElement

from archiver.spiders.pictures.srcset import parse_srcset
from archiver.storage.index import Index
from archiver.web.rewriting.targets import Targets, settable

_LAZY_SOURCES: Final = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-url", "data-image", "data-img-src",
    "data-hi-res-src", "data-full-src", "data-large-file", "data-native-src", "data-delayed-url",
)  # fmt: skip
_LAZY_SRCSETS: Final = ("data-srcset", "data-lazy-srcset", "data-original-set", "data-lazyload-srcset")
_LAZY_CLASSES: Final = re.compile(r"\b(?:lazy\S*|b-lazy|lozad|js-lazy\S*)", re.IGNORECASE)
_LATE_BACKGROUNDS: Final = XPath("//*[@data-bg or @data-background-image or @data-background]")
_MOST_LOOKUPS: Final = 600


class PictureSources:
    """Settles `src` of the pictures in one page."""

    def __init__(self, targets: Targets, index: Index) -> None:
        self._targets = targets
        self._index = index
        self._known: dict[str, bool] = {}

    def settle(self, root: HtmlElement) -> None:
        """Give every `img` one source in the archive; `source` elements of pictures are taken away."""
        for picture in list(root.iter("picture")):
            for source in list(picture.iter("source")):
                image = next(iter(picture.iter("img")), None)
                if image is not None:
                    _offer(image, source)
                _hollow(source)
        for image in root.iter("img"):
            self._settle(image)
        for element in late_backgrounds(root):
            if element.tag != "img" and (late := _late_background(element)):
                style = f'background-image:url("{_css_text(late)}");{element.get("style") or ""}'
                element.set("style", settable(style))

    def _settle(self, image: HtmlElement) -> None:
        written = self._candidates(image)
        chosen = next((one for one in written if self._is_archived(one)), written[0] if written else None)
        for name in ("srcset", "sizes", "loading", "fetchpriority", "lowsrc", *_LAZY_SRCSETS):
            image.attrib.pop(name, None)
        if chosen is None:
            image.attrib.pop("src", None)
        else:
            image.set("src", self._targets.resource(chosen, "im_"))
        if classes := image.get("class"):
            image.set("class", settable(_LAZY_CLASSES.sub("", classes).strip()))
        image.set("data-archive-settled", "1")

    def _candidates(self, image: HtmlElement) -> list[str]:
        """What the page offers for a picture, the best first."""
        late = [image.get(name) for name in _LAZY_SOURCES]
        sets = [image.get(name) for name in ("srcset", *_LAZY_SRCSETS, "data-archive-offered")]
        widest = sorted(
            (candidate for text in sets if text for candidate in parse_srcset(text)),
            key=lambda candidate: (candidate.width or 0, candidate.density or 0),
            reverse=True,
        )
        plain = image.get("src")
        first = [plain] if plain and not plain.lstrip().startswith("data:") else []
        image.attrib.pop("data-archive-offered", None)
        if any(late):
            first = [*filter(None, late), *first]
        rest = [plain] if plain else []
        return list(dict.fromkeys([*first, *(candidate.url for candidate in widest), *rest]))

    def _is_archived(self, written: str) -> bool:
        if written.lstrip()[:5].lower() == "data:":
            return True
        url = self._targets.absolute(written)
        if url is None:
            return False
        if url not in self._known:
            if len(self._known) >= _MOST_LOOKUPS:
                return True
            found = self._index.closest(url, below=400)
            self._known[url] = found is not None
        return self._known[url]


def _offer(image: HtmlElement, source: HtmlElement) -> None:
    """Let the picture know what a `source` beside it offers."""
    for name in ("srcset", *_LAZY_SRCSETS):
        if text := source.get(name):
            before = image.get("data-archive-offered")
            image.set("data-archive-offered", settable(f"{before}, {text}" if before else text))


def _hollow(source: HtmlElement) -> None:
    """Leave of an element only what stands in it: parsers that do not know it put the picture there."""
    source.tag = "span"
    source.attrib.clear()
    source.set("style", "display:contents")


def late_backgrounds(root: HtmlElement) -> list[HtmlElement]:
    """The elements whose background a script would have set."""
    found = cast("list[object]", _LATE_BACKGROUNDS(root))
    return [element for element in found if isinstance(element, HtmlElement)]


def _late_background(element: HtmlElement) -> str | None:
    found: str | None = (
        element.get("data-bg") or element.get("data-background-image") or element.get("data-background")
    )
    return found


def _css_text(address: str) -> str:
    plain = address.strip()
    if plain.lower().startswith("url("):
        plain = plain[4:].rstrip(")").strip("\"' ")
    return re.sub(r'["\\\n\r<]', "", plain)
