"""The lists that the portal publishes about itself."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_lists",
        sa.Column("list", sa.String(length=100), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("fault", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("list", name=op.f("pk_own_lists")),
    )


def downgrade() -> None:
    op.drop_table("own_lists")
