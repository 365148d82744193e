"""What the rows of a draft's table are to the published one, and the rows that are added to it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("edition", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("part_csv", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("part_parquet", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.drop_column("part_parquet")
        batch_op.drop_column("part_csv")
        batch_op.drop_column("edition")
