"""A digest names content: the algorithm and its value, written `sha256:<64 hex digits>`."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A labelled digest (WARC 1.1, 5.8 `WARC-Block-Digest`): sha256, `value` is its 32 bytes.

    We write hexadecimal, so that `sha256sum` shows the same digits; readers accept base16 and base32.
    """

    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != 32:
            raise ValueError(f"a sha256 digest has 32 bytes, not {len(self.value)}")

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The digest of `content`."""
        return cls(hashlib.sha256(content).digest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the labelled form, base16 or base32. Raises ValueError for any other algorithm or form."""
        label, _, digits = text.partition(":")
        if label.lower() not in ("sha256", "sha-256"):
            raise ValueError(f"not a sha256 digest: {text[:100]!r}")
        try:
            if len(digits) == 64:
                return cls(bytes.fromhex(digits))
            return cls(base64.b32decode(digits.upper() + "=" * (-len(digits) % 8)))
        except ValueError:
            raise ValueError(f"not a sha256 digest: {text[:100]!r}") from None

    def __str__(self) -> str:
        return f"sha256:{self.value.hex()}"


EMPTY = Digest.of(b"")
