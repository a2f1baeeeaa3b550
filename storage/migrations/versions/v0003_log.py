"""The log of statements: where each statement stands, and the batches, timestamps and cosignatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "statements",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", BYTEWISE, nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_statements"),
        sa.UniqueConstraint("digest", name="uq_statements_digest"),
    )
    op.create_index("ix_statements_subject_time", "statements", ["subject", "issued_at"])
    waiting = sa.text("leaf IS NULL")
    op.create_index(
        "ix_statements_waiting", "statements", ["id"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index("ix_statements_leaf", "statements", ["leaf"])
    withdrawn = sa.text("kind = 'withdrawal'")
    op.create_index(
        "ix_statements_withdrawn",
        "statements",
        ["subject"],
        sqlite_where=withdrawn,
        postgresql_where=withdrawn,
    )
    op.create_table(
        "log_records",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("record_id", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_records"),
        sa.UniqueConstraint("record_id", name="uq_log_records_record_id"),
    )
    op.create_index("ix_log_records_kind_size", "log_records", ["kind", "size"])
