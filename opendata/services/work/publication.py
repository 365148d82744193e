"""Publication: a draft becomes a version, in steps that can each be repeated and of which only the last is visible.

1. Plan: number, time and manifest are fixed and kept with the draft; the dataset is reserved for it.
2. Blobs are copied into the public store, then the manifest, its signature and the entry's records are written.
3. One database commit makes the version visible.
A crash after any step is finished by the next worker, with the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft, DraftResource
from opendata.domain.disclosure import OPEN, Disclosure
from opendata.domain.drafts import DraftState, KeptChanges
from opendata.domain.manifest import Manifest
from opendata.domain.resources import Resource, StoredFile, TableResource
from opendata.domain.review.checklist import Remark
from opendata.domain.roles import Role
from opendata.domain.stages import Stage
from opendata.errors import N_, StateError
from opendata.metadata.canonical import digest, write_canonical
from opendata.metadata.reasons import keep_reasons
from opendata.metadata.versions import next_version
from opendata.recipes.publishing import withhold_texts
from opendata.services.catalogue.entries import find_dataset, record_entry
from opendata.services.catalogue.files.placement import Placement, find_store
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publisher_records import record_publisher
from opendata.services.catalogue.registering.opening import note_opening
from opendata.services.catalogue.registering.plan_records import record_plan
from opendata.services.catalogue.version_index import index_version
from opendata.services.catalogue.withdrawals import Withdrawals
from opendata.services.core.access import disclosure_of, is_for_all, is_listed, list_public_blobs
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import Context
from opendata.services.core.records import keep_record
from opendata.services.drafts.draft_changes import DraftChanges
from opendata.services.drafts.draft_view import build_report
from opendata.services.drafts.edition.growing import Growing
from opendata.services.drafts.lease import Lease, release
from opendata.services.drafts.meaning.editions import find_edition
from opendata.services.drafts.next_version import (
    decide,
    draw_manifest,
    foresee,
    is_direct,
    list_resources,
    metadata_of,
    publishes_entry_only,
)
from opendata.services.drafts.parts.cutting import Parting
from opendata.services.drafts.submission import require_publishable, require_sealed
from opendata.services.signing.signatures import add_comment, describe_approval, require_signed, send_back
from opendata.services.work.processing import Processing
from opendata.services.work.scanning import Scanning, report_viruses
from opendata.storage.store import manifest_key
from opendata.tables.profile.profile import withhold_values
from opendata.tables.report.report import restore_task, summarise_report
from opendata.telemetry.instruments import PUBLICATIONS
from opendata.wording.voice import voice_of

_MEANWHILE = N_("Version %(version)s was published meanwhile. Check the draft again, then submit it again")
_ASKS = N_(
    "Version %(version)s was published in the meantime. Confirm again what the file is to the published table, then"
    " submit the draft again"
)
_BREAKS = N_(
    "Version %(version)s was published meanwhile, and this draft has become a breaking change. Say why it is necessary,"
    " then submit it again"
)


class Publication:
    """Makes versions of drafts."""

    def __init__(
        self,
        context: Context,
        manifests: Manifests,
        processing: Processing,
        scanning: Scanning,
        changes: DraftChanges,
        withdrawals: Withdrawals,
    ) -> None:
        self._context = context
        self._withdrawals = withdrawals
        self._placement = Placement(context, manifests)
        self._changes = changes
        self._manifests = manifests
        self._processing = processing
        self._scanning = scanning
        self._growing = Growing(context, manifests)
        self._parting = Parting(context)

    def run(self, lease: Lease, row: Draft) -> bool:
        """Publish a draft; False where another draft of the dataset is being published and this one has to wait.

        `row` is as it was when it was taken.
        """
        if row.target is None and not self._scanning.run(lease, row):
            self._end_with_virus(lease, row)
            return True
        while (planned := self._prepare(lease, row)) is None:
            with self._context.read() as session:
                row = lease.lock(session)
        if isinstance(planned, bool):
            self._withdrawals.finish_all(row.dataset_id)
            return planned
        target, kept = planned
        with self._context.private.open_blob(kept) as opened:
            data = opened.read()
        manifest = Manifest.from_json(json.loads(data))
        self._share_files(lease, manifest)
        keep_record(self._context, manifest_key(manifest.name, target), data)
        lease.report(Stage("publish"), 0.99)
        self._share_files(lease, manifest)  # another version of the same bytes may have been withdrawn meanwhile
        with self._context.write() as session:
            self._make_visible(session, lease.lock(session), data)
        PUBLICATIONS.add()
        self._withdrawals.finish_all(row.dataset_id)
        return True

    def _end_with_virus(self, lease: Lease, row: Draft) -> None:
        """Make a draft invalid in which newer signatures find what those of its check didn't."""
        row.key_reports = {**row.key_reports, **report_viruses(row)}
        with self._context.write() as session:
            lease.finish(session, status=DraftState.INVALID, stage="", modified=self._context.clock())
            session.add(row)

    def _prepare(self, lease: Lease, row: Draft) -> tuple[str, str] | bool | None:
        """Plan what is not planned yet: the number, and the manifest as a blob of the private store.

        False where another draft goes first, True where this one ends here, None where another version came out while
        this one was compared with the one before.
        """
        base = row.dataset.latest
        caught_up = self._growing.catch_up(lease, row, base)
        grown = {resource.id: {**found.values, **self._parting.cut(found.values)} for resource, found in caught_up}
        _take_grown(row, grown)
        compared = {resource.id: changes for resource, changes in self._changes.compare(lease, row, base)}
        with self._context.write() as session:
            row = lease.lock(session)
            for resource in row.resources:
                if resource.id not in grown:
                    resource.changes = compared.get(resource.id, resource.changes)
            dataset = find_dataset(session, row.dataset_id, lock=True)
            if dataset.publishing_id not in (None, row.id):
                return False
            if row.target is None:
                if dataset.latest != base:
                    return None
                if not self._plan(session, row, grown, compared):
                    return True
            return str(row.target), str(row.target_manifest)

    def _plan(
        self,
        session: Session,
        row: Draft,
        grown: Mapping[int, Mapping[str, Any]],
        compared: Mapping[int, KeptChanges | None],
    ) -> bool:
        """Fix what will be published; False where the draft ends here (nothing new, or its base is gone).

        `grown` are its tables with their rows added to the newest version instead, `compared` what changes in it.
        """
        dataset = find_dataset(session, row.dataset_id, lock=True)
        now = self._context.clock()
        row.modified = now
        row.revision += 1
        wrong = self._find_change(row)
        if wrong is not None:
            self._return(row, wrong)
            if grown:
                self._check_again(row, grown)
            return False
        is_overtaken = row.base != dataset.latest
        if is_overtaken:
            # Another draft was published meanwhile: this one now starts from that version.
            row.base = dataset.latest
            _take_grown(row, grown)
            for resource in row.resources:
                resource.changes = compared.get(resource.id, resource.changes)
            row.key_reports = self._processing.check_keys(row)
            if row.key_reports or not all(item.valid for item in row.resources):
                row.status = DraftState.INVALID
                release(row, done=True)
                return False
        old = self._manifests.get(row.dataset_id, dataset.latest) if dataset.latest else None
        try:
            require_publishable(row, old)
        except StateError as error:
            return self._return(row, error)
        if is_overtaken and any((item.edition or {}).get("asks") for item in row.resources):
            return self._return(row, StateError(_ASKS, version=dataset.latest))
        if is_overtaken and row.breaking is None and foresee(row, old).is_breaking:
            return self._return(row, StateError(_BREAKS, version=dataset.latest))
        if publishes_entry_only(row):
            return self._end_with_entry(session, row)
        disclosure = metadata_of(row).disclosure
        resources = list_resources(row, old, self._keep_reports(row, disclosure))
        if old is not None and old.metadata.disclosure.is_open:
            resources = [self._withhold(item, disclosure) for item in resources]
        change, bump = decide(row, old, resources)
        if bump is None:
            return self._end_with_entry(session, row)
        row.target = next_version(dataset.head, bump)
        reasons = keep_reasons(change.reasons)
        previous = digest(self._manifests.read(dataset.id, dataset.head)) if dataset.head else None
        manifest = draw_manifest(
            row,
            resources,
            period=find_edition(row, old),
            version=row.target,
            created=now,
            previous=previous,
            reasons=reasons,
            approval=describe_approval(row),
        )
        row.target_manifest = self._keep(write_canonical(manifest.to_json()))
        row.target_reasons = reasons
        dataset.publishing_id = row.id
        return True

    def _find_change(self, row: Draft) -> StateError | None:
        """Why a draft isn't what was signed, or isn't signed; None of one that is, or that the owner publishes."""
        if row.approver is not None and row.base != row.dataset.latest:
            row.base = row.dataset.latest
            return StateError(_MEANWHILE, version=row.base)
        if row.approver is None and not row.sealed:
            return None
        try:
            require_sealed(row, self._manifests.get(row.dataset_id, row.base) if row.base else None)
            require_signed(row)
        except StateError as error:
            return error
        return None

    def _return(self, row: Draft, why: StateError) -> bool:
        """Send a draft back that can't become a version as it is; False, as `_plan` gives it.

        The comment stays with the draft, so it is in the portal's first language, like those of reviewers.
        """
        comment = voice_of(self._context.settings.languages[0]).say_error(why)
        now = self._context.clock()
        send_back(row, now, comment)
        add_comment(row, kind=Remark.ENDED, actor=SYSTEM.name, at=now, text=comment)
        release(row, done=True)
        return False

    def _check_again(self, row: Draft, grown: Collection[int]) -> None:
        """Have these tables of a draft that was sent back checked upon the newest version, to which rows are added."""
        for resource in row.resources:
            resource.checked = resource.checked and resource.id not in grown
        row.status, row.wanted, row.key_reports = DraftState.RECEIVED, "process", {}

    def _end_with_entry(self, session: Session, row: Draft) -> bool:
        """End a draft that makes no version: its approved metadata alone become public. False, as `_plan` gives it."""
        dataset = row.dataset
        actor = _find_actor(row)
        is_new = not is_listed(dataset)
        is_changed = not is_direct(row) and self._take_over(session, dataset, actor)
        if is_new or is_changed:
            dataset.modified = self._context.now()
            dataset.revision += 1
            record_publisher(self._context, dataset.publisher)
            record_entry(self._context, dataset)
            record_plan(self._context, session, dataset.uuid)
            self._context.log(session, actor, "publish", "dataset", dataset.id, draft=row.id)
        row.status, row.version = DraftState.PUBLISHED, dataset.latest
        row.stage, row.progress = "", 1.0
        release(row, done=True)
        return False

    def _take_over(self, session: Session, dataset: Dataset, actor: Actor) -> bool:
        """Make the proposed metadata of a dataset those that the catalogue shows, now that they are approved.

        Versions that fewer people may have by them than before are withdrawn. False where nothing was proposed.
        """
        if dataset.proposed is None:
            return False
        before = disclosure_of(dataset)
        dataset.meta, dataset.proposed = dataset.proposed["metadata"], None
        self._withdrawals.follow(session, dataset, before, actor)
        return True

    def _keep(self, data: bytes) -> str:
        import io

        return self._context.private.put_stream(io.BytesIO(data))[0]

    def _share_files(self, lease: Lease, manifest: Manifest) -> None:
        """Put the files that anybody may have into the public store. All others stay where they are."""
        lease.report(Stage("publish"), 0.5)
        self._placement.share(manifest, list_public_blobs(manifest, manifest.metadata.disclosure))

    def _make_visible(self, session: Session, row: Draft, data: bytes) -> None:
        dataset = find_dataset(session, row.dataset_id, lock=True)
        now = self._context.clock()
        version = index_version(dataset.id, data)
        version.draft_id = row.id
        dataset.publishing_id = None
        if not is_direct(row):
            self._take_over(session, dataset, _find_actor(row))
        session.add(version)
        dataset.latest = dataset.head = row.target
        note_opening(self._context, dataset)
        dataset.modified = version.created
        dataset.revision += 1
        record_publisher(self._context, dataset.publisher)
        record_entry(self._context, dataset)
        record_plan(self._context, session, dataset.uuid)
        row.status, row.version = DraftState.PUBLISHED, row.target
        row.stage, row.progress = "", 1.0
        row.modified = now
        row.revision += 1
        release(row, done=True)
        self._context.log(session, _find_actor(row), "publish", "version", f"{dataset.id}@{row.target}", draft=row.id)

    def _keep_reports(self, row: Draft, disclosure: Disclosure) -> dict[str, StoredFile]:
        tasks = {task["name"]: task for task in (build_report(row) or {}).get("tasks", ())}
        # what is published is the whole table, not the rows that were added to it
        wholes = {
            item.name: item.edition["whole"] for item in row.resources if item.edition and "whole" in item.edition
        }
        tasks |= {name: restore_task(report) for name, report in wholes.items()}
        kept = ((item.name, self._keep_report(row, item, tasks, disclosure)) for item in row.resources)
        return {name: report for name, report in kept if report is not None}

    def _keep_report(
        self, row: Draft, item: DraftResource, tasks: Mapping[str, Mapping[str, Any]], disclosure: Disclosure
    ) -> StoredFile | None:
        """Keep the summary of a table's report and its columns' profile, without cells that aren't for everybody."""
        task = tasks.get(item.name)
        if task is None:
            return None
        timeless = {**task["stats"], "seconds": 0}  # how long it took isn't part of the result
        task = {**task, "stats": timeless}
        single = {"valid": task["valid"], "stats": timeless, "warnings": [], "tasks": [task]}
        shows_values = disclosure.is_open or item.disclosure == OPEN
        data = write_canonical({**summarise_report(single), **_describe_columns(row, item, shows_values=shows_values)})
        return StoredFile(self._keep(data), len(data))

    def _withhold(self, item: Resource, disclosure: Disclosure) -> Resource:
        """A resource of a version that was open, with a report without values if its rows are public no longer."""
        if not isinstance(item, TableResource) or item.document is None or is_for_all(disclosure, item):
            return item
        item = replace(item, recipe=withhold_texts(item.recipe), footnotes=(), document=None)
        if item.report is None:
            return item
        with find_store(self._context, item.report.sha256).open_blob(item.report.sha256) as file:
            report = json.load(file)
        columns = [withhold_values(column) for column in report.get("opendata", {}).get("profile", ())]
        data = write_canonical({**report, "opendata": {"profile": columns}})
        return replace(item, report=StoredFile(self._keep(data), len(data)), document=None)


def _take_grown(row: Draft, grown: Mapping[int, Mapping[str, Any]]) -> None:
    for resource in row.resources:
        for name, value in grown.get(resource.id, {}).items():
            setattr(resource, name, value)


def _find_actor(row: Draft) -> Actor:
    """In whose name a draft is published."""
    return Actor(row.approver or row.submitter or SYSTEM.name, Role.EDITOR)


def _describe_columns(row: Draft, table: DraftResource, *, shows_values: bool) -> dict[str, Any]:
    """What is in the columns of a table; only counts for columns that may describe persons, or aren't public."""
    personal = {finding["field"] for finding in row.privacy if finding["resource"] == table.name}
    columns = [
        item if shows_values and item["name"] not in personal else withhold_values(item) for item in table.profile or ()
    ]
    return {"opendata": {"profile": columns}} if columns else {}
