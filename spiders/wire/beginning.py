"""The beginning of a body, decoded: the only decoding in a crawl.

Scrapy's own would unpack a bomb up to the size that a download may have, and trips over a torn end.
"""

from __future__ import annotations

import zlib

import brotli
from scrapy.http import Response

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_RAW_DEFLATE = -zlib.MAX_WBITS
_NOT_READ = (b"zstd", b"compress", b"x-compress", b"dcb", b"dcz")
"""Content codings (IANA) that were not asked for."""


def decode_beginning(response: Response, limit: int) -> Response:
    """`response` with its body, whole or torn, decoded as far as it goes, to at most `limit` bytes.

    The body is empty when nothing of it can be decoded, and as it is when the server names something that
    is no content coding. Content-Encoding is removed in any case, so that no middleware tries again.
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
        return body if body.lstrip()[:1] == b"<" else b""  # markup that its server calls compressed
    return b"" if coding in _NOT_READ else body


def _inflate(body: bytes, limit: int) -> bytes:
    """What `body` unpacks to: gzip (one member or several), zlib or raw deflate."""
    window = _GZIP_OR_ZLIB
    decoded = b""
    while body and len(decoded) < limit:
        inflater = zlib.decompressobj(window)
        try:
            decoded += inflater.decompress(body, limit - len(decoded))
        except zlib.error:
            if decoded:
                break  # something else stands behind the last member
            if window == _RAW_DEFLATE:
                raise
            window = _RAW_DEFLATE
            continue
        body = inflater.unused_data
    return decoded
