"""Which character encoding a page is in, in the order of the HTML standard (WHATWG, 13.2.3.2)."""

from __future__ import annotations

import re

import charset_normalizer
from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding, to_unicode

_DETECTION_SAMPLE = 32 * 1024
_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
# fmt: off
_ENCODINGS = frozenset((
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "big5", "big5hkscs",
    "cp437", "cp850", "cp866", "cp874", "cp932", "cp949", "cp950", "cp1250", "cp1251", "cp1252", "cp1253",
    "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "euc_jp", "euc_kr", "gb18030", "gbk", "iso2022_jp",
    "johab", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8",
    "iso8859-10", "iso8859-13", "iso8859-14", "iso8859-15", "iso8859-16", "koi8-r", "koi8-u",
    "mac-cyrillic", "mac-roman", "shift_jis",
))
_PLAUSIBLE = [
    "utf_8", "cp1252", "cp1251", "cp1253", "cp1255", "cp1256", "cp874", "koi8_r", "cp932", "euc_jp",
    "iso2022_jp", "gb18030", "big5", "cp949",
]
# fmt: on
_ENCODING_OF_LANGUAGE = {
    **dict.fromkeys(("bg", "be", "mk", "ru", "sr", "uk", "ky", "tg"), "cp1251"),
    **dict.fromkeys(("cs", "hu", "pl", "sk", "sl", "hr", "bs", "ro"), "cp1250"),
    **dict.fromkeys(("et", "lt", "lv"), "cp1257"),
    **dict.fromkeys(("tr", "az", "ku"), "cp1254"),
    **dict.fromkeys(("da", "de", "en", "es", "fi", "fr", "is", "it", "nl", "no", "nb", "pt", "sv"), "cp1252"),
    **dict.fromkeys(("ar", "fa", "ur"), "cp1256"),
    "el": "cp1253",
    "he": "cp1255",
    "th": "cp874",
    "vi": "cp1258",
}
_TAG = re.compile(rb"<(?:script|style)\b.*?(?:</|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_LANGUAGE = re.compile(rb"""<html\b[^>]{0,400}?\blang\s*=\s*["']?([a-zA-Z]{2})""", re.IGNORECASE)


def decoded(content: bytes, label: str | None) -> tuple[str, bytes]:
    """The Python name of the encoding of a page, and the page in UTF-8.

    `label` is the charset of the Content-Type header. Bytes that are wrong in the encoding become U+FFFD.
    """
    name, mark_length = _encoding(content, label)
    body = content[mark_length:]
    if name == "utf-8" and _is_utf8(body):
        return name, body
    return name, to_unicode(body, name).encode("utf-8", "replace")


def _encoding(content: bytes, label: str | None) -> tuple[str, int]:
    """The Python name of the encoding, and the length of the byte order mark."""
    marked, mark = read_bom(content)
    if marked and mark:
        return marked, len(mark)
    if label and (named := _known(label)):
        return ("utf-16-le" if named == "utf-16" else named), 0
    if wide := _utf_16_by_zeros(content):
        return wide, 0
    declared = html_body_declared_encoding(content)
    if declared and (named := _known(declared)):
        return ("utf-8" if named in _WIDE else named), 0
    return _detected(content), 0


def _known(label: str) -> str | None:
    """The Python name for this label; None for what is no page's encoding (`base64`, `utf-7`)."""
    try:
        named = resolve_encoding(label.strip("\"' \t;"))
    except ValueError:
        return None
    return named if named in _ENCODINGS else None


def _utf_16_by_zeros(content: bytes) -> str | None:
    """UTF-16 without a mark, told by the zero byte beside each ASCII character at the start."""
    start = content[:64]
    if len(start) < 16:
        return None
    even, odd = start[::2].count(0), start[1::2].count(0)
    if not even and odd > 0.4 * len(start):
        return "utf-16-le"
    if not odd and even > 0.4 * len(start):
        return "utf-16-be"
    return None


def _detected(content: bytes) -> str:
    """A guess for a page that says nothing: UTF-8 if it is valid, what its language uses, else statistics."""
    if _is_utf8(content):
        return "utf-8"
    claimed = _LANGUAGE.search(content[:4096])
    if claimed and (usual := _ENCODING_OF_LANGUAGE.get(claimed[1].decode("ascii").lower())):
        return usual
    sample = _TAG.sub(b" ", content[:_DETECTION_SAMPLE])
    best = charset_normalizer.from_bytes(sample, steps=5, chunk_size=2048, cp_isolation=_PLAUSIBLE).best()
    return (best and _known(best.encoding)) or "cp1252"


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
