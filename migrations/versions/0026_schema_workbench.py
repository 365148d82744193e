"""What a schema was while somebody edited it, the rules for a table's next file, and copies of columns as text."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schema_benches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("resource", sa.String(length=100), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_schema_benches_draft_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_benches")),
        sa.UniqueConstraint("draft_id", "resource", name=op.f("uq_schema_benches_draft_id_resource")),
    )
    with op.batch_alter_table("schema_benches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schema_benches_draft_id"), ["draft_id"], unique=False)
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("texts", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("texts_of", sa.String(length=64), nullable=True))
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("schemas", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("schemas")
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.drop_column("texts_of")
        batch_op.drop_column("texts")
    op.drop_table("schema_benches")
