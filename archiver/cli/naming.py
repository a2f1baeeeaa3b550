"""Finds the snapshot that a person names: by identifier, or by URL and date."""

from __future__ import annotations

from datetime import datetime

from archiver.cli.show import find_snapshot
from archiver.errors import NotFoundError, UsageError
from archiver.model import identifier
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index
from archiver.uri import with_scheme


def named_snapshot(index: Index, what: str, at: datetime | None = None) -> Snapshot:
    """The snapshot with the identifier `what`, or that of the URL closest to `at`, else the latest.

    Raises UsageError for a mistyped identifier, NotFoundError when there is none.
    """
    if identifier.is_identifier(what):
        if at:
            raise UsageError("an identifier names one snapshot; leave --at away")
        return find_snapshot(index, what)
    before = next(index.snapshots(what, to=at, descending=True, limit=1), None)
    after = next(index.snapshots(what, from_=at, limit=1), None) if at else None
    if before is None and after is None:
        raise NotFoundError(
            f"no snapshot of {what} in this archive (archiver capture {with_scheme(what)} makes one)"
        )
    if before is None or after is None or at is None:
        found = before or after
        assert found is not None
        return found
    return before if at - before.captured_at <= after.captured_at - at else after
