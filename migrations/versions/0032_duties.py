"""Duties with a clock: the working calendar that was entered, rules, obligations, reminders."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
    )
    op.create_table(
        "duty_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_rules")),
        sa.UniqueConstraint("rule_id", "version", name=op.f("uq_duty_rules_rule_id_version")),
    )
    op.create_index(op.f("ix_duty_rules_rule_id"), "duty_rules", ["rule_id"])
    op.create_table(
        "duty_rule_uses",
        sa.Column("rule_id", sa.String(length=40), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("publishers", sa.JSON(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_duty_rule_uses")),
    )
    op.create_table(
        "obligations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=True),
        sa.Column("rule_id", sa.String(length=40), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("publisher_id", sa.String(length=100), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=True),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("period", sa.String(length=40), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("trigger", sa.Date(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("entered", sa.Date(), nullable=True),
        sa.Column("pauses", sa.JSON(), nullable=False),
        sa.Column("extensions", sa.JSON(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("due_month", sa.String(length=7), nullable=True),
        sa.Column("unknown_year", sa.Integer(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=True),
        sa.Column("waived_on", sa.Date(), nullable=True),
        sa.Column("waived_reason", sa.Text(), nullable=False),
        sa.Column("rectify_by", sa.Date(), nullable=True),
        sa.Column("rectify_reason", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["publisher_id"], ["publishers.id"], name=op.f("fk_obligations_publisher_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_obligations_owner_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligations")),
        sa.UniqueConstraint("key", name=op.f("uq_obligations_key")),
    )
    op.create_index(op.f("ix_obligations_rule_id"), "obligations", ["rule_id"])
    op.create_index(op.f("ix_obligations_owner_id"), "obligations", ["owner_id"])
    op.create_index("ix_obligations_done_on", "obligations", ["done_on", "waived_on", "due", "id"])
    op.create_index(
        "ix_obligations_due_month", "obligations", ["due_month", "publisher_id", "due", "done_on", "waived_on"]
    )
    op.create_index("ix_obligations_publisher_id_due", "obligations", ["publisher_id", "due"])
    op.create_index("ix_obligations_dataset_uuid", "obligations", ["dataset_uuid", "done_on", "waived_on", "due"])
    op.create_table(
        "duty_reminders",
        sa.Column("obligation_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligations.id"], name=op.f("fk_duty_reminders_obligation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_duty_reminders_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("obligation_id", "stage", "user_id", name=op.f("pk_duty_reminders")),
    )
    op.create_index("ix_duty_reminders_user_id_day", "duty_reminders", ["user_id", "day"])
    op.create_table(
        "duty_feeds",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_duty_feeds_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_duty_feeds")),
    )
    op.create_table(
        "duty_progress",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("reminded", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_progress")),
    )


def downgrade() -> None:
    for table in (
        "duty_progress",
        "duty_feeds",
        "duty_reminders",
        "obligations",
        "duty_rule_uses",
        "duty_rules",
        "calendar_years",
    ):
        op.drop_table(table)
