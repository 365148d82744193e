"""Sources that datasets are fetched from, and the runs of each."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.String(length=100), nullable=False),
        sa.Column("resource", sa.String(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("host_key", sa.Text(), nullable=False),
        sa.Column("offered_key", sa.Text(), nullable=True),
        sa.Column("cycle", sa.String(length=20), nullable=False),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("submits", sa.Boolean(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("modified", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=True),
        sa.Column("is_awaited", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "cycle IN ('hourly', 'daily', 'weekly', 'monthly', 'dataset')", name=op.f("ck_sources_cycle")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_sources_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_sources_dataset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("dataset_id", name=op.f("uq_sources_dataset_id")),
    )
    op.create_index(op.f("ix_sources_due"), "sources", ["due"])
    op.create_index(op.f("ix_sources_is_awaited"), "sources", ["is_awaited"])
    op.create_table(
        "source_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("draft_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('running', 'draft', 'unchanged', 'failed', 'stopped')", name=op.f("ck_source_runs_outcome")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_source_runs_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_runs")),
    )
    op.create_index("ix_source_runs_source_id_begun", "source_runs", ["source_id", "begun"])


def downgrade() -> None:
    op.drop_table("source_runs")
    op.drop_table("sources")
