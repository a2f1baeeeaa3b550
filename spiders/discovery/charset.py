"""Bytes of a feed or sitemap become text, even when header, declaration and content disagree."""

from __future__ import annotations

import codecs
import re

import webencodings

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED_UTF16 = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_HEADER = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(rb"<\?xml[^<>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})[\"']")


def decode(content: bytes, content_type: str | None) -> tuple[str, str | None]:
    """The text of `content` and, when its charset had to be guessed or bytes were lost, a warning.

    A byte order mark decides (RFC 7303, 3.3); then valid UTF-8 with at least one character beyond ASCII,
    which no other charset produces by chance; then the header, then the declaration. Only the charsets
    of the web (WHATWG Encoding) are known.
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            return _lossy(content[len(mark) :], name)
    for start, name in _UNMARKED_UTF16:
        if content.startswith(start):
            return _lossy(content, name)
    try:
        return content.decode("utf-8"), None
    except UnicodeDecodeError:
        return _decode_declared(content, content_type)


def _decode_declared(content: bytes, content_type: str | None) -> tuple[str, str | None]:
    in_header = _HEADER.search(content_type or "")
    in_document = _DECLARATION.search(content[:1024])
    labels = [match[1] for match in (in_header,) if match]
    labels += [match[1].decode("ascii") for match in (in_document,) if match]
    for label in labels:
        encoding = webencodings.lookup(label)
        if encoding is None or encoding.name in ("utf-8", "x-user-defined", "utf-16-le", "utf-16-be"):
            continue
        try:
            return content.decode(encoding.codec_info.name), None
        except UnicodeDecodeError:
            continue
    if any(label.lower() in ("utf-8", "utf8") for label in labels):
        return _lossy(content, "utf-8")
    text = content.decode("cp1252", "replace")
    return text, "its charset is not named and it is not UTF-8; it was read as Windows-1252"


def _lossy(content: bytes, charset: str) -> tuple[str, str | None]:
    text = content.decode(charset, "replace")
    lost = text.count("�") - (content.count(b"\xef\xbf\xbd") if charset == "utf-8" else 0)
    if lost <= 0:
        return text, None
    return text, f"it claims to be {charset}, but {lost} characters are not; they were replaced"
