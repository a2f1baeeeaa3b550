"""Captures as database rows and back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, bindparam, func, select

from archiver.errors import IndexDamagedError
from archiver.model.capture import Capture, Original, RecordLocation, RecordType
from archiver.model.digest import Digest
from archiver.model.exchange import Purpose, Truncation
from archiver.model.moment import from_microseconds, to_microseconds
from archiver.storage.index.schema import RESPONSE, captures, segments, urls
from archiver.uri import urlkey

_LONGEST_SORT_KEY: Final = 1_000
"""Bytes; PostgreSQL refuses btree keys over 2,704."""

_UNSTORABLE = str.maketrans({"\0": "\ufffd"})

original = captures.alias("original")
original_url = urls.alias("original_url")
original_segment = segments.alias("original_segment")

URLKEY = func.coalesce(urls.c.urlkey, urls.c.sort_key)

CAPTURE_COLUMNS = (
    captures.c.record_id,
    URLKEY.label("urlkey"),
    urls.c.url,
    captures.c.captured_at,
    captures.c.method,
    captures.c.status,
    captures.c.mime,
    captures.c.record_type,
    captures.c.payload_digest,
    captures.c.payload_length,
    segments.c.name,
    captures.c.offset,
    captures.c.length,
    captures.c.truncated,
    captures.c.failure,
    captures.c.redirect,
    captures.c.source,
    captures.c.purpose,
    original.c.record_id,
    original_url.c.url,
    original.c.captured_at,
    original_segment.c.name,
    original.c.offset,
    original.c.length,
)


def select_captures() -> Select[Any]:
    """The columns of a capture, with the original of a revisit resolved where the index has it."""
    return select(*CAPTURE_COLUMNS).select_from(
        captures.join(urls, urls.c.id == captures.c.url_id)
        .join(segments, segments.c.id == captures.c.segment_id)
        .outerjoin(
            original,
            (original.c.record_id == captures.c.original_record_id) & (original.c.record_type == RESPONSE),
        )
        .outerjoin(original_url, original_url.c.id == original.c.url_id)
        .outerjoin(original_segment, original_segment.c.id == original.c.segment_id)
    )


def read_moment(stored: int) -> datetime:
    """The moment of a column. Raises IndexDamagedError for what is none: nobody here wrote that."""
    try:
        return from_microseconds(stored)
    except (OverflowError, TypeError):
        raise IndexDamagedError(
            f"the index is damaged ({stored!r} is no moment); stop what uses it, move it away and run"
            " `archiver reindex`, which makes a new one from the WARC files"
        ) from None


def to_capture(row: Sequence[Any]) -> Capture:
    """The capture of a row of `select_captures`."""
    (
        record_id, urlkey, url, captured_at, method, status, mime, record_type, payload_digest,
        payload_length, segment, offset, length, truncated, failure, redirect, source, purpose,
        original_id, original_uri, original_at, original_name, original_offset, original_length,
    ) = row  # fmt: skip
    return Capture(
        record_id=UUID(bytes=record_id),
        urlkey=urlkey,
        target_uri=url,
        captured_at=read_moment(captured_at),
        method=method,
        status=status,
        mime=mime,
        record_type=RecordType(record_type),
        payload_digest=None if payload_digest is None else Digest(payload_digest),
        payload_length=payload_length,
        location=RecordLocation(segment, offset, length),
        truncated=None if truncated is None else Truncation(truncated),
        failure=failure,
        redirect=redirect,
        original=None
        if original_id is None
        else Original(
            record_id=UUID(bytes=original_id),
            target_uri=original_uri,
            captured_at=read_moment(original_at),
            location=RecordLocation(original_name, original_offset, original_length),
        ),
        source=source,
        purpose=None if purpose is None else Purpose(purpose),
    )


def capture_row(capture: Capture, segment_ids: dict[str, int]) -> dict[str, Any]:
    """The values of one capture for the insert statement; its URL is referred to by digest."""
    location = capture.location
    return {
        **url_names("url_", capture.target_uri),
        "captured_at": to_microseconds(capture.captured_at),
        "record_id": capture.record_id.bytes,
        "method": storable(capture.method),
        "status": capture.status,
        "mime": storable(capture.mime),
        "record_type": capture.record_type.value,
        "payload_digest": None if capture.payload_digest is None else capture.payload_digest.value,
        "payload_length": capture.payload_length,
        "segment_id": segment_ids[location.segment],
        "offset": location.offset,
        "length": location.length,
        "truncated": None if capture.truncated is None else capture.truncated.value,
        "failure": None if capture.failure is None else storable(capture.failure),
        "redirect": None if capture.redirect is None else storable(capture.redirect),
        "original_record_id": None if capture.original is None else capture.original.record_id.bytes,
        "source": None if capture.source is None else storable(capture.source),
        "purpose": None if capture.purpose is None else capture.purpose.value,
    }


def url_row(uri: str) -> dict[str, Any]:
    """The values of one URL for the insert statement."""
    whole = storable(urlkey(uri))
    key = sort_key(whole)
    return {
        "sort_key": key,
        "urlkey": None if key == whole else whole,
        "url": storable(uri),
        "digest": url_digest(uri),
    }


def sort_key(key: str) -> str:
    """A urlkey as it is indexed: whole, or its beginning and a digest of all of it."""
    if len(key) <= _LONGEST_SORT_KEY // 4:
        return key
    encoded = key.encode("utf-8", "replace")
    if len(encoded) <= _LONGEST_SORT_KEY:
        return key
    beginning = encoded[:_LONGEST_SORT_KEY].decode("utf-8", "ignore")
    return f"{beginning} {hashlib.sha256(encoded).hexdigest()}"


def url_names(prefix: str, url: str) -> dict[str, Any]:
    """The values by which a statement finds the row of `url`: its sort key and its digest."""
    return {f"{prefix}key": sort_key(storable(urlkey(url))), f"{prefix}digest": url_digest(url)}


def url_id(prefix: str) -> ScalarSelect[int]:
    """The row of the URL that `url_names` names."""
    return (
        select(urls.c.id)
        .where(urls.c.sort_key == bindparam(f"{prefix}key"), urls.c.digest == bindparam(f"{prefix}digest"))
        .scalar_subquery()
    )


def url_digest(uri: str) -> bytes:
    """What a URL is found by: 16 bytes."""
    return hashlib.blake2b(uri.encode("utf-8", "replace"), digest_size=16).digest()


def storable(text: str) -> str:
    """`text` without what a database refuses: NUL and lone surrogates become U+FFFD."""
    if text.isascii():
        return text.translate(_UNSTORABLE) if "\0" in text else text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.translate(_UNSTORABLE)
