"""Which tables are checked by which schemas of the library, and what the columns of a draft's table say of fields."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("marks", sa.JSON(), nullable=True))
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("are_uses_listed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "schema_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("resource", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_schema_uses_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_uses")),
    )
    op.create_index(op.f("ix_schema_uses_version_id"), "schema_uses", ["version_id"])
    op.create_index(op.f("ix_schema_uses_name"), "schema_uses", ["name"])


def downgrade() -> None:
    op.drop_table("schema_uses")
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_column("are_uses_listed")
    with op.batch_alter_table("draft_resources", schema=None) as batch_op:
        batch_op.drop_column("marks")
