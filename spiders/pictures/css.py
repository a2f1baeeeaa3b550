"""The addresses in style sheets (CSS Values 4, 4.5; CSS Cascade 5, 2; CSS Fonts 4, 4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.spiders.pictures.addresses import Addresses

MAX_LENGTH = 4_000_000
"""Characters of one sheet that are read."""

_TOKEN = re.compile(
    r"""
      /\*.*?(?:\*/|\Z)
    | (?P<font>@font-face\s*\{)
    | (?P<import>@import\s+)(?:url\(\s*)?(?P<q>["']?)(?P<sheet>[^"');\s]+)(?P=q)
    | (?P<url>url|src)\(\s*(?:"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'|(?P<bare>[^"'()\s]+))\s*
    | (?P<set>image-set\()
    | "(?P<string>(?:[^"\\\n]|\\.)*)"|'(?P<quoted>(?:[^'\\\n]|\\.)*)'
    | (?P<close>[})])
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_FONT_FILE = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:$|[?#])|^data:(?:font|application)/", re.IGNORECASE)
_CHARSET = re.compile(rb'@charset "([^"]{1,40})";')


@dataclass(frozen=True, slots=True)
class StyleAddresses:
    """What a style sheet refers to, absolute, each once, in its order."""

    imports: tuple[str, ...]
    pictures: tuple[str, ...]
    fonts: tuple[str, ...]


def css_urls(css: str | bytes, base_url: str) -> StyleAddresses:
    """The style sheets, pictures and fonts that `css` refers to; http(s) only. Never raises."""
    text = css if isinstance(css, str) else _decoded(css)
    addresses = Addresses(base_url)
    found: dict[str, dict[str, None]] = {"import": {}, "picture": {}, "font": {}}
    for kind, written in style_references(text):
        address = addresses.resolve(written)
        if address and not address.startswith("data:"):
            found[kind][address] = None
    return StyleAddresses(tuple(found["import"]), tuple(found["picture"]), tuple(found["font"]))


def style_references(text: str) -> Iterator[tuple[str, str]]:
    """Each reference as written: (`import`, `picture` or `font`, address)."""
    in_font = in_set = False
    for token in _TOKEN.finditer(text[:MAX_LENGTH]):
        kind = token.lastgroup
        if kind == "font":
            in_font = True
        elif kind == "set":
            in_set = True
        elif kind == "close":
            in_font, in_set = in_font and token[0] != "}", False
        elif token["sheet"]:
            yield "import", _unescaped(token["sheet"])
        elif token["url"]:
            written = _unescaped(token["double"] or token["single"] or token["bare"] or "")
            if written and not written.startswith("#"):
                yield ("font" if in_font or _FONT_FILE.search(written) else "picture"), written
        elif in_set and (written := _unescaped(token["string"] or token["quoted"] or "")):
            if "/" in written and not written.startswith("image/"):
                yield "picture", written


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return "" if escape[2] == "\n" else str(escape[2])
    code = int(escape[1], 16)
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "�"


def _decoded(css: bytes) -> str:
    stated = _CHARSET.match(css[:60])
    try:
        return css[:MAX_LENGTH].decode(stated[1].decode("ascii") if stated else "utf-8-sig", "replace")
    except (LookupError, ValueError):
        return css[:MAX_LENGTH].decode("utf-8", "replace")
