"""The public records of the negative list: each version that is or was in force, once and for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import NegativeList
from opendata.domain.grounds.entries import Entry
from opendata.domain.moments import format_time
from opendata.domain.records import ListVersion
from opendata.errors import N_, IntegrityError
from opendata.metadata.canonical import write_canonical
from opendata.services.core.context import Context
from opendata.services.core.records import keep_record
from opendata.storage.store import Store, negative_list_key

FOLDER = "negative-list"


def finish_lists(context: Context) -> None:
    """Write the versions into the store that came in force and aren't there yet."""
    waiting = select(NegativeList.id).where(NegativeList.number.is_not(None), NegativeList.unfinished)
    with context.read() as session:
        found = list(session.scalars(waiting.order_by(NegativeList.number)))
    for identifier in found:
        with context.write() as session:
            row = session.get(NegativeList, identifier, with_for_update=True)
            if row is not None and row.unfinished:
                keep_record(context, negative_list_key(row.number or 0), write_record(row))
                row.unfinished = False


def find_free_number(context: Context, newest: int) -> int:
    """The number of the next version: one that the store has no record of, should the database be an older one."""
    number = newest + 1
    while context.public.has_record(negative_list_key(number)):
        number += 1
    return number


def write_record(row: NegativeList) -> bytes:
    """The record of a version that is in force."""
    found: ListVersion = {
        "number": row.number or 0,
        "entries": row.entries,
        "note": row.note,
        "created": format_time(row.enforced or row.created),
    }
    return write_canonical(found)


def restore_list(found: Mapping[str, Any], key: str) -> NegativeList:
    """The row that a record describes. Raises `IntegrityError` for another version's, `KeyError`, `ValueError`."""
    if key != negative_list_key(found["number"]):
        raise IntegrityError(N_("This is the record of another version"))
    made = datetime.fromisoformat(found["created"])
    return NegativeList(
        number=found["number"],
        entries=[Entry.from_json(item).to_json() for item in found["entries"]],
        note=found["note"],
        created=made,
        created_by="",
        revision=1,
        enforced=made,
        enforced_by="",
        unfinished=False,
    )


def list_recorded(session: Session) -> Iterator[tuple[str, bytes]]:
    """The records that the store should have, by their keys."""
    query = select(NegativeList).where(NegativeList.number.is_not(None), NegativeList.unfinished.is_(False))
    for row in session.scalars(query.order_by(NegativeList.number)):
        yield negative_list_key(row.number or 0), write_record(row)


def list_unknown(store: Store, session: Session) -> set[str]:
    """The keys of records, and of their signatures, of versions that the database doesn't have."""
    known = {negative_list_key(number) for number in session.scalars(select(NegativeList.number)) if number}
    return {key for key in store.list_records(FOLDER) if key.removesuffix(".sig") not in known}
