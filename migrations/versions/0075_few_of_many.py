"""Indexes of what is rare: versions that are stopped or have personal data, registrations by state, events by kind."""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_versions_stopped", "versions", ("changed", "id"), "suspended"),
    ("ix_versions_in_alarm", "versions", ("changed", "id"), "alarming"),
    ("ix_registrations_state", "registrations", ("state",), ""),
    ("ix_public_events_kind_id", "public_events", ("kind", "id"), ""),
    ("ix_public_events_publisher_id_id", "public_events", ("publisher_id", "id"), ""),
    ("ix_webhook_deliveries_created", "webhook_deliveries", ("created",), ""),
)
_REPLACED = (
    ("ix_versions_suspended", "versions", "suspended"),
    ("ix_versions_alarming", "versions", "alarming"),
    ("ix_public_events_kind", "public_events", "kind"),
)


def upgrade() -> None:
    for name, table, columns, condition in _INDEXES:
        only = sa.text(condition) if condition else None
        op.create_index(name, table, list(columns), postgresql_where=only, sqlite_where=only)
    for name, table, _ in _REPLACED:
        op.drop_index(name, table_name=table)


def downgrade() -> None:
    for name, table, column in _REPLACED:
        op.create_index(name, table, [column])
    for name, table, _, __ in _INDEXES:
        op.drop_index(name, table_name=table)
