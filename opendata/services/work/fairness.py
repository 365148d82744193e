"""Whose turn it is: the publisher with the fewest drafts at work goes first, and of its drafts the oldest."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, not_, or_, select

from opendata.db.models import Dataset, Draft
from opendata.services.core.context import Context
from opendata.services.drafts.lease import Lease, is_free, take_lease

_TRIED = 10
"""So many drafts of a publisher are tried at once: those that are gone were taken by other workers just now."""


def take_next(context: Context, passed_over: Collection[str]) -> tuple[str, Lease] | None:
    """Take hold of the draft whose turn it is, and name its publisher; None where there is nothing to do.

    `passed_over` are publishers whose turn it isn't.
    """
    now = context.clock()
    at_work = not_(is_free(context))
    is_waiting = (
        Draft.wanted != "",
        is_free(context),
        or_(Draft.due.is_(None), Draft.due <= now),
    )
    publisher = Dataset.publisher_id
    oldest = select(publisher, func.min(Draft.modified)).join(Dataset, Draft.dataset_id == Dataset.id)
    working = select(publisher, func.count(Draft.id)).join(Dataset, Draft.dataset_id == Dataset.id)
    with context.read() as session:
        waiting = session.execute(oldest.where(*is_waiting).group_by(publisher)).all()
        if not waiting:
            return None
        busy = session.execute(working.where(Draft.wanted != "", at_work).group_by(publisher))
        counts = {row[0]: row[1] for row in busy}
    for name, _ in sorted(waiting, key=lambda item: (counts.get(item[0], 0), item[1])):
        if name in passed_over:
            continue
        own = select(Draft.id).join(Dataset, Draft.dataset_id == Dataset.id).where(publisher == name, *is_waiting)
        with context.read() as session:
            drafts = session.scalars(own.order_by(Draft.modified).limit(_TRIED)).all()
        for draft in drafts:
            lease = take_lease(context, draft)
            if lease is not None:
                return name, lease
    return None
