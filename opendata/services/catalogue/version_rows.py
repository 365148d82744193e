"""Rows of versions: the statements that read them, and their values."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select

from opendata.db.models import Version
from opendata.db.plain import PlainRows
from opendata.services.core.editions.version_values import VersionView

_ROWS = PlainRows(
    Version,
    (
        *("id", "dataset_id", "version", "manifest", "created", "published", "changed", "notes", "reasons"),
        *("resources", "rows", "bytes", "withdrawal", "suspended", "suspension", "period", "coverage"),
    ),
)
"""What `view_version` reads."""

_OF = Version.__table__.c
ALL_OF = _ROWS.select().where(_OF.dataset_id == bindparam("dataset"))
PAGE_OF = ALL_OF.where(_OF.id < bindparam("place")).order_by(_OF.id.desc()).limit(bindparam("most"))
ONE_OF = select(Version).where(Version.dataset_id == bindparam("dataset"), Version.version == bindparam("version"))
_WHOLE = PlainRows(Version)
PLAIN_ONE_OF = _WHOLE.select().where(_OF.dataset_id == bindparam("dataset"), _OF.version == bindparam("version"))
LAST_ROW = 2**31 - 1


@lru_cache(maxsize=4096)
def view_plain(values: tuple[Any, ...]) -> VersionView:
    """The value of a tuple that one of these statements gave."""
    return view_version(_ROWS.make(values))


@lru_cache(maxsize=1024)
def make_version(values: tuple[Any, ...]) -> Version:
    """A row, in no session, of a tuple that `PLAIN_ONE_OF` gave."""
    return _WHOLE.make(values)


def view_version(row: Version) -> VersionView:
    """The value of a row."""
    return VersionView(
        dataset=row.dataset_id,
        version=row.version,
        created=row.created,
        published=row.published,
        changed=row.changed,
        notes=row.notes,
        reasons=tuple(row.reasons),
        resources=row.resources,
        rows=row.rows,
        bytes=row.bytes,
        manifest_sha256=row.manifest,
        withdrawal=row.withdrawal,
        suspension=row.suspension if row.suspended else None,
        period=row.period or "",
        coverage=row.coverage or row.period or "",
    )
