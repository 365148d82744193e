"""Versions that are withdrawn, corrected or renamed; their reports are in the store."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("head", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("errata", sa.JSON(), nullable=True))
    op.execute("UPDATE datasets SET head = latest")
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_column("report")
        batch_op.add_column(sa.Column("withdrawal", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("unfinished", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f("ix_versions_unfinished"), ["unfinished"], unique=False)
    op.create_table(
        "aliases",
        sa.Column("old", sa.String(length=100), nullable=False),
        sa.Column("dataset_id", sa.String(length=100), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unfinished", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_aliases_dataset_id")),
        sa.PrimaryKeyConstraint("old", name=op.f("pk_aliases")),
    )
    op.create_index(op.f("ix_aliases_dataset_id"), "aliases", ["dataset_id"], unique=False)
    op.create_table(
        "damages",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("found", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_damages")),
    )


def downgrade() -> None:
    op.drop_table("damages")
    op.drop_index(op.f("ix_aliases_dataset_id"), table_name="aliases")
    op.drop_table("aliases")
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_versions_unfinished"))
        batch_op.drop_column("unfinished")
        batch_op.drop_column("withdrawal")
        batch_op.add_column(sa.Column("report", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("errata")
        batch_op.drop_column("head")
