"""The rules of WARC 1.1 (4 to 6) for named fields, as a table, and the digests that they record."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

_ID = r"<[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+>"
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x3b\x3d\x3f-\x7e]+"
_DATE = r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z)?)?)?"
_DIGEST = r"[A-Za-z0-9_-]+:[A-Za-z0-9+/=_-]+"
_MEDIA_TYPE = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*;.*)?"
_TRUNCATED = r"[a-z]+"
_NUMBER = r"[0-9]{1,15}"
_ADDRESS = r"[0-9A-Fa-f.:]{2,45}"


class _Rule(NamedTuple):
    name: str
    value: re.Pattern[str]
    only: frozenset[str] | None = None
    """The record types that may have the field; None for all."""


def _types(*names: str) -> frozenset[str]:
    return frozenset(names)


_NOT_WARCINFO = _types("response", "resource", "request", "metadata", "revisit", "conversion", "continuation")
_CAPTURED = _types("response", "resource", "request", "metadata", "revisit")
_WITH_TARGET = _types("response", "resource", "request", "revisit", "conversion", "continuation")
_KNOWN = _NOT_WARCINFO | {"warcinfo"}

_RULES = {
    name.lower(): _Rule(name, re.compile(value), only)
    for name, value, only in (
        ("WARC-Type", r"[a-z]+", None),
        ("WARC-Record-ID", _ID, None),
        ("WARC-Date", _DATE, None),
        ("Content-Length", _NUMBER, None),
        ("Content-Type", _MEDIA_TYPE, None),
        ("WARC-Concurrent-To", _ID, _CAPTURED),
        ("WARC-Block-Digest", _DIGEST, None),
        ("WARC-Payload-Digest", _DIGEST, None),
        ("WARC-IP-Address", _ADDRESS, _CAPTURED),
        ("WARC-Refers-To", _ID, _types("metadata", "revisit", "conversion")),
        ("WARC-Refers-To-Target-URI", _URI, _types("revisit")),
        ("WARC-Refers-To-Date", _DATE, _types("revisit")),
        ("WARC-Target-URI", _URI, _NOT_WARCINFO),
        ("WARC-Truncated", _TRUNCATED, None),
        ("WARC-Warcinfo-ID", _ID, _NOT_WARCINFO),
        ("WARC-Filename", r"[^/\\]+", _types("warcinfo")),
        ("WARC-Profile", _URI, _types("revisit")),
        ("WARC-Identified-Payload-Type", _MEDIA_TYPE, None),
        ("WARC-Segment-Number", _NUMBER, None),
        ("WARC-Segment-Origin-ID", _ID, _types("continuation")),
        ("WARC-Segment-Total-Length", _NUMBER, _types("continuation")),
    )
}
_ALWAYS_HELD = frozenset({"warc-filename"})
"""What even a foreign file must keep: a name with folders in it is an attack."""
_MAY_REPEAT = frozenset({"warc-concurrent-to", "warc-protocol"})
_REQUIRED = ("WARC-Record-ID", "Content-Length", "WARC-Date", "WARC-Type")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")


def field_faults(head: bytes, is_foreign: bool = False) -> Iterator[str]:
    """What is wrong with a record header after its version line; `head` is without the empty line.

    For `is_foreign` only what a reader cannot do without is asked for.
    """
    try:
        lines = head.decode("utf-8").removesuffix("\r\n").split("\r\n")[1:]
    except UnicodeDecodeError:
        lines = head.decode("latin-1").removesuffix("\r\n").split("\r\n")[1:]
        if not is_foreign:
            yield "the header is not UTF-8"
    fields: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            if not is_foreign or _CONTROL.search(line):
                yield f"{line[:60]!r} is not a named field"
            continue
        name, value = match[1].lower(), match[2].rstrip(" \t")
        if name in fields and name in _RULES and name not in _MAY_REPEAT:
            yield f"{match[1]} is there twice"
        fields[name] = value
        rule = _RULES.get(name)
        is_held = not is_foreign or name in _ALWAYS_HELD
        if rule and is_held and not rule.value.fullmatch(value):
            yield f"{match[1]} is {value[:80]!r}, which it cannot be"
    for required in _REQUIRED:
        if required.lower() not in fields:
            yield f"{required} is missing"
    if not is_foreign:
        yield from _type_faults(fields)


def _type_faults(fields: dict[str, str]) -> Iterator[str]:
    kind = fields.get("warc-type", "")
    if kind not in _KNOWN:
        return  # the standard lets readers pass over other types
    for name in fields:
        rule = _RULES.get(name)
        if rule and rule.only is not None and kind not in rule.only:
            yield f"a {kind} record may not have {rule.name}"
    if kind in _WITH_TARGET and "warc-target-uri" not in fields:
        yield f"a {kind} record must have WARC-Target-URI"
    if kind == "revisit" and "warc-profile" not in fields:
        yield "a revisit record must have WARC-Profile"
    if "content-type" not in fields and kind != "continuation" and fields.get("content-length") != "0":
        yield "Content-Type is missing"


class RecordedDigest:
    """A digest that a field records, and the one that is found; `fits` says whether they are the same."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for an algorithm or a form that is not known."""
        self.recorded = text
        label, _, digits = text.partition(":")
        self._algorithm = label.lower().replace("-", "")
        if self._algorithm not in ("sha1", "sha256", "sha512", "md5"):
            raise ValueError(f"digest algorithm {label[:20]!r} is not known")
        self._hasher = hashlib.new(self._algorithm, usedforsecurity=False)
        self._expected = _digest_bytes(digits, self._hasher.digest_size)
        self.update = self._hasher.update

    @property
    def fits(self) -> bool:
        """Whether what was seen has the recorded digest."""
        return self._hasher.digest() == self._expected

    def is_of(self, content: bytes) -> bool:
        """Whether the recorded digest is that of `content`."""
        return hashlib.new(self._algorithm, content, usedforsecurity=False).digest() == self._expected

    def __str__(self) -> str:
        return f"{self._algorithm}:{self._hasher.hexdigest()}"


def _digest_bytes(digits: str, size: int) -> bytes:
    """Base16 or base32 (WARC 1.1, 5.8)."""
    try:
        if len(digits) == size * 2:
            return bytes.fromhex(digits)
        found = base64.b32decode(digits.upper() + "=" * (-len(digits) % 8))
    except (ValueError, binascii.Error) as error:
        raise ValueError(f"digest {digits[:80]!r} is neither base16 nor base32") from error
    if len(found) != size:
        raise ValueError(f"digest {digits[:80]!r} has {len(found)} bytes, not {size}")
    return found
