"""The flaws of the datasets that are there: apart from the column, since all readers wait while one is added."""

from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

_CONTACTS = (("contactPoint", "telephone"), ("contactPoint", "email"), ("contactPoint", "url"))


def upgrade() -> None:
    ground = " OR ".join(f"{_read('disclosure', name)} = ''" for name in ("reason", "legalBasis"))
    contact = " AND ".join(f"{_read(*place)} = ''" for place in _CONTACTS)
    licence = " AND ".join(f"{_read('licenses', 0, name)} = ''" for name in ("name", "path"))
    scope = f"{_read('disclosure', 'scope')} NOT IN ('', 'public')"
    bits = ((ground, 1), (contact, 2), (licence, 4), (scope, 8))
    said = " + ".join(f"CASE WHEN {condition} THEN {bit} ELSE 0 END" for condition, bit in bits)
    op.execute("UPDATE datasets SET flaws = " + said)  # noqa: S608 - our own words


def downgrade() -> None:
    """The column goes with its migration."""


def _read(*place: str | int) -> str:
    """The text at a place of the metadata, empty where there is none."""
    if op.get_bind().dialect.name == "postgresql":
        return f"COALESCE(meta #>> '{{{','.join(map(str, place))}}}', '')"
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return f"COALESCE(json_extract(meta, '${path}'), '')"
