"""What tables mean, and the periods of editions."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("meaning", sa.JSON(), nullable=True))
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("period", sa.String(length=40), nullable=True))
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("meanings", sa.JSON(), nullable=True))
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("period", sa.String(length=40), nullable=True))


def downgrade() -> None:
    for table, column in (
        ("versions", "period"),
        ("datasets", "meanings"),
        ("drafts", "period"),
        ("draft_resources", "meaning"),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
