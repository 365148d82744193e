"""Grants, readers, and tables that are open although their dataset isn't; files of versions that aren't public move."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ROLES = "role IN ('reader', 'editor', 'maintainer')"
_ROLES_BEFORE = "role IN ('editor', 'maintainer')"


def upgrade() -> None:
    _restrict_roles(_ROLES)
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("dataset_id", sa.String(length=100), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("publisher_id", sa.String(length=100), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("invitation", sa.String(length=64), nullable=True),
        sa.Column("invited_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_grants_dataset_id")),
        sa.ForeignKeyConstraint(["publisher_id"], ["publishers.id"], name=op.f("fk_grants_publisher_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_grants_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("invitation", name=op.f("uq_grants_invitation")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        for column in ("dataset_id", "publisher_id", "user_id"):
            batch_op.create_index(batch_op.f(f"ix_grants_{column}"), [column], unique=False)
    for table in ("draft_resources", "draft_attachments"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("disclosure", sa.String(length=20), nullable=False, server_default=""))
    _move_files()


def downgrade() -> None:
    for table in ("draft_attachments", "draft_resources"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("disclosure")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        for column in ("user_id", "publisher_id", "dataset_id"):
            batch_op.drop_index(batch_op.f(f"ix_grants_{column}"))
    op.drop_table("grants")
    op.execute("DELETE FROM tokens WHERE user_id IN (SELECT id FROM users WHERE role = 'reader')")
    op.execute("DELETE FROM users WHERE role = 'reader'")
    _restrict_roles(_ROLES_BEFORE)


def _restrict_roles(condition: str) -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_users_role"), type_="check")
        batch_op.create_check_constraint(op.f("ck_users_role"), condition)


def _move_files() -> None:
    """Have the worker take the files of versions that aren't public out of the public store."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, meta FROM datasets")).all()
    private = [dataset for dataset, meta in rows if not _is_open(meta)]
    versions = sa.table("versions", sa.column("dataset_id"), sa.column("withdrawal"), sa.column("unfinished"))
    for dataset in private:
        connection.execute(versions.update().where(versions.c.dataset_id == dataset).values(unfinished=sa.true()))
    op.execute("UPDATE versions SET unfinished = true WHERE withdrawal IS NOT NULL")


def _is_open(meta: object) -> bool:
    found = json.loads(meta) if isinstance(meta, str) else meta
    return not isinstance(found, dict) or (found.get("disclosure") or {}).get("attribute", "open") == "open"
