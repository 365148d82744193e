"""Drafts: files come in, are taken through review step by step, and leave as a version or not at all.

Here a draft changes hands; the work on its tables is `processing`, turning it into a version `publication`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft, DraftAttachment, DraftResource
from opendata.errors import (
    N_,
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    PreconditionError,
    StateError,
    fault,
)
from opendata.intake.understanding import read_choices
from opendata.metadata.attachments import is_attachment, list_tables
from opendata.services.catalogue.datasets import find_dataset
from opendata.services.catalogue.versions import Manifests
from opendata.services.core.actors import Actor, require_editor, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.once import Once, create_once
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import DraftView, Page, ProgressView, ServedFile
from opendata.services.drafts.draft_view import is_at_work, is_put_off, list_contributors, view_draft
from opendata.services.drafts.intake import Intake, ResourceOption
from opendata.services.drafts.next_version import foresee, seal
from opendata.services.drafts.submission import (
    Submission,
    find_due,
    require_publishable,
    require_sealed,
    take_submission,
)
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.uploads.uploads import mark_used
from opendata.tables.diff.difference_forms import take_first_rows
from opendata.tables.repair.recipe import read_recipe
from opendata.tables.text.dialect import read_dialect

_CONTRIBUTING = ("change", "drop", "submit")
"""The steps by which a person has a part in a draft."""


class Drafts:
    """Creating drafts and taking them through review."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests
        self._intake = Intake(context)

    def list(
        self,
        actor: Actor | None,
        *,
        dataset: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DraftView]:
        """The drafts of the actor's publisher (all, for a maintainer), newest first; without their reports."""
        found = require_signed_in(actor)
        query = select(Draft).join(Dataset).order_by(Draft.created.desc(), Draft.id.desc())
        if not found.is_maintainer:
            query = query.where(Dataset.publisher_id == (found.publisher or ""))
        if dataset:
            query = query.where(Draft.dataset_id == dataset)
        after = read_cursor(cursor)
        with self._context.read() as session:
            if after is not None:
                last = session.get(Draft, after)
                if last is None:
                    raise refuse_cursor()
                earlier = and_(Draft.created == last.created, Draft.id < last.id)
                query = query.where(or_(Draft.created < last.created, earlier))
            rows = list(session.scalars(query.limit(limit + 1)))
            items = [view_draft(row, None, with_report=False) for row in rows[:limit]]
        return Page(items, write_cursor(items[-1].id) if len(rows) > limit else None)

    def require_author(self, actor: Actor | None, dataset: str) -> None:
        """Raises `NotSignedInError`, `NotFoundError` or `NotPermittedError` where somebody may not send drafts."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            require_editor(found, find_dataset(session, dataset).publisher_id)

    def get(self, actor: Actor | None, draft: str) -> DraftView:
        """One draft with its report. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_editor(actor, row.dataset.publisher_id)
            return view_draft(row, self._base_manifest(row))

    def get_progress(self, actor: Actor | None, draft: str) -> ProgressView:
        """How far the work on a draft is, for whoever may see it; much cheaper than the draft itself.

        Raises `NotFoundError`, `NotPermittedError`.
        """
        size = select(func.coalesce(func.sum(DraftResource.upload_bytes), 0))
        columns = (Draft.status, Draft.stage, Draft.progress, Draft.wanted, Draft.error, Dataset.publisher_id)
        query = select(*columns, size.where(DraftResource.draft_id == Draft.id).scalar_subquery())
        with self._context.read() as session:
            row = session.execute(query.join(Dataset).where(Draft.id == draft)).one_or_none()
        if row is None:
            raise _no_draft(draft)
        status, stage, progress, wanted, error, publisher, total = row
        require_editor(actor, publisher)
        return ProgressView(
            status=status, stage=stage, progress=progress, total=int(total), is_at_work=is_at_work(wanted, error)
        )

    def read_changes(
        self, actor: Actor | None, draft: str, resource: str, limit: int
    ) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """The first rows of a table that differ from the version before, as `take_first_rows` has them.

        Raises `NotFoundError` where it was not compared, `NotPermittedError`.
        """
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_editor(actor, row.dataset.publisher_id)
            kept = next((item.changes for item in row.resources if item.name == resource), None)
        if not kept:
            raise NotFoundError(N_("The draft has no table “%(name)s” that was compared"), name=resource[:100])
        return take_first_rows(self._context.find_kept(kept["rows"]), limit)

    def list_announced(self, dataset: str) -> Sequence[Mapping[str, Any]]:
        """The breaking changes of a dataset that take effect later: `{version, reason, announced, effective}`.

        Raises `NotFoundError`.
        """
        query = select(Draft).where(Draft.dataset_id == dataset, Draft.wanted == "publish", Draft.due.is_not(None))
        with self._context.read() as session:
            find_dataset(session, dataset)
            rows = [row for row in session.scalars(query) if is_put_off(row.wanted, row.breaking, row.due)]
            found = [
                {"version": foresee(row, self._base_manifest(row)).version, **(row.breaking or {})} for row in rows
            ]
        return sorted(found, key=lambda item: str(item["effective"]))

    def find_attachment(self, actor: Actor | None, draft: str, name: str) -> ServedFile:
        """The file of an attachment that was sent with a draft. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_editor(actor, row.dataset.publisher_id)
            found = next((item for item in row.attachments if item.name == name), None)
            if found is None:
                raise NotFoundError(N_("No attachment “%(name)s” was sent with the draft"), name=name[:100])
            return ServedFile(
                path=self._context.find_kept(found.upload),
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
        once: Once | None = None,
        enqueue: bool = True,
    ) -> tuple[DraftView, bool]:
        """Receive files for the next version of a dataset; without files the draft carries metadata only.

        Each file becomes a resource named by its option, else after the file: a table, or what is none an attachment
        beside one. Returns the draft and whether it is new. Raises `UnsupportedFormatError` for a binary file that is
        no table and cannot accompany one, `TooLargeError`, `InvalidMetadataError`, `InvalidSchemaError`,
        `NotFoundError`, `NotPermittedError`.
        """
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            found_actor = require_editor(actor, row.publisher_id)
            latest = row.latest
        manifest = self._manifests.get(dataset, latest) if latest else None
        if not files and manifest is None:
            raise InvalidMetadataError(faults=[fault("/file", N_("The first version needs a file"))])
        received = self._intake.receive(files, options, manifest)

        def create(session: Session) -> str:
            now = self._context.clock()
            owner = find_dataset(session, dataset)
            draft = Draft(
                id=secrets.token_hex(12),
                dataset_id=dataset,
                status="received",
                base=latest,
                dropped=[],
                notes=notes.strip(),
                author_id=found_actor.id,
                author=found_actor.name,
                contributors=_list_proposers(owner, found_actor),
                created=now,
                modified=now,
                key_reports={},
                privacy=[],
            )
            draft.resources = [DraftResource(position=number, **item) for number, item in enumerate(received.tables)]
            draft.attachments = [
                DraftAttachment(position=number, **item) for number, item in enumerate(received.attachments)
            ]
            remembered = owner.choices or {}
            for resource in draft.resources:
                if resource.choices is None:
                    resource.choices = remembered.get(resource.name)
            session.add(draft)
            mark_used(session, files)
            self._context.log(session, found_actor, "upload", "draft", draft.id, dataset=dataset)
            return draft.id

        identifier, created = create_once(self._context, found_actor, once, create)
        if created and enqueue:
            self._context.queue.put(identifier)
        return self.get(found_actor, identifier), created

    def change_resource(
        self,
        actor: Actor | None,
        draft: str,
        name: str,
        changes: Mapping[str, Any],
        *,
        revision: int | None = None,
    ) -> DraftView:
        """Change what a sent table is checked by, and check it again.

        That is its `schema`, its `dialect`, the `repairs` accepted, and `choices` about how its file is read. Repairs
        and choices are kept with the dataset: the ones are offered on the table's next file, the others followed.
        """
        schema, schema_name = None, ""
        if changes.get("schema") not in (None, ""):
            schema, schema_name = self._intake.resolve_schema("/schema", changes["schema"])
        if changes.get("dialect"):
            read_dialect(changes["dialect"])
        recipe = read_recipe({"repairs": changes["repairs"]}).describe() if "repairs" in changes else None
        choices = read_choices(changes["choices"]).describe() if "choices" in changes else None

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            resource = next((item for item in row.resources if item.name == name), None)
            if resource is None:
                raise NotFoundError(N_("The draft has no uploaded table “%(name)s”"), name=name[:100])
            if "schema" in changes:
                resource.schema, resource.schema_name = schema, schema_name
            if "dialect" in changes:
                resource.dialect = changes["dialect"]
            if choices is not None:
                resource.choices = choices
                row.dataset.choices = {**(row.dataset.choices or {}), name: choices}
            if recipe is not None:
                resource.recipe = recipe
                row.dataset.recipes = {**(row.dataset.recipes or {}), name: recipe}
            resource.checked = False
            _send_back_to_work(row)

        states = ("received", "valid", "invalid", "returned", "failed")
        return self._change(actor, draft, "change", states, change, revision=revision)

    def drop_resource(
        self, actor: Actor | None, draft: str, name: str, *, revision: int | None = None, enqueue: bool = True
    ) -> DraftView:
        """Leave a table or an attachment out of the next version: what was sent is forgotten, what is carried dropped.

        Raises `StateError` for the last table: attachments alone make no version.
        """

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            attachment = next((item for item in row.attachments if item.name == name), None)
            if attachment is not None:
                row.attachments.remove(attachment)
                return  # tables are as they were checked
            resource = next((item for item in row.resources if item.name == name), None)
            manifest = self._base_manifest(row)
            carried = {item["name"]: item for item in (manifest or {}).get("resources", ())}
            if resource is not None:
                row.resources.remove(resource)
            elif name in carried and name not in row.dropped:
                row.dropped = [*row.dropped, name]
                if is_attachment(carried[name]):
                    return
            else:
                raise NotFoundError(N_("The draft has no table “%(name)s”"), name=name[:100])
            if not row.resources and not {item["name"] for item in list_tables(list(carried.values()))} - {
                *row.dropped
            }:
                raise StateError(N_("This is the last table of the draft; discard the draft instead"))
            _send_back_to_work(row)

        states = ("received", "valid", "invalid", "returned", "failed")
        return self._change(actor, draft, "drop", states, change, revision=revision, enqueue=enqueue)

    def submit(
        self, actor: Actor | None, draft: str, said: Submission | None = None, *, revision: int | None = None
    ) -> DraftView:
        """Ask for publication. Where no review is set up, this publishes.

        Raises `InvalidMetadataError` where the check left warnings and no `reason` says why they are let pass, where a
        change breaks readers and nothing says why, where the number asked for is lower than the changes make it.
        """

        def change(row: Draft, actor: Actor) -> None:
            base = self._base_manifest(row)
            take_submission(self._context, row, base, said or Submission())
            row.sealed = seal(row, base)
            row.status = "submitted"
            row.submitter = actor.name
            row.approver = None
            row.comment = ""
            if self._context.settings.review == "none":
                self._ask_for_publication(row)

        return self._change(actor, draft, "submit", ("valid", "returned"), change, revision=revision)

    def approve(self, actor: Actor | None, draft: str, *, revision: int | None = None) -> DraftView:
        """Agree to publication of exactly what was submitted.

        Raises `NotPermittedError` for all who uploaded, changed or submitted the draft or proposed its metadata,
        `StateError` where it changed after it was submitted.
        """

        def change(row: Draft, actor: Actor) -> None:
            if actor.name in list_contributors(row):
                raise NotPermittedError(
                    N_("You uploaded, changed or submitted this draft, so someone else must approve it")
                )
            require_publishable(row)
            require_sealed(row, self._base_manifest(row))
            row.status = "approved"
            row.approver = actor.name

        return self._change(actor, draft, "approve", ("submitted",), change, revision=revision, idle=True)

    def return_(self, actor: Actor | None, draft: str, comment: str, *, revision: int | None = None) -> DraftView:
        """Send a draft back to its author with a comment that says why."""
        if not comment.strip():
            raise InvalidMetadataError(faults=[fault("/comment", N_("Say why the draft is returned"))])

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            row.status = "returned"
            row.comment = comment.strip()
            row.approver = None
            row.wanted, row.due = "", None  # one that waits for its day waits no longer

        return self._change(actor, draft, "return", ("submitted", "approved"), change, revision=revision, idle=True)

    def publish(self, actor: Actor | None, draft: str, *, revision: int | None = None) -> DraftView:
        """Publish an approved draft, exactly as it was approved. Raises `StateError` where it changed since."""

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            require_publishable(row)
            require_sealed(row, self._base_manifest(row))
            self._ask_for_publication(row)

        return self._change(actor, draft, "publish", ("approved",), change, revision=revision, idle=True)

    def publish_directly(self, actor: Actor, draft: str) -> DraftView:
        """Publish a valid draft without review: for the owner of the instance at the command line alone."""
        if actor.role != "system":
            raise NotPermittedError(N_("Only the command line of the instance may publish without review"))

        def change(row: Draft, actor: Actor) -> None:
            row.status = "submitted"
            row.submitter = actor.name
            self._ask_for_publication(row)
            require_publishable(row)

        return self._change(actor, draft, "publish", ("valid",), change, enqueue=False)

    def discard(self, actor: Actor | None, draft: str, *, revision: int | None = None) -> DraftView:
        """Give a draft up; a check that is under way stops."""

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            row.status = "discarded"
            row.wanted = ""
            row.stage = ""

        states = ("received", "validating", "valid", "invalid", "returned", "submitted", "approved", "failed")
        return self._change(actor, draft, "discard", states, change, revision=revision, idle=True)

    def retry(self, actor: Actor | None, draft: str, *, revision: int | None = None) -> DraftView:
        """Try a failed draft again."""

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            row.attempts = 0
            row.due = None
            row.error = None
            row.status = "received" if row.wanted == "process" else "submitted"

        return self._change(actor, draft, "retry", ("failed",), change, revision=revision)

    def _change(
        self,
        actor: Actor | None,
        draft: str,
        verb: str,
        states: Sequence[str],
        change: Callable[[Draft, Actor], None],
        *,
        revision: int | None = None,
        idle: bool = False,
        enqueue: bool = True,
    ) -> DraftView:
        """Take one step with a draft that is in one of `states`; `idle` also needs that no publication is under way."""
        with self._context.write() as session:
            row = find_draft(session, draft, lock=True)
            found = require_editor(actor, row.dataset.publisher_id)
            if revision is not None and revision != row.revision:
                raise PreconditionError(N_("The draft was changed in the meantime; read it again"))
            if row.status not in states or (
                idle and row.wanted == "publish" and not is_put_off(row.wanted, row.breaking, row.due)
            ):
                raise StateError(
                    N_("The draft is “%(status)s”; to %(verb)s it, it has to be %(states)s"),
                    status=row.status,
                    verb=verb,
                    states=" / ".join(states),
                )
            change(row, found)
            if verb in _CONTRIBUTING:
                row.contributors = sorted({*list_contributors(row), found.name})
            row.modified = self._context.clock()
            row.revision += 1
            self._context.log(session, found, verb, "draft", row.id, dataset=row.dataset_id)
            wanted = row.wanted
            session.flush()
            view = view_draft(row, self._base_manifest(row))
        if wanted and enqueue:
            self._context.queue.put(draft)
        return view

    def _ask_for_publication(self, row: Draft) -> None:
        row.wanted = "publish"
        row.stage, row.progress = "", 0.0
        row.attempts, row.due, row.error = 0, find_due(row, self._context), None

    def _base_manifest(self, row: Draft) -> Mapping[str, Any] | None:
        return self._manifests.get(row.dataset_id, row.base) if row.base else None


def _list_proposers(dataset: Dataset, author: Actor) -> list[str]:
    """Who made a draft, and who proposed the metadata it will carry."""
    return sorted({author.name, *(dataset.proposed or {}).get("by", ())})


def find_draft(session: Session, draft: str, *, lock: bool = False) -> Draft:
    """The row of a draft, locked if wanted. Raises `NotFoundError`."""
    query = select(Draft).where(Draft.id == draft)
    row = session.scalar(query.with_for_update(of=Draft) if lock else query)
    if row is None:
        raise _no_draft(draft)
    return row


def _no_draft(draft: str) -> NotFoundError:
    return NotFoundError(N_("There is no draft “%(id)s”"), id=draft[:100])


def _send_back_to_work(row: Draft) -> None:
    row.status = "received"
    row.wanted = "process"
    row.key_reports = {}
    row.stage, row.progress = "", 0.0
    row.attempts, row.due, row.error = 0, None, None
