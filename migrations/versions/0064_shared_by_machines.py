"""What all machines share: snapshots of the catalogue, pieces of uploads, kept forms."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_snapshots",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blob", sa.String(64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_catalogue_snapshots")),
    )
    op.create_index(op.f("ix_catalogue_snapshots_made"), "catalogue_snapshots", ["made"])
    op.create_table(
        "snapshot_turns",
        sa.Column("owner", sa.String(32)),
        sa.Column("held_until", sa.DateTime(timezone=True)),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_turns")),
    )
    op.execute("INSERT INTO snapshot_turns (id) VALUES (1)")
    op.create_table(
        "upload_pieces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.String(32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_pieces")),
    )
    op.create_index(op.f("ix_upload_pieces_upload_id"), "upload_pieces", ["upload_id"])
    op.create_index(op.f("ix_upload_pieces_blob"), "upload_pieces", ["blob"])
    op.create_table(
        "kept_forms",
        sa.Column("token", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(60), nullable=False),
        sa.Column("kept", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_kept_forms")),
    )
    op.create_index(op.f("ix_kept_forms_owner"), "kept_forms", ["owner"])
    op.create_index(op.f("ix_kept_forms_kept"), "kept_forms", ["kept"])
    op.add_column("uploads", sa.Column("owner", sa.String(32)))
    op.add_column("uploads", sa.Column("held_until", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("uploads", "held_until")
    op.drop_column("uploads", "owner")
    for name in ("kept_forms", "upload_pieces", "snapshot_turns", "catalogue_snapshots"):
        op.drop_table(name)
