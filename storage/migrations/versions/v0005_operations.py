"""The running of the archive: states of sources and hosts, beats, tokens, submissions, APScheduler's jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0005"
down_revision = "v0004"

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTS = (
    "new", "changed", "unchanged", "gone", "walled", "failed", "left_out", "entries", "known", "pictures",
    "missing",
)  # fmt: skip


def upgrade() -> None:
    """Make the tables, and let the index of what is due tell the sources too."""
    _sources_and_hosts()
    _beats_and_tokens()
    _submissions()
    _jobs()
    op.drop_index("ix_articles_due", "articles")
    op.create_index("ix_articles_due", "articles", ["next_visit_at", "source"])


def _sources_and_hosts() -> None:
    op.create_table(
        "source_states",
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("paused_at", sa.BigInteger()),
        sa.Column("paused_reason", sa.Text()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("succeeded_at", sa.BigInteger()),
        sa.Column("next_run_at", sa.BigInteger()),
        sa.Column("interval", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("problem", sa.Text()),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("unfinished_since", sa.BigInteger()),
        *(
            sa.Column(f"{which}_{name}", sa.BigInteger(), nullable=False, server_default="0")
            for which in ("last", "total")
            for name in COUNTS
        ),
        sa.PrimaryKeyConstraint("name", name="pk_source_states"),
    )
    op.create_table(
        "host_states",
        sa.Column("host", BYTEWISE, nullable=False),
        sa.Column("closed_until", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("delay", sa.Float(53), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_host_states"),
    )


def _beats_and_tokens() -> None:
    op.create_table(
        "beats",
        sa.Column("owner", BYTEWISE, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_beats"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", BYTEWISE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("secret_digest", name="uq_tokens_secret_digest"),
    )
    valid = sa.text("revoked_at IS NULL")
    op.create_index(
        "ix_tokens_name", "tokens", ["name"], unique=True, sqlite_where=valid, postgresql_where=valid
    )


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", BYTEWISE, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("token", BYTEWISE),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("images", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimable_at", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("snapshot", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("lease_owner", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
    )
    still_open = sa.text("claimable_at IS NOT NULL")
    op.create_index(
        "ix_submissions_open",
        "submissions",
        ["claimable_at"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("ix_submissions_token_time", "submissions", ["token", "submitted_at"])
    op.create_index("ix_submissions_time", "submissions", ["submitted_at"])


def _jobs() -> None:
    op.create_table(
        "apscheduler_jobs",
        sa.Column("id", sa.Unicode(191), nullable=False),
        sa.Column("next_run_time", sa.Float(25)),
        sa.Column("job_state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_apscheduler_jobs"),
    )
    op.create_index("ix_apscheduler_jobs_next_run_time", "apscheduler_jobs", ["next_run_time"])
