"""Who may ask the archive for something over HTTP; of their secrets only digests are kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select, update

from archiver.errors import UsageError
from archiver.model.moment import to_microseconds
from archiver.model.operations import Token
from archiver.storage.index.engine import Database
from archiver.storage.index.rows import storable
from archiver.storage.operations.rows import insert_into, moment_of, past_moment_of
from archiver.storage.operations.tables import tokens

_c = tokens.c
_GRAIN: Final = timedelta(minutes=1)
"""`last_used_at` is kept so exactly: a busy client costs one write a minute."""


class Tokens:
    """The tokens; no two that are valid have the same name. Made and revoked ones are durable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, scopes: Iterable[str], secret_digest: bytes, at: datetime) -> Token:
        """Make a token for the secret with this SHA-256. Raises UsageError when the name is taken."""
        token = Token(secrets.token_hex(8), storable(name), frozenset(scopes), at)
        insert = insert_into(self._database, tokens).values(
            id=token.id,
            name=token.name,
            scopes=" ".join(sorted(token.scopes)),
            secret_digest=secret_digest,
            created_at=to_microseconds(at),
        )
        with self._database.writing(durable=True) as connection:
            if connection.execute(insert.on_conflict_do_nothing().returning(_c.id)).first() is None:
                raise UsageError(
                    f"there is a token {name!r} already; revoke it first with archiver token revoke,"
                    " or choose another name"
                )
        return token

    def all(self) -> list[Token]:
        """Every token that ever was, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(tokens).order_by(_c.created_at, _c.id)).all()
        return [_token(row) for row in rows]

    def find(self, secret_digest: bytes) -> Token | None:
        """The valid token whose secret has this SHA-256."""
        query = select(tokens).where(_c.secret_digest == secret_digest, _c.revoked_at.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _token(row)

    def revoke(self, id_or_name: str, at: datetime) -> bool:
        """Make the token invalid for ever; False when no valid one has this id or name.

        An id goes before a name that looks like it.
        """
        wanted = storable(id_or_name)
        with self._database.writing(durable=True) as connection:
            return _revoke(connection, _c.id == wanted, at) or _revoke(connection, _c.name == wanted, at)

    def used(self, id: str, at: datetime) -> None:  # noqa: A002 - the name of the field
        """Take note that the token was used; kept to the minute."""
        earlier = to_microseconds(at - _GRAIN)
        is_news = and_(_c.id == id, or_(_c.last_used_at.is_(None), _c.last_used_at <= earlier))
        with self._database.reading() as connection:
            if connection.execute(select(_c.id).where(is_news)).first() is None:
                return
        with self._database.writing() as connection:
            connection.execute(update(tokens).where(is_news).values(last_used_at=to_microseconds(at)))


def _revoke(connection: Connection, which: Any, at: datetime) -> bool:
    revoking = update(tokens).where(which, _c.revoked_at.is_(None)).values(revoked_at=to_microseconds(at))
    return connection.execute(revoking).rowcount > 0


def _token(row: Any) -> Token:
    return Token(
        row.id, row.name, frozenset(row.scopes.split()), past_moment_of(row.created_at),
        moment_of(row.revoked_at), moment_of(row.last_used_at),
    )  # fmt: skip
