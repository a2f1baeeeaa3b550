"""Which style sheets a page uses."""

from __future__ import annotations

from archiver.spiders.document import Document
from archiver.spiders.pictures.addresses import Addresses
from archiver.spiders.pictures.css import style_references

MAX_STYLESHEETS = 200


def find_stylesheets(document: Document) -> tuple[str, ...]:
    """The addresses of the page's style sheets, linked and imported, in document order; http(s) only."""
    addresses = Addresses(document.base_url)
    found: dict[str, None] = {}
    for element in document.root.iter("link", "style"):
        if len(found) >= MAX_STYLESHEETS:
            break
        if element.tag == "link":
            relations = (element.get("rel") or "").lower().split()
            preloaded = "preload" in relations and (element.get("as") or "").lower() == "style"
            written = [element.get("href")] if "stylesheet" in relations or preloaded else []
        else:
            written = [text for kind, text in style_references(element.text or "") if kind == "import"]
        for address in map(addresses.resolve, written):
            if address and not address.startswith("data:"):
                found[address] = None
    return tuple(found)
