"""The changes of the datasets that are there, and indexes by which pages are read: apart from the columns."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

_PARTS = ("mode", "implementingBody", "operator", "operatorCode", "period")
_INDEXES = (
    ("ix_datasets_publisher_id_id", "datasets", ("publisher_id", "id"), ""),
    ("ix_datasets_modified_id", "datasets", ("modified", "id"), ""),
    ("ix_datasets_title_id", "datasets", ("title", "id"), ""),
    ("ix_datasets_shelf_changed", "datasets", ("shelf", "changed"), ""),
    ("ix_datasets_listed", "datasets", ("id",), "changed IS NOT NULL"),
    ("ix_datasets_archived", "datasets", ("modified", "id"), "archived IS NOT NULL"),
    ("ix_datasets_planned", "datasets", ("opens", "id"), "opens IS NOT NULL AND opened IS NULL"),
    ("ix_datasets_unpublished", "datasets", ("created", "id"), "head IS NULL"),
    ("ix_datasets_guarded", "datasets", ("attribute", "modified", "id"), "attribute <> 'open'"),
    ("ix_datasets_no_contact", "datasets", ("modified", "id"), "(flaws & 2) <> 0"),
    ("ix_datasets_no_licence", "datasets", ("modified", "id"), "(flaws & 4) <> 0"),
    ("ix_datasets_operated", "datasets", ("modified", "id"), "(flaws & 16) <> 0"),
    ("ix_versions_published", "versions", ("published", "id"), ""),
    ("ix_versions_bytes", "versions", ("bytes", "id"), ""),
    ("ix_versions_withdrawn", "versions", ("changed", "id"), "withdrawal IS NOT NULL"),
    ("ix_drafts_wanted", "drafts", ("modified", "id"), "wanted <> ''"),
    ("ix_dataset_measures_measured", "dataset_measures", ("measured", "dataset_id"), ""),
    ("ix_table_measures_missing", "table_measures", ("dataset_id",), "worst > 0.5"),
    ("ix_table_measures_repeated", "table_measures", ("dataset_id",), "repeated > 0"),
    ("ix_table_measures_few_rows", "table_measures", ("dataset_id",), "rows < 10"),
    ("ix_table_measures_undescribed", "table_measures", ("dataset_id",), "described < columns"),
)
_FLAWS = (2, 4, 16)
"""The bits by which rows are chosen: PostgreSQL has to know how many have them, else it takes them for nearly all."""

_STATISTICS_SINCE = 14
_REPLACED = (("ix_datasets_publisher_id", ["publisher_id"]), ("ix_datasets_modified", ["modified"]))


def upgrade() -> None:
    latest = "SELECT max(v.changed) FROM versions v WHERE v.dataset_id = datasets.id"
    later = "greatest" if op.get_bind().dialect.name == "postgresql" else "max"
    changed = f"CASE WHEN head IS NOT NULL OR editions > 0 THEN {later}(modified, COALESCE(({latest}), modified)) END"
    operated = " OR ".join(f"{_read(part)} IS NOT NULL" for part in _PARTS)
    op.execute(
        f"UPDATE datasets SET shelf = substr(uuid, 1, 2), title = COALESCE(title, ''), changed = {changed},"  # noqa: S608 - our own words
        f" flaws = COALESCE(flaws, 0) | CASE WHEN {operated} THEN 16 ELSE 0 END"
    )
    for name, table, columns, condition in _INDEXES:
        only = sa.text(condition) if condition else None
        op.create_index(name, table, list(columns), postgresql_where=only, sqlite_where=only)
    for name, _ in _REPLACED:
        op.drop_index(name, table_name="datasets")
    if _knows_expressions():
        for bit in _FLAWS:
            op.execute(f"CREATE STATISTICS st_datasets_flaws_{bit} ON (flaws & {bit}) FROM datasets")
        op.execute("ANALYZE datasets")


def downgrade() -> None:
    if _knows_expressions():
        for bit in _FLAWS:
            op.execute(f"DROP STATISTICS IF EXISTS st_datasets_flaws_{bit}")
    for name, columns in _REPLACED:
        op.create_index(name, "datasets", columns)
    for name, table, _, __ in _INDEXES:
        op.drop_index(name, table_name=table)


def _knows_expressions() -> bool:
    bind = op.get_bind()
    return bind.dialect.name == "postgresql" and (bind.dialect.server_version_info or (0,))[0] >= _STATISTICS_SINCE


def _read(part: str) -> str:
    """A part of what the metadata say about authorised operation."""
    if op.get_bind().dialect.name == "postgresql":
        return f"meta #>> '{{authorisedOperation,{part}}}'"
    return f"json_extract(meta, '$.authorisedOperation.{part}')"
