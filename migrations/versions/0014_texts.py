"""What the screen found in the text of an attachment, whether all of it was read, and why not."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draft_attachments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("texts", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("is_read", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("unread", sa.String(length=20), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("draft_attachments", schema=None) as batch_op:
        batch_op.drop_column("unread")
        batch_op.drop_column("is_read")
        batch_op.drop_column("texts")
