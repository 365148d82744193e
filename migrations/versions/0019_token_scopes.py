"""Tokens have verbs, a limit to a publisher or dataset, and a time of last use."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("verbs", sa.String(length=60), nullable=True))
    op.add_column("tokens", sa.Column("publisher_id", sa.String(length=100), nullable=True))
    op.add_column("tokens", sa.Column("dataset_id", sa.String(length=100), nullable=True))
    op.add_column("tokens", sa.Column("used", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tokens", sa.Column("ended", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        for column in ("ended", "used", "dataset_id", "publisher_id", "verbs"):
            batch_op.drop_column(column)
