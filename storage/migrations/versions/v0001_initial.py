"""Segments, URLs, captures, snapshots with their pictures, and tallies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the first tables."""
    _segments_and_urls()
    _captures()
    _snapshots()
    _snapshot_pictures()
    _tallies()


def _segments_and_urls() -> None:
    op.create_table(
        "segments",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("sha256", sa.LargeBinary(32)),
        sa.Column("indexed_end", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_segments"),
        sa.UniqueConstraint("name", name="uq_segments_name"),
    )
    op.create_table(
        "urls",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("sort_key", BYTEWISE, nullable=False),
        sa.Column("urlkey", BYTEWISE),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_urls"),
    )
    op.create_index("ix_urls_key", "urls", ["sort_key", "digest"], unique=True)


def _captures() -> None:
    op.create_table(
        "captures",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("url_id", sa.BigInteger(), nullable=False),
        sa.Column("captured_at", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.LargeBinary(16), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(32)),
        sa.Column("payload_length", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("truncated", sa.Text()),
        sa.Column("failure", sa.Text()),
        sa.Column("redirect", sa.Text()),
        sa.Column("original_record_id", sa.LargeBinary(16)),
        sa.Column("source", sa.Text()),
        sa.Column("purpose", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_captures"),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name="fk_captures_url_id"),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name="fk_captures_segment_id"),
        sa.UniqueConstraint("record_id", name="uq_captures_record_id"),
    )
    op.create_index("ix_captures_place", "captures", ["segment_id", "offset"])
    op.create_index("ix_captures_url_time", "captures", ["url_id", "captured_at", "record_id"])
    originals = sa.text("record_type = 'response' AND truncated IS NULL AND payload_digest IS NOT NULL")
    op.create_index(
        "ix_captures_originals",
        "captures",
        ["payload_digest", "captured_at", "record_id"],
        sqlite_where=originals,
        postgresql_where=originals,
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("identifier", BYTEWISE, nullable=False),
        sa.Column("captured_at", sa.BigInteger(), nullable=False),
        sa.Column("seed_url_id", sa.BigInteger(), nullable=False),
        sa.Column("page_url_id", sa.BigInteger(), nullable=False),
        sa.Column("page_record_id", sa.LargeBinary(16), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("pictures_found", sa.Integer(), nullable=False),
        sa.Column("pictures_captured", sa.Integer(), nullable=False),
        sa.Column("pictures_missing", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
        sa.UniqueConstraint("identifier", name="uq_snapshots_identifier"),
        sa.ForeignKeyConstraint(["seed_url_id"], ["urls.id"], name="fk_snapshots_seed_url_id"),
        sa.ForeignKeyConstraint(["page_url_id"], ["urls.id"], name="fk_snapshots_page_url_id"),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name="fk_snapshots_segment_id"),
    )
    op.create_index("ix_snapshots_page_record_id", "snapshots", ["page_record_id"])
    op.create_index("ix_snapshots_time", "snapshots", ["captured_at", "identifier"])
    op.create_index("ix_snapshots_seed_time", "snapshots", ["seed_url_id", "captured_at"])
    op.create_index("ix_snapshots_page_time", "snapshots", ["page_url_id", "captured_at"])


def _snapshot_pictures() -> None:
    op.create_table(
        "snapshot_pictures",
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("captured_at", sa.BigInteger(), nullable=False),
        sa.Column("url_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.LargeBinary(16)),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("snapshot_id", "position", "rank", name="pk_snapshot_pictures"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_snapshot_pictures_snapshot_id"),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name="fk_snapshot_pictures_url_id"),
    )
    op.create_index(
        "ix_snapshot_pictures_sightings",
        "snapshot_pictures",
        ["payload_digest", "captured_at", "snapshot_id"],
        sqlite_where=sa.text("payload_digest IS NOT NULL"),
        postgresql_where=sa.text("payload_digest IS NOT NULL"),
    )
    op.create_index(
        "ix_snapshot_pictures_record",
        "snapshot_pictures",
        ["record_id"],
        sqlite_where=sa.text("record_id IS NOT NULL"),
        postgresql_where=sa.text("record_id IS NOT NULL"),
    )


def _tallies() -> None:
    counts = (
        "captures",
        "revisits",
        "failures",
        "urls",
        "snapshots",
        "pictures_captured",
        "pictures_missing",
    )
    volumes = ("stored_bytes", "payload_bytes", "saved_bytes")
    op.create_table(
        "tallies",
        sa.Column("source", BYTEWISE, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*counts, *volumes)),
        sa.PrimaryKeyConstraint("source", name="pk_tallies"),
    )
