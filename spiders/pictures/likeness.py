"""Tells what may be a rendition of a picture that stands in the same place, or that metadata repeats.

Looser than `identity`, which has to tell the pictures of different places: the names of sizes and crops, and
the folders of a delivery count for nothing here, as long as something is left of the file's own name.
"""

from __future__ import annotations

import re

from archiver.spiders.pictures.identity import (
    PARAMETERS,
    RENDERING,
    SIGNATURE,
    has_extension,
    parts_of,
    without_extension,
)

_VARIANTS = (
    "original|orig|large|medium|small|big|thumb|thumbnail|thumbnails|mini|full|fullsize|scaled|resized?|resizer?"
    "|crops?|cropped|format|webp|jpe?g|png|avif|auto|fit|fill|scale|max|min|teaser|mobile|desktop|tablet|landscape"
    "|portrait|square|wide|hero|lead|default|preview|retina|hd|sd|xxl|xl|xs|sm|md|lg|l|m|s|quadrat|quer|hoch"
    "|filters?|smart|images?|imgs?|media|files?|public|styles|cdn-cgi|fl|progressive"
)
_SIZE = re.compile(
    rf"""
      (?<![0-9a-z])(?:\d{{1,4}}x\d{{1,4}}|\d{{2,4}}x|x\d{{2,4}}|@?[1-4]x|\d{{2,4}}px?)(?![0-9a-z])
    | (?<![0-9a-z])(?:(?:{PARAMETERS})[-_=:,]|[whq]|width|height)\d+(?:[.,:x]\d+)*(?![0-9a-z])
    | (?<![0-9a-z])(?:16[-:_]9|9[-:_]16|4[-:_]3|3[-:_]4|3[-:_]2|2[-:_]3|1[-:_]1|2[-:_]1|21[-:_]9)(?![0-9])
    | (?<![0-9a-z])(?:{_VARIANTS})(?![0-9a-z])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BREAKS = re.compile(r"[^0-9A-Za-z\u0080-\uffff]+")
_NUMBER = re.compile(r"(?<![0-9a-z])\d{5,}(?![0-9a-z])", re.IGNORECASE)
_HEXADECIMAL = re.compile(
    r"(?<![0-9a-z])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{10,}(?![0-9a-z])", re.IGNORECASE
)
_ONLY_PIXELS = re.compile(
    rf"w?\d{{3,4}}w?|(?:(?:{_VARIANTS})[-_.]+)*\d{{2,4}}x\d{{2,4}}(?:@[1-4]x)?(?:[-_.]+(?:{_VARIANTS}))*",
    re.IGNORECASE,
)


def likeness(address: str) -> str:
    """A key that is equal for addresses that may be renditions of the same picture."""
    if address.startswith("data:"):
        return address
    host, path, query = parts_of(address)
    segments = [segment for segment in path.split("/") if segment and not SIGNATURE.match(segment)]
    *before, name = _to_the_name(without_extension("/".join(segments)).split("/"))
    folders = "/".join(before)
    own = _words(name) or [name]
    stem = f"{folders}/{name}"
    numbers = sorted({*_NUMBER.findall(stem), *_HEXADECIMAL.findall(stem)})
    if numbers and (sum(map(len, own)) >= 8 or any(len(number) >= 8 for number in numbers)):
        return f"{' '.join(numbers)}|{' '.join(own)}"
    told = "" if not query or numbers or has_extension(path) else _telling(query)
    return f"{host}|{' '.join([*_words(folders), *own]) or stem}|{told}"


def _to_the_name(segments: list[str]) -> list[str]:
    """The folders and the name; of a file that is called by its size alone the name is its folder's."""
    kept = list(segments)
    if _ONLY_PIXELS.fullmatch(kept[-1]):
        while len(kept) > 1 and not _words(kept[-1]):
            kept.pop()
    return kept


def _words(text: str) -> list[str]:
    return [word for word in _BREAKS.split(_SIZE.sub(" ", text)) if word]


def _telling(query: str) -> str:
    parts = query[:2000].split("&")
    return "&".join(part for part in parts if part.partition("=")[0].lower() not in RENDERING)
