"""The beginning of a body of which Scrapy gets only a part: decoded here, since a torn end trips Scrapy."""

from __future__ import annotations

import zlib

import brotli
from scrapy.http import Response

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_RAW_DEFLATE = -zlib.MAX_WBITS


def decode_beginning(response: Response, limit: int) -> Response:
    """`response` with its torn body decoded as far as it goes, to at most `limit` bytes.

    The body is empty when the coding is unknown or nothing of it can be decoded. Content-Encoding is
    removed in any case, so that no middleware tries again.
    """
    codings = response.headers.getlist(b"Content-Encoding")
    if not codings:
        return response
    response.headers.pop(b"Content-Encoding")
    body = response.body
    for coding in reversed([part.strip().lower() for part in b",".join(codings).split(b",")]):
        body = _decode(coding, body, limit)
    return response.replace(body=body)


def _decode(coding: bytes, body: bytes, limit: int) -> bytes:
    if not body or coding == b"identity":
        return body
    try:
        if coding in (b"gzip", b"x-gzip", b"deflate"):
            return _inflate(body, limit)
        if coding == b"br":
            decoded: bytes = brotli.Decompressor().process(body, output_buffer_limit=limit)
            return decoded[:limit]
    except (zlib.error, brotli.error):
        return b""
    return b""


def _inflate(body: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, limit)
    except zlib.error:
        return zlib.decompressobj(_RAW_DEFLATE).decompress(body, limit)
