"""Reads the kept counts of public datasets, and counts them again."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, or_, select, text
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, DatasetCount

_LOCK = 7_410_062
"""The advisory lock of PostgreSQL under which one process counts again."""


_TOTAL = func.sum(DatasetCount.__table__.c.datasets)
_COUNTS = (
    select(DatasetCount.__table__.c.publisher_id, _TOTAL)
    .group_by(DatasetCount.__table__.c.publisher_id)
    .having(_TOTAL != 0)
)


def read_counts(session: Session) -> dict[str, int]:
    """Public datasets by publisher, of those that have any."""
    return {publisher: int(count) for publisher, count in session.execute(_COUNTS)}


def read_count(session: Session, publisher: str) -> int:
    """Public datasets of one publisher."""
    return session.scalar(select(func.sum(DatasetCount.datasets)).where(DatasetCount.publisher_id == publisher)) or 0


def recount(session: Session) -> None:
    """Count all datasets again, in a unit of work that writes; what others are changing meanwhile is kept.

    On PostgreSQL the rows that go and the datasets that are counted are those of one moment: one statement sees both.
    """
    listed = or_(Dataset.head.is_not(None), Dataset.editions > 0)
    counted = select(Dataset.publisher_id, func.count()).where(listed).group_by(Dataset.publisher_id)
    added = insert(DatasetCount).from_select(["publisher_id", "datasets"], counted)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        gone = delete(DatasetCount).returning(DatasetCount.id).cte("gone")
        session.execute(added.add_cte(gone))
    else:
        session.execute(delete(DatasetCount))
        session.execute(added)
