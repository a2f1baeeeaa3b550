"""Bearer tokens (RFC 6750): who asks, and whether they may."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from archiver.model.operations import Token
from archiver.model.secret import secret_digest
from archiver.web.site import Site, site_of

CAPTURE: Final = "capture"
READ: Final = "read"
_REALM: Final = 'Bearer realm="archive"'


def bearer_of(request: Request, *scopes: str) -> Token:
    """The token in the Authorization header, good for one of `scopes`. Raises HTTPException 401 and 403."""
    written = request.headers.get("authorization", "")
    scheme, _, secret = written.partition(" ")
    if not written:
        detail = "This needs a token: Authorization: Bearer SECRET (archiver token add NAME makes one)."
        raise HTTPException(401, detail, {"WWW-Authenticate": _REALM})
    if scheme.lower() != "bearer":
        raise HTTPException(401, "Write Authorization: Bearer SECRET.", {"WWW-Authenticate": _REALM})
    return token_of(site_of(request), secret.strip(), *scopes)


def token_of(site: Site, secret: str, *scopes: str) -> Token:
    """The token with this secret, good for one of `scopes`. Raises HTTPException 401 and 403."""
    digest = secret_digest(secret)
    token = site.index.operations.tokens.find(digest) if digest else None
    if token is None:
        detail = "There is no such token, or it was revoked."
        raise HTTPException(401, detail, {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'})
    if not token.scopes & set(scopes):
        needed = " or ".join(scopes)
        challenge = f'{_REALM}, error="insufficient_scope", scope="{" ".join(scopes)}"'
        raise HTTPException(
            403,
            f"This token is not good for that; it needs the scope {needed}.",
            {"WWW-Authenticate": challenge},
        )
    site.index.operations.tokens.used(token.id, datetime.now(UTC))
    return token
