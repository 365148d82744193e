"""What a plan decides is done to the catalogue: new entries, changed ones, those that are gone are archived.

Each unit of work does a few datasets with what is remembered of them, so a worker that dies leaves nothing half done:
the next run finds the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, ExternalLink, HarvestItem
from opendata.domain.harvest.items import HarvestedItem
from opendata.domain.harvest.planning import Decision, Fate, Plan
from opendata.domain.moments import format_time
from opendata.domain.records import Archive, Origin
from opendata.errors import N_
from opendata.metadata.canonical import fingerprint
from opendata.services.catalogue.datasets import Datasets, find_free_identifier
from opendata.services.catalogue.entries import find_dataset, record_entry
from opendata.services.catalogue.publishers import find_living
from opendata.services.catalogue.registering.numbers import PROPERTY
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.wording.voice import voice_of

BATCH = 50
"""So many datasets are done in one unit of work."""

_GONE = N_("The portal “%(portal)s”, from which this dataset was harvested, no longer has it")
_LINK_SPREAD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestedPortal:
    """The portal whose datasets are done: its id, its title, and which of our publishers answers for which of its."""

    id: str
    title: str
    publisher: str
    mapping: Mapping[str, str]

    def find_publisher(self, item: HarvestedItem) -> str:
        """The publisher who answers here for a dataset."""
        names = (item.publisher, item.publisher_title, item.publisher_code)
        return next((self.mapping[name] for name in names if name in self.mapping), self.publisher)

    def describe_origin(self, item: HarvestedItem) -> Origin:
        """Where a dataset is from."""
        return {
            "portal": self.title,
            "page": item.page,
            "identifier": item.identifier,
            "publisher": item.publisher_title or item.publisher,
            "resources": [resource.to_json() for resource in item.resources],
        }


class Applying:
    """Does to the catalogue what a plan decides."""

    def __init__(self, context: Context, datasets: Datasets) -> None:
        self._context = context
        self._datasets = datasets

    def apply(self, portal: HarvestedPortal, plan: Plan, keep: Callable[[], None]) -> None:
        """Do all of a plan; `keep` is called before each unit of work."""
        for start in range(0, len(plan.decisions), BATCH):
            keep()
            with self._context.write() as session:
                now = self._context.now()
                for decision in plan.decisions[start : start + BATCH]:
                    self.do(session, portal, decision, now)
        for start in range(0, len(plan.gone), BATCH):
            keep()
            with self._context.write() as session:
                for known in plan.gone[start : start + BATCH]:
                    self.archive(session, portal, known.number)

    def compare(self, portal: HarvestedPortal, decision: Decision) -> Sequence[str]:
        """The properties in which a changed dataset differs from what the catalogue has."""
        if decision.known is None:
            return ()
        with self._context.read() as session:
            row = session.get_one(Dataset, session.get_one(HarvestItem, decision.known.number).dataset_id)
            before: dict[str, Any] = {**row.meta, "origin": row.origin}
        after: dict[str, Any] = {**decision.item.metadata.to_json(), "origin": portal.describe_origin(decision.item)}
        names = sorted({*before, *after} - {PROPERTY})
        return [name for name in names if fingerprint(before.get(name)) != fingerprint(after.get(name))]

    def do(self, session: Session, portal: HarvestedPortal, decision: Decision, now: datetime) -> HarvestItem:
        """Do one decision within a unit of work; what is remembered of the dataset."""
        item, row = decision.item, None
        if decision.known is not None:
            row = session.get_one(HarvestItem, decision.known.number)
        if decision.fate == Fate.KEPT and row is not None:
            row.seen = now
            return row
        if row is None:
            dataset = self._add(session, portal, item)
            row = HarvestItem(source_id=portal.id, dataset_id=dataset.id)
            session.add(row)
        else:
            dataset = self._change(session, portal, item, row.dataset_id)
        row.identifier, row.identifier_digest = item.identifier, _digest(item.identifier)
        row.text_print, row.address_print = decision.prints.text, decision.prints.address
        row.digest, row.seen, row.gone = decision.digest, now, None
        self._keep_links(session, dataset.id, item, now)
        session.flush()
        return row

    def _add(self, session: Session, portal: HarvestedPortal, item: HarvestedItem) -> Dataset:
        publisher = find_living(session, portal.find_publisher(item))
        name = find_free_identifier(session, item.metadata.title)
        row = self._datasets.register(
            session, SYSTEM, publisher, {name: item.metadata}, is_numbered=False, harvest=portal.id
        )[0]
        row.origin = portal.describe_origin(item)
        session.flush()
        record_entry(self._context, row)
        self._context.log(session, SYSTEM, "publish", "dataset", row.id, harvest=portal.id)
        return row

    def _change(self, session: Session, portal: HarvestedPortal, item: HarvestedItem, name: str) -> Dataset:
        row = find_dataset(session, name, lock=True)
        origin = portal.describe_origin(item)
        is_other = row.origin != origin or row.archived is not None
        if row.archived is not None:
            self._context.log(session, SYSTEM, "reopen", "dataset", row.id, harvest=portal.id)
        row.origin, row.archived = origin, None
        described = item.metadata.to_json()
        gone = [key for key in row.meta if key not in described and key != PROPERTY]
        changes = {**dict.fromkeys(gone), **described}
        changed = self._datasets.change(session, row, SYSTEM, changes, is_direct=True, harvest=portal.id)
        if is_other and not changed:
            row.modified = self._context.now()
            row.revision += 1
            record_entry(self._context, row)
            self._context.log(session, SYSTEM, "update", "dataset", row.id, properties=["origin"], harvest=portal.id)
        return row

    def archive(self, session: Session, portal: HarvestedPortal, number: int) -> None:
        """What the portal has no longer stays readable here, and says so."""
        item = session.get_one(HarvestItem, number)
        now = self._context.now()
        item.gone = now
        row = find_dataset(session, item.dataset_id, lock=True)
        if row.archived is None:
            language = self._context.settings.languages[0]
            reason = voice_of(language).fill(_GONE, {"portal": portal.title})
            row.archived = Archive(since=format_time(now), reason=reason, successor=None)
            row.modified = now
            row.revision += 1
            record_entry(self._context, row)
            self._context.log(session, SYSTEM, "archive", "dataset", row.id, reason=reason, harvest=portal.id)

    def _keep_links(self, session: Session, dataset: str, item: HarvestedItem, now: datetime) -> None:
        """The links of a dataset that are asked now and then are those that it has."""
        wanted = {_digest(resource.address): resource.address for resource in item.resources}
        own = ExternalLink.dataset_id == dataset
        session.execute(delete(ExternalLink).where(own, ExternalLink.digest.not_in(wanted)))
        there = set(session.scalars(select(ExternalLink.digest).where(own)))
        for number, (digest, url) in enumerate(wanted.items()):
            if digest not in there:
                due = now + number * _LINK_SPREAD
                session.add(ExternalLink(dataset_id=dataset, url=url, digest=digest, due=due))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
