"""Events carry an address, their place in the chain, and the digests that link them. `init` chains what is there."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("address", sa.Text(), nullable=False, server_default=""))
    op.add_column("events", sa.Column("position", sa.BigInteger(), nullable=True))
    op.add_column("events", sa.Column("previous", sa.String(length=64), nullable=True))
    op.add_column("events", sa.Column("digest", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_events_position"), "events", ["position"], unique=True)
    op.create_index(op.f("ix_events_at"), "events", ["at"], unique=False)
    op.create_index(op.f("ix_events_actor"), "events", ["actor"], unique=False)
    op.create_table(
        "event_chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("adopts_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_chain")),
    )


def downgrade() -> None:
    op.drop_table("event_chain")
    for column in ("actor", "at", "position"):
        op.drop_index(op.f(f"ix_events_{column}"), table_name="events")
    with op.batch_alter_table("events", schema=None) as batch_op:
        for column in ("digest", "previous", "position", "address"):
            batch_op.drop_column(column)
