"""The capture of a URL closest to a moment, and the original of a payload: index seeks only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    bindparam,
    func,
    or_,
    select,
    union_all,
)

from archiver.model.capture import Capture, Original, RecordType
from archiver.model.digest import EMPTY, Digest
from archiver.model.moment import to_microseconds
from archiver.storage.index.engine import Database
from archiver.storage.index.imports import is_own
from archiver.storage.index.rows import select_captures, to_capture, url_id, url_names
from archiver.storage.index.schema import can_be_original, captures, stands_for_something, urls
from archiver.storage.index.writing import as_target
from archiver.uri import cased_urlkey

_FOREVER: Final = 2**62
_GROUP_SIZES: Final = (1, 4, 16, 64, 256)
"""Statements for so many digests at once; a smaller group repeats its first."""

_AT_ONCE: Final = 1_000
"""Values in one IN list."""

_near = captures.alias("near")


def closest(
    database: Database,
    connection: Connection,
    url: str,
    at: datetime | None,
    *,
    failures: bool,
    below: int,
    same_url: bool,
    same_case: bool,
) -> Capture | None:
    """See `Index.closest`."""
    uri = as_target(url)
    values = {
        **url_names("", uri),
        "at": _FOREVER if at is None else to_microseconds(at),
        "least": 0 if failures else 1,
        "below": below,
    }
    for hollow in dict.fromkeys((failures, True)):  # a 304 that stands for nothing, if there is nothing else
        values["hollow"] = hollow
        found = database.statement(_closest_of_url).first(connection, values)
        if found is None and same_case:
            found = _closest_in_case(database, connection, uri, values)
        elif found is None and not same_url:
            found = database.statement(_closest_of_key).first(connection, values)
        if found is not None:
            return resolved(database, connection, [to_capture(found)])[0]
    return None


def _closest_in_case(database: Database, connection: Connection, uri: str, values: dict[str, Any]) -> Any:
    """The row of the nearest capture of a URL that differs from `uri`, but not in letter case."""
    key = cased_urlkey(uri)
    of_key = database.statement(_of_key).rows(connection, {"key": values["key"], "most": _AT_ONCE})
    rows = [
        row
        for (url,) in of_key
        if url != uri
        and cased_urlkey(url) == key
        and (row := database.statement(_closest_of_url).first(connection, {**values, **url_names("", url)}))
    ]
    at = values["at"]
    return min(rows, key=lambda row: abs(to_microseconds(to_capture(row).captured_at) - at), default=None)


def _of_key() -> Select[Any]:
    of_key = select(urls.c.url).where(urls.c.sort_key == bindparam("key"))
    return of_key.limit(bindparam("most", type_=Integer))


def _closest(candidates: CompoundSelect[Any]) -> Select[Any]:
    """The nearest candidate; of two at the same distance the earlier, then the greater record id."""
    chosen = candidates.subquery()
    distance = func.abs(chosen.c.captured_at - bindparam("at"))
    nearest = (
        select(chosen.c.id)
        .order_by(distance, chosen.c.captured_at, chosen.c.record_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select_captures().where(captures.c.id == nearest)


def _candidates(found: Select[Any]) -> CompoundSelect[Any]:
    """The last of `found` up to the moment, and the first after it."""
    at = _near.c.captured_at
    before = found.where(at <= bindparam("at")).order_by(at.desc(), _near.c.record_id.desc()).limit(1)
    after = found.where(at > bindparam("at")).order_by(at, _near.c.record_id).limit(1)
    return union_all(select(before.subquery()), select(after.subquery()))


def _answering(of: Any) -> Select[Any]:
    return select(_near.c.id, _near.c.captured_at, _near.c.record_id).where(
        _near.c.url_id == of,
        _near.c.status >= bindparam("least"),
        _near.c.status < bindparam("below"),
        or_(stands_for_something(_near), bindparam("hollow", type_=Boolean)),
    )


def _closest_of_url() -> Select[Any]:
    return _closest(_candidates(_answering(url_id(""))))


def _closest_of_key() -> Select[Any]:
    """The same among the candidates of every URL that has the urlkey."""
    found = _answering(urls.c.id).with_only_columns(_near.c.id)
    at = _near.c.captured_at
    before = found.where(at <= bindparam("at")).order_by(at.desc(), _near.c.record_id.desc()).limit(1)
    after = found.where(at > bindparam("at")).order_by(at, _near.c.record_id).limit(1)
    choices = (
        select(captures.c.id, captures.c.captured_at, captures.c.record_id)
        .select_from(urls.join(captures, captures.c.id == nearest.correlate(urls).scalar_subquery()))
        .where(urls.c.sort_key == bindparam("key"))
        for nearest in (before, after)
    )
    return _closest(union_all(*choices))


def by_record_id(database: Database, connection: Connection, record_id: UUID) -> Capture | None:
    """See `Index.capture`."""
    values = {"record_id": record_id.bytes}
    row = database.statement(_by_record_id).first(connection, values)
    return None if row is None else resolved(database, connection, [to_capture(row)])[0]


def _by_record_id() -> Select[Any]:
    return select_captures().where(captures.c.record_id == bindparam("record_id"))


def known(connection: Connection, record_ids: Collection[UUID]) -> set[UUID]:
    """See `Index.known`."""
    ids = [record_id.bytes for record_id in record_ids]
    found: set[UUID] = set()
    for start in range(0, len(ids), _AT_ONCE):
        query = select(captures.c.record_id).where(captures.c.record_id.in_(ids[start : start + _AT_ONCE]))
        found.update(UUID(bytes=value) for value in connection.scalars(query).all())
    return found


def unchanged_since(database: Database, connection: Connection, url: str) -> Capture | None:
    """See `Index.unchanged_since`."""
    values = url_names("", as_target(url))
    row = database.statement(_unchanged_since).first(connection, values)
    return None if row is None else to_capture(row)


def _unchanged_since() -> Select[Any]:
    return (
        select_captures()
        .where(
            captures.c.url_id == url_id(""),
            captures.c.status == 200,
            can_be_original(captures) | _repeats_an_original(),
            is_own(captures),
        )
        .order_by(captures.c.captured_at.desc(), captures.c.record_id.desc())
        .limit(1)
    )


def _repeats_an_original() -> ColumnElement[bool]:
    return (
        (captures.c.record_type == RecordType.REVISIT.value)
        & captures.c.original_record_id.is_not(None)
        & captures.c.truncated.is_(None)
    )


def originals(
    database: Database, connection: Connection, digests: Collection[Digest], *, own: bool = False
) -> dict[Digest, Capture]:
    """See `Index.original`; without `own` those in imported files count too."""
    found: dict[Digest, Capture] = {}
    wanted = [digest.value for digest in digests]
    while wanted:
        size = next((size for size in _GROUP_SIZES if size >= len(wanted)), _GROUP_SIZES[-1])
        group, wanted = wanted[:size], wanted[size:]
        group += [group[0]] * (size - len(group))
        values = {f"d{position}": value for position, value in enumerate(group)}
        for row in database.statement(_own_originals if own else _originals, size).rows(connection, values):
            capture = to_capture(row)
            assert capture.payload_digest is not None
            found[capture.payload_digest] = capture
    return found


def _originals(size: int) -> Select[Any]:
    """The earliest complete response of each of `size` digests, one seek for each."""
    return _earliest(size, can_be_original(_near))


def _own_originals(size: int) -> Select[Any]:
    """The same without those in imported files: what we captured never rests on what others did."""
    return _earliest(size, can_be_original(_near) & is_own(_near))


def _earliest(size: int, condition: ColumnElement[bool]) -> Select[Any]:
    earliest = [
        select(_near.c.id)
        .where(_near.c.payload_digest == bindparam(f"d{position}"), condition)
        .order_by(_near.c.captured_at, _near.c.record_id)
        .limit(1)
        .scalar_subquery()
        for position in range(size)
    ]
    return select_captures().where(captures.c.id.in_(earliest))


def resolved(database: Database, connection: Connection, found: Sequence[Capture]) -> list[Capture]:
    """`found`, with an original by digest for each revisit whose own is not in the index."""
    lost = {
        capture.payload_digest
        for capture in found
        if capture.record_type is RecordType.REVISIT
        and capture.original is None
        and capture.payload_digest not in (None, EMPTY)
    }
    if not lost:
        return list(found)
    known = originals(database, connection, [digest for digest in lost if digest is not None])
    return [
        replace(capture, original=_as_original(known[capture.payload_digest]))
        if capture.original is None
        and capture.record_type is RecordType.REVISIT
        and capture.payload_digest in known
        else capture
        for capture in found
    ]


def _as_original(capture: Capture) -> Original:
    return Original(capture.record_id, capture.target_uri, capture.captured_at, capture.location)
