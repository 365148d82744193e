"""What was measured of published tables."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset_measures",
        sa.Column("dataset_id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("measured", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_measures_dataset_id")),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_dataset_measures")),
    )
    op.create_table(
        "table_measures",
        sa.Column("dataset_id", sa.String(length=100), nullable=False),
        sa.Column("resource", sa.String(length=100), nullable=False),
        sa.Column("header", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("described", sa.Integer(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("worst", sa.Double(), nullable=False),
        sa.Column("worst_column", sa.Text(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=True),
        sa.Column("broken", sa.BigInteger(), nullable=False),
        sa.Column("paged", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_table_measures_dataset_id")),
        sa.PrimaryKeyConstraint("dataset_id", "resource", name=op.f("pk_table_measures")),
    )
    with op.batch_alter_table("table_measures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_table_measures_header"), ["header"], unique=False)


def downgrade() -> None:
    op.drop_table("table_measures")
    op.drop_table("dataset_measures")
