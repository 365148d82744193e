"""Higher platforms that the catalogue is registered on, and portals that register theirs on this one."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "higher_platforms",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("publishers", sa.JSON(), nullable=False),
        sa.Column("themes", sa.JSON(), nullable=False),
        sa.Column("takes_harvested", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", moment, nullable=True),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("compared", moment, nullable=True),
        sa.Column("is_asked", sa.Boolean(), nullable=False),
        sa.Column("step", sa.JSON(), nullable=True),
        sa.Column("taken", moment, nullable=True),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("held_until", moment, nullable=True),
        sa.CheckConstraint("kind IN ('opendata', 'ckan', 'http')", name=op.f("ck_higher_platforms_kind")),
        sa.CheckConstraint("method IN ('PUT', 'POST')", name=op.f("ck_higher_platforms_method")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_higher_platforms")),
    )
    op.create_table(
        "upward_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform_id", sa.String(length=100), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("wanted", sa.String(length=64), nullable=True),
        sa.Column("delivered", sa.String(length=64), nullable=True),
        sa.Column("is_unsure", sa.Boolean(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("due", moment, nullable=False),
        sa.Column("tried", moment, nullable=True),
        sa.Column("settled", moment, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("there", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'refused', 'failed', 'withdrawn')", name=op.f("ck_upward_records_state")
        ),
        sa.ForeignKeyConstraint(["platform_id"], ["higher_platforms.id"], name=op.f("fk_upward_records_platform_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upward_records")),
        sa.UniqueConstraint("platform_id", "dataset_uuid", name=op.f("uq_upward_records_platform_id_dataset_uuid")),
    )
    op.create_index("ix_upward_records_dataset_uuid", "upward_records", ["dataset_uuid"])
    op.create_index("ix_upward_records_platform_id_state_due", "upward_records", ["platform_id", "state", "due"])
    op.create_table(
        "exchange_senders",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.Column("received", moment, nullable=True),
        sa.ForeignKeyConstraint(["id"], ["harvest_sources.id"], name=op.f("fk_exchange_senders_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_senders")),
    )
    op.create_table(
        "received_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.String(length=100), nullable=False),
        sa.Column("identifier", sa.String(length=36), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["harvest_items.id"], name=op.f("fk_received_records_item_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["exchange_senders.id"], name=op.f("fk_received_records_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_records")),
        sa.UniqueConstraint("sender_id", "identifier", name=op.f("uq_received_records_sender_id_identifier")),
    )
    op.create_index(op.f("ix_received_records_item_id"), "received_records", ["item_id"])


def downgrade() -> None:
    for name in ("received_records", "exchange_senders", "upward_records", "higher_platforms"):
        op.drop_table(name)
