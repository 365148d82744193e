"""What was understood of the files of a draft, and what people chose instead; sizes beyond 2 GiB."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LARGE = ("upload_bytes", "csv_bytes", "parquet_bytes")
"""Sizes of files, which may be beyond 2 GiB."""


def upgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reading", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("choices", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("plain", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("engine_dialect", sa.JSON(), nullable=True))
        for column in _LARGE:
            batch_op.alter_column(column, existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.alter_column("bytes", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("choices", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("choices")
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.alter_column("bytes", existing_type=sa.BigInteger(), type_=sa.Integer(), existing_nullable=False)
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        for column in _LARGE:
            batch_op.alter_column(column, existing_type=sa.BigInteger(), type_=sa.Integer(), existing_nullable=False)
        batch_op.drop_column("engine_dialect")
        batch_op.drop_column("plain")
        batch_op.drop_column("choices")
        batch_op.drop_column("reading")
