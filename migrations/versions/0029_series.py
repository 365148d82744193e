"""Tables that are joined from the files of a series, what the rows of versions are about, archives of datasets."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("draft_resources", "datasets"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("series", sa.JSON(), nullable=True))
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("archived", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("archiving", sa.JSON(), nullable=True))
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("coverage", sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_column("coverage")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("archiving")
        batch_op.drop_column("archived")
    for table in ("draft_resources", "datasets"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("series")
