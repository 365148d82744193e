"""Signed checks and comments of a review, timed release, and a seal that covers all that a reviewer sees."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        # What was submitted before has the seal of that time, which is still compared in the way it was made.
        batch_op.add_column(sa.Column("seal_edition", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("replaces", sa.String(length=32), nullable=True))
    op.create_table(
        "review_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("check_name", sa.String(length=20), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("place", sa.JSON(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "check_name IN ('secrecy', 'privacy', 'wording', 'timing', 'method')",
            name=op.f("ck_review_checks_check_name"),
        ),
        sa.CheckConstraint("result IN ('passed', 'refused')", name=op.f("ck_review_checks_result")),
        sa.CheckConstraint("part IN ('submitter', 'reviewer')", name=op.f("ck_review_checks_part")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_review_checks_draft_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_checks")),
    )
    op.create_table(
        "draft_comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("check_name", sa.String(length=20), nullable=True),
        sa.Column("place", sa.JSON(), nullable=True),
        sa.CheckConstraint("kind IN ('comment', 'returned', 'refused', 'ended')", name=op.f("ck_draft_comments_kind")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_draft_comments_draft_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_comments")),
    )
    for table in ("review_checks", "draft_comments"):
        op.create_index(op.f(f"ix_{table}_draft_id"), table, ["draft_id"])


def downgrade() -> None:
    op.drop_table("draft_comments")
    op.drop_table("review_checks")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_column("replaces")
        batch_op.drop_column("publish_at")
        batch_op.drop_column("seal_edition")
