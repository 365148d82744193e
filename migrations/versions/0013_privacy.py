"""Decisions about personal data, the schema before they are applied, what was done, and the combination risk."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COLUMNS = ("decisions", "untreated", "treated", "risk")


def upgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        for name in _COLUMNS:
            batch_op.add_column(sa.Column(name, sa.JSON(), nullable=True))
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("decisions", sa.JSON(), nullable=True))
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("screening", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("alarming", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f("ix_versions_alarming"), ["alarming"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_versions_alarming"))
        batch_op.drop_column("alarming")
        batch_op.drop_column("screening")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("decisions")
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        for name in reversed(_COLUMNS):
            batch_op.drop_column(name)
