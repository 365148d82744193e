"""The negative list and the opening plan of the database held against their records in the public store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, OpeningDate
from opendata.errors import N_
from opendata.services.catalogue.grounds import list_records
from opendata.services.catalogue.registering import plan_records
from opendata.services.core.access import where_listed
from opendata.services.core.records import count_editions
from opendata.storage.store import Store, plan_key

LOST = N_("the database has this, and its public record is missing")
OTHER = N_("the public record says something other than the database")
UNKNOWN = N_("the store has a record that isn't in the database; run “opendata rebuild” to read the store")


def find_differences(store: Store, session: Session) -> Iterator[tuple[str, str]]:
    """The records that differ from the database, by their keys, and how. What a sweep has yet to write doesn't."""
    yield from _check_lists(store, session)
    yield from _check_plans(store, session)


def _check_lists(store: Store, session: Session) -> Iterator[tuple[str, str]]:
    expected = dict(list_records.list_recorded(session))
    for key, data in expected.items():
        if not store.has_record(key):
            yield key, LOST
        elif store.get_record(key) != data:
            yield key, OTHER
    unknown = list_records.list_unknown(store, session)
    yield from ((key, UNKNOWN) for key in sorted(unknown) if key.endswith(".json"))


def _check_plans(store: Store, session: Session) -> Iterator[tuple[str, str]]:
    waiting = select(OpeningDate.dataset_uuid).where(OpeningDate.unfinished)
    planned = select(OpeningDate.dataset_uuid).where(OpeningDate.dataset_uuid.not_in(waiting))
    known = set(session.scalars(select(Dataset.uuid).where(where_listed(), Dataset.uuid.in_(planned))))
    for uuid in sorted(known):
        editions = count_editions(store, partial(plan_key, uuid))
        if not editions:
            yield plan_key(uuid, 1), LOST
        elif _read_days(store.get_record(plan_key(uuid, editions))) != plan_records.list_days(session, uuid):
            yield plan_key(uuid, editions), OTHER
    known |= set(session.scalars(waiting))
    for uuid in sorted({key.split("/")[2] for key in store.list_records(plan_records.FOLDER)} - known):
        yield plan_key(uuid, 1), UNKNOWN


def _read_days(data: bytes) -> object:
    try:
        return json.loads(data)["days"]
    except (ValueError, KeyError, TypeError):
        return None
