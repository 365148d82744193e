"""The findings of a draft's tables, their profile, the repairs accepted, and why warnings are accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("findings", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("recipe", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("profile", sa.JSON(), nullable=True))
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recipes", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.drop_column("profile")
        batch_op.drop_column("recipe")
        batch_op.drop_column("findings")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_column("reason")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("recipes")
