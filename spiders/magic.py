"""Tells a picture by its first bytes, as browsers do (WHATWG MIME Sniffing, 6.1), never by its name."""

from __future__ import annotations

import re

_SIGNATURES: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), mime)
    for pattern, mime in (
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF.{4}WEBPVP", "image/webp"),
        (rb".{4}ftyp(avif|avis)", "image/avif"),
        (rb".{4}ftyp(heic|heix|hevc|hevx|mif1|msf1)", "image/heic"),
        (rb"\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
        (rb"BM.{12}", "image/bmp"),
        (rb"\x00\x00\x01\x00|\x00\x00\x02\x00", "image/x-icon"),
        (rb"II\*\x00|MM\x00\*", "image/tiff"),
        (rb"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
        (
            (
                rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml.{0,200}?\?>\s*+)?(?><!--.{0,1500}?-->\s*+)*+"
                rb"(?:<!DOCTYPE svg.{0,300}?>\s*+)?(?><!--.{0,1500}?-->\s*+)*+<svg[\s>]"
            ),
            "image/svg+xml",
        ),
    )
)
HEAD_BYTES = 4096
"""How many leading bytes are looked at."""


def picture_type(head: bytes) -> str | None:
    """The media type of the picture that begins with `head`, or None when it is no known picture."""
    head = head[:HEAD_BYTES]
    return next((mime for pattern, mime in _SIGNATURES if pattern.match(head)), None)
