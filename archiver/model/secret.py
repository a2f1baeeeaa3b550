"""Secrets that programs show to the archive's API: how they are made, and by what they are known.

A secret has 256 random bits, so that its plain SHA-256 can be kept in its place: nobody finds it by trying.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from types import MappingProxyType
from typing import Final

PREFIX: Final = "nat_"
"""By which people and scanners know that they see a secret of a news archive."""

_BYTES: Final = 32
_FORM: Final = re.compile(r"nat_[a-z2-7]{52}")

SCOPES: Final = MappingProxyType({"capture": "submit pages", "read": "see the submissions of all tokens"})
"""What a token may be good for."""


def new_secret() -> str:
    """A new secret: `nat_` and 52 letters and digits (RFC 4648, 6, in small letters)."""
    return PREFIX + base64.b32encode(secrets.token_bytes(_BYTES)).decode("ascii").rstrip("=").lower()


def secret_digest(secret: str) -> bytes | None:
    """The SHA-256 by which the archive knows `secret`, or None for a text that cannot be one."""
    if not _FORM.fullmatch(secret):
        return None
    return hashlib.sha256(secret.encode("ascii")).digest()
