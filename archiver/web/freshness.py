"""Validators: an answer that the asker has already is not sent again (RFC 9110, 13)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_KEPT_BY_304: Final = frozenset({"etag", "cache-control", "vary", "access-control-allow-origin"})


def etag_of(content: bytes) -> str:
    """A strong validator of exactly these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(request: Request, etag: str) -> bool:
    """Whether the asker has what `etag` stands for (If-None-Match, compared weakly: RFC 9110, 13.1.2)."""
    written = request.headers.get("if-none-match", "")
    if written.strip() == "*":
        return True
    opaque = etag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") == opaque for one in written.split(","))


def checked(request: Request, content: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """200 with `content` and its validator, or 304 without it."""
    validated = {**headers, "ETag": etag_of(content)}
    if is_known(request, validated["ETag"]):
        return not_modified(validated)
    return Response(content, 200, validated, media_type=media_type)


def not_modified(headers: Mapping[str, str]) -> Response:
    """304 with what of `headers` belongs to it (RFC 9110, 15.4.5)."""
    return Response(
        None, 304, {name: value for name, value in headers.items() if name.lower() in _KEPT_BY_304}
    )
