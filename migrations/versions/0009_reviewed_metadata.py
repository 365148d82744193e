"""Metadata that waits for its approval, who may not approve a draft, and what was submitted."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proposed", sa.JSON(), nullable=True))
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contributors", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("sealed", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_column("sealed")
        batch_op.drop_column("contributors")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("proposed")
