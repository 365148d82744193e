"""How well metadata conform."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conformance_scores",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.String(length=100), nullable=False),
        sa.Column("is_newest", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=True),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("lost", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_conformance_scores_dataset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conformance_scores")),
    )
    with op.batch_alter_table("conformance_scores", schema=None) as batch_op:
        batch_op.create_index("ix_conformance_scores_dataset_id_id", ["dataset_id", "id"], unique=False)
        batch_op.create_index(
            "ix_conformance_scores_is_newest_points", ["is_newest", "points", "dataset_id"], unique=False
        )


def downgrade() -> None:
    op.drop_table("conformance_scores")
