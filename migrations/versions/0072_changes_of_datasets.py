"""When each public entry changed last and its part of the site map; counts of the control room that are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("datasets", sa.Column("changed", sa.DateTime(timezone=True), nullable=True))
    op.add_column("datasets", sa.Column("shelf", sa.String(length=2), nullable=True))
    op.create_table(
        "control_counts",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("publisher_id", sa.String(length=100), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("oldest", sa.DateTime(timezone=True), nullable=True),
        sa.Column("newest", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("publisher_id", "code", name=op.f("pk_control_counts")),
    )
    op.create_table(
        "control_rounds",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counted", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_rounds")),
    )


def downgrade() -> None:
    op.drop_table("control_rounds")
    op.drop_table("control_counts")
    op.drop_column("datasets", "shelf")
    op.drop_column("datasets", "changed")
