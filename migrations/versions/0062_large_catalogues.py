"""Kept counts of public datasets, and the newest line of the audit log about each kind of thing."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset_counts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("publisher_id", sa.String(length=100), nullable=False),
        sa.Column("datasets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_counts")),
    )
    op.execute(
        "INSERT INTO dataset_counts (publisher_id, datasets) SELECT publisher_id, count(*) FROM datasets"
        " WHERE head IS NOT NULL OR editions > 0 GROUP BY publisher_id"
    )
    op.create_index("ix_events_subject_kind_position", "events", ["subject_kind", "position"])


def downgrade() -> None:
    op.drop_index("ix_events_subject_kind_position", table_name="events")
    op.drop_table("dataset_counts")
