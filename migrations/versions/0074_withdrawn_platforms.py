"""Higher platforms that are to have nothing of the portal."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "higher_platforms", sa.Column("is_withdrawn", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("higher_platforms", "is_withdrawn")
