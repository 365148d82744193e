"""What a draft changes in the previous version, and the announcement of a breaking change."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("drafts") as batch:
        batch.add_column(sa.Column("bump", sa.String(length=10), nullable=True))
        batch.add_column(sa.Column("breaking", sa.JSON(), nullable=True))
    with op.batch_alter_table("draft_resources") as batch:
        batch.add_column(sa.Column("changes", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("draft_resources") as batch:
        batch.drop_column("changes")
    with op.batch_alter_table("drafts") as batch:
        batch.drop_column("breaking")
        batch.drop_column("bump")
