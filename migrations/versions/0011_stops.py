"""Versions that are stopped until somebody decides about them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("suspension", sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f("ix_versions_suspended"), ["suspended"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_versions_suspended"))
        batch_op.drop_column("suspension")
        batch_op.drop_column("suspended")
