"""Renaming a dataset: its addresses change, and the old ones always lead to the new ones."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, Draft
from opendata.db.models.references import list_references
from opendata.domain.drafts import ENDED
from opendata.domain.moments import format_time
from opendata.errors import N_, IntegrityError, InvalidMetadataError, StateError
from opendata.metadata.canonical import write_canonical
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.catalogue.entries import find_dataset, record_entry, view_dataset
from opendata.services.core.access import is_listed
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.records import keep_record
from opendata.services.core.values import DatasetView
from opendata.services.signing.endings import end_reviews
from opendata.storage.store import alias_key, grant_end_key, manifest_key


class Renaming:
    """Gives datasets other ids and remembers those they had."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def rename(self, actor: Actor | None, dataset: str, new: str) -> DatasetView:
        """Give a dataset another id, one that nothing ever had. Its versions keep their manifests to the byte.

        The records of its versions are copied to where the new id has its own; one commit renames it; then a signed
        alias says in the store where the old id leads. Raises `InvalidMetadataError`, `NotFoundError`,
        `NotPermittedError`, and `StateError` if the id is in use or a version is being published.
        """
        found_actor = require_maintainer(actor)
        wrong = find_identifier_fault("/id", new)
        if wrong:
            raise InvalidMetadataError(faults=[wrong])
        with self._context.write() as session:
            row = find_dataset(session, dataset, lock=True)
            if session.get(Dataset, new) or session.get(Alias, new):
                raise StateError(N_("The dataset “%(id)s” already exists"), id=new)
            at_work = select(Draft.id).where(Draft.dataset_id == dataset, Draft.wanted != "")
            if row.publishing_id is not None or session.scalar(at_work) is not None:
                raise StateError(N_("A draft of this dataset is being processed. Try again in a moment"))
            public = is_listed(row)
            if public:
                self._copy_records(dataset, new)
            moved = self._move(session, row, new)
            drafts = session.scalars(select(Draft).where(Draft.dataset_id == new, Draft.status.not_in(ENDED)))
            end_reviews(self._context, moved, drafts.all(), found_actor)  # its id is part of what was signed
            if public:
                session.add(Alias(old=dataset, dataset_id=new, created=moved.modified, unfinished=True))
            session.flush()
            session.delete(row)
            self._context.log(session, found_actor, "rename", "dataset", new, old=dataset)
            session.flush()
            view = view_dataset(moved)
        self.finish_all()
        return view

    def finish_all(self) -> None:
        """Say in the store what was decided and is not yet said there."""
        with self._context.read() as session:
            names = list(session.scalars(select(Alias.old).where(Alias.unfinished)))
        for name in names:
            with self._context.write() as session:
                alias = session.get_one(Alias, name)
                record_entry(self._context, find_dataset(session, alias.dataset_id, lock=True))
                found = {"old": name, "id": alias.dataset_id, "renamed": format_time(alias.created)}
                keep_record(self._context, alias_key(name), write_canonical(found))
                alias.unfinished = False

    def _copy_records(self, old: str, new: str) -> None:
        """Copy the records of its versions and ended grants; manifests keep the name they were signed with."""
        store = self._context.public
        for before, after in ((_folder(old), _folder(new)), (_grant_folder(old), _grant_folder(new))):
            for key in store.list_records(before):
                try:
                    store.put_record(after + key.removeprefix(before), store.get_record(key))
                except IntegrityError:
                    raise StateError(N_("The id “%(id)s” used to belong to another dataset"), id=new) from None

    def _move(self, session: Session, row: Dataset, new: str) -> Dataset:
        """Give the row another id; everything that belongs to it follows. Returns the row."""
        values = {column.key: getattr(row, column.key) for column in Dataset.__mapper__.column_attrs}
        row.uuid = f"moved-{row.id}"[:36]
        session.flush()
        moved = Dataset(**{**values, "id": new, "editions": 0, "modified": self._context.now()})
        moved.revision += 1
        session.add(moved)
        session.flush()
        for column in list_references("datasets", "dataset_id"):
            session.execute(update(column.table).where(column == values["id"]).values({column.name: new}))
        return moved


def _folder(dataset: str) -> str:
    return manifest_key(dataset, "1.0.0").rpartition("/")[0]


def _grant_folder(dataset: str) -> str:
    return grant_end_key(dataset, "any").rpartition("/")[0]
