"""The tables of harvested datasets are fetched as any other source: as drafts of the account that saved the portal.

A dataset has one source. It gets the first file of the other portal that is a table. What a person has set stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from opendata.db.models import Dataset, HarvestItem, HarvestSource, Source, User
from opendata.domain.catalogue.external import ExternalKind, ExternalResource
from opendata.domain.records import Origin
from opendata.domain.sources.timetable import REGULAR_CYCLES, Cycle
from opendata.errors import N_, InputError, KeptMessage, OpendataError
from opendata.services.access.posts import view_actor
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.sources.sources import Sources
from opendata.services.sources.values import SourceInput

FORMATS = ("csv", "xlsx", "parquet", "tsv", "xls", "ods", "jsonl")
"""The formats that are fetched, the preferred one first."""

RESOURCE = "data"
"""What the table of such a dataset is called."""

_CLOSED = N_("The account that saved this portal is closed. Save the portal again")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A dataset whose table is to be fetched: its id, the address, and its update cycle."""

    dataset: str
    url: str
    cycle: str


class HarvestedTables:
    """Has the tables of harvested datasets fetched."""

    def __init__(self, context: Context, sources: Sources) -> None:
        self._context = context
        self._sources = sources

    def follow(self, portal: str) -> Sequence[Mapping[str, object]]:
        """Give each dataset of a portal the source of its table; those that can't have one, with the reason."""
        author, wanted = self._find(portal)
        if author is None:
            reason: KeptMessage = {"message": _CLOSED, "params": {}}
            return [{"dataset": item.dataset, "reason": reason} for item in wanted]
        refused: list[Mapping[str, object]] = []
        for item in wanted:
            cycle = Cycle.DATASET if item.cycle in REGULAR_CYCLES else Cycle.DAILY
            said = SourceInput(url=item.url, resource=RESOURCE, cycle=cycle, submit=True)
            try:
                self._sources.put(author, item.dataset, said)
                self._sources.ask(author, item.dataset)
            except InputError as error:
                reason = InputError.from_fault(error.faults[0]).describe() if error.faults else error.describe()
                refused.append({"dataset": item.dataset, "reason": reason})
            except OpendataError as error:
                refused.append({"dataset": item.dataset, "reason": error.describe()})
        return refused

    def _find(self, portal: str) -> tuple[Actor | None, Sequence[_Wanted]]:
        """Who fetches, and what isn't fetched yet or is at another address now."""
        live = HarvestItem.source_id == portal, HarvestItem.gone.is_(None), Dataset.archived.is_(None)
        query = select(Dataset).join(HarvestItem, HarvestItem.dataset_id == Dataset.id).where(*live)
        there = select(Source).join(HarvestItem, HarvestItem.dataset_id == Source.dataset_id)
        there = there.where(HarvestItem.source_id == portal)
        with self._context.read() as session:
            row = session.get_one(HarvestSource, portal)
            user = session.get(User, row.author_id) if row.author_id is not None else None
            author = view_actor(session, user) if user is not None and not user.disabled else None
            found = []
            sources = {item.dataset_id: item for item in session.scalars(there)}
            for dataset in session.scalars(query.order_by(Dataset.id)):
                source = sources.get(dataset.id)
                url = choose_table(dataset.origin)
                is_ours = source is None or (source.author_id == row.author_id and source.resource == RESOURCE)
                if url and is_ours and (source is None or source.url != url):
                    found.append(_Wanted(dataset.id, url, dataset.meta.get("updateCycle", "")))
            return author, found


def choose_table(origin: Origin | None) -> str:
    """The address of the file that is fetched; empty without one."""
    items = [ExternalResource.from_json(item) for item in origin["resources"]] if origin else []
    files = [item for item in items if item.kind == ExternalKind.FILE and item.format in FORMATS]
    best = min(files, key=lambda item: FORMATS.index(item.format), default=None)
    return best.address if best else ""
