"""Pages that maintainers keep, with versions and files; re-uses and their links; the last checks."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('identity', 'guide', 'rules', 'content', 'report', 'column', 'call', 'incident')"


def upgrade() -> None:
    op.create_table(
        "site_pages",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_KINDS, name=op.f("ck_site_pages_kind")),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_site_pages")),
    )
    op.create_index("ix_site_pages_kind_position", "site_pages", ["kind", "position"])
    op.create_table(
        "site_page_versions",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "revision", name=op.f("pk_site_page_versions")),
    )
    op.create_table(
        "site_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("mediatype", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_site_files")),
    )
    op.create_table(
        "reuses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("call", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided", sa.DateTime(timezone=True), nullable=True),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("link", sa.String(length=20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'approved', 'refused')", name=op.f("ck_reuses_state")),
        sa.CheckConstraint("link IN ('unchecked', 'alive', 'failing', 'dead')", name=op.f("ck_reuses_link")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reuses")),
    )
    op.create_index(op.f("ix_reuses_call"), "reuses", ["call"])
    op.create_index(op.f("ix_reuses_due"), "reuses", ["due"])
    op.create_index("ix_reuses_state_created", "reuses", ["state", "created"])
    op.create_table(
        "reuse_datasets",
        sa.Column("reuse_id", sa.String(length=32), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["reuse_id"], ["reuses.id"], name=op.f("fk_reuse_datasets_reuse_id")),
        sa.PrimaryKeyConstraint("reuse_id", "dataset_uuid", name=op.f("pk_reuse_datasets")),
    )
    op.create_index(op.f("ix_reuse_datasets_dataset_uuid"), "reuse_datasets", ["dataset_uuid"])
    op.create_table(
        "last_checks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_last_checks")),
    )


def downgrade() -> None:
    for table in ("last_checks", "reuse_datasets", "reuses", "site_files", "site_page_versions", "site_pages"):
        op.drop_table(table)
