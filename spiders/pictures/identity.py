"""Tells whether two addresses are renditions of one picture: the same but for size, crop, format and host.

It errs on the side of two pictures: pictures joined by mistake hide one, pictures kept apart only repeat one.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_EMBEDDED = re.compile(r"https?(?::|%3A)(?:/|%2F){1,2}", re.IGNORECASE)
_EXTENSIONS = re.compile(
    r"(?:\.(?:jpe?g|jpe|png|webp|gif|avif|heic|jxl|bmp|tiff?))++(?P<end>$)?", re.IGNORECASE
)
_PARAMETERS = (
    "w|h|c|q|s|r|f|g|dpr|width|height|quality|size|imwidth|crop|fit|format|auto|ar|rect|b|e|t|x|y|z|v"
)
_VARIANTS = (
    "original|orig|large|medium|small|big|thumb|thumbnail|thumbnails|mini|full|fullsize|scaled|resized?|resizer?"
    "|crops?|cropped|format|webp|jpe?g|png|avif|auto|fit|fill|scale|max|min|teaser|mobile|desktop|tablet|landscape"
    "|portrait|square|wide|hero|lead|default|preview|retina|hd|sd|xxl|xl|xs|sm|md|lg|l|m|s|quadrat|quer|hoch"
    "|filters?|smart|images?|imgs?|media|files?|public|styles|cdn-cgi|fl|progressive"
)
_SIZE = re.compile(
    rf"""
      (?<![0-9a-z])(?:\d{{1,4}}x\d{{1,4}}|\d{{1,4}}x|x\d{{1,4}}|@?[1-4]x|\d{{2,4}}px?)(?![0-9a-z])
    | (?<![0-9a-z])(?:(?:{_PARAMETERS})[-_=:,]|[whq]|width|height)\d+(?:[.,:x]\d+)*(?![0-9a-z])
    | (?<![0-9a-z])\d{{1,2}}[-:_x]\d{{1,2}}(?![0-9])
    | (?<![0-9a-z])(?:{_VARIANTS})(?![0-9a-z])
    """,
    re.VERBOSE,
)
_SIGNATURE = re.compile(r"^(?:hmac|sig|s|sign|v)?[:=]?[\w-]{27,}={1,2}$")
_BREAKS = re.compile(r"[^0-9a-z\u0080-\uffff]+")
_NUMBER = re.compile(r"(?<![0-9a-z])\d{5,}(?![0-9a-z])")
_HEXADECIMAL = re.compile(r"(?<![0-9a-z])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{10,}(?![0-9a-z])")
_RENDERING = frozenset(
    "fm|rw|rh|resize|strip|compress|sharp|op|mode|impolicy|sig|sum|signature|token|hash|expires|ssl|cb|version"
    f"|ver|m|tl|ve|as|{_PARAMETERS}".split("|")
)
"""Parameters of a query that say how a picture is rendered, or prove the right to ask."""


def identity(address: str) -> str:
    """A key that is equal for addresses that are obviously renditions of the same picture."""
    if address.startswith("data:"):
        return address
    address = _innermost(address)
    host, _, rest = address.partition("://")[2].partition("/")
    path, _, query = rest.partition("?")
    path = unquote(path).lower()
    segments = [segment for segment in path.split("/") if segment and not _SIGNATURE.match(segment)]
    stem = _EXTENSIONS.sub(_unless_last, "/".join(segments))
    numbers = sorted({*_NUMBER.findall(stem), *_HEXADECIMAL.findall(stem)})
    words = [word for word in _BREAKS.split(_SIZE.sub(" ", stem.rpartition("/")[2])) if word]
    if numbers and (sum(map(len, words)) >= 8 or any(len(number) >= 8 for number in numbers)):
        return f"{' '.join(numbers)}|{' '.join(words)}"
    told = "" if not query or numbers or _has_extension(path) else _telling(query)
    return f"{host}|{' '.join(word for word in _BREAKS.split(_SIZE.sub(' ', stem)) if word) or stem}|{told}"


def _unless_last(extensions: re.Match[str]) -> str:
    return extensions[0] if extensions["end"] is None else ""


def _has_extension(path: str) -> bool:
    return any(extensions["end"] is not None for extensions in _EXTENSIONS.finditer(path))


def _innermost(address: str) -> str:
    """The address that a resizing service is given inside its own."""
    starts = [embedded.start() for embedded in _EMBEDDED.finditer(address, 8)]
    if not starts:
        return address
    inner = address[starts[-1] :]
    return unquote(inner.partition("&")[0]) if "%2f" in inner[:14].lower() else inner


def _telling(query: str) -> str:
    """The parameters that say which picture it is."""
    parts = query[:2000].split("&")
    return "&".join(part for part in parts if part.partition("=")[0].lower() not in _RENDERING)


_MARK = re.compile(
    r"(?<![0-9a-z])(?:\d{6,}|[0-9a-f]{10,}|(?=[a-z_-]*+\d)[0-9a-z_-]{16,}+)(?![0-9a-z])", re.IGNORECASE
)
_DATE = re.compile(r"(?:19|20)\d{6}(?:\d{4,6})?$")


def marks(address: str) -> frozenset[str]:
    """The parts of an address that look made to identify something: long numbers, digests."""
    return frozenset(mark for mark in _MARK.findall(_innermost(address)) if not _DATE.match(mark))
