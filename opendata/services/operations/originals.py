"""The files that departments sent: kept in the private store after a draft has ended, and erased when they say so."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Draft
from opendata.domain.drafts import ENDED
from opendata.errors import N_, NotFoundError, StateError
from opendata.services.catalogue.entries import find_dataset
from opendata.services.catalogue.files.erased_drafts import forget_contents
from opendata.services.catalogue.files.needed_blobs import list_own, list_unneeded
from opendata.services.core.actors import Actor, require_editor, require_insider
from opendata.services.core.context import Context
from opendata.storage.store import BlobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many private files of drafts are erased, or could be, and how many bytes they have."""

    files: int
    bytes: int


class Originals:
    """Counts and erases what was sent for drafts that are published or discarded, with all that was made of it.

    The files of versions stay, and so does what a draft at work needs. The next backup loses the files too. China's
    Personal Information Protection Law, article 47, asks for this where the data has served its purpose.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def count(self, actor: Actor | None, draft: str) -> Erased:
        """What could be erased of a draft: nothing while it is at work. Raises as `erase` does."""
        with self._context.read() as session:
            row = _find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            return self.measure(session, [row] if row.status in ENDED else ())

    def erase(self, actor: Actor | None, draft: str) -> Erased:
        """Erase the originals of one draft.

        Raises `NotFoundError`, `NotPermittedError`, and `StateError` where the draft is at work.
        """
        with self._context.read() as session:
            row = _find_draft(session, draft)
            found = require_editor(actor, row.dataset.publisher_id, row.dataset_id)
            if row.status not in ENDED:
                raise StateError(N_("The draft is still at work. Publish or discard it first"))
            names = self.list_unneeded(session, [row])
        return self._erase(found, [draft], names, "draft", draft)

    def erase_all(self, actor: Actor | None, dataset: str) -> Erased:
        """Erase the originals of all drafts of a dataset that are at work no more. Raises as `erase` does."""
        with self._context.read() as session:
            owner = find_dataset(session, dataset)
            found = require_editor(actor, owner.publisher_id, owner.id)
            query = select(Draft).where(Draft.dataset_id == owner.id, Draft.status.in_(ENDED))
            rows = list(session.scalars(query))
            names = self.list_unneeded(session, rows)
            drafts = [row.id for row in rows]
        return self._erase(found, drafts, names, "originals", owner.id)

    def measure(self, session: Session, rows: Sequence[Draft]) -> Erased:
        """How many private files of drafts nothing else needs."""
        return _measure(self.list_unneeded(session, rows).values())

    def list_unneeded(self, session: Session, rows: Sequence[Draft]) -> Mapping[str, BlobState]:
        """The private blobs of drafts that nothing else needs, as they lay there before anything was looked up."""
        states: dict[str, BlobState] = {}
        for name in sorted({name for row in rows for name in list_own(row)}):
            with contextlib.suppress(NotFoundError):
                states[name] = self._context.private.find_state(name)
        unneeded = list_unneeded(self._context, session, states, besides=[row.id for row in rows])
        return {name: state for name, state in states.items() if name in unneeded}

    def _erase(
        self, actor: Actor, drafts: Sequence[str], listed: Mapping[str, BlobState], kind: str, subject: str
    ) -> Erased:
        """Forget what drafts say of files, then delete those: they were listed before, so that nobody waits for that.

        A draft that has ended stays so.
        """
        with self._context.write() as session:
            _forget(session.scalars(select(Draft).where(Draft.id.in_(drafts)).with_for_update(of=Draft)).all())
            self._context.log(session, actor, "erase", kind, subject, files=len(listed))
        return self.delete(listed)

    def delete(self, listed: Mapping[str, BlobState]) -> Erased:
        """Delete blobs, but for those that somebody has kept again since they were listed: a new draft needs them."""
        erased = []
        for name, state in listed.items():
            with contextlib.suppress(NotFoundError):
                if self._context.private.find_state(name).mark == state.mark:
                    self._context.private.delete_blob(name)
                    erased.append(state)
        return _measure(erased)


def _forget(rows: Sequence[Draft]) -> None:
    """Forget what the rows of drafts say of the contents of the files; the changes that made a version stay counted."""
    for draft in rows:
        forget_contents(draft, draft.resources, draft.attachments)
        for item in draft.resources:
            if item.changes and draft.version is None:
                item.changes = None


def _measure(states: Collection[BlobState]) -> Erased:
    return Erased(files=len(states), bytes=sum(state.size for state in states))


def _find_draft(session: Session, draft: str) -> Draft:
    row = session.get(Draft, draft)
    if row is None:
        raise NotFoundError(N_("There is no draft “%(id)s”"), id=draft[:100])
    return row
