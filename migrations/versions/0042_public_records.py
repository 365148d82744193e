"""Versions of the negative list and days of the opening plan say whether the store has them.

Those of before, and those that a process of the release before writes meanwhile, aren't there yet: a sweep writes them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("negative_lists", "opening_dates"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("unfinished", sa.Boolean(), server_default=sa.true(), nullable=False))
    with op.batch_alter_table("opening_dates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opening_dates_unfinished"), ["unfinished"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("opening_dates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_dates_unfinished"))
    for table in ("opening_dates", "negative_lists"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("unfinished")
