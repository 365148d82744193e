"""Counters of wrong sign-ins that all processes share, and from where accounts have signed in before."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_failures")),
    )
    op.create_table(
        "known_places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_known_places_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_places")),
        sa.UniqueConstraint("user_id", "digest", name=op.f("uq_known_places_user_id_digest")),
    )
    op.create_index(op.f("ix_known_places_digest"), "known_places", ["digest"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_known_places_digest"), table_name="known_places")
    op.drop_table("known_places")
    op.drop_table("failures")
