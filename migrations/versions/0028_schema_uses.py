"""What the columns of a draft's table say of fields, so that it can be counted as it is checked."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("marks", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.drop_column("marks")
