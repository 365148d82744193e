"""Which datasets fulfil an entry: linked by those who work for the dataset, proposed by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import BasicEntry, BasicLink, Dataset
from opendata.domain.basics.entries import Entry
from opendata.search.words import list_words
from opendata.services.catalogue.entries import find_dataset, view_dataset
from opendata.services.core.access import where_edited
from opendata.services.core.actors import Actor, require_editor, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.values import DatasetView
from opendata.services.governance.basics.rows import find_entry, list_datasets, read_row
from opendata.services.governance.basics.values import LinkedDataset, read_id, write_id
from opendata.services.search.searching import Search, Searching

_PROPOSED = 5
_OFFERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryName:
    """An entry as the page of a dataset names it."""

    id: str
    entry: Entry


class BasicLinks:
    """Links entries with datasets. The editors of a dataset decide for it."""

    def __init__(self, context: Context, searching: Searching) -> None:
        self._context = context
        self._searching = searching

    def link(self, actor: Actor | None, identifier: str, dataset: str) -> bool:
        """Say that a dataset fulfils an entry; whether that is new. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.write() as session:
            entry, row = find_entry(session, read_id(identifier), lock=True), find_dataset(session, dataset)
            known = require_editor(actor, row.publisher_id, row.id)
            if session.get(BasicLink, (entry.id, row.uuid)) is not None:
                return False
            session.add(
                BasicLink(entry_id=entry.id, dataset_uuid=row.uuid, author=known.name, created=self._context.now())
            )
            self._context.log(session, known, "link", "basic-entry", identifier, dataset=dataset)
        return True

    def unlink(self, actor: Actor | None, identifier: str, dataset: str) -> None:
        """Say that a dataset doesn't fulfil an entry. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.write() as session:
            entry, row = find_entry(session, read_id(identifier), lock=True), find_dataset(session, dataset)
            known = require_editor(actor, row.publisher_id, row.id)
            found = session.get(BasicLink, (entry.id, row.uuid))
            if found is not None:
                session.delete(found)
                self._context.log(session, known, "unlink", "basic-entry", identifier, dataset=dataset)

    def list_datasets(self, identifier: str) -> Sequence[LinkedDataset]:
        """The datasets that fulfil an entry. Raises `NotFoundError`."""
        with self._context.read() as session:
            row = find_entry(session, read_id(identifier))
            return list_datasets(session, [row.id]).get(row.id, ())

    def list_offered(self, actor: Actor | None) -> Sequence[DatasetView]:
        """The datasets that somebody may link, by title. Raises `NotPermittedError`."""
        known = require_publisher(actor)
        with self._context.read() as session:
            rows = session.scalars(select(Dataset).where(where_edited(known)).order_by(Dataset.id).limit(_OFFERED))
            return sorted((view_dataset(row, known) for row in rows), key=lambda view: view.title)

    def propose_datasets(self, actor: Actor | None, identifier: str) -> Sequence[DatasetView]:
        """Public datasets whose words are those of an entry, the best first, that somebody may link."""
        known = require_publisher(actor)
        with self._context.read() as session:
            row = find_entry(session, read_id(identifier))
            entry, linked = read_row(row), {item.id for item in list_datasets(session, [row.id]).get(row.id, ())}
            own = set(session.scalars(select(Dataset.id).where(where_edited(known))))
        found = self._searching.search(Search(text=f"{entry.matter} {entry.item}"[:200], limit=_PROPOSED * 4)).items
        return [item.dataset for item in found if item.dataset.id in own - linked][:_PROPOSED]

    def list_entries(self, actor: Actor | None, dataset: str) -> Sequence[EntryName]:
        """The entries that a dataset fulfils. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            require_editor(actor, row.publisher_id, row.id)
            return _list_linked(session, row)

    def propose_entries(self, actor: Actor | None, dataset: str) -> Sequence[EntryName]:
        """Entries of the dataset's publisher, or of no publisher, whose words are those of its title.

        Raises `NotFoundError`, `NotPermittedError`.
        """
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            require_editor(actor, row.publisher_id, row.id)
            linked = {item.id for item in _list_linked(session, row)}
            query = select(BasicEntry).where(
                BasicEntry.removed.is_(False),
                (BasicEntry.publisher_id == row.publisher_id) | BasicEntry.publisher_id.is_(None),
            )
            wanted = _words(" ".join([row.meta.get("title", ""), *row.meta.get("keywords", ())]))
            found = []
            for item in session.scalars(query.order_by(BasicEntry.id)):
                entry = read_row(item)
                score = len(wanted & _words(f"{entry.matter} {entry.item} {entry.content[:500]}"))
                if score and write_id(item.id) not in linked:
                    found.append((-score, EntryName(id=write_id(item.id), entry=entry)))
        return [name for _, name in sorted(found, key=lambda item: (item[0], item[1].id))][:_PROPOSED]


def _list_linked(session: Session, row: Dataset) -> list[EntryName]:
    query = (
        select(BasicEntry)
        .join(BasicLink, BasicLink.entry_id == BasicEntry.id)
        .where(BasicLink.dataset_uuid == row.uuid)
        .order_by(BasicEntry.id)
    )
    return [EntryName(id=write_id(item.id), entry=read_row(item)) for item in session.scalars(query)]


def _words(text: str) -> set[str]:
    return {word for word in list_words(text) if len(word) > 1}
