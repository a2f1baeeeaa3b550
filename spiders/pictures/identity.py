"""Tells whether two addresses are renditions of one picture, wherever in a page each of them stands.

Only marks that are unmistakably of a size, a format or a delivery count for nothing, and letter case always
counts. It errs on the side of two pictures: pictures joined by mistake hide one, its caption and that it was
deleted; pictures kept apart only repeat one. What is known to be one picture may be alike in more ways
(`likeness`).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

EXTENSIONS: Final = re.compile(
    r"(?:\.(?:jpe?g|jpe|png|webp|gif|avif|heic|jxl|bmp|tiff?))++(?P<end>$)?", re.IGNORECASE
)
SIGNATURE: Final = re.compile(r"^(?:hmac|sig|s|sign|v)?[:=]?[\w-]{27,}={1,2}$", re.IGNORECASE)
PARAMETERS: Final = (
    "w|h|c|q|s|r|f|g|dpr|width|height|quality|size|imwidth|crop|fit|format|auto|ar|rect|b|e|t|x|y|z|v"
)
RENDERING: Final = frozenset(
    "fm|rw|rh|resize|strip|compress|sharp|op|mode|impolicy|sig|sum|signature|token|hash|expires|ssl|cb|version"
    f"|ver|m|tl|ve|as|{PARAMETERS}".split("|")
)
"""Parameters of a query that say how a picture is rendered, or prove the right to ask."""

_EMBEDDED = re.compile(r"https?(?::|%3A)(?:/|%2F){1,2}", re.IGNORECASE)
_SURE = (
    r"(?:\d{2,4}x\d{2,4}|16x9|9x16|21x9|@[1-4]x|[wh](?:\d{4}|[2-9]\d0)|[wh][_=:]\d{2,4}"
    r"|(?:width|height)[-_=:]?\d{2,4}|\d{3,4}px)"
)
_BESIDE = rf"(?:[whq]\d+|(?:r|dpr|fpx|fpy)\d+(?:\.\d+)?|(?:{PARAMETERS})[_=:][0-9a-z.:]{{1,40}})"
"""Marks that are of a size only where a sure one stands before them."""
_SIZE_MARKS = re.compile(
    rf"(?:(?<![-_.,~=])[-_.,~=]{{1,3}}|(?=@)){_SURE}(?:[-_.,~]{{1,3}}(?:{_SURE}|{_BESIDE}))*(?![0-9a-z])"
    r"|[-_](?:scaled|thumb(?:nail)?)$",
    re.IGNORECASE,
)
_SURE_PART = re.compile(
    rf"{_SURE}|[wh]\d{{2,4}}|\d{{3,4}}[xw]|x\d{{3,4}}|(?:w|h|q|width|height|quality|dpr|imwidth)[_=:][\d.]+"
    r"|(?:f|format)[_=:](?:auto|jpe?g|webp|png|avif)|c_(?:fill|fit|scale|crop|thumb|limit|pad|lfill)",
    re.IGNORECASE,
)
_PART = re.compile(rf"{_BESIDE}|[a-z]{{1,12}}[_=:][\w.:-]*", re.IGNORECASE)
_BETWEEN_PARTS = re.compile(r"[,;&~]")
_SERVICE = re.compile(r"filters:.*|(?:full-|adaptive-)?fit-in|smart|unsafe|trim", re.IGNORECASE)
_SIZES = frozenset(
    {
        "original", "orig", "large", "medium", "small", "big", "thumb", "thumbs", "thumbnail", "thumbnails",
        "mini", "full", "fullsize", "resize", "resized", "scaled", "preview", "xxl", "xl", "xs", "sm",
        "md", "lg",
    }
)  # fmt: skip
_LEAST_NAME = 4
"""Characters of a file name that says more than its folder does."""
_WHICH = frozenset(
    {
        "id", "n", "p", "no", "nr", "num", "number", "pic", "picture", "photo", "img", "image", "file",
        "name", "src", "url", "key", "page", "i",
    }
)  # fmt: skip
"""Parameters that say which picture it is, even where the path names a file."""
_OWN_NUMBER = re.compile(
    r"(?<![0-9a-z])(?:\d{7,}|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{10,})(?![0-9a-z])", re.IGNORECASE
)
_DATE = re.compile(r"(?:19|20)\d{6}(?:\d{4,6})?$")


def identity(address: str) -> str:
    """A key that is equal for addresses that are unmistakably renditions of the same picture."""
    if address.startswith("data:"):
        return address
    host, path, query = parts_of(address)
    *folders, name = [segment for segment in path.split("/") if segment and not SIGNATURE.match(segment)] or [
        ""
    ]
    told = _telling(query, has_extension(path))
    plain = without_extension(name)
    plain = _SIZE_MARKS.sub("", plain) or plain
    if any(not _DATE.match(number) for number in _OWN_NUMBER.findall(plain)):
        return f"{plain}|{told}"
    return f"{host}/{'/'.join([*_telling_folders(folders, plain), plain])}|{told}"


def parts_of(address: str) -> tuple[str, str, str]:
    """Host, path without escapes, and query; of the address inside where a resizing service is given one."""
    host, _, rest = _innermost(address).partition("://")[2].partition("/")
    path, _, query = rest.partition("?")
    return host, unquote(path), query


def without_extension(path: str) -> str:
    """`path` without what says at its end which format it is."""
    return EXTENSIONS.sub(lambda found: found[0] if found["end"] is None else "", path)


def has_extension(path: str) -> bool:
    """Whether `path` ends as a file name of a picture."""
    return any(found["end"] is not None for found in EXTENSIONS.finditer(path))


def _telling_folders(folders: list[str], name: str) -> list[str]:
    """Those that do not only say how the picture is delivered."""
    kept: list[str] = []
    service = ""
    for folder in _without_style(folders):
        before, service = service, folder.lower()
        if service == "image" and before == "cdn-cgi":
            kept.pop()
        elif service in _SIZES and len(name) >= _LEAST_NAME:
            continue
        elif not _is_delivery(folder) and not (before in ("resize", "resized") and folder.isdecimal()):
            kept.append(folder)
    return kept


def _without_style(folders: list[str]) -> list[str]:
    """Without `styles/NAME/public`, whatever Drupal's style is called."""
    lower = [folder.lower() for folder in folders]
    styles = (at for at in range(len(lower) - 2) if (lower[at], lower[at + 2]) == ("styles", "public"))
    at = next(styles, None)
    return folders if at is None else folders[:at] + folders[at + 3 :]


def _is_delivery(folder: str) -> bool:
    if _SERVICE.fullmatch(folder):
        return True
    parts = _BETWEEN_PARTS.split(folder)
    return any(_SURE_PART.fullmatch(part) for part in parts) and all(
        _SURE_PART.fullmatch(part) or _PART.fullmatch(part) for part in parts
    )


def _telling(query: str, of_file: bool) -> str:
    """The parameters that say which picture it is."""
    pairs = query[:2000].split("&") if query else []
    names = ((pair.partition("=")[0].lower(), pair) for pair in pairs)
    return "&".join(pair for name, pair in names if (name in _WHICH if of_file else name not in RENDERING))


def _innermost(address: str) -> str:
    """The address that a resizing service is given inside its own."""
    starts = [embedded.start() for embedded in _EMBEDDED.finditer(address, 8)]
    if not starts:
        return address
    inner = address[starts[-1] :]
    return unquote(inner.partition("&")[0]) if "%2f" in inner[:14].lower() else inner


_MARK = re.compile(
    r"(?<![0-9a-z])(?:\d{6,}|[0-9a-f]{10,}|(?=[a-z_-]*+\d)[0-9a-z_-]{16,}+)(?![0-9a-z])", re.IGNORECASE
)


def marks(address: str) -> frozenset[str]:
    """The parts of an address that look made to identify something: long numbers, digests."""
    return frozenset(mark for mark in _MARK.findall(_innermost(address)) if not _DATE.match(mark))
