"""Pictures in JSON-LD, in every shape that publishers give them (schema.org image, thumbnailUrl, logo)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_NODES = 5_000
MAX_PICTURES = 200

_FIELDS = ("image", "thumbnailUrl", "thumbnail", "primaryImageOfPage", "associatedMedia", "photo", "logo")
_FURNITURE_FIELDS = frozenset({"logo"})
_FURNITURE_OWNERS = frozenset(
    {
        "publisher",
        "author",
        "creator",
        "sourceorganization",
        "isbasedon",
        "itemlistelement",
        "relatedlink",
        "contributor",
        "brand",
        "comment",
        "editor",
        "provider",
        "copyrightholder",
        "ispartof",
    }
)
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/)\s*$"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


@dataclass(frozen=True, slots=True)
class LinkedPicture:
    """A picture stated in JSON-LD; `furniture` when it is a logo or belongs to a person or another thing."""

    addresses: tuple[str, ...]
    furniture: bool
    width: int | None = None
    caption: str | None = None
    credit: str | None = None


def linked_pictures(text: str) -> list[LinkedPicture]:
    """The pictures of one JSON-LD script, in order; none where it is no JSON."""
    found: list[LinkedPicture] = []
    for node, furniture in _nodes(_read(text)):
        for name in _FIELDS:
            if name in node:
                found.extend(_pictures(node[name], furniture or name in _FURNITURE_FIELDS, 0))
        if _is_picture(node):
            found.extend(_pictures(node, furniture, 0))
        if len(found) > MAX_PICTURES:
            break
    return list({picture.addresses: picture for picture in reversed(found)}.values())[::-1][:MAX_PICTURES]


def _read(text: str) -> object:
    stripped = _WRAPPING.sub("", text).strip().rstrip(";")
    for attempt in (stripped, _TRAILING_COMMA.sub(r"\1", stripped)):
        try:
            return json.JSONDecoder(strict=False).raw_decode(attempt)[0]
        except (ValueError, RecursionError):
            continue
    return None


def _nodes(document: object) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every object in the document, and whether it stands under something that is not the article."""
    stack: list[tuple[object, bool]] = [(document, False)]
    seen = 0
    while stack and seen < MAX_NODES:
        entry, furniture = stack.pop()
        if isinstance(entry, list):
            stack.extend((part, furniture) for part in reversed(entry))
        elif isinstance(entry, dict):
            seen += 1
            furniture = (
                furniture or _types(entry) & {"organization", "newsmediaorganization", "person"} != set()
            )
            yield entry, furniture
            stack.extend(
                (value, furniture or name.lower() in _FURNITURE_OWNERS)
                for name, value in reversed(entry.items())
                if isinstance(value, dict | list) and name not in _FIELDS
            )


def _types(node: dict[str, Any]) -> set[str]:
    types = node.get("@type")
    listed = types if isinstance(types, list) else [types]
    return {kind.rpartition("/")[2].lower() for kind in listed if isinstance(kind, str)}


def _is_picture(node: dict[str, Any]) -> bool:
    return "imageobject" in _types(node)


def _pictures(value: object, furniture: bool, depth: int) -> Iterator[LinkedPicture]:
    if isinstance(value, str):
        yield LinkedPicture((value,), furniture)
    elif isinstance(value, list) and depth < 4:
        for part in value[:MAX_PICTURES]:
            yield from _pictures(part, furniture, depth + 1)
    elif isinstance(value, dict):
        addresses = tuple(_addresses(value))
        if addresses:
            yield LinkedPicture(
                addresses,
                furniture,
                _number(value.get("width")),
                _text(value.get("caption")) or _text(value.get("description")),
                _text(value.get("creditText"))
                or _text(value.get("copyrightHolder"))
                or _text(value.get("author")),
            )
        elif depth < 4 and "image" in value:
            yield from _pictures(value["image"], furniture, depth + 1)


def _addresses(node: dict[str, Any]) -> Iterator[str]:
    is_page = "videoobject" in _types(node)
    names = ("thumbnailUrl", "thumbnail") if is_page else ("contentUrl", "url", "thumbnailUrl")
    for name in names:
        value = node.get(name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str) and part.strip():
                yield part
            elif isinstance(part, dict) and isinstance(part.get("url"), str):
                yield part["url"]
    identifier = node.get("@id")
    nameless = "url" not in node and "contentUrl" not in node and _is_picture(node)
    if nameless and isinstance(identifier, str) and identifier.startswith("http") and "#" not in identifier:
        yield identifier


def _number(value: object) -> int | None:
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, str) and value.removesuffix("px").strip().isdecimal():
        value = int(value.removesuffix("px")[:9])
    return value if isinstance(value, int) and 0 < value < 100_000 else None


def _text(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("name")
    if isinstance(value, list) and value:
        return _text(value[0])
    return " ".join(value.split())[:2_000] or None if isinstance(value, str) else None
