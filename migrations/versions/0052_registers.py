"""Registrations of public data resources, and disclosures of authorised operation."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

KINDS = ("initial", "change", "correction", "cancellation")
STATES = (
    "preparing",
    "submitted",
    "returned",
    "accepted",
    "notice",
    "registered",
    "expired",
    "replaced",
    "cancelled",
)


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_registrations_{column}"))


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("taken", sa.Date(), nullable=True),
        sa.Column("accepted", sa.Date(), nullable=True),
        sa.Column("check_due", sa.Date(), nullable=True),
        sa.Column("notice_first", sa.Date(), nullable=True),
        sa.Column("notice_last", sa.Date(), nullable=True),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("registered", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("renew_from", sa.Date(), nullable=True),
        sa.Column("previous_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        _one_of("kind", KINDS),
        _one_of("state", STATES),
        sa.ForeignKeyConstraint(["previous_id"], ["registrations.id"], name=op.f("fk_registrations_previous_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
    )
    op.create_index("ix_registrations_dataset_uuid_state", "registrations", ["dataset_uuid", "state", "version"])
    op.create_index(op.f("ix_registrations_code"), "registrations", ["code"])
    op.create_index(op.f("ix_registrations_renew_from"), "registrations", ["renew_from"])
    op.create_table(
        "registration_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_registration_steps_registration_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_registration_steps_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_steps")),
    )
    op.create_index(op.f("ix_registration_steps_registration_id"), "registration_steps", ["registration_id"])
    op.create_index(op.f("ix_registration_steps_user_id"), "registration_steps", ["user_id"])
    op.create_table(
        "operation_reports",
        sa.Column("publisher_id", sa.String(length=100), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=True),
        sa.Column("republished", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("shown_revision", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_operation_reports_author_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("publisher_id", "year", name=op.f("pk_operation_reports")),
    )
    op.create_index(op.f("ix_operation_reports_author_id"), "operation_reports", ["author_id"])


def downgrade() -> None:
    op.drop_table("operation_reports")
    op.drop_table("registration_steps")
    op.drop_table("registrations")
