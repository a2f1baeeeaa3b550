"""A page without its scripts, as its readers saw it: every reference leads into the archive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lxml import etree
from lxml.html import HtmlElement, tostring

from archiver.spiders.document import parse_document
from archiver.storage.index import Index
from archiver.web.rewriting.css import rewritten_style
from archiver.web.rewriting.pictures import PictureSources
from archiver.web.rewriting.targets import Targets, settable

_DROPPED: Final = frozenset(
    {
        "script",
        "base",
        "object",
        "embed",
        "applet",
        "portal",
        "param",
        "template",
        "animate",
        "set",
        "handler",
    }
)
_LINKS: Final = frozenset({"a", "area"})
_FRAMES: Final = frozenset({"iframe", "frame"})
_SOURCES: Final = {"video": "src", "audio": "src", "track": "src", "input": "src", "image": "href"}
_KEPT_LINKS: Final = frozenset({"stylesheet", "icon", "shortcut icon", "apple-touch-icon"})
_KEPT_META: Final = frozenset({"viewport", "description", "author", "color-scheme"})
_DROPPED_ATTRIBUTES: Final = frozenset(
    {
        *("ping", "nonce", "integrity", "crossorigin", "attributionsrc", "http-equiv", "manifest", "profile"),
        *("srcdoc", "srcset", "imagesrcset", "lowsrc", "dynsrc", "poster", "background", "data"),
        *("archive", "classid", "codebase", "cite", "longdesc", "usemap"),
        *("target", "download", "action", "formaction"),
    }
)
_LOOKED_AT: Final = frozenset(
    {*_DROPPED, *_LINKS, *_FRAMES, *_SOURCES, "meta", "link", "style", "form", "img", "source", "use"}
)
_HARMLESS: Final = frozenset(
    {"class", "id", "lang", "dir", "title", "role", "alt", "width", "height", "aria-hidden", "aria-label"}
)
"""Attributes that most elements have at most; nothing in them leads anywhere or runs."""


def rewritten_page(content: bytes, charset: str | None, targets: Targets, index: Index) -> bytes:
    """The page in UTF-8. Never raises for what a page can hold."""
    document = parse_document(content, targets.base_url, charset)
    targets.base_url = document.base_url
    root = document.root
    sources = PictureSources(targets, index)
    sources.settle(root)
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            _drop(element)
            continue
        _rewrite(element, targets)
    _show_noscript(root)
    _insert_charset(root)
    return b"<!DOCTYPE html>\n" + bytes(tostring(root, encoding="utf-8", doctype=None))


def _show_noscript(root: HtmlElement) -> None:
    """What stands in for scripts is shown, but for pictures that the page shows anyway."""
    inside = {image for one in root.iter("noscript") for image in one.iter("img")}
    shown = {image.get("src") for image in root.iter("img") if image not in inside}
    for one in list(root.iter("noscript")):
        for image in list(one.iter("img")):
            if image.get("src") in shown:
                _drop(image)
        one.tag = "div"


def _rewrite(element: HtmlElement, targets: Targets) -> None:
    tag = element.tag.lower()
    if tag not in _LOOKED_AT and _HARMLESS.issuperset(element.keys()):
        return
    if tag in _DROPPED or (tag == "meta" and not _is_kept_meta(element)):
        _drop(element)
        return
    if tag == "link" and not _is_kept_link(element):
        _drop(element)
        return
    original = dict(element.attrib)
    for name in original:
        _rewrite_attribute(element, name)
    if tag == "style":
        element.text = rewritten_style("".join(element.itertext()), targets).replace("</", "<\\/")
        for child in list(element):
            element.remove(child)
    if style := original.get("style"):
        element.set("style", rewritten_style(style, targets))
    _rewrite_references(element, tag, original, targets)


def _rewrite_attribute(element: HtmlElement, name: str) -> None:
    """Take away what could run, submit, or name another place; the references are set anew afterwards."""
    lower = name.lower()
    if lower.startswith("on") or lower in _DROPPED_ATTRIBUTES or lower == "src" or "href" in lower:
        del element.attrib[name]


def _rewrite_references(element: HtmlElement, tag: str, original: dict[str, str], targets: Targets) -> None:
    href = original.get("href") or next((v for k, v in original.items() if k.endswith("href")), None)
    if tag in _LINKS:
        leads = targets.link(href) if href is not None else None
        if leads is not None:
            element.set("href", leads)
            if targets.leaves_frame and not leads.startswith("#"):
                element.set("target", "_top")
    elif tag == "link" and href is not None:
        element.set("href", targets.resource(href, "cs_" if _is_sheet(original) else "im_"))
    elif tag in _FRAMES:
        source = original.get("src") or original.get("data-src")
        element.set("src", targets.resource(source, "if_") if source else "about:blank")
        element.set("sandbox", "")
    elif tag == "body" and (background := original.get("background")):
        element.set(
            "style",
            f'background-image:url("{targets.resource(background, "im_")}");{element.get("style") or ""}',
        )
    elif tag == "use" and href is not None and href.startswith("#"):
        element.set("href", settable(href))
    elif tag == "form":
        element.set("method", "dialog")
    _rewrite_media(element, tag, original, targets, href)


def _rewrite_media(
    element: HtmlElement, tag: str, original: dict[str, str], targets: Targets, href: str | None
) -> None:
    if element.attrib.pop("data-archive-settled", None):
        if source := original.get("src"):
            element.set("src", source)
        return
    if tag in _SOURCES:
        written = original.get(_SOURCES[tag]) or (href if tag == "image" else None)
        if written:
            element.set(_SOURCES[tag], targets.resource(written, "im_"))
    elif tag == "source" and (written := original.get("src")):
        element.set("src", targets.resource(written, "oe_"))
    if tag == "video" and (poster := original.get("poster")):
        element.set("poster", targets.resource(poster, "im_"))
    if tag in ("video", "audio"):
        element.set("controls", "")
        element.attrib.pop("autoplay", None)


def _is_sheet(attributes: dict[str, str]) -> bool:
    return "stylesheet" in (attributes.get("rel") or "").lower()


def _is_kept_link(element: HtmlElement) -> bool:
    relation = " ".join((element.get("rel") or "").lower().split())
    if "stylesheet" in relation and "alternate" not in relation:
        return True
    if relation == "preload" and element.get("as") == "style":  # scripts turn these into style sheets
        element.set("rel", "stylesheet")
        return True
    return relation in _KEPT_LINKS


def _is_kept_meta(element: HtmlElement) -> bool:
    return (element.get("name") or "").lower() in _KEPT_META and not element.get("http-equiv")


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        previous = element.getprevious()
        if previous is not None:
            previous.tail = settable((previous.tail or "") + element.tail)
        else:
            parent.text = settable((parent.text or "") + element.tail)
    parent.remove(element)


def _insert_charset(root: HtmlElement) -> None:
    heads: Iterable[HtmlElement] = root.iter("head")
    head = next(iter(heads), None)
    if head is not None:
        meta = etree.Element("meta", {"charset": "utf-8"})
        head.insert(0, meta)
