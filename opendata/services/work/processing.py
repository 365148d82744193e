"""What happens to a draft's files: checked, screened, written in canonical form; the verdict is kept with the draft.

The row is read once and written once. What takes longer is kept about once a second, so that work begun again goes on
where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from opendata.db.models import Draft, DraftAttachment, DraftResource
from opendata.domain.drafts import DraftState
from opendata.domain.findings import Finding
from opendata.domain.stages import Stage
from opendata.errors import N_, InputError, InvalidPackageError, UnreadableFileError
from opendata.intake.document.attachment_text import read_attachment_text
from opendata.intake.meaning.units import is_one_unit
from opendata.intake.reading import read_table
from opendata.intake.tables import FoundContents, FoundTable, OpenedTable
from opendata.outside.cluster import choose_key_check, choose_prepare, join_parts
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.privacy.detection.texts import summarise_text
from opendata.recipes.doubts import find_type_doubts
from opendata.recipes.plan import make_plan
from opendata.recipes.sentences import describe_applied
from opendata.services.catalogue.files.needed_blobs import list_own_of_table, list_parts, list_unneeded
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.versions import Versions
from opendata.services.core.context import Context
from opendata.services.core.damages import Damages
from opendata.services.core.scans import find_virus
from opendata.services.drafts.attachments import Places
from opendata.services.drafts.draft_changes import DraftChanges
from opendata.services.drafts.edition.growing import DraftPart, Growing, may_grow
from opendata.services.drafts.edition.recognising import Recognising, find_table
from opendata.services.drafts.fixing.following import ask_of_steps, follow_steps
from opendata.services.drafts.fixing.recipes import read_steps, recall_steps
from opendata.services.drafts.intake import describe_before
from opendata.services.drafts.lease import Lease
from opendata.services.drafts.meaning.meanings import propose_units, said_units, understand
from opendata.services.drafts.parts.cutting import Parting, is_elsewhere
from opendata.services.drafts.readings import (
    Readings,
    come_again,
    find_unchecked,
    is_same_place,
    is_whole,
    list_awaited,
    read_resource_choices,
    recall_choices,
)
from opendata.services.drafts.series.building import AbsorbedError, Building
from opendata.services.drafts.series.offers import is_single
from opendata.services.privacy.gate import BY
from opendata.services.privacy.treating import keep_fitting, order_schema, treat_table
from opendata.services.work.keyed_tables import list_keyed
from opendata.services.work.refusing import refuse_table
from opendata.services.work.scanning import HeldError, Scanning, report_viruses
from opendata.services.work.seen import count_findings
from opendata.tables.check.keys import check_foreign_keys
from opendata.tables.report.report import refuse_file, store_task
from opendata.tables.schema.origins import mark_proposed
from opendata.tables.schema.schema import publish_schema, read_schema
from opendata.tables.table import PreparedTable, prepare_table, release_memory

NOT_IN_FILE = N_("The corrected file “%(file)s” doesn't have this table. Send the table's file, or leave the table out")
ELSEWHERE = N_("The table “%(table)s” was written by another system. Let that system write and offer it again")

KEEP_SECONDS = 1.0
"""Seconds of work whose results are kept together: no more than that is done again after a crash."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where a table is worked on: a folder, its file as it was sent, and what checks it."""

    folder: Path
    upload: Path
    prepare: Callable[..., PreparedTable]


class Processing:
    """Checks the tables of a draft."""

    def __init__(self, context: Context, manifests: Manifests, changes: DraftChanges, scanning: Scanning) -> None:
        self._context = context
        self._manifests = manifests
        self._changes = changes
        self._scanning = scanning
        self._readings = Readings(context)
        self._recognising = Recognising(context)
        self._growing = Growing(context, manifests)
        self._building = Building(context)
        self._parting = Parting(context)

    def run(self, lease: Lease, row: Draft) -> None:
        """Take a draft from `validating` to `valid` or `invalid`. `row` is as it was when it was taken."""
        kept = time.monotonic()
        superseded: set[str] = set()

        def keep(*, least: float = KEEP_SECONDS) -> None:
            """Keep the results so far, unless it took less than a second, or `least` seconds, to find them."""
            nonlocal kept
            if time.monotonic() - kept >= least:
                with self._context.write() as session:
                    lease.extend(session)
                    session.add(row)
                kept = time.monotonic()

        self._scanning.run(lease, row)
        while (resource := find_unchecked(row)) is not None:
            superseded |= self._check_table(lease, row, resource)
            try:
                self._scanning.run(lease, row)  # what a container has in it is now a file of the draft
            except HeldError:
                keep(least=0)
                raise
            keep()
        for attachment in row.attachments:
            if attachment.is_read is None and not find_virus(row, attachment.upload):
                lease.report(Stage("screen", attachment.name), 0.95)
                self._screen_attachment(attachment)
                keep()
        for resource, changes in self._changes.compare(lease, row, row.base):
            resource.changes = changes
            keep()
        lease.report(Stage("keys"), 0.98)
        row.key_reports = {**self.check_keys(row), **report_viruses(row)}
        valid = all(item.valid for item in row.resources) and not row.key_reports
        with self._context.write() as session:
            status = DraftState.VALID if valid else DraftState.INVALID
            lease.finish(session, status=status, stage="", progress=1.0, modified=self._context.clock())
            session.add(row)
        if superseded:
            with self._context.read() as session:
                gone = list_unneeded(self._context, session, superseded)
            for name in gone:
                self._context.private.delete_blob(name)

    def check_keys(self, row: Draft) -> dict[str, Any]:
        """Check the foreign keys between all tables of the next version; name → report of each table that fails.

        Tables that are invalid themselves are left out: their own errors come first.
        """
        versions = Versions(self._context, self._manifests, Damages(self._context))
        with ExitStack() as opened:
            manifest = self._manifests.get(row.dataset_id, row.base) if row.base else None
            tables = list_keyed(self._context, row, manifest, opened)
            check_foreign_keys(tables, versions.local_tables, choose_key_check(self._context.settings))
        return {name: store_task(table.task.describe()) for name, table in tables.items() if not table.task.valid}

    def _check_table(self, lease: Lease, row: Draft, resource: DraftResource) -> set[str]:
        """Check a table; return the files that were made of it before the decisions that now apply to it."""
        refused: Finding | None = None
        parts = {*list_parts(resource)}
        try:
            if is_elsewhere(resource):
                raise UnreadableFileError(ELSEWHERE, table=resource.name)
            with ExitStack() as opened:
                folder = opened.enter_context(self._context.work_folder())
                upload = opened.enter_context(self._context.kept_copy(resource.upload))
                desk = _Desk(folder, upload, choose_prepare(self._context.settings, prepare_table, opened))
                values, findings = self._read_table(lease, row, resource, desk)
                values, wholes = self._parting.take(resource, values)
        except AbsorbedError:
            return set()
        except (InputError, InvalidPackageError) as error:
            values, findings, refused, wholes = {}, [], refuse_file(error), set[str]()
        before = list_own_of_table(resource)
        if refused is not None:
            refuse_table(resource, refused)
        for key, value in values.items():
            setattr(resource, key, value)
        row.privacy = [*(item for item in row.privacy if item["resource"] != resource.name), *findings]
        gone = wholes | {name for name in parts - {*list_parts(resource)} if name}
        return gone | (before - list_own_of_table(resource) if resource.treated is not None else set())

    def _screen_attachment(self, attachment: DraftAttachment) -> None:
        """Look for personal data in the text of an attachment; one that can't be read needs a declaration instead."""
        with self._context.work_folder() as folder, self._context.kept_copy(attachment.upload) as upload:
            text, unread = read_attachment_text(upload, attachment.format, folder)
        attachment.texts = [*summarise_text(text)]
        attachment.is_read, attachment.unread = unread is None, unread or ""

    def _read_table(
        self, lease: Lease, row: Draft, resource: DraftResource, desk: _Desk
    ) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
        """Understand and check a table; the columns of its row, and what looks like personal data."""
        folder, upload = desk.folder, desk.upload
        total = sum(item.upload_bytes for item in row.resources) or 1
        before = sum(item.upload_bytes for item in row.resources if item.checked)

        def report(stage: str, count: float) -> None:
            lease.report(Stage(stage, resource.name), 0.95 * (before + count) / total)

        report("read", 0)
        found = self._find_table(row, resource, upload, folder)
        manifest = self._manifests.get(row.dataset_id, row.base) if row.base else None
        self._recognising.recognise(row, resource, found, manifest, folder)
        found = self._building.take_up(row, resource, found, folder, manifest)
        upload = upload if is_single(resource) else found.path
        recipe = read_steps(resource)
        check = partial(
            desk.prepare,
            folder=folder,
            name=resource.name,
            recipe=recipe,
            steps=make_plan(recipe),
            stored=self._context.settings.report_limit,
            footer={"opendata": {"dataset": row.dataset_id, "uuid": row.dataset.uuid, "resource": resource.name}},
            sha256=resource.upload,
            screen=PrivacyScreen,
            doubts=partial(find_type_doubts, recipe=recipe, is_unit=is_one_unit),
        )
        for last in (False, False, False, True):
            opened, prepared = read_table(
                found,
                folder,
                check,
                schema=read_schema(resource.schema) if resource.schema else None,
                choices=read_resource_choices(resource),
                units=said_units(resource),
                on_share=lambda share: report("check", round(share * resource.upload_bytes)),
            )
            followed = None if last else follow_steps(resource, opened, prepared)
            if followed is None:
                break
            resource.schema = followed
        prepared.task.place = resource.file
        prepared.task.applied = list(map(describe_applied, prepared.applied))
        prepared.task.bytes = resource.upload_bytes
        if resource.decisions or may_grow(resource, manifest):
            prepared = join_parts(prepared)
        release_memory()
        report("store", resource.upload_bytes)
        values = self._describe(prepared, resource, opened, upload)
        personal, before_it = {item.field for item in prepared.privacy}, find_table(manifest, resource.name)
        values["meaning"] = understand(row, resource, opened, prepared.profile, before_it, personal)
        if values["proposed_schema"] is not None:
            values["proposed_schema"] = propose_units(values["proposed_schema"], values["meaning"])
        left: Sequence[Mapping[str, Any]] = ()
        if prepared.task.valid and resource.decisions:
            treated, left = self._treat(row, resource, prepared, folder, is_upload=opened.path == upload)
            values |= treated
        if prepared.task.valid and prepared.schema is not None and values["treated"] is None:
            if prepared.parts is None:
                values |= self._keep(prepared, resource, is_upload=opened.path == upload)
            else:  # its last hundredth, so that a table of any size makes progress
                size = resource.upload_bytes
                values |= self._parting.keep(prepared.parts, lambda share: report("store", size * (1 + share / 100)))
        found_privacy = [*(finding.describe() for finding in prepared.privacy), *left]
        if values["valid"] and resource.edition is not None:
            report("compare", resource.upload_bytes)
            part = DraftPart(values["csv"], values["parquet"], values["published_schema"], values["treated"])
            grown = self._growing.settle(row, resource, manifest, part)
            if grown is not None:
                values |= grown.values
                found_privacy += _list_new(grown.privacy, found_privacy) if values["treated"] is None else ()
        return values, found_privacy

    def _find_table(self, row: Draft, resource: DraftResource, upload: Path, folder: Path) -> FoundTable:
        """Where the rows of a table are: in its file, or in the text that is made of all files it is joined from."""
        if not is_single(resource):
            return self._building.build(resource, folder)
        contents = self._readings.find_contents(resource, upload, folder)
        if is_whole(resource):
            self._split_off(row, resource, contents)
        return self._readings.choose(resource, contents.tables)

    def _treat(
        self, row: Draft, resource: DraftResource, prepared: PreparedTable, folder: Path, *, is_upload: bool
    ) -> tuple[dict[str, Any], Sequence[Mapping[str, Any]]]:
        """Apply the decisions about personal data: the columns of the row that change, and what should have ended."""
        schema = order_schema(prepared)
        decisions = keep_fitting(resource.decisions or {}, schema)
        values: dict[str, Any] = {"decisions": decisions, "untreated": schema.descriptor}
        place = folder / "decided"
        place.mkdir()
        footer = {"opendata": {"dataset": row.dataset_id, "uuid": row.dataset.uuid, "resource": resource.name}}
        found = treat_table(self._context, prepared, decisions, uuid=row.dataset.uuid, footer=footer, folder=place)
        if found is None:
            return values, ()
        table = found.table
        values |= {"risk": found.risk, "treated": found.record, "valid": table.task.valid, "rows": table.rows}
        if not table.task.valid or table.schema is None:
            return {**values, "report": store_task(table.task.describe()), "csv": None, "parquet": None}, found.left
        values |= self._keep(table, resource, is_upload=is_upload and table is prepared)
        values["published_schema"], values["profile"] = publish_schema(table.schema), list(table.profile)
        return values, found.left

    def _split_off(self, row: Draft, resource: DraftResource, contents: FoundContents) -> None:
        """Make resources of the further tables of an upload and of the files beside them, once."""
        chosen = self._readings.choose(resource, contents.tables)
        others = [table for table in contents.tables if table is not chosen]
        awaited = list(list_awaited(row, resource))
        taken = {item.name for item in row.resources}
        split = self._readings.split_off(resource, others, taken | self._find_places(row, ()).attachments)
        places = self._find_places(row, [values["name"] for values in split])
        beside = self._readings.keep_attachments(resource, contents.attachments, places)
        if not split and not beside and not awaited:
            return
        position = max(item.position for item in row.resources)
        manifest = self._manifests.get(row.dataset_id, row.base) if row.base else None
        before = {item.name: item for item in (manifest.tables if manifest else ())}
        for number, values in enumerate(split, start=1):
            name = values["name"]
            found = next((item for item in awaited if is_same_place(item, values)), None)
            if found is not None:
                awaited.remove(found)
                come_again(found, values)
                continue
            with self._context.read() as session:
                choices = recall_choices(session, row.dataset, name)
            if name in before:
                decisions = (row.dataset.decisions or {}).get(name)
                values |= {**describe_before(before[name]), "decisions": decisions}
                if decisions and BY in decisions:
                    row.contributors = sorted({*(row.contributors or (row.author,)), decisions[BY]})
            if (wanted := (row.dataset.schemas or {}).get(name)) is not None:
                values |= {"schema": wanted["schema"], "schema_name": wanted["name"]}
            steps = recall_steps(row.dataset, name)
            row.resources.append(DraftResource(position=position + number, choices=choices, recipe=steps, **values))
        for values in beside:
            row.attachments.append(DraftAttachment(position=len(row.attachments), **values))
        for missing in awaited:
            missing.reading = None
            refuse_table(missing, refuse_file(UnreadableFileError(NOT_IN_FILE, file=resource.file)))
        resource.reading = {"sheet": chosen.place}

    def _find_places(self, row: Draft, more: Sequence[str]) -> Places:
        """The names in use, with those of `more` tables."""
        manifest = self._manifests.get(row.dataset_id, row.base) if row.base else None
        tables = [*(item.name for item in row.resources), *more]
        return Places(manifest, dropped=row.dropped, tables=tables, attachments=row.attachments)

    def _keep(self, prepared: PreparedTable, resource: DraftResource, *, is_upload: bool) -> dict[str, Any]:
        """Put the files of a valid table into the private store; return the columns of the draft's row that name them.

        Only a table as it is published comes here: of one whose values were treated nothing but the upload is kept.
        """
        values: dict[str, Any] = {}
        if prepared.csv_is_source and is_upload:
            values["csv"], values["csv_bytes"] = resource.upload, resource.upload_bytes
        else:
            values["csv"], values["csv_bytes"] = self._context.private.put_blob(prepared.csv)
        values["parquet"], values["parquet_bytes"] = self._context.private.put_blob(prepared.parquet)
        return values

    def _describe(
        self, prepared: PreparedTable, resource: DraftResource, opened: OpenedTable, upload: Path
    ) -> dict[str, Any]:
        """What was found in a table: the columns of the draft's row, its findings kept in the private store."""
        values: dict[str, Any] = {
            "checked": True,
            "valid": prepared.task.valid,
            "rows": prepared.rows,
            "first_row": prepared.first_row,
            "report": store_task(count_findings(prepared.task.describe())),
            "findings": None,
            "profile": list(prepared.profile),
            "csv": None,
            "parquet": None,
            "published_schema": None,
            "proposed_schema": None,
            "reading": ask_of_steps(opened.understanding.describe(), prepared, resource.schema),
            "engine_dialect": prepared.dialect.describe(),
            "marks": {str(number): dict(mark) for number, mark in opened.marks.items()} or None,
            "plain": None,
            "changes": None,
            "untreated": None,
            "treated": None,
            "risk": None,
            "part_csv": None,
            "part_parquet": None,
            "parts": None,
        }
        if opened.path != upload:
            values["plain"], _ = self._context.private.put_blob(opened.path)
        if prepared.findings.exists():
            values["findings"], _ = self._context.private.put_blob(prepared.findings)
        if prepared.task.valid and prepared.schema is not None:
            from opendata.tables.schema.proposal import propose_schema

            values["published_schema"] = publish_schema(prepared.schema)
            if resource.schema is None and opened.fields is None:
                values["proposed_schema"] = mark_proposed(propose_schema(prepared.parquet))
        return values


def _list_new(more: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The findings in a whole table that the file alone didn't give."""
    told = {(item["field"], item["kind"]) for item in known}
    return [item for item in more if (item["field"], item["kind"]) not in told]
