"""What somebody wants to hear of, checked: the things exist and are public, the search is one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Publisher, Schema
from opendata.domain.catalogue.public_events import Wanted
from opendata.errors import N_, Fault, InvalidMetadataError, fault
from opendata.services.announcing.matching import parse_search
from opendata.services.core.access import is_listed


def find_search_faults(search: str) -> Sequence[Fault]:
    """What is wrong with the query of a search, if anything."""
    if not search:
        return []
    found = parse_search(search) if len(search) <= 2000 else None
    if found is None:
        text = N_("Write the part after “?” in the address of a page of search, such as q=water&publisher=water-bureau")
        return [fault("/search", text)]
    return []


def require_things(session: Session, wanted: Wanted) -> None:
    """Raises `InvalidMetadataError` for a dataset, publisher or schema that there isn't, or isn't public."""
    faults = []
    if wanted.dataset:
        dataset = session.get(Dataset, wanted.dataset)
        if dataset is None or not is_listed(dataset):
            faults.append(fault("/dataset", N_("There is no dataset “%(id)s”"), id=wanted.dataset[:100]))
    if wanted.publisher and session.get(Publisher, wanted.publisher) is None:
        faults.append(fault("/publisher", N_("There is no publisher “%(id)s”"), id=wanted.publisher[:100]))
    if wanted.schema and session.scalar(select(Schema.id).where(Schema.name == wanted.schema).limit(1)) is None:
        faults.append(fault("/schema", N_("There is no schema “%(name)s”"), name=wanted.schema[:100]))
    if faults:
        raise InvalidMetadataError(faults=faults)
