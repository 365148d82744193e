"""Portals that datasets are harvested from, runs, items and links; where a dataset is from.

Processes of the release before write datasets without saying where they are from: those are from here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0044"
branch_labels = None
depends_on = None

_COLUMNS = ["id", "publisher_id", "attribute", "editions", "head", "latest", "opens", "opened", "uuid", "title"]
_NUMBERS = ("seen", "kept", "new", "changed", "refused", "gone")


def upgrade() -> None:
    op.create_table(
        "harvest_sources",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("publisher_id", sa.String(length=100), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("most_gone", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.String(length=20), nullable=False),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("takes_data", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wish", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("modified", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('ckan', 'data.json', 'dcat', 'datapackage', 'oai', 'opendata')",
            name=op.f("ck_harvest_sources_kind"),
        ),
        sa.CheckConstraint(
            "cycle IN ('hourly', 'daily', 'weekly', 'monthly', 'dataset')", name=op.f("ck_harvest_sources_cycle")
        ),
        sa.CheckConstraint("wish IN ('nothing', 'trial', 'run')", name=op.f("ck_harvest_sources_wish")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_harvest_sources_author_id")),
        sa.ForeignKeyConstraint(["publisher_id"], ["publishers.id"], name=op.f("fk_harvest_sources_publisher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_sources")),
    )
    op.create_index(op.f("ix_harvest_sources_due"), "harvest_sources", ["due"])
    op.create_index(op.f("ix_harvest_sources_publisher_id"), "harvest_sources", ["publisher_id"])
    op.create_table(
        "harvest_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("is_trial", sa.Boolean(), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _NUMBERS),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('running', 'done', 'unchanged', 'failed')", name=op.f("ck_harvest_runs_outcome")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["harvest_sources.id"], name=op.f("fk_harvest_runs_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_runs")),
    )
    op.create_index("ix_harvest_runs_source_id_begun", "harvest_runs", ["source_id", "begun"])
    op.create_table(
        "harvest_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("identifier_digest", sa.String(length=64), nullable=False),
        sa.Column("text_print", sa.String(length=64), nullable=False),
        sa.Column("address_print", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("dataset_id", sa.String(length=100), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_harvest_items_dataset_id")),
        sa.ForeignKeyConstraint(["source_id"], ["harvest_sources.id"], name=op.f("fk_harvest_items_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_items")),
        sa.UniqueConstraint(
            "source_id", "identifier_digest", name=op.f("uq_harvest_items_source_id_identifier_digest")
        ),
    )
    op.create_index(op.f("ix_harvest_items_dataset_id"), "harvest_items", ["dataset_id"])
    op.create_table(
        "external_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.String(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("link IN ('unchecked', 'alive', 'failing', 'dead')", name=op.f("ck_external_links_link")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_external_links_dataset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_links")),
        sa.UniqueConstraint("dataset_id", "digest", name=op.f("uq_external_links_dataset_id_digest")),
    )
    op.create_index(op.f("ix_external_links_due"), "external_links", ["due"])
    op.add_column("datasets", sa.Column("origin", sa.JSON(), nullable=True))
    op.add_column("datasets", sa.Column("is_foreign", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index("ix_datasets_inventory", "datasets")
    op.create_index("ix_datasets_inventory", "datasets", [*_COLUMNS, "is_foreign"])


def downgrade() -> None:
    op.drop_index("ix_datasets_inventory", "datasets")
    op.create_index("ix_datasets_inventory", "datasets", _COLUMNS)
    op.drop_column("datasets", "is_foreign")
    op.drop_column("datasets", "origin")
    for name in ("external_links", "harvest_items", "harvest_runs", "harvest_sources"):
        op.drop_table(name)
