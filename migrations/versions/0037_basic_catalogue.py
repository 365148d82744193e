"""The basic catalogue of proactive disclosure: entries, versions, the datasets that fulfil them, guides, imports."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def _key(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def _publisher(table: str) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint(["publisher_id"], ["publishers.id"], name=op.f(f"fk_{table}_publisher_id"))
    return sa.Column("publisher_id", sa.String(length=100), nullable=True), key


def upgrade() -> None:
    op.create_table(
        "basic_entries",
        _key("id"),
        *_publisher("basic_entries"),
        sa.Column("domain", sa.String(length=100), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basic_entries")),
    )
    op.create_table(
        "basic_versions",
        _key("number"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        *(_key(name) for name in ("entries", "added", "changed", "removed")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_basic_versions")),
    )
    op.create_table(
        "basic_editions",
        *(_key(name) for name in ("id", "entry_id", "since")),
        sa.Column("until", sa.Integer(), nullable=True),
        *_publisher("basic_editions"),
        sa.Column("domain", sa.String(length=100), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["basic_entries.id"], name=op.f("fk_basic_editions_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basic_editions")),
    )
    op.create_table(
        "basic_links",
        _key("entry_id"),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["basic_entries.id"], name=op.f("fk_basic_links_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "dataset_uuid", name=op.f("pk_basic_links")),
    )
    op.create_table(
        "basic_guides",
        sa.Column("domain", sa.String(length=100), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_basic_guides")),
    )
    op.create_table(
        "basic_imports",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        *_publisher("basic_imports"),
        sa.Column("is_guide", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basic_imports")),
    )
    for table, columns in _INDEXES.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table, columns in _INDEXES.items():
        for column in columns:
            op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    for table in ("imports", "guides", "links", "editions", "versions", "entries"):
        op.drop_table(f"basic_{table}")


_INDEXES = {
    "basic_entries": ("publisher_id", "domain"),
    "basic_editions": ("entry_id", "since", "until", "publisher_id", "domain"),
    "basic_links": ("dataset_uuid",),
    "basic_imports": ("created",),
}
