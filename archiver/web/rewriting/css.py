"""Style sheets with their imports, pictures and fonts led back into the archive (CSS Syntax 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import tinycss2
from tinycss2 import ast
from webencodings import lookup

from archiver.web.rewriting.targets import Targets, settable

_MAY_REFER = re.compile(r"url\(|@import|image-set|src\(|\\", re.IGNORECASE)
_FONT = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:$|[?#])", re.IGNORECASE)
_STATED = re.compile(rb'@charset "([^"]{1,40})";')
_DEEPEST = 60


def rewritten_css(content: bytes, charset: str | None, targets: Targets) -> bytes:
    """A whole sheet, in UTF-8."""
    stated = _STATED.match(content[:60])
    encoding = lookup(charset or "") or (lookup(stated[1].decode("ascii", "replace")) if stated else None)
    text, _ = tinycss2.bytes.decode_stylesheet_bytes(content, charset if encoding else None)
    return rewritten_style(text, targets).encode()


def rewritten_style(text: str, targets: Targets) -> str:
    """The rules of a sheet, or the declarations of a `style` attribute. Never raises."""
    if not _MAY_REFER.search(text):
        return settable(text)
    tokens = tinycss2.parse_component_value_list(text)
    try:
        _rewrite(tokens, targets, 0)
        return settable(tinycss2.serialize(tokens))
    except RecursionError:
        return ""


def _rewrite(tokens: Iterable[ast.Node], targets: Targets, depth: int) -> None:
    importing = False
    for token in tokens:
        if token.type == "at-keyword":
            importing = token.lower_value == "import"
        elif token.type == "literal" and token.value == ";":
            importing = False
        elif token.type == "url":
            _lead(token, targets, "cs_" if importing else "im_")
            importing = False
        elif token.type == "string" and importing:
            token.value = targets.resource(token.value, "cs_")
            token.representation = _quoted(token.value)
            importing = False
        elif token.type == "function":
            _rewrite_function(token, targets, depth, importing)
        elif token.type in ("() block", "[] block", "{} block") and depth < _DEEPEST:
            _rewrite(token.content, targets, depth + 1)


def _rewrite_function(token: ast.FunctionBlock, targets: Targets, depth: int, importing: bool) -> None:
    """`url("...")`, `src("...")` and the strings in `image-set()` are addresses too."""
    if token.lower_name in ("url", "src", "image-set", "-webkit-image-set", "image"):
        for argument in token.arguments:
            if argument.type == "string":
                argument.value = targets.resource(
                    argument.value, "cs_" if importing else _kind(argument.value)
                )
                argument.representation = _quoted(argument.value)
    if depth < _DEEPEST:
        _rewrite(token.arguments, targets, depth + 1)


def _lead(token: ast.URLToken, targets: Targets, modifier: str) -> None:
    if token.value.startswith("#"):
        return
    token.value = targets.resource(token.value, modifier if modifier == "cs_" else _kind(token.value))
    token.representation = f"url({_quoted(token.value)})"


def _kind(address: str) -> str:
    return "oe_" if _FONT.search(address) else "im_"


def _quoted(address: str) -> str:
    escaped = "".join(
        f"\\{ord(letter):x} " if letter in '"\\<' or letter < " " else letter for letter in address
    )
    return f'"{escaped}"'
