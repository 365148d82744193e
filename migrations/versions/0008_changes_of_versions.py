"""When something was last said of a version, for the feeds."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changed", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE versions SET changed = published")
    _take_over()
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.alter_column("changed", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_index("ix_versions_changed", ["changed", "id"], unique=False)
        batch_op.create_index("ix_versions_dataset_id_changed", ["dataset_id", "changed", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_index("ix_versions_dataset_id_changed")
        batch_op.drop_index("ix_versions_changed")
        batch_op.drop_column("changed")


def _take_over() -> None:
    """The times that tombstones and errata have."""
    connection = op.get_bind()
    found: dict[tuple[str, str], str] = {}
    for dataset, version, kept in connection.execute(
        sa.text("SELECT dataset_id, version, withdrawal FROM versions WHERE withdrawal IS NOT NULL")
    ).all():
        withdrawal = _read(kept)
        if withdrawal:
            found[dataset, version] = withdrawal["changed"]
    for dataset, kept in connection.execute(sa.text("SELECT id, errata FROM datasets WHERE errata IS NOT NULL")).all():
        for erratum in _read(kept) or ():
            for version in (erratum["version"], erratum["successor"]):
                if version:
                    found[dataset, version] = max(erratum["created"], found.get((dataset, version), ""))
    versions = sa.table(
        "versions", sa.column("dataset_id"), sa.column("version"), sa.column("changed", sa.DateTime(timezone=True))
    )
    for (dataset, version), moment in found.items():
        changed = datetime.fromisoformat(moment).astimezone(UTC)
        where = (versions.c.dataset_id == dataset, versions.c.version == version, versions.c.changed < changed)
        connection.execute(versions.update().where(*where).values(changed=changed))


def _read(kept: object) -> object:
    """A JSON column as PostgreSQL's driver gives it, or as SQLite does."""
    return json.loads(kept) if isinstance(kept, str) else kept
