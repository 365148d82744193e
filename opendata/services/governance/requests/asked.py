"""What readers asked for often in a year: the yearly self-check decides about it (Decree 711, article 44)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Request
from opendata.domain.grounds.self_check import Asked
from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.steps import RequestState

OFTEN = 3
"""So many requests for the same in a year are often."""

_WANTING = (RequestKind.OPEN, RequestKind.APPLICATION, RequestKind.ACCESS)


def list_asked(zone: tzinfo, session: Session, year: int) -> Iterator[Asked]:
    """Datasets that at least three requests of a year in a zone were for, and topics by their words, without spam."""
    asked = (
        Request.kind.in_(_WANTING),
        Request.state != RequestState.SPAM,
        Request.created >= datetime(year, 1, 1, tzinfo=zone),
        Request.created < datetime(year + 1, 1, 1, tzinfo=zone),
    )
    count = func.count()
    by_dataset = (
        select(Dataset.id, Dataset.title, Dataset.publisher_id, count)
        .join(Request, Request.dataset_uuid == Dataset.uuid)
        .where(*asked)
        .group_by(Dataset.id, Dataset.title, Dataset.publisher_id)
        .having(count >= OFTEN)
    )
    for name, title, publisher, number in session.execute(by_dataset):
        yield Asked(text=title or name, publisher=publisher, count=number, dataset=name)
    by_words = (
        select(Request.subject, Request.publisher_id, count)
        .where(*asked, Request.dataset_uuid.is_(None))
        .group_by(Request.subject, Request.publisher_id)
        .having(count >= OFTEN)
    )
    for subject, publisher, number in session.execute(by_words):
        yield Asked(text=subject, publisher=publisher, count=number)
