"""The public records of the opening plan: all days that it ever had for a dataset, edition by edition.

A record goes by the UUID of its dataset, so it stays where it is when the dataset is renamed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, OpeningDate
from opendata.domain.moments import format_time
from opendata.domain.records import PlanDay, PlanRecord
from opendata.services.core.access import where_listed
from opendata.services.core.context import Context
from opendata.services.core.records import count_editions, keep_edition, keep_record
from opendata.storage.store import plan_key

FOLDER = "plans"


def finish_plans(context: Context, uuid: str | None = None) -> None:
    """Write into the store what the plan has for public datasets, or for one, and isn't there yet."""
    days = select(OpeningDate.dataset_uuid).where(OpeningDate.unfinished)
    if uuid is not None:
        days = days.where(OpeningDate.dataset_uuid == uuid)
    waiting = select(Dataset.id, Dataset.uuid).where(where_listed(), Dataset.uuid.in_(days))
    with context.read() as session:
        found = session.execute(waiting.order_by(Dataset.id)).all()
    for name, known in found:
        with context.write() as session:
            lock = select(Dataset.uuid).where(Dataset.id == name).with_for_update(of=Dataset)
            if session.scalar(lock) == known:
                record_plan(context, session, known)


def record_plan(context: Context, session: Session, uuid: str) -> None:
    """Write what the plan has for a public dataset into the store where its newest edition doesn't say the same."""
    days, key_of = list_days(session, uuid), partial(plan_key, uuid)
    if not days:
        return
    editions = count_editions(context.public, key_of)
    newest = context.public.get_record(key_of(editions)) if editions else b"{}"
    if editions and json.loads(newest).get("days") == days:
        keep_record(context, key_of(editions), newest)  # it may have died before its signature
    else:
        found: PlanRecord = {"uuid": uuid, "days": days, "modified": format_time(context.now())}
        keep_edition(context, key_of, found, editions)
    session.execute(update(OpeningDate).where(OpeningDate.dataset_uuid == uuid).values(unfinished=False))


def list_days(session: Session, uuid: str) -> list[PlanDay]:
    """The days of a dataset as its record has them."""
    rows = session.scalars(select(OpeningDate).where(OpeningDate.dataset_uuid == uuid).order_by(OpeningDate.id))
    return [
        {
            "opens": row.opens.isoformat() if row.opens else None,
            "reason": row.reason,
            "decided": row.decided.isoformat(),
        }
        for row in rows
    ]


def restore_plan(session: Session, row: Dataset, found: Mapping[str, Any]) -> None:
    """Enter the days that a record has into the database. Raises `KeyError`, `ValueError`."""
    days: Sequence[Mapping[str, Any]] = found["days"]
    decided = [date.fromisoformat(item["decided"]) for item in days]
    rows = [
        OpeningDate(
            dataset_uuid=row.uuid,
            opens=date.fromisoformat(item["opens"]) if item["opens"] is not None else None,
            reason=str(item["reason"]),
            decided=decided[number],
            decided_by="",
            replaced=decided[number + 1] if number + 1 < len(days) else None,
            unfinished=False,
        )
        for number, item in enumerate(days)
    ]
    for item in rows:
        session.add(item)
        session.flush()  # in their order: the newest has the highest number
    if rows:
        row.opens = rows[-1].opens
