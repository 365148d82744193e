"""The negative list in its versions, and the yearly self-checks of what isn't open."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "negative_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("enforced", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enforced_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_negative_lists")),
        sa.UniqueConstraint("number", name=op.f("uq_negative_lists_number")),
    )
    op.create_table(
        "self_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("closed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_checks")),
        sa.UniqueConstraint("year", name=op.f("uq_self_checks_year")),
    )
    op.create_table(
        "self_check_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=True),
        sa.Column("publisher_id", sa.String(length=100), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("attribute", sa.String(length=20), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("open_by", sa.Date(), nullable=True),
        sa.Column("proposed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("decided", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('undecided', 'proposed', 'decided')", name=op.f("ck_self_check_items_state")),
        sa.CheckConstraint("decision IN ('keep', 'open')", name=op.f("ck_self_check_items_decision")),
        sa.ForeignKeyConstraint(["check_id"], ["self_checks.id"], name=op.f("fk_self_check_items_check_id")),
        sa.ForeignKeyConstraint(["publisher_id"], ["publishers.id"], name=op.f("fk_self_check_items_publisher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_check_items")),
        sa.UniqueConstraint("check_id", "dataset_uuid", name=op.f("uq_self_check_items_check_id_dataset_uuid")),
    )
    op.create_index(op.f("ix_self_check_items_check_id"), "self_check_items", ["check_id"])
    op.create_index(op.f("ix_self_check_items_publisher_id"), "self_check_items", ["publisher_id"])


def downgrade() -> None:
    op.drop_table("self_check_items")
    op.drop_table("self_checks")
    op.drop_table("negative_lists")
