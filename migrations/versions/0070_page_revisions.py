"""Counters of commits that public pages depend on."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page_revisions",
        sa.Column("counter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("counter", name=op.f("pk_page_revisions")),
    )


def downgrade() -> None:
    op.drop_table("page_revisions")
