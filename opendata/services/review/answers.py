"""All that someone must judge about a draft, at once: its clerk before submission, a reviewer after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, Event
from opendata.domain.drafts import FORESEEN, DraftState
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.resources import TableResource
from opendata.domain.schema import TableSchema
from opendata.errors import NotFoundError
from opendata.services.catalogue.files.reading import lend_tables
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publishers import view_publisher
from opendata.services.core.actors import Actor, require_insider
from opendata.services.core.context import Context
from opendata.services.core.review_values import CommentView
from opendata.services.core.values import DraftView, PublisherView
from opendata.services.drafts.draft_view import find_draft
from opendata.services.drafts.drafts import Drafts
from opendata.services.drafts.next_version import list_resources, metadata_of
from opendata.services.signing.signatures import view_comments
from opendata.storage.store import Store
from opendata.tables.diff.difference_forms import take_first_rows
from opendata.tables.forms.preview import read_first_rows, read_last_rows

SHOWN_ROWS = 10
"""This many rows from each end of a table are shown."""

SHOWN_CHANGES = 30
"""At most this many changed rows of a table are shown; a changed row counts twice, as it was and as it is."""

MOST_EVENTS = 200
MOST_EARLIER = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """A table of the next version as readers will see it. `is_carried` ones come unchanged from the version before.

    `first` and `last` are rows as name → value; together they are the whole table where it is short. `changes` are rows
    that differ from the version before, as `take_first_rows` has them, after the names of their columns. `is_kept` says
    whether the files are still there: they are deleted some time after a draft ends.
    """

    name: str
    title: str
    description: str
    schema: TableSchema
    rows: int
    is_carried: bool
    is_kept: bool
    first: Sequence[Mapping[str, Any]]
    last: Sequence[Mapping[str, Any]]
    columns: Sequence[str]
    changes: Sequence[Sequence[Any]]

    @property
    def hidden(self) -> int:
        """How many rows between the first and the last aren't shown."""
        return max(0, self.rows - len(self.first) - len(self.last))


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that someone did with a draft: a verb of the audit log."""

    at: datetime
    by: str
    verb: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """A draft with its tables, the metadata of the next version, its publisher, and who did what.

    `earlier` are the comments on the drafts whose corrected files it has, in order.
    """

    draft: DraftView
    metadata: DatasetMetadata
    publisher: PublisherView
    tables: Sequence[AnswerTable]
    history: Sequence[Deed]
    earlier: Sequence[CommentView]


class Answers:
    """Reads what is on the page “Check your answers”."""

    def __init__(self, context: Context, manifests: Manifests, drafts: Drafts) -> None:
        self._context = context
        self._manifests = manifests
        self._drafts = drafts

    def show(self, actor: Actor | None, draft: str) -> AnswerView:
        """Everything about a draft. Tables are shown once they passed the check.

        Raises `NotFoundError`, `NotPermittedError`.
        """
        view = self._drafts.get(actor, draft)
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            return AnswerView(
                draft=view,
                metadata=self._find_metadata(row),
                publisher=view_publisher(row.dataset.publisher),
                tables=list(self._show_tables(row)),
                history=_list_deeds(session, draft),
                earlier=_list_earlier(session, row),
            )

    def _find_metadata(self, row: Draft) -> DatasetMetadata:
        """What the draft makes public, or has made public."""
        if row.status == DraftState.PUBLISHED and row.version:
            return self._manifests.get(row.dataset_id, row.version).metadata
        return metadata_of(row)

    def _show_tables(self, row: Draft) -> Iterator[AnswerTable]:
        if row.status not in (*FORESEEN, DraftState.PUBLISHED):
            return
        base = self._manifests.get(row.dataset_id, row.base) if row.base else None
        changes = {item.name: item.changes for item in row.resources}
        for table in list_resources(row, base, {}):
            if isinstance(table, TableResource):
                kept = changes.get(table.name)
                yield self._show_table(table, kept["rows"] if kept else None, is_carried=table.name not in changes)

    def _show_table(self, table: TableResource, changed: str | None, *, is_carried: bool) -> AnswerTable:
        first: Sequence[Mapping[str, Any]] = ()
        last: Sequence[Mapping[str, Any]] = ()
        columns: Sequence[str] = ()
        rows: Sequence[Sequence[Any]] = ()
        is_kept = True
        try:
            with lend_tables(self._context, table.parquet, self._find_store) as parquets:
                first = read_first_rows(parquets, SHOWN_ROWS)
                last = read_last_rows(parquets, min(SHOWN_ROWS, max(0, table.rows - len(first))))
            if changed is not None:
                with self._context.kept_copy(changed) as path:
                    columns, rows = take_first_rows(path, SHOWN_CHANGES)
        except NotFoundError:
            is_kept = False
        return AnswerTable(
            name=table.name,
            title=table.title,
            description=table.description,
            schema=table.schema,
            rows=table.rows,
            is_carried=is_carried,
            is_kept=is_kept,
            first=first,
            last=last,
            columns=columns[1:],
            changes=rows,
        )

    def _find_store(self, blob: str) -> Store:
        """The store with a file of a table: of the draft's own the private one, else where it was published."""
        return self._context.private if self._context.private.has_blob(blob) else self._context.public


def _list_deeds(session: Session, draft: str) -> Sequence[Deed]:
    query = select(Event).where(Event.subject_kind == "draft", Event.subject == draft)
    rows = session.scalars(query.order_by(Event.id.desc()).limit(MOST_EVENTS)).all()
    return [Deed(row.at, row.actor, row.verb) for row in reversed(rows)]


def _list_earlier(session: Session, row: Draft) -> Sequence[CommentView]:
    """The comments on the drafts that a draft corrects, one after the other."""
    found: list[CommentView] = []
    earlier = session.get(Draft, row.replaces) if row.replaces else None
    for _ in range(MOST_EARLIER):
        if earlier is None:
            break
        found = [*view_comments(earlier), *found]
        earlier = session.get(Draft, earlier.replaces) if earlier.replaces else None
    return found
