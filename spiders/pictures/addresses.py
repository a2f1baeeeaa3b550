"""Turns what a page writes for a picture into the address it is fetched from, or shows that there is none."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
from urllib.parse import unquote_to_bytes, urljoin

from archiver.errors import UnsafeURLError
from archiver.uri import target_uri

PICTURE_FILE = re.compile(
    r"\.(?:jpe?g|jpe|jfif|png|webp|gif|avif|heic|heif|jxl|bmp|svg|tiff?)(?![a-z0-9])", re.IGNORECASE
)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_BLANKS = re.compile(r"[\t\n\r]+")
_LONGEST = 8_192


class Addresses:
    """Resolves the addresses of one page against its base URL, each once."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._known: dict[str, str | None] = {}

    def resolve(self, written: str | None) -> str | None:
        """The absolute ASCII form of an http(s) address, `data:` with the digest only, None for all else."""
        if not written:
            return None
        if written in self._known:
            return self._known[written]
        address = self._known[written] = self._resolved(written)
        return address

    def _resolved(self, written: str) -> str | None:
        text = written.strip()
        if text[:5].lower() == "data:":
            return shortened_data(text)
        if "\n" in text or "\t" in text or "\r" in text:
            text = _BLANKS.sub("", text)
        if not text or len(text) > _LONGEST or text[0] in "#{<" or "{{" in text or "${" in text:
            return None
        if (scheme := _SCHEME.match(text)) and scheme[0].lower() not in ("http:", "https:"):
            return None
        try:
            if not text.startswith(("https://", "http://")):
                text = urljoin(self._base, text)
            address = target_uri(text.partition("#")[0])
        except (UnsafeURLError, ValueError):
            return None
        return None if address == self._base else address

    def problem(self, written: str) -> str | None:
        """Why an address that `resolve` gives None for cannot be fetched; None for what is no address at all.

        Placeholders and templates that a script would fill in are none.
        """
        text = _BLANKS.sub("", written).strip()
        if not text or text[0] in "#{<" or "{{" in text or "${" in text:
            return None
        scheme = _SCHEME.match(text)
        if scheme and scheme[0].lower() in ("about:", "data:"):
            return None
        if len(text) > _LONGEST:
            return f"its address is {len(text)} characters long, more than {_LONGEST}"
        try:
            target_uri(urljoin(self._base, text))
        except UnsafeURLError as error:
            return str(error)
        except ValueError:
            return f"not a URL: {text[:100]!a}"
        return None


def shortened_data(uri: str) -> str | None:
    """`data:` URI to `data:<type>;sha256,<digest of the bytes>`; None when it is no picture."""
    head, _, body = uri[5:].partition(",")
    mime, *parameters = head.strip().lower().split(";")
    if not mime.startswith("image/"):
        return None
    content = unquote_to_bytes(body)
    if "base64" in (parameter.strip() for parameter in parameters):
        with contextlib.suppress(binascii.Error):
            content = base64.b64decode(content + b"==")
    return f"data:{mime[:60]};sha256,{hashlib.sha256(content).hexdigest()}"
