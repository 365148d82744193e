"""What of each dataset's metadata the control room asks for, kept in a column."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("datasets", sa.Column("flaws", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("datasets", "flaws")
