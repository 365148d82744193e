"""Keeps the columns that an index has of the metadata up to date, also where an earlier release wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Version, index_metadata, name_shelf
from opendata.services.core.access import is_listed
from opendata.services.core.context import Context

_RECENT = timedelta(days=2)


def follow_metadata(context: Context) -> int:
    """Mend the columns of datasets that a process of an earlier release wrote during an upgrade; how many."""
    said = select(func.max(Version.changed)).where(Version.dataset_id == Dataset.id).scalar_subquery()
    recent = or_(Dataset.shelf.is_(None), Dataset.modified > context.clock() - _RECENT)
    mended = 0
    with context.read() as session:
        rows = session.execute(select(Dataset, said).where(recent))
        wrong = [row.id for row, changed in rows if _find_wrong(row, changed)]
    for name in wrong:
        with context.write() as session:
            row = session.get(Dataset, name, with_for_update={"of": Dataset})
            found = _find_wrong(row, _find_change(session, name)) if row is not None else {}
            for column, value in found.items():
                setattr(row, column, value)
            mended += bool(found)
    return mended


def _find_wrong(row: Dataset, said: datetime | None) -> Mapping[str, Any]:
    """The columns that say something else than they should, with what they should."""
    changed = max(row.modified, said or row.modified) if is_listed(row) else None
    right = {**index_metadata(row.meta), "shelf": name_shelf(row.uuid), "changed": changed}
    return {name: value for name, value in right.items() if getattr(row, name) != value}


def _find_change(session: Session, dataset: str) -> datetime | None:
    found: datetime | None = session.scalar(select(func.max(Version.changed)).where(Version.dataset_id == dataset))
    return found
