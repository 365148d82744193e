"""Publishers have a kind, a code, a place in a tree, a contact and a history; datasets remember their publishers."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_LEADS = ("parent_id", "supervisor_id")


def upgrade() -> None:
    with op.batch_alter_table("publishers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=30), nullable=False, server_default="department"))
        batch_op.add_column(sa.Column("code", sa.String(length=18), nullable=True))
        for column in _LEADS:
            batch_op.add_column(sa.Column(column, sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("details", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("history", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("ended", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("unfinished", sa.Boolean(), nullable=False, server_default=sa.false()))
        for column in _LEADS:
            batch_op.create_foreign_key(batch_op.f(f"fk_publishers_{column}"), "publishers", [column], ["id"])
        for column in ("code", *_LEADS, "unfinished"):
            batch_op.create_index(batch_op.f(f"ix_publishers_{column}"), [column], unique=False)
    op.add_column("datasets", sa.Column("moves", sa.JSON(), nullable=True))
    op.add_column("datasets", sa.Column("unfinished", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_datasets_unfinished"), "datasets", ["unfinished"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_datasets_unfinished"), table_name="datasets")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_column("unfinished")
        batch_op.drop_column("moves")
    with op.batch_alter_table("publishers", schema=None) as batch_op:
        for column in ("unfinished", *reversed(_LEADS), "code"):
            batch_op.drop_index(batch_op.f(f"ix_publishers_{column}"))
        for column in reversed(_LEADS):
            batch_op.drop_constraint(batch_op.f(f"fk_publishers_{column}"), type_="foreignkey")
        for column in ("unfinished", "revision", "ended", "history", "details", *reversed(_LEADS), "code", "kind"):
            batch_op.drop_column(column)
