"""The addresses in style sheets (CSS Values 4, 4.5; CSS Cascade 5, 2; CSS Fonts 4, 4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.spiders.pictures.addresses import Addresses

MAX_LENGTH = 4_000_000
"""Characters of one sheet that are read."""

_QUOTED = r"""(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')"""
_SKIPPED = r"""\\[\\"']|"(?:[^"\\\n]|\\.)*+|'(?:[^'\\\n]|\\.)*+"""
"""An escaped quote, which begins no string, and a string that does not end (CSS Syntax 3, 4.3.5): to the end
of its line or of the text. Taken as one, as looking again from each quote in it would take for ever."""
_URL = rf"""[uU][rR][lL]\(\s*+(?:{_QUOTED}|(?:[^"'()\s\\]|\\[0-9a-fA-F]{{1,6}}\s?|\\.)++)"""
_TOKEN = re.compile(  # each alternative begins with one of few characters, so that the rest is skipped fast
    rf"""
      (?P<comment>/\*.*?(?:\*/|\Z))
    | (?P<import>@[iI][mM][pP][oO][rR][tT]\s*+(?:{_URL}|{_QUOTED}))
    | (?P<font>@[fF][oO][nN][tT]-[fF][aA][cC][eE]\s*+\{{(?:[^}}"']|{_QUOTED})*+)
    | (?P<url>{_URL})
    | (?P<set>[iI][mM][aA][gG][eE]-[sS][eE][tT]\((?:[^()]|\([^()]*+\))*+)
    | (?P<quoted>{_QUOTED})
    | (?P<skipped>{_SKIPPED})
    """,
    re.VERBOSE | re.DOTALL,
)
_INNER = re.compile(
    rf"(?P<url>{_URL})|(?:type|format)\([^)]*+\)?|(?P<quoted>{_QUOTED})|{_SKIPPED}", re.DOTALL
)
_MAY_REFER = ("url(", "URL(", "@import", "@IMPORT", "image-set(")
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
    if not any(mark in text for mark in _MAY_REFER):
        return
    for token in _TOKEN.finditer(text[:MAX_LENGTH]):
        kind, written = token.lastgroup, token[0]
        if kind == "import":
            yield "import", _address(written[7:])
        elif kind == "font":
            yield from (
                ("font", _address(inner["url"])) for inner in _INNER.finditer(written) if inner["url"]
            )
        elif kind == "set":
            inner_parts = (inner["url"] or inner["quoted"] for inner in _INNER.finditer(written))
            yield from (("picture", _address(part)) for part in inner_parts if part)
        elif kind == "url" and (address := _address(written)) and not address.startswith("#"):
            yield ("font" if _FONT_FILE.search(address) else "picture"), address


def _address(written: str) -> str:
    """The address in `url(...)` or in quotes."""
    text = written.strip()
    if text[:4].lower() == "url(":
        text = text[4:].strip()
    if text[:1] in ("'", '"'):
        text = text[1:-1]
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
