"""Articles across their versions: the key of a snapshot's article, and what else visits found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column and the tables."""
    _snapshots_and_events()
    _extractions_and_articles()


def _snapshots_and_events() -> None:
    op.add_column("snapshots", sa.Column("article_digest", sa.LargeBinary(16)))
    op.create_index("ix_snapshots_article_time", "snapshots", ["article_digest", "captured_at", "identifier"])
    op.create_table(
        "events",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("event_id", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("url_digest", sa.LargeBinary(16), nullable=False),
        sa.Column("article_digest", sa.LargeBinary(16)),
        sa.Column("record_id", sa.LargeBinary(16), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("event_id", name="uq_events_event_id"),
    )
    op.create_index("ix_events_article_time", "events", ["article_digest", "observed_at"])
    op.create_index("ix_events_url_time", "events", ["url_digest", "observed_at"])


def _extractions_and_articles() -> None:
    op.create_table(
        "extractions",
        sa.Column("page_record_id", sa.LargeBinary(16), nullable=False),
        sa.Column("extractor_version", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("page_record_id", "extractor_version", name="pk_extractions"),
    )
    op.create_table(
        "articles",
        sa.Column("article_digest", sa.LargeBinary(16), nullable=False),
        sa.Column("article_key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_visit", sa.BigInteger(), nullable=False),
        sa.Column("last_change", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("next_visit_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("article_digest", name="pk_articles"),
    )
    op.create_index("ix_articles_due", "articles", ["next_visit_at"])
    op.create_index("ix_articles_source_due", "articles", ["source", "next_visit_at"])
