"""Deleting a dataset that was never public, with its drafts and the files that were sent for them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft, Obligation, OpeningDate, Source, SourceRun
from opendata.db.models.references import list_references
from opendata.errors import N_, NotPermittedError, NotSignedInError, PreconditionError, StateError
from opendata.services.catalogue.entries import find_dataset
from opendata.services.core.access import is_listed
from opendata.services.core.actors import Actor, require_editor
from opendata.services.core.context import Context
from opendata.services.operations.originals import Erased, Originals

DELETED = N_("The dataset was deleted")
"""Why its duties aren't needed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """What is deleted beside a dataset: how many drafts, and the `files` that were sent for them."""

    drafts: int
    files: Erased


class Deletion:
    """Deletes datasets of which nobody outside has heard: no version, no public entry. Its id is free again then.

    The audit log keeps that there was one.
    """

    def __init__(self, context: Context, originals: Originals) -> None:
        self._context = context
        self._originals = originals

    def is_possible(self, actor: Actor | None, dataset: str) -> bool:
        """Whether somebody could delete a dataset now."""
        try:
            with self._context.read() as session:
                self._find(session, actor, dataset)
        except (NotSignedInError, NotPermittedError, StateError):
            return False
        return True

    def foresee(self, actor: Actor | None, dataset: str) -> Doomed:
        """What would be deleted. Raises as `delete` does."""
        with self._context.read() as session:
            row = self._find(session, actor, dataset)
            drafts = _list_drafts(session, row)
            return Doomed(drafts=len(drafts), files=self._originals.measure(session, drafts))

    def delete(self, actor: Actor | None, dataset: str, *, revision: int | None = None) -> Doomed:
        """Delete a dataset; the check of a draft that is under way stops.

        Raises `NotFoundError`, `NotPermittedError`, `PreconditionError` if `revision` isn't the current one, and
        `StateError` where it was public, or a version of it is being published.
        """
        with self._context.read() as session:
            row = self._find(session, actor, dataset)
            listed = self._originals.list_unneeded(session, _list_drafts(session, row))
        with self._context.write() as session:
            row = self._find(session, actor, dataset, lock=True)
            found = require_editor(actor, row.publisher_id, row.id)
            if revision is not None and revision != row.revision:
                text = N_("The dataset has changed since you read it. Read it again, then make your change")
                raise PreconditionError(text)
            drafts = _list_drafts(session, row)
            for draft in drafts:
                session.delete(draft)
            session.flush()
            source = select(Source.id).where(Source.dataset_id == row.id)
            session.execute(delete(SourceRun).where(SourceRun.source_id.in_(source)))
            session.execute(delete(OpeningDate).where(OpeningDate.dataset_uuid == row.uuid))
            self._end_duties(session, row)
            for column in list_references("datasets", "dataset_id"):
                if not column.foreign_keys:
                    continue  # such as the limit of a token, which isn't lifted by that
                own = column == row.id
                left = update(column.table).where(own).values({column.name: None})
                session.execute(left if column.nullable else delete(column.table).where(own))
            session.delete(row)
            self._context.log(session, found, "delete", "dataset", dataset, drafts=len(drafts))
        return Doomed(drafts=len(drafts), files=self._originals.delete(listed))

    def _end_duties(self, session: Session, row: Dataset) -> None:
        """Its duties aren't needed any more."""
        open_ones = (Obligation.done_on.is_(None), Obligation.waived_on.is_(None))
        ended = {"waived_on": self._context.today(), "waived_reason": DELETED, "changed": self._context.now()}
        session.execute(update(Obligation).where(Obligation.dataset_uuid == row.uuid, *open_ones).values(ended))

    def _find(self, session: Session, actor: Actor | None, dataset: str, *, lock: bool = False) -> Dataset:
        row = find_dataset(session, dataset, lock=lock)
        require_editor(actor, row.publisher_id, row.id)
        if row.head is not None or row.editions or is_listed(row):
            text = N_("“%(id)s” was public. Its addresses must go on to answer: withdraw its versions instead")
            raise StateError(text, id=dataset)
        if row.publishing_id is not None or any(draft.target is not None for draft in _list_drafts(session, row)):
            raise StateError(N_("A version of this dataset is being published. Try again in a moment"))
        return row


def _list_drafts(session: Session, row: Dataset) -> list[Draft]:
    return list(session.scalars(select(Draft).where(Draft.dataset_id == row.id)))
