"""The tables of the running of the archive, beside those of the index.

They hold what no WARC file says, so a rebuilt index keeps them as they are. All moments are microseconds
since 1970 UTC.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, Unicode

from archiver.model.operations import COUNTS
from archiver.storage.index.schema import BYTEWISE, metadata

source_states = Table(
    "source_states",
    metadata,
    Column("name", BYTEWISE, primary_key=True),
    Column("paused_at", BigInteger),
    Column("paused_reason", Text),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("succeeded_at", BigInteger),
    Column("next_run_at", BigInteger),
    Column("interval", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("problem", Text),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("unfinished_since", BigInteger),
    *(
        Column(f"{which}_{name}", BigInteger, nullable=False, server_default="0")
        for which in ("last", "total")
        for name in COUNTS
    ),
)
"""One row a source. `unfinished_since` is when the pass began that has not ended."""

host_states = Table(
    "host_states",
    metadata,
    Column("host", BYTEWISE, primary_key=True),
    Column("closed_until", BigInteger),
    Column("reason", Text),
    Column("failures", Integer, nullable=False),
    Column("delay", Float(53), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The hosts that are not treated as others are."""

beats = Table(
    "beats",
    metadata,
    Column("owner", BYTEWISE, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
"""One row a service process: what it last said of itself."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", BYTEWISE, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("secret_digest", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)
"""`scopes` are separated by spaces; of the secret only its digest is kept."""

Index(
    "ix_tokens_name",
    tokens.c.name,
    unique=True,
    sqlite_where=tokens.c.revoked_at.is_(None),
    postgresql_where=tokens.c.revoked_at.is_(None),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", BYTEWISE, primary_key=True),
    Column("url", Text, nullable=False),
    Column("token", BYTEWISE),
    Column("submitted_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("images", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimable_at", BigInteger),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("snapshot", Text),
    Column("reason", Text),
    Column("lease_owner", Text),
)
"""`claimable_at`: when it may be worked on; the end of the lease while it is; none when it is over."""

Index(
    "ix_submissions_open",
    submissions.c.claimable_at,
    sqlite_where=submissions.c.claimable_at.is_not(None),
    postgresql_where=submissions.c.claimable_at.is_not(None),
)
Index("ix_submissions_token_time", submissions.c.token, submissions.c.submitted_at)
Index("ix_submissions_time", submissions.c.submitted_at)

jobs = Table(
    "apscheduler_jobs",
    metadata,
    Column("id", Unicode(191), primary_key=True),
    Column("next_run_time", Float(25)),
    Column("job_state", LargeBinary, nullable=False),
)
"""APScheduler's own table, as its job store would make it: made by our migration, so that it is known."""

Index("ix_apscheduler_jobs_next_run_time", jobs.c.next_run_time)

OPERATIONS: Final = (source_states, host_states, beats, tokens, submissions, jobs)
"""All of them: what a rebuilt index takes over from the old one."""
