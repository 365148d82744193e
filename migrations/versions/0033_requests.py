"""Requests of readers to publishers, and what happened to each."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('open', 'application', 'access', 'correction', 'objection', 'question')"
_STATES = (
    "state IN ('received', 'registered', 'handling', 'waiting-asker', 'waiting-third', 'replied', 'archived',"
    " 'withdrawn', 'spam')"
)
_APPLICANTS = "applicant IN ('person', 'company', 'research', 'welfare', 'legal', 'other')"


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("publisher_id", sa.String(length=100), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=True),
        sa.Column("place", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("applicant", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("is_mail_confirmed", sa.Boolean(), nullable=False),
        sa.Column("confirm", sa.String(length=64), nullable=True),
        sa.Column("person", sa.String(length=100), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("reminded", sa.Date(), nullable=True),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=30), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("is_on_time", sa.Boolean(), nullable=True),
        sa.Column("mended", sa.String(length=40), nullable=True),
        sa.Column("grant_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint(_KINDS, name=op.f("ck_requests_kind")),
        sa.CheckConstraint(_STATES, name=op.f("ck_requests_state")),
        sa.CheckConstraint(_APPLICANTS, name=op.f("ck_requests_applicant")),
        sa.ForeignKeyConstraint(["publisher_id"], ["publishers.id"], name=op.f("fk_requests_publisher_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_requests_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("number", name=op.f("uq_requests_number")),
        sa.UniqueConstraint("confirm", name=op.f("uq_requests_confirm")),
    )
    op.create_index("ix_requests_publisher_id_state_due", "requests", ["publisher_id", "state", "due"])
    op.create_index("ix_requests_contact_state", "requests", ["contact", "state"])
    op.create_index("ix_requests_is_public_id", "requests", ["is_public", "id"])
    for column in ("dataset_uuid", "user_id", "created", "ended"):
        op.create_index(op.f(f"ix_requests_{column}"), "requests", [column])
    op.create_table(
        "request_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_steps_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_steps")),
    )
    op.create_index(op.f("ix_request_steps_request_id"), "request_steps", ["request_id"])


def downgrade() -> None:
    op.drop_table("request_steps")
    op.drop_table("requests")
