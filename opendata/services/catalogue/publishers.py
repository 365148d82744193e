"""Publishers: the departments accountable for datasets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Publisher
from opendata.domain.manifest import PublisherName
from opendata.domain.moments import format_time
from opendata.errors import N_, InvalidMetadataError, NotFoundError, StateError
from opendata.metadata.dataset import read_metadata
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier
from opendata.services.core.access import where_listed
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.once import Once, create_once
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from opendata.services.core.records import keep_edition
from opendata.services.core.values import Page, PublisherView
from opendata.storage.store import publisher_key


class Publishers:
    """Creating and reading publishers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[PublisherView]:
        """Publishers by id."""
        after = read_cursor(cursor)
        query = select(Publisher).order_by(Publisher.id).limit(limit + 1)
        if after:
            query = query.where(Publisher.id > after)
        with self._context.read() as session:
            rows = list(session.scalars(query))
            counts = count_datasets(session)
        items = [view_publisher(row, counts.get(row.id, 0)) for row in rows[:limit]]
        return Page(items, write_cursor(items[-1].id) if len(rows) > limit else None)

    def get(self, publisher: str) -> PublisherView:
        """One publisher. Raises `NotFoundError`."""
        with self._context.read() as session:
            row = find_publisher(session, publisher)
            return view_publisher(row, count_datasets(session).get(publisher, 0))

    def create(
        self, actor: Actor | None, found: Mapping[str, Any], *, once: Once | None = None
    ) -> tuple[PublisherView, bool]:
        """Create a publisher from `{id, title, description, i18n}`; return it and whether it is new.

        Raises `NotPermittedError`, `InvalidMetadataError`, and `StateError` if the id is in use.
        """
        found_actor = require_maintainer(actor)
        values = _check(found)

        def create(session: Session) -> str:
            if session.get(Publisher, values["id"]):
                raise StateError(N_("The publisher “%(id)s” already exists"), id=values["id"])
            now = self._context.now()
            session.add(Publisher(**values, created=now, modified=now))
            self._context.log(session, found_actor, "create", "publisher", values["id"])
            return str(values["id"])

        identifier, created = create_once(self._context, found_actor, once, create)
        return self.get(identifier), created

    def ensure(self, actor: Actor, found: Mapping[str, Any]) -> PublisherView:
        """The publisher of this id, created if it doesn't exist."""
        try:
            return self.get(str(found["id"]))
        except NotFoundError:
            return self.create(actor, found)[0]


def record_publisher(context: Context, publisher: Publisher) -> None:
    """Write the publisher's record into the store where its newest edition does not say the same."""
    found = {**describe_publisher(publisher), "created": format_time(publisher.created)}
    publisher.editions = keep_edition(context, partial(publisher_key, publisher.id), found, publisher.editions)


def describe_publisher(row: Publisher) -> PublisherName:
    """A publisher as manifests and records name it."""
    found: PublisherName = {"id": row.id}
    if row.title:
        found["title"] = row.title
    if row.description:
        found["description"] = row.description
    if row.i18n:
        found["i18n"] = row.i18n
    return found


def view_publisher(row: Publisher, datasets: int = 0) -> PublisherView:
    """The value of a row."""
    return PublisherView(
        id=row.id,
        title=row.title,
        description=row.description,
        i18n=row.i18n,
        created=row.created,
        modified=row.modified,
        datasets=datasets,
    )


def find_publisher(session: Session, publisher: str) -> Publisher:
    """The row of a publisher. Raises `NotFoundError`."""
    row = None if find_identifier_fault("", publisher) else session.get(Publisher, publisher)
    if row is None:
        raise NotFoundError(N_("There is no publisher “%(id)s”"), id=publisher[:200])
    return row


def count_datasets(session: Session) -> dict[str, int]:
    """Public datasets per publisher."""
    query = select(Dataset.publisher_id, func.count()).where(where_listed()).group_by(Dataset.publisher_id)
    return {publisher: count for publisher, count in session.execute(query)}  # noqa: C416 - to mypy, a row isn't a pair


def _check(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a publisher says of itself follows the rules for a dataset's title, description and translations."""
    metadata = read_metadata({key: found[key] for key in ("title", "description", "i18n") if key in found})
    identifier = found.get("id") or suggest_identifier(metadata.title)
    wrong = find_identifier_fault("/id", identifier)
    if wrong:
        raise InvalidMetadataError(faults=[wrong])
    return {
        "id": identifier,
        "title": metadata.title,
        "description": metadata.description,
        "i18n": dict(metadata.i18n),
    }
