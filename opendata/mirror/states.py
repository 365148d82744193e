"""The state of each public dataset, by which a run finds what it has to write again and what to delete first."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

import opendata
from opendata.db.models import Alias, Dataset, Event, Version
from opendata.mirror.journal import Unit
from opendata.services.core.access import disclosure_of, where_listed
from opendata.services.search.following import find_end
from opendata.settings import Settings

_AT_ONCE = 1_000
_FOLLOWED = ("dataset", "version", "publisher", "catalogue")


EVERYTHING = sys.maxsize
"""The position of an event after all others."""


def read_states(session: Session) -> Iterator[Unit]:
    """All public datasets, each with its state and those of its versions."""
    query = select(Dataset).where(where_listed()).order_by(Dataset.id).execution_options(yield_per=_AT_ONCE)
    for rows in session.scalars(query).partitions(_AT_ONCE):
        versions: dict[str, dict[str, str]] = {row.id: {} for row in rows}
        disclosures = {row.id: disclosure_of(row).to_json() for row in rows}
        for item in session.scalars(select(Version).where(Version.dataset_id.in_(versions)).order_by(Version.id)):
            found = [item.manifest, item.changed, item.suspended, item.withdrawal is not None, item.unfinished]
            versions[item.dataset_id][item.version] = _digest([*found, disclosures[item.dataset_id]])
        for row in rows:
            state = [row.uuid, row.revision, row.editions, row.modified, row.head, row.latest, row.publisher_id]
            whole = _digest([*state, row.archived, row.moves, disclosures[row.id]])
            yield Unit(row.id, whole, versions[row.id])
        session.expunge_all()


def read_touched(session: Session, position: int, digest: str) -> tuple[dict[str, int], int]:
    """The datasets that an event after this one may have changed, each with the position of the last such event.

    And the position of the last event that may have changed all: `EVERYTHING` where it is another database.
    """
    found: dict[str, int] = {}
    query = select(Event).where(Event.position > position).order_by(Event.position)
    is_first, whole = True, 0
    for event in session.scalars(query.execution_options(yield_per=_AT_ONCE)):
        if is_first and (event.position, event.previous or "") != (position + 1, digest):
            return {}, EVERYTHING
        is_first = False
        if event.subject_kind not in _FOLLOWED:
            continue
        if event.subject_kind == "catalogue":
            whole = int(event.position or 0)
        if event.subject_kind == "publisher":
            names = list(session.scalars(select(Dataset.id).where(Dataset.publisher_id == event.subject)))
        else:
            details = [str(event.details[name]) for name in ("to", "new", "old") if name in event.details]
            names = [event.subject.partition("@")[0].partition("/")[0], *details]
        found.update(dict.fromkeys(names, int(event.position or 0)))
    if is_first and find_end(session) != (position, digest):
        return {}, EVERYTHING
    return found, whole


def list_former_names(session: Session, dataset: str) -> list[str]:
    """What a dataset was called before: these addresses lead to it."""
    return list(session.scalars(select(Alias.old).where(Alias.dataset_id == dataset).order_by(Alias.old)))


def find_edition(settings: Settings) -> str:
    """What the same data looks like: another program, other texts or settings write other pages."""
    folder = Path(opendata.__file__).parent
    files = sorted(path for path in folder.rglob("*") if path.suffix not in (".pyc", ".po") and path.is_file())
    states = [(str(path.relative_to(folder)), (found := path.stat()).st_size, found.st_mtime_ns) for path in files]
    shown = [settings.base_url, settings.languages, settings.timezone]
    return _digest([states, shown])


def _digest(value: object) -> str:
    text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
