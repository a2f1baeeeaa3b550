"""The pages that somebody asked to be archived: a queue that outlives the processes that work on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, func, insert, select, update

from archiver.model.moment import to_microseconds
from archiver.model.operations import Submission
from archiver.storage.index.engine import Database
from archiver.storage.index.rows import storable
from archiver.storage.operations.rows import is_void, moment_of, one_line, past_moment_of
from archiver.storage.operations.tables import submissions

_c = submissions.c


class Submissions:
    """The submissions, the longest waiting first; whoever works on one holds a lease of it.

    One that was added is durable.

    A submission whose worker died is handed out again when the lease has ended; `attempts` tells how often
    it was.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, url: str, token: str | None, at: datetime, images: bool = True) -> Submission:
        """Ask for a page, with its pictures unless `images` is False."""
        submission = Submission(uuid4().hex, storable(url), token, at, images=images)
        moment = to_microseconds(at)
        with self._database.writing(durable=True) as connection:
            connection.execute(
                insert(submissions).values(
                    id=submission.id, url=submission.url, token=token, submitted_at=moment, state="queued",
                    images=images, attempts=0, claimable_at=moment,
                )
            )  # fmt: skip
        return submission

    def get(self, id: str) -> Submission | None:  # noqa: A002 - the name of the field
        """The submission with this id."""
        with self._database.reading() as connection:
            row = connection.execute(select(submissions).where(_c.id == storable(id))).first()
        return None if row is None else _submission(row)

    def queued_count(self, token: str | None = None) -> int:
        """How many wait to be worked on, of all or of one token."""
        query = select(func.count()).where(_c.claimable_at.is_not(None), _c.state == "queued")
        if token is not None:
            query = query.where(_c.token == token)
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def are_claimable(self, at: datetime) -> bool:
        """Whether `claim` would hand out any at the moment `at`, queued or left by a worker that died."""
        now = to_microseconds(at)
        is_lost = and_(_c.state == "running", is_void(_c.claimable_at, at))
        for which in (_c.claimable_at <= now, is_lost):
            query = select(_c.id).where(_c.claimable_at.is_not(None), which).limit(1)
            with self._database.reading() as connection:
                if connection.execute(query).first():
                    return True
        return False

    def unfinished(self) -> tuple[int, int, datetime | None]:
        """How many wait, how many are worked on, and when the oldest of all these came."""
        query = (
            select(_c.state, func.count(), func.min(_c.submitted_at))
            .where(_c.claimable_at.is_not(None))
            .group_by(_c.state)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        found = {state: (count, oldest) for state, count, oldest in rows}
        oldest = min((moment for _, moment in found.values()), default=None)
        return found.get("queued", (0,))[0], found.get("running", (0,))[0], moment_of(oldest)

    def claim(self, owner: str, at: datetime, until: datetime, limit: int) -> list[Submission]:
        """Take at most `limit` submissions until `until`; no other gets these before."""
        now = to_microseconds(at)
        is_lost = and_(_c.state == "running", is_void(_c.claimable_at, at))
        waiting = (
            select(submissions)
            .where(_c.claimable_at.is_not(None), _c.claimable_at <= now)
            .order_by(_c.claimable_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._database.writing() as connection:
            connection.execute(update(submissions).where(is_lost).values(claimable_at=now))
            ids = [row.id for row in connection.execute(waiting)]
            if not ids:
                return []
            taking = update(submissions).where(_c.id.in_(ids)).values(
                state="running", attempts=_c.attempts + 1, started_at=now,
                claimable_at=to_microseconds(until), lease_owner=owner,
            )  # fmt: skip
            connection.execute(taking)
            taken = connection.execute(select(submissions).where(_c.id.in_(ids))).all()
        return sorted(map(_submission, taken), key=lambda each: ids.index(each.id))

    def renew(self, owner: str, until: datetime) -> None:
        """Hold all that `owner` works on until `until`."""
        self._change(
            (_c.claimable_at.is_not(None)) & (_c.lease_owner == owner), claimable_at=to_microseconds(until)
        )

    def finished(self, id: str, owner: str, at: datetime, snapshot: str | None, reason: str | None) -> bool:  # noqa: A002
        """It is over: done with a snapshot, failed without. False when `owner` lost it to another."""
        return self._change(
            (_c.id == id) & (_c.lease_owner == owner),
            state="done" if snapshot else "failed",
            finished_at=to_microseconds(at),
            claimable_at=None,
            lease_owner=None,
            snapshot=snapshot,
            reason=one_line(reason),
        )

    def retry(self, id: str, owner: str, at: datetime | None = None) -> bool:  # noqa: A002
        """Put it back into the queue, not to be taken before `at`, or into its old place.

        False when `owner` lost it to another.
        """
        return self._change(
            (_c.id == id) & (_c.lease_owner == owner),
            state="queued",
            claimable_at=_c.submitted_at if at is None else to_microseconds(at),
            lease_owner=None,
        )

    def release_others(self, owner: str, at: datetime) -> None:
        """Hand out again what others than `owner`, who knows that it is alone, were working on."""
        is_others = and_(_c.claimable_at.is_not(None), _c.state == "running", _c.lease_owner != owner)
        self._change(is_others, claimable_at=to_microseconds(at))

    def since(self, token: str | None, at: datetime) -> int:
        """How many a token asked for at the moment `at` or later."""
        query = select(func.count()).where(_c.token == token, _c.submitted_at >= to_microseconds(at))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def recent(self, limit: int, token: str | None = None) -> list[Submission]:
        """The newest submissions, of all or of one token."""
        query = select(submissions).order_by(_c.submitted_at.desc()).limit(limit)
        if token is not None:
            query = query.where(_c.token == token)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [_submission(row) for row in rows]

    def _change(self, which: ColumnElement[bool], **values: object) -> bool:
        with self._database.writing() as connection:
            return connection.execute(update(submissions).where(which).values(values)).rowcount > 0


def _submission(row: Any) -> Submission:
    return Submission(
        id=row.id,
        url=row.url,
        token=row.token,
        submitted_at=past_moment_of(row.submitted_at),
        state=row.state,
        images=row.images,
        attempts=row.attempts,
        started_at=moment_of(row.started_at),
        finished_at=moment_of(row.finished_at),
        snapshot=row.snapshot,
        reason=row.reason,
        lease_owner=row.lease_owner,
        lease_until=moment_of(row.claimable_at) if row.lease_owner else None,
    )
