"""Drafts: files come in, are taken through review step by step, and leave as a version or not at all.

Here drafts begin and are read; the steps of review are `steps`, the work on tables `processing`, turning a draft into a
version `publication`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session, object_session, selectinload

from opendata.db.models import Dataset, Draft, DraftAttachment, DraftResource
from opendata.domain import drafts as steps
from opendata.domain.disclosure import Disclosure
from opendata.domain.drafts import ENDED, DraftState
from opendata.domain.editions.beginning import is_unknown
from opendata.domain.manifest import Manifest
from opendata.errors import N_, NotFoundError
from opendata.services.catalogue.entries import find_dataset, next_metadata, require_kept
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.access import may_be_listed_alone, where_edited
from opendata.services.core.actors import Actor, require_editor, require_insider, require_publisher, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.once import create_once
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, refuse_cursor, write_cursor
from opendata.services.core.scans import require_scanned
from opendata.services.core.values import DraftView, Page, ProgressView, ServedFile
from opendata.services.drafts.attachments import list_carried
from opendata.services.drafts.draft_view import (
    find_draft,
    is_at_work,
    is_put_off,
    list_choices,
    refuse_unknown,
    require_state,
    view_draft,
)
from opendata.services.drafts.fixing.recipes import recall_steps
from opendata.services.drafts.intake import Intake, Received, ResourceOption, Sent
from opendata.services.drafts.meaning.editions import say_edition
from opendata.services.drafts.next_version import foresee
from opendata.services.drafts.readings import recall_choices, take_again
from opendata.services.drafts.steps import Steps
from opendata.services.drafts.table_changes import keep_schema
from opendata.services.privacy.gate import BY, is_restored
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.uploads.uploads import mark_used
from opendata.tables.diff.difference_forms import take_first_rows

_OF = Draft.__table__.c
_PUT_OFF = select(_OF.id).where(_OF.dataset_id == bindparam("dataset"), _OF.wanted == "publish", _OF.due.is_not(None))
"""Few datasets have one, so a row of the ORM is made only then."""


class Drafts(Steps):
    """Creates drafts, reads them, and takes them through the steps of review."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        super().__init__(context, manifests)
        self._intake = Intake(context)

    def list(
        self,
        actor: Actor | None,
        *,
        dataset: str | None = None,
        status: DraftState | None = None,
        ended: bool | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DraftView]:
        """The drafts of the actor's publisher (all, for a maintainer), newest first, those of a status if given.

        `ended` asks for those that are published or discarded, or for all others. They come without their reports, and
        without what was signed and said.
        """
        found = require_publisher(actor)
        query = select(Draft).join(Dataset).order_by(Draft.created.desc(), Draft.id.desc())
        query = query.where(where_edited(found))
        if dataset:
            query = query.where(Draft.dataset_id == dataset)
        if status:
            query = query.where(Draft.status == status)
        if ended is not None:
            query = query.where(Draft.status.in_(ENDED) if ended else Draft.status.not_in(ENDED))
        after = read_cursor(cursor)
        with self._context.read() as session:
            if after is not None:
                last = session.get(Draft, after)
                if last is None:
                    raise refuse_cursor()
                earlier = and_(Draft.created == last.created, Draft.id < last.id)
                query = query.where(or_(Draft.created < last.created, earlier))
            rows = list(session.scalars(query.limit(limit + 1)))
            items = [view_draft(row, None, with_review=False, with_report=False) for row in rows[:limit]]
        return Page(items, write_cursor(items[-1].id) if len(rows) > limit else None)

    def list_submitted(self, actor: Actor | None, limit: int) -> Sequence[DraftView]:
        """The submitted drafts that the actor sees and nobody works at, oldest first.

        They come with all that a reviewer asks for, but without their reports.
        """
        found = require_signed_in(actor)
        query = select(Draft).join(Dataset).where(Draft.status == DraftState.SUBMITTED, Draft.wanted == "")
        query = query.where(where_edited(found)).options(selectinload(Draft.checks), selectinload(Draft.comments))
        with self._context.read() as session:
            return [
                view_draft(row, self._find_base(row), with_report=False, required=self._required)
                for row in session.scalars(query.order_by(Draft.modified, Draft.id).limit(limit))
            ]

    def require_author(self, actor: Actor | None, dataset: str, *, sends: bool = False) -> Actor:
        """The actor where they may send drafts, else `NotSignedInError`, `NotFoundError` or `NotPermittedError`.

        For one who `sends` now raises `StateError` too where the dataset is archived.
        """
        found = require_signed_in(actor)
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            author = require_editor(found, row.publisher_id, dataset)
            if sends:
                require_kept(row)
            return author

    def find_decisions(self, dataset: str, table: str) -> Mapping[str, Any]:
        """What is kept of the decisions about the personal data of a table. Raises `NotFoundError`."""
        with self._context.read() as session:
            return (find_dataset(session, dataset).decisions or {}).get(table) or {}

    def get(self, actor: Actor | None, draft: str) -> DraftView:
        """One draft with its report. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            return view_draft(row, self._find_base(row), required=self._required)

    def get_progress(self, actor: Actor | None, draft: str) -> ProgressView:
        """The progress of a draft, for anyone who may see it; much cheaper than the draft itself.

        Raises `NotFoundError`, `NotPermittedError`.
        """
        sent = select(DraftResource.name, DraftResource.file, DraftResource.upload_bytes)
        columns = (Draft.status, Draft.stage, Draft.progress, Draft.wanted, Draft.error)
        owner = (Dataset.publisher_id, Dataset.id)
        with self._context.read() as session:
            row = session.execute(select(*columns, *owner).join(Dataset).where(Draft.id == draft)).one_or_none()
            files = session.execute(sent.where(DraftResource.draft_id == draft)).all()
        if row is None:
            raise refuse_unknown(draft)
        status, stage, progress, wanted, error, publisher, dataset = row
        require_insider(actor, publisher, dataset)
        return ProgressView(
            status=status,
            stage=stage,
            progress=progress,
            total=sum(size for _, _, size in files),
            is_at_work=is_at_work(wanted, error),
            files={name: file for name, file, _ in files},
        )

    def read_changes(
        self, actor: Actor | None, draft: str, resource: str, limit: int
    ) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """The first rows of a table that differ from the version before, as `take_first_rows` has them.

        Raises `NotFoundError` where it was not compared, `NotPermittedError`.
        """
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            kept = next((item.changes for item in row.resources if item.name == resource), None)
        if not kept:
            raise NotFoundError(N_("The draft has no comparison for a table “%(name)s”"), name=resource[:100])
        with self._context.kept_copy(kept["rows"]) as rows:
            return take_first_rows(rows, limit)

    def list_announced(self, dataset: str) -> Sequence[Mapping[str, Any]]:
        """The breaking changes of a dataset that take effect later: `{version, reason, announced, effective}`.

        Raises `NotFoundError`.
        """
        with self._context.read() as session:
            find_dataset(session, dataset)
            names = session.scalars(_PUT_OFF, {"dataset": dataset}).all()
            rows = [row for row in map(partial(session.get_one, Draft), names) if row.breaking and is_put_off(row)]
            found = [{"version": foresee(row, self._find_base(row)).version, **(row.breaking or {})} for row in rows]
        return sorted(found, key=lambda item: str(item["effective"]))

    def change_period(
        self, actor: Actor | None, draft: str, period: str | None, *, revision: int | None = None
    ) -> DraftView:
        """Say what an edition is about; empty: no period, None: what its tables say. Raises `InvalidMetadataError`."""
        return self._change(actor, draft, steps.CHANGE, lambda row, _: say_edition(row, period), revision=revision)

    def find_attachment(self, actor: Actor | None, draft: str, name: str) -> ServedFile:
        """The file of an attachment that was sent with a draft.

        Raises `NotFoundError`, `NotPermittedError`, and `StateError` while the file waits for the virus scanner.
        """
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            found = next((item for item in row.attachments if item.name == name), None)
            if found is None:
                raise NotFoundError(N_("No attachment “%(name)s” was sent with the draft"), name=name[:100])
            require_scanned(self._context, row, found.upload)
        self._context.note(require_signed_in(actor), "download", "original", f"{draft}/{name}")
        return ServedFile(
            open=partial(self._context.private.open_blob, found.upload),
            local_copy=partial(self._context.kept_copy, found.upload),
            name=found.filename,
            media_type=found.mediatype,
            sha256=found.upload,
            size=found.upload_bytes,
        )

    def create(
        self,
        actor: Actor | None,
        dataset: str,
        files: Sequence[UploadedFile],
        options: Sequence[ResourceOption] = (),
        *,
        notes: str = "",
        keeps: Collection[str] | None = None,
        enqueue: bool = True,
    ) -> tuple[DraftView, bool]:
        """Receive files that are at hand; as `receive` does it."""
        sent = Sent(files=files, options=options, notes=notes, keeps=keeps)
        return self.receive(actor, dataset, lambda: sent, enqueue=enqueue)

    def receive(
        self, actor: Actor | None, dataset: str, read: Callable[[], Sent], *, enqueue: bool = True
    ) -> tuple[DraftView, bool]:
        """Receive files for the next version of a dataset; without files the draft carries metadata only.

        `read` is called once it is clear that the actor may send them. Each file becomes a resource named by its
        option, else after the file: a table, or else an attachment beside one. Returns the draft and whether it is new.
        Raises `UnsupportedFormatError` for a binary file that isn't a table and cannot accompany one, `TooLargeError`,
        `InvalidMetadataError`, `InvalidSchemaError`, `NotFoundError`, `NotSignedInError`, `NotPermittedError`.
        """
        author = self.require_author(actor, dataset, sends=True)
        sent = read()
        kept = self._intake.keep(sent.files, sent.options)
        view: DraftView | None = None

        def create(session: Session) -> str:
            nonlocal view
            owner = find_dataset(session, dataset, lock=True)
            require_kept(owner)
            manifest = self._manifests.get(dataset, owner.latest) if owner.latest else None
            disclosure = Disclosure.from_json(next_metadata(owner).get("disclosure"))
            received = self._intake.place(
                kept, manifest, schemas=owner.schemas, needs_file=not may_be_listed_alone(owner, disclosure)
            )
            recalled = {item["name"]: recall_choices(session, owner, item["name"]) for item in received.tables}
            now = self._context.clock()
            draft = _build_row(owner, author, received, recalled, notes=sent.notes, now=now)
            draft.dropped = _list_dropped(draft, manifest, sent.keeps)
            session.add(draft)
            mark_used(session, sent.files)
            self._context.log(session, author, "upload", "draft", draft.id, dataset=dataset)
            session.flush()
            view = view_draft(draft, manifest)
            return draft.id

        identifier, created = create_once(self._context, author, sent.once, create)
        if created and enqueue:
            self._context.queue.put(identifier)
        return (view if created and view else self.get(author, identifier)), created

    def receive_again(
        self, actor: Actor | None, draft: str, read: Callable[[], Sent], *, revision: int | None = None
    ) -> DraftView:
        """Receive corrected files into a draft, or more of them, and check those.

        A file replaces the table or attachment of its name; the name may be missing where the draft has one table. What
        was said of a table holds on: schema, repairs, choices, decisions. `read` is called once it is clear that the
        actor may send them. Raises as `receive` does, and as `change_resource`.
        """
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_editor(actor, row.dataset.publisher_id, row.dataset_id)
            require_state(row, steps.CHANGE)
        sent = read()
        kept = self._intake.keep(sent.files, sent.options)

        def change(row: Draft, actor: Actor) -> None:
            session = object_session(row)
            received = self._intake.place_in(kept, self._find_base(row), row)
            decided = {item["name"] for item in received.tables if item["decisions"] is not None}
            known = {item.name for item in row.resources}
            take_again(row, received)
            row.notes = sent.notes.strip() or row.notes
            if session is None:
                return
            mark_used(session, sent.files)
            for table in row.resources:
                if table.name not in known or table.name in decided:
                    _recall(row.dataset, table, recall_choices(session, row.dataset, table.name), actor)
                if table.name not in known and table.decisions and BY in table.decisions:
                    row.contributors = sorted({*(row.contributors or (row.author,)), table.decisions[BY]})
            self._send_back_to_work(row)

        return self._change(actor, draft, steps.CHANGE, change, revision=revision)


def _list_dropped(row: Draft, manifest: Manifest | None, keeps: Collection[str] | None) -> list[str]:
    """The resources of the version before that are neither replaced by those of a draft nor kept."""
    if keeps is None:
        return []
    own = {item.name for item in row.resources} | {item.name for item in row.attachments}
    return [item.name for item in list_carried(manifest, own) if item.name not in keeps]


def _build_row(
    dataset: Dataset,
    author: Actor,
    received: Received,
    recalled: Mapping[str, Mapping[str, Any] | None],
    *,
    notes: str,
    now: datetime,
) -> Draft:
    """The row of a new draft; `recalled` is what was chosen for earlier files of its tables.

    A person who decided about their personal data contributes to it.
    """
    tables = [DraftResource(position=number, **item) for number, item in enumerate(received.tables)]
    for table in tables:
        if table.schema != ((dataset.schemas or {}).get(table.name) or {"schema": table.schema})["schema"]:
            keep_schema(dataset, table.name, None)
        _recall(dataset, table, recalled[table.name], author)
    deciders = {item.decisions[BY] for item in tables if item.decisions and BY in item.decisions}
    return Draft(
        id=secrets.token_hex(12),
        dataset=dataset,
        status=DraftState.RECEIVED,
        base=dataset.latest,
        dropped=[],
        notes=notes.strip(),
        author_id=author.id,
        author=author.name,
        contributors=sorted({author.name, *deciders, *(dataset.proposed["by"] if dataset.proposed else ())}),
        created=now,
        modified=now,
        key_reports={},
        privacy=[],
        checks=[],
        comments=[],
        resources=tables,
        attachments=[DraftAttachment(position=number, **item) for number, item in enumerate(received.attachments)],
    )


def _recall(dataset: Dataset, table: DraftResource, choices: Mapping[str, Any] | None, author: Actor) -> None:
    """Give a table what was said of its earlier files; `choices` is what was chosen for reading them.

    Decisions that came with it are its author's, and hold for the next file. Which table a file of mode `auto` belongs
    to is known after the check alone: it recalls then.
    """
    is_open = is_unknown(table.edition)
    if choices is not None and not is_open and list_choices(table) is None:
        table.choices = {**choices, **(table.choices or {})}
    if table.recipe is None and not is_open and not is_restored(table):
        table.recipe = recall_steps(dataset, table.name)
    if table.decisions is None:
        table.decisions = None if is_open else (dataset.decisions or {}).get(table.name)
    elif not is_restored(table):
        if table.decisions:
            table.decisions = {**table.decisions, BY: author.name}
        if not is_open:
            dataset.decisions = {**(dataset.decisions or {}), table.name: table.decisions}
