"""Keeps the columns that an index has of the metadata up to date, also where an earlier release wrote them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select

from opendata.db.models import Dataset, index_metadata
from opendata.services.core.context import Context

_RECENT = timedelta(days=2)


def follow_metadata(context: Context) -> int:
    """Mend the columns of datasets that a process of an earlier release wrote during an upgrade; how many."""
    recent = or_(Dataset.attribute.is_(None), Dataset.modified > context.clock() - _RECENT)
    mended = 0
    with context.read() as session:
        wrong = [row.id for row in session.scalars(select(Dataset).where(recent)) if _is_wrong(row)]
    for name in wrong:
        with context.write() as session:
            row = session.get(Dataset, name, with_for_update={"of": Dataset})
            if row is not None and _is_wrong(row):
                for column, value in index_metadata(row.meta).items():
                    setattr(row, column, value)
                mended += 1
    return mended


def _is_wrong(row: Dataset) -> bool:
    return index_metadata(row.meta) != {"title": row.title, "attribute": row.attribute}
