"""Archiving a dataset that is no longer kept: it stays readable, takes nothing new, and can be reopened.

Where two persons are needed to publish, one asks for it and another one confirms. Reopening needs one person: what is
published afterwards is reviewed anyway.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft
from opendata.domain.drafts import ENDED
from opendata.domain.moments import format_time
from opendata.domain.records import Archive, ArchiveRequest
from opendata.errors import (
    N_,
    InvalidMetadataError,
    MovedError,
    NotFoundError,
    NotPermittedError,
    PreconditionError,
    StateError,
    fault,
)
from opendata.services.catalogue.entries import find_dataset, record_entry, view_dataset
from opendata.services.core.access import is_listed
from opendata.services.core.actors import Actor, require_editor
from opendata.services.core.context import Context
from opendata.services.core.reasons import read_reason
from opendata.services.core.values import DatasetView


class Archiving:
    """Archives datasets and reopens them. All raise `NotFoundError` and `NotPermittedError`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def is_possible(self, actor: Actor | None, dataset: str) -> bool:
        """Whether somebody could archive a dataset, or ask for that, once no draft of it is under way."""
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            may_edit = actor is not None and actor.may_edit(row.publisher_id, row.id)
            return may_edit and is_listed(row) and row.archived is None and row.archiving is None

    def archive(
        self,
        actor: Actor | None,
        dataset: str,
        *,
        reason: str,
        successor: str | None = None,
        revision: int | None = None,
    ) -> DatasetView:
        """Archive a public dataset, or ask another person to confirm that where two persons are needed.

        `successor` is the id of the dataset to use instead. Raises `InvalidMetadataError`, `PreconditionError`, and
        `StateError` where it never was public, is archived already, or drafts of it are under way.
        """
        reason = read_reason("/reason", reason)
        with self._context.write() as session:
            row, found = self._find(session, actor, dataset, revision)
            wanted = _find_successor(session, row, successor)
            _require_archivable(session, row)
            now = self._context.now()
            if self._context.settings.review != "none":
                row.archiving = ArchiveRequest(by=found.name, at=format_time(now), reason=reason, successor=wanted)
                return self._end(session, row, found, "ask-archive", now, is_public=False, reason=reason)
            row.archived = Archive(since=format_time(now), reason=reason, successor=wanted)
            return self._end(session, row, found, "archive", now, reason=reason)

    def confirm(self, actor: Actor | None, dataset: str, *, revision: int | None = None) -> DatasetView:
        """Archive a dataset as another person asked for it.

        Raises `NotPermittedError` for the person who asked, `StateError` where nobody did, or as `archive`.
        """
        with self._context.write() as session:
            row, found = self._find(session, actor, dataset, revision)
            asked = row.archiving
            if asked is None:
                raise StateError(N_("Nobody asked to archive “%(id)s”"), id=row.id)
            if asked["by"] == found.name:
                raise NotPermittedError(N_("You asked to archive this dataset, so someone else must confirm it"))
            _require_archivable(session, row)
            now = self._context.now()
            row.archived = Archive(
                since=format_time(now),
                reason=asked["reason"],
                successor=_find_successor(session, row, asked["successor"]),
            )
            row.archiving = None
            return self._end(session, row, found, "archive", now, reason=asked["reason"])

    def reopen(self, actor: Actor | None, dataset: str, *, revision: int | None = None) -> DatasetView:
        """Keep a dataset on, or take back that somebody asked to archive it. Raises `StateError` if neither is so."""
        with self._context.write() as session:
            row, found = self._find(session, actor, dataset, revision)
            if row.archived is None and row.archiving is None:
                raise StateError(N_("“%(id)s” isn't archived"), id=row.id)
            is_public = row.archived is not None
            row.archived = row.archiving = None
            return self._end(session, row, found, "reopen", self._context.now(), is_public=is_public)

    def _find(self, session: Session, actor: Actor | None, dataset: str, revision: int | None) -> tuple[Dataset, Actor]:
        row = find_dataset(session, dataset, lock=True)
        found = require_editor(actor, row.publisher_id, row.id)
        if revision is not None and revision != row.revision:
            text = N_("The dataset has changed since you read it. Read it again, then make your change")
            raise PreconditionError(text)
        return row, found

    def _end(
        self,
        session: Session,
        row: Dataset,
        actor: Actor,
        verb: str,
        now: datetime,
        *,
        is_public: bool = True,
        **details: str,
    ) -> DatasetView:
        """Keep the change, and say it in the store where it is public; else readers don't see that there is one."""
        row.revision += 1
        if is_public:
            row.modified = now
            record_entry(self._context, row)
        self._context.log(session, actor, verb, "dataset", row.id, **details)
        session.flush()
        return view_dataset(row, actor)


def _require_archivable(session: Session, row: Dataset) -> None:
    if not is_listed(row):
        raise StateError(N_("“%(id)s” was never public, so it can't be archived. Delete it instead"), id=row.id)
    if row.archived is not None:
        raise StateError(N_("“%(id)s” is archived already"), id=row.id)
    query = select(func.count()).select_from(Draft).where(Draft.dataset_id == row.id, Draft.status.not_in(ENDED))
    count = session.scalar(query) or 0
    if row.publishing_id is not None or count:
        text = N_("Drafts of “%(id)s” are under way (%(count)s). Publish or discard them first")
        raise StateError(text, id=row.id, count=max(count, 1))


def _find_successor(session: Session, row: Dataset, successor: str | None) -> str | None:
    """The id of the dataset to use instead, as it is called now. Raises `InvalidMetadataError`."""
    if not successor or not successor.strip():
        return None
    name = successor.strip()
    try:
        found = find_dataset(session, name)
    except MovedError as error:
        found = find_dataset(session, error.new)
    except NotFoundError:
        found = None
    if found is None or not is_listed(found) or found.archived is not None:
        text = N_("There is no public dataset “%(id)s” that is kept")
        raise InvalidMetadataError(faults=[fault("/successor", text, id=name[:100])])
    if found.id == row.id:
        raise InvalidMetadataError(faults=[fault("/successor", N_("A dataset can't replace itself"))])
    return found.id
