"""The inventory: index numbers, dates of opening, files of items, and what lists of many items filter by."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def fill(datasets: sa.TableClause) -> None:
    """Take title and disclosure out of the metadata; what is open to some people only counts as conditional."""
    connection = op.get_bind()
    for identifier, meta in connection.execute(sa.select(datasets.c.id, datasets.c.meta)).all():
        said = meta.get("disclosure") or {}
        attribute = said.get("attribute") or "open"
        if attribute == "open" and (said.get("scope") or "public") != "public":
            attribute = "conditional"
        values = {"title": str(meta.get("title") or ""), "attribute": attribute}
        connection.execute(sa.update(datasets).where(datasets.c.id == identifier).values(values))


def upgrade() -> None:
    op.add_column("datasets", sa.Column("opens", sa.Date(), nullable=True))
    op.add_column("datasets", sa.Column("opened", sa.Date(), nullable=True))
    op.add_column("datasets", sa.Column("title", sa.Text(), nullable=True))
    op.add_column("datasets", sa.Column("attribute", sa.String(length=20), nullable=True))
    fill(sa.table("datasets", *map(sa.column, ("id", "title", "attribute")), sa.column("meta", sa.JSON())))
    columns = ["id", "publisher_id", "attribute", "editions", "head", "latest", "opens", "opened", "uuid", "title"]
    op.create_index("ix_datasets_inventory", "datasets", columns)
    op.create_table(
        "index_counters",
        sa.Column("code", sa.String(length=18), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", "year", name=op.f("pk_index_counters")),
    )
    op.create_table(
        "index_numbers",
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("code", sa.String(length=18), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=False),
        sa.Column("given", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_index_numbers")),
        sa.UniqueConstraint("code", "year", "serial", name=op.f("uq_index_numbers_code_year_serial")),
        sa.UniqueConstraint("dataset_uuid", name=op.f("uq_index_numbers_dataset_uuid")),
    )
    op.create_table(
        "opening_dates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=False),
        sa.Column("opens", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("replaced", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_dates")),
    )
    op.create_index("ix_opening_dates_dataset_uuid", "opening_dates", ["dataset_uuid", "id"])
    op.create_table(
        "inventory_files",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_files")),
    )
    op.create_index(op.f("ix_inventory_files_created"), "inventory_files", ["created"])


def downgrade() -> None:
    for table in ("inventory_files", "opening_dates", "index_numbers", "index_counters"):
        op.drop_table(table)
    op.drop_index("ix_datasets_inventory", "datasets")
    for column in ("attribute", "title", "opened", "opens"):
        op.drop_column("datasets", column)
