"""Steps of a draft through review: each checked against its state, the rights of who takes it, and the revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opendata.db.models import Draft
from opendata.domain import drafts as steps
from opendata.domain.drafts import DraftState, Step
from opendata.domain.manifest import Manifest
from opendata.domain.resources import Attachment
from opendata.domain.review.checklist import REQUIRED, Check, Part, Place, Remark, Result, list_required
from opendata.domain.roles import Role
from opendata.errors import (
    N_,
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    PreconditionError,
    StateError,
    fault,
)
from opendata.metadata.dataset import read_metadata
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.actors import Actor, require_editor, require_reviewer, require_worker
from opendata.services.core.context import Context
from opendata.services.core.review_values import Signature
from opendata.services.core.values import DraftView
from opendata.services.drafts.draft_view import find_draft, list_contributors, note_request, require_state, view_draft
from opendata.services.drafts.next_version import SEAL_EDITION, metadata_of, seal
from opendata.services.drafts.submission import (
    Submission,
    find_due,
    read_time,
    require_direct,
    require_grounded,
    require_publishable,
    require_rows,
    require_sealed,
    take_submission,
)
from opendata.services.drafts.table_changes import TableChanges
from opendata.services.privacy.gate import keep_seen
from opendata.services.privacy.texts import settle_unread
from opendata.services.signing.signatures import (
    add_comment,
    end_checks,
    list_open,
    require_digest,
    require_remarks,
    require_signed,
    send_back,
    sign,
)
from opendata.wording.review import say_refusal
from opendata.wording.voice import voice_of

_WHO: Mapping[str, Callable[[Actor | None, str, str], Actor]] = {
    steps.SIGN.verb: require_reviewer,
    steps.APPROVE.verb: require_reviewer,
    steps.RETURN.verb: require_reviewer,
    steps.PUBLISH.verb: require_worker,
}
"""Who takes a step that isn't an editor's. What was approved is published by anybody who has a part in the work."""


class Steps:
    """Takes drafts through review."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

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

        That is its `schema`, its `dialect`, its `recipe` or the `repairs` alone, `choices` about how its file is read,
        its `disclosure` (`open` where everybody may have it although the dataset isn't open), the `decisions` about its
        personal data, and what its rows are to the published table (`mode`, `target`, `repeats`). With `no_rows` alone,
        which says that it has none this time, there is nothing to check again.
        `meaning` is what a person says of it as a whole (title, unit, period, notes), `name` another name, `series` the
        tables of the draft that are one with it. Steps,
        choices, decisions and meaning are kept with the dataset for the table's next file: steps and decisions are
        replayed, choices are followed by what the rows they name mean.
        """
        wanted = TableChanges(self._context, changes)

        def change(row: Draft, actor: Actor) -> None:
            resource = next((item for item in row.resources if item.name == name), None)
            if resource is None:
                raise NotFoundError(N_("The draft has no uploaded table “%(name)s”"), name=name[:100])
            if wanted.apply(row, resource, actor, self._find_base(row)):
                self._send_back_to_work(row)

        return self._change(actor, draft, steps.CHANGE, change, revision=revision)

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
                if name in row.key_reports:
                    self._send_back_to_work(row)
                return  # otherwise tables are as they were checked
            resource = next((item for item in row.resources if item.name == name), None)
            manifest = self._find_base(row)
            carried = {item.name: item for item in (manifest.resources if manifest else ())}
            if resource is not None:
                row.resources.remove(resource)
            elif name in carried and name not in row.dropped:
                row.dropped = [*row.dropped, name]
                if isinstance(carried[name], Attachment):
                    return
            else:
                raise NotFoundError(N_("The draft has no table “%(name)s”"), name=name[:100])
            tables = {item.name for item in (manifest.tables if manifest else ())}
            if not row.resources and not tables - {*row.dropped}:
                raise StateError(N_("This is the last table of the draft. Discard the draft instead"))
            self._send_back_to_work(row)

        return self._change(actor, draft, steps.DROP, change, revision=revision, enqueue=enqueue)

    def submit(
        self, actor: Actor | None, draft: str, said: Submission | None = None, *, revision: int | None = None
    ) -> DraftView:
        """Ask for publication. Where no review is set up, this publishes.

        Raises `InvalidMetadataError` if the check left warnings and no `reason` says why they are accepted, if a table
        has no rows and nobody said so, if a change breaks readers and nothing says why, or if the number asked for is
        lower than the changes make it.
        """

        def change(row: Draft, actor: Actor) -> None:
            base = self._find_base(row)
            take_submission(self._context, row, base, said or Submission())
            row.submitter = actor.name
            end_checks(row, self._context.clock())
            row.comment = ""
            row.seal_edition = SEAL_EDITION
            if self._context.settings.review == "none":
                self._ask_for_publication(row)
            row.sealed = seal(row, base)
            if self._context.settings.review == "none":
                for check in REQUIRED:
                    sign(row, Signature(check=check), actor=actor.name, part=Part.SUBMITTER, at=self._context.clock())

        return self._change(actor, draft, steps.SUBMIT, change, revision=revision)

    def sign(
        self,
        actor: Actor | None,
        draft: str,
        signatures: Sequence[Signature],
        *,
        digest: str | None = None,
        revision: int | None = None,
    ) -> DraftView:
        """Sign checks of exactly what was submitted. A refused check returns the draft and says where the fault is.

        Several people may sign, each some of the checks. Raises `NotPermittedError`, `StateError` as `approve`,
        `InvalidMetadataError` for a refusal without a remark.
        """
        if not signatures:
            raise InvalidMetadataError(faults=[fault("/checks", N_("Choose a result for at least one check"))])

        def change(row: Draft, actor: Actor) -> None:
            self._sign(row, actor, signatures, digest)

        return self._change(actor, draft, steps.SIGN, change, revision=revision)

    def approve(
        self,
        actor: Actor | None,
        draft: str,
        *,
        digest: str | None = None,
        signatures: Sequence[Signature] | None = None,
        publish_at: str | None = None,
        revision: int | None = None,
    ) -> DraftView:
        """Agree to publication of exactly what was submitted, once every check is signed.

        `signatures` are signed first; without them all that nobody has signed yet are signed as passed. A refusal among
        them returns the draft. With `publish_at`, or if the submitter chose a time, the worker publishes it then.
        Raises `NotPermittedError` for all who uploaded, changed or submitted the draft or proposed its metadata,
        `StateError` where it changed after it was submitted, isn't what `digest` names, or a check isn't signed.
        """

        def change(row: Draft, actor: Actor) -> None:
            chosen = signatures
            if chosen is None:
                chosen = [Signature(check=check) for check in list_open(row, self._required)]
            if self._sign(row, actor, chosen, digest):
                return
            require_grounded(self._context, row)
            missing = list_open(row, self._required)
            if missing:
                names = ", ".join(missing)
                raise StateError(
                    N_("The draft can't be approved yet. These checks aren't signed: %(names)s"), names=names
                )
            require_rows(row)
            row.approver = actor.name
            if publish_at is not None:
                row.publish_at = read_time(self._context, publish_at)
            if row.publish_at is not None:
                self._ask_for_publication(row)

        return self._change(actor, draft, steps.APPROVE, change, revision=revision)

    def comment(
        self,
        actor: Actor | None,
        draft: str,
        text: str,
        *,
        check: Check | None = None,
        place: Place | None = None,
    ) -> DraftView:
        """Say something about a draft, in whatever state it is; all who may see the draft see it from then on."""
        if not text.strip():
            raise InvalidMetadataError(faults=[fault("/text", N_("Enter a comment"))])
        with self._context.write() as session:
            row = find_draft(session, draft, lock=True)
            found = require_worker(actor, row.dataset.publisher_id, row.dataset_id)
            now = self._context.clock()
            add_comment(row, kind=Remark.COMMENT, actor=found.name, at=now, text=text.strip(), check=check, place=place)
            row.revision += 1  # so that nobody signs who hasn't seen it
            self._context.log(session, found, "comment", "draft", row.id, dataset=row.dataset_id)
            session.flush()
            return view_draft(row, self._find_base(row), required=self._required)

    def _sign(self, row: Draft, actor: Actor, signatures: Sequence[Signature], digest: str | None) -> bool:
        """Sign checks; whether one was refused, so that the draft is returned."""
        if actor.name in list_contributors(row):
            raise NotPermittedError(
                N_("You uploaded, changed or submitted this draft, so someone else must approve it")
            )
        require_digest(row, digest)
        require_publishable(row, self._find_base(row))
        require_sealed(row, self._find_base(row))
        require_remarks(signatures)
        now = self._context.clock()
        refused = [item for item in signatures if item.result == Result.REFUSED]
        for item in signatures:
            sign(row, item, actor=actor.name, part=Part.REVIEWER, at=now)
        voice = voice_of(self._context.settings.languages[0])
        for item in refused:
            text, check, place = item.remark.strip(), item.check, item.place
            add_comment(row, kind=Remark.REFUSED, actor=actor.name, at=now, text=text, check=check, place=place)
        if refused:
            said = [say_refusal(voice, item.check, item.place, item.remark.strip()) for item in refused]
            send_back(row, now, "\n".join(said))
        return bool(refused)

    @property
    def _required(self) -> Sequence[Check]:
        """The checks that a reviewer signs; none where nobody reviews."""
        settings = self._context.settings
        return () if settings.review == "none" else list_required(settings.review_checks)

    def return_(self, actor: Actor | None, draft: str, comment: str, *, revision: int | None = None) -> DraftView:
        """Send a draft back to its author with a comment that says why."""
        if not comment.strip():
            raise InvalidMetadataError(faults=[fault("/comment", N_("Say why you are returning the draft"))])

        def change(row: Draft, actor: Actor) -> None:
            now = self._context.clock()
            send_back(row, now, comment.strip())  # one that waits for its day waits no longer
            add_comment(row, kind=Remark.RETURNED, actor=actor.name, at=now, text=comment.strip())

        return self._change(actor, draft, steps.RETURN, change, revision=revision)

    def publish(self, actor: Actor | None, draft: str, *, revision: int | None = None) -> DraftView:
        """Publish an approved draft, exactly as it was approved. Raises `StateError` where it changed since."""

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            require_publishable(row, self._find_base(row))
            require_sealed(row, self._find_base(row))
            require_signed(row)
            require_grounded(self._context, row)
            self._ask_for_publication(row)

        return self._change(actor, draft, steps.PUBLISH, change, revision=revision)

    def require_direct(self, draft: str, metadata: Mapping[str, Any], reason: str) -> None:
        """Raises as `publish_directly` will, once the dataset's metadata are changed like this: so before they are."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            merged = {key: value for key, value in {**row.dataset.meta, **metadata}.items() if value is not None}
            require_direct(self._context, row, self._find_base(row), read_metadata(merged), reason or row.reason)

    def publish_directly(self, actor: Actor, draft: str, *, reason: str = "") -> DraftView:
        """Publish a valid draft without review: for the owner of the instance at the command line alone.

        Raises as `submit` does where nobody reviews: what personal data is published on a ground of law needs another
        person. `reason` says why texts that look like personal data may be public.
        """
        if actor.role != Role.SYSTEM:
            raise NotPermittedError(N_("Only the command line of the instance can publish without review"))

        def change(row: Draft, actor: Actor) -> None:
            row.submitter, row.sealed = actor.name, None
            row.reason = reason or row.reason
            self._ask_for_publication(row)
            require_publishable(row, self._find_base(row))
            require_direct(self._context, row, self._find_base(row), metadata_of(row), row.reason)
            keep_seen(row)
            settle_unread(row)

        return self._change(actor, draft, steps.PUBLISH_DIRECTLY, change, enqueue=False)

    def discard(self, actor: Actor | None, draft: str, *, revision: int | None = None) -> DraftView:
        """Give a draft up; a check that is under way stops."""

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            row.wanted = ""
            row.stage = ""

        return self._change(actor, draft, steps.DISCARD, change, revision=revision)

    def retry(self, actor: Actor | None, draft: str, *, revision: int | None = None) -> DraftView:
        """Try a failed draft again."""

        def change(row: Draft, actor: Actor) -> None:  # noqa: ARG001
            row.attempts = 0
            row.due = None
            row.error = None
            row.status = DraftState.RECEIVED if row.wanted == "process" else DraftState.SUBMITTED

        return self._change(actor, draft, steps.RETRY, change, revision=revision)

    def _change(
        self,
        actor: Actor | None,
        draft: str,
        step: Step,
        change: Callable[[Draft, Actor], None],
        *,
        revision: int | None = None,
        enqueue: bool = True,
    ) -> DraftView:
        """Take a step with a draft. Raises `StateError` where the step starts from other states."""
        with self._context.write() as session:
            row = find_draft(session, draft, lock=True)
            found = _WHO.get(step.verb, require_editor)(actor, row.dataset.publisher_id, row.dataset_id)
            if revision is not None and revision != row.revision:
                raise PreconditionError(N_("The draft has changed since you read it. Read it again"))
            require_state(row, step)
            before = row.status
            change(row, found)
            if step.target and row.status == before:  # a check that is refused returns what was to be approved
                row.status = step.target
            if step.is_contributing:
                row.contributors = sorted({*list_contributors(row), found.name})
            row.modified = self._context.clock()
            row.revision += 1
            self._context.log(session, found, step.verb, "draft", row.id, dataset=row.dataset_id)
            wanted = row.wanted
            session.flush()
            view = view_draft(row, self._find_base(row), required=self._required)
        if wanted and enqueue:
            self._context.queue.put(draft)
        return view

    def _ask_for_publication(self, row: Draft) -> None:
        row.wanted = "publish"
        note_request(row)
        row.stage, row.progress = "", 0.0
        row.attempts, row.due, row.error = 0, find_due(row, self._context), None

    def _find_base(self, row: Draft) -> Manifest | None:
        return self._manifests.get(row.dataset_id, row.base) if row.base else None

    def _send_back_to_work(self, row: Draft) -> None:
        if row.target is not None:  # its manifest is written, and may be in the store already
            raise StateError(N_("The publication of this draft has begun. Try it again instead of changing the draft"))
        end_checks(row, self._context.clock())
        row.status = DraftState.RECEIVED
        row.wanted = "process"
        note_request(row)
        row.key_reports = {}
        row.stage, row.progress = "", 0.0
        row.attempts, row.due, row.error = 0, None, None
