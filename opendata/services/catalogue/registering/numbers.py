"""Gives index numbers: one for each item, never again the same.

A counter for each office and year rises and never falls, so a number isn't given twice, not even after its item was
deleted. The counter moves in the transaction that needs the number: those who come at once wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, IndexCounter, IndexNumber
from opendata.domain.inventory.index_numbers import write_index_number
from opendata.services.core.context import Context

PROPERTY = "indexNumber"
"""The property of the metadata that has it."""


def find_number(session: Session, uuid: str) -> str | None:
    """The number that was generated for an item, or None."""
    return session.scalar(select(IndexNumber.number).where(IndexNumber.dataset_uuid == uuid))


def give_numbers(context: Context, session: Session, code: str, uuids: Sequence[str]) -> list[str]:
    """A new number for each of some items that have none, from the office with this code."""
    day, pattern = context.today(), context.settings.index_number
    found: list[str] = []
    while len(found) < len(uuids):
        wanted = len(uuids) - len(found)
        last = _advance(session, code, day.year, wanted)
        serials = {
            write_index_number(pattern, code, day, serial): serial for serial in range(last - wanted + 1, last + 1)
        }
        # A number is taken only where the pattern was changed, or shortens two codes to the same text.
        taken = set(session.scalars(select(IndexNumber.number).where(IndexNumber.number.in_(serials))))
        for number, serial in serials.items():
            if number not in taken:
                row = IndexNumber(number=number, code=code, year=day.year, serial=serial, given=context.now())
                row.dataset_uuid = uuids[len(found)]
                session.add(row)
                found.append(number)
        session.flush()
    return found


_AT_ONCE = 1000


def keep_numbers(context: Context, session: Session) -> None:
    """Have the numbers that metadata have already count as given: the tables of a database that was lost are empty.

    They are nobody's in these tables, so that a counter passes them by when it comes to them.
    """
    if session.scalar(select(IndexNumber.number).limit(1)) is not None:
        return
    seen: set[str] = set()
    after = ""
    query = select(Dataset.id, Dataset.uuid, Dataset.meta).order_by(Dataset.id).limit(_AT_ONCE)
    while rows := session.execute(query.where(Dataset.id > after)).all():
        for _, uuid, meta in rows:
            number = str(meta.get(PROPERTY, ""))
            if number and number not in seen:
                seen.add(number)
                row = IndexNumber(number=number, code="", year=0, serial=len(seen), given=context.now())
                row.dataset_uuid = uuid
                session.add(row)
        session.flush()  # what is in the database takes no memory here
        after = rows[-1][0]


def _advance(session: Session, code: str, year: int, by: int) -> int:
    """Move the counter of an office in a year, and return where it is then."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(IndexCounter).values(code=code, year=year, last=by)
    moved = statement.on_conflict_do_update(
        index_elements=[IndexCounter.code, IndexCounter.year], set_={"last": IndexCounter.last + by}
    )
    return int(session.execute(moved.returning(IndexCounter.last)).scalar_one())
