"""A draft's row: found, and as a value with its own tables and the carried ones, and one report over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftAttachment, DraftResource
from opendata.domain.drafts import ENDED, FORESEEN, ChangeCounts, DraftState, Failure, Step
from opendata.domain.manifest import Manifest
from opendata.domain.resources import Attachment, Resource, TableResource
from opendata.domain.review.checklist import Check
from opendata.domain.schema import TableSchema
from opendata.errors import N_, NotFoundError, StateError
from opendata.services.catalogue.entries import next_metadata
from opendata.services.core.actors import Actor, require_editor, require_insider
from opendata.services.core.context import Context
from opendata.services.core.editions.edition_values import view_edition
from opendata.services.core.scans import find_virus, require_scanned
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.drafts.attachments import list_carried
from opendata.services.drafts.meaning.editions import find_edition, propose_edition
from opendata.services.drafts.meaning.meanings import settle_table, view_meaning
from opendata.services.drafts.next_version import foresee, metadata_of
from opendata.services.drafts.series.joining import view_series
from opendata.services.drafts.series.offers import find_offers
from opendata.services.privacy.gate import NOTES, list_undecided
from opendata.services.privacy.texts import count_text_warnings, list_text_findings
from opendata.services.signing.signatures import list_open, view_checks, view_comments, write_digest
from opendata.settings import SOURCE_LANGUAGE
from opendata.tables.report.report import add_errors, describe_report, restore_task
from opendata.telemetry.trail import find_request_id, find_traceparent
from opendata.wording.voice import voice_of
from opendata.wording.work import say_failure

NO_ROWS = "noRows"
"""The property of a table's choices that says that it has no rows this time."""


def find_draft(session: Session, draft: str, *, lock: bool = False, dataset: str | None = None) -> Draft:
    """The row of a draft, locked if wanted, of one dataset if named. Raises `NotFoundError`."""
    query = select(Draft).where(Draft.id == draft)
    query = query.where(Draft.dataset_id == dataset) if dataset is not None else query
    row = session.scalar(query.with_for_update(of=Draft) if lock else query)
    if row is None:
        raise refuse_unknown(draft)
    return row


def find_sent_table(
    session: Session, actor: Actor | None, draft: str, resource: str, *, lock: bool = False
) -> tuple[Draft, DraftResource]:
    """A table that was sent with a draft, for those who see it, or to `lock` it, edit it.

    Raises `NotFoundError`, `NotPermittedError`.
    """
    row = find_draft(session, draft, lock=lock)
    (require_editor if lock else require_insider)(actor, row.dataset.publisher_id, row.dataset_id)
    found = next((item for item in row.resources if item.name == resource), None)
    if found is None:
        raise NotFoundError(N_("The draft has no uploaded table “%(name)s”"), name=resource[:100])
    return row, found


def find_scanned_table(
    context: Context, session: Session, actor: Actor | None, draft: str, resource: str
) -> tuple[Draft, DraftResource]:
    """Such a table whose cells may be shown. Raises `StateError` while its file waits for the virus scanner."""
    row, found = find_sent_table(session, actor, draft, resource)
    require_scanned(context, row, found.upload)
    return row, found


def require_state(row: Draft, step: Step) -> None:
    """Raises `StateError` where a step starts from other states than a draft's."""
    if row.status not in step.sources or (step.is_idle and row.wanted == "publish" and not is_put_off(row)):
        raise StateError(
            N_("This draft is “%(status)s”. The step “%(verb)s” is possible only in the state: %(states)s"),
            status=row.status,
            verb=step.verb,
            states=" / ".join(step.sources),
        )


def refuse_unknown(draft: str) -> NotFoundError:
    """The error for an id that no draft has."""
    return NotFoundError(N_("There is no draft “%(id)s”"), id=draft[:100])


def view_draft(
    row: Draft,
    manifest: Manifest | None,
    *,
    with_review: bool = True,
    with_report: bool = True,
    required: Collection[Check] = (),
) -> DraftView:
    """The value of a row. `manifest` is that of the base version; without it carried tables are not listed.

    `required` are the checks that a reviewer signs. What a reviewer asks for, which is what was signed and said, the
    next version and the findings in texts, comes `with_review`; the findings of the check come `with_report`.
    """
    own = {item.name for item in row.resources} | {item.name for item in row.attachments}
    carried = list_carried(manifest, own.union(row.dropped))
    texts = list_text_findings(row, metadata_of(row)) if with_review and row.status not in ENDED else ()
    return DraftView(
        id=row.id,
        dataset=row.dataset_id,
        dataset_title=row.dataset.meta["title"],
        publisher=row.dataset.publisher_id,
        status=row.status,
        stage=row.stage,
        progress=row.progress,
        base=row.base,
        version=row.version,
        notes=row.notes,
        period=find_edition(row, manifest),
        series=tuple(find_offers(row)) if with_report and row.status not in ENDED else (),
        proposed_period=propose_edition(row, manifest),
        titles=_list_titles(row, manifest),
        reason=row.reason,
        comment=row.comment,
        error=_view_error(row.error),
        author=row.author,
        submitter=row.submitter,
        approver=row.approver,
        contributors=list_contributors(row),
        metadata_changes=_list_metadata_changes(row),
        created=row.created,
        modified=row.modified,
        revision=row.revision,
        resources=[
            *(_view_resource(item, row, manifest) for item in row.resources),
            *(_view_carried(item) for item in carried if not isinstance(item, Attachment)),
            *(_view_attachment(item, is_clean=not find_virus(row, item.upload)) for item in row.attachments),
            *(_view_carried(item) for item in carried if isinstance(item, Attachment)),
        ],
        dropped=tuple(row.dropped),
        privacy=tuple(row.privacy),
        undecided=tuple(list_undecided(row)),
        report=build_report(row) if with_report else None,
        text_findings=texts,
        warnings=count_warnings(row) + count_text_warnings(texts),
        total=sum(item.upload_bytes for item in row.resources),
        is_at_work=is_at_work(row.wanted, row.error) and not is_put_off(row),
        scheduled=row.due if is_put_off(row) else None,
        disclosure=metadata_of(row).disclosure,
        publish_at=row.publish_at,
        replaces=row.replaces,
        digest=write_digest(row),
        checks=tuple(view_checks(row)) if with_review else (),
        open_checks=tuple(list_open(row, required)) if row.status == DraftState.SUBMITTED and with_review else (),
        comments=tuple(view_comments(row)) if with_review else (),
        bump=row.bump,
        breaking=row.breaking,
        next=foresee(row, manifest) if with_review and row.status in FORESEEN else None,
    )


def _list_titles(row: Draft, manifest: Manifest | None) -> dict[str, str]:
    """What to call everything in a draft, by name. Names tell titles that are alike apart."""
    found = {item.name: item.title for item in (manifest.resources if manifest else ())}
    found |= {item.name: item.title for item in row.attachments}
    titles = {name: title or name for name, title in found.items()}
    titles |= {item.name: item.called for item in row.resources if item.called != item.name}
    often = Counter(titles.values())
    return {name: title if often[title] == 1 else f"{title} ({name})" for name, title in titles.items()}


def list_contributors(row: Draft) -> Sequence[str]:
    """The names of all who uploaded, changed or submitted a draft, or proposed the metadata it carries."""
    return sorted({row.author, *(row.contributors or ()), *filter(None, [row.submitter])})


def _list_metadata_changes(row: Draft) -> list[tuple[str, Any, Any]]:
    """Each property that a draft changes in the public entry: its name, its value now, its value then."""
    if row.status in ENDED:
        return []
    now, then = row.dataset.meta, next_metadata(row.dataset)
    names = [name for name in {**now, **then} if now.get(name) != then.get(name)]
    return [(name, now.get(name), then.get(name)) for name in names]


def _view_error(error: Failure | None) -> Failure | None:
    """Why the work was stopped, with the explanation in English."""
    return {**error, "detail": say_failure(voice_of(SOURCE_LANGUAGE), error)} if error else None


def is_at_work(wanted: str, error: Failure | None) -> bool:
    """Whether a worker does something for a draft, or will: the work was not abandoned."""
    return bool(wanted) and not (error and error.get("final"))


def is_put_off(row: Draft) -> bool:
    """Whether a draft only waits for its time: that of a timed release, or of a change that it announces."""
    is_timed = bool(row.breaking or row.publish_at) and row.error is None
    return row.wanted == "publish" and is_timed and row.due is not None and row.due > datetime.now(UTC)


def build_report(row: Draft) -> dict[str, Any] | None:
    """The report over all tables checked so far, keys between them included; None before the first."""
    if row.status in (DraftState.RECEIVED, DraftState.VALIDATING):
        return None
    of_keys = {name: restore_task(report) for name, report in row.key_reports.items()}
    checked = [item for item in row.resources if item.report is not None]
    tasks = [add_errors(restore_task(item.report or {}), of_keys.pop(item.name, None)) for item in checked]
    own = {item.name for item in row.resources}
    tasks += [report for name, report in of_keys.items() if name not in own]
    return describe_report(tasks)


def count_warnings(row: Draft) -> int:
    """How many findings are warnings and how many questions are open, over all tables and the keys between them."""
    reports = [*(item.report or {} for item in row.resources), *row.key_reports.values()]
    counts = [count for report in reports for count in report.get("opendata", {}).get("counts", ())]
    questions = sum(len(list_questions(item.reading)) for item in row.resources if item.checked)
    return questions + sum(int(count["count"]) for count in counts if count.get("strength") == "warning")


def list_questions(reading: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    """The decisions about how a file is read that somebody must look at before the table is published."""
    return [decision for decision in (reading or {}).get("decisions", ()) if decision.get("asks")]


def _view_resource(item: DraftResource, row: Draft, manifest: Manifest | None) -> DraftResourceView:
    return DraftResourceView(
        name=item.name,
        title=settle_table(item).title,
        file=item.file,
        bytes=item.upload_bytes,
        rows=item.rows if item.checked else None,
        valid=item.valid if item.checked else None,
        carried=False,
        schema=item.schema,
        schema_name=item.schema_name,
        dialect=item.dialect,
        proposed_schema=TableSchema(item.proposed_schema) if item.proposed_schema else None,
        errors=item.report["stats"]["errors"] if item.report else 0,
        has_findings=item.checked and item.findings is not None,
        recipe=item.recipe,
        offered=(row.dataset.recipes or {}).get(item.name),
        profile=tuple(item.profile or ()),
        reading=item.reading if item.checked else None,
        choices=list_choices(item),
        no_rows=is_said_empty(item),
        disclosure=item.disclosure,
        decisions=_without_seen(item.decisions),
        treated=item.treated,
        risk=item.risk,
        untreated=TableSchema(found) if (found := item.untreated or item.published_schema) else None,
        changes=_view_changes(item),
        meaning=view_meaning(item) if item.checked else None,
        is_new=item.name not in {one.name for one in (manifest.resources if manifest else ())},
        edition=view_edition(item, row.base, manifest),
        series=view_series(item),
    )


def list_choices(item: DraftResource) -> dict[str, Any] | None:
    """What was said about how the file of a table is read; None where nothing was."""
    found = {name: value for name, value in (item.choices or {}).items() if name != NO_ROWS}
    return None if item.choices is None or (is_said_empty(item) and not found) else found


def is_said_empty(item: DraftResource) -> bool:
    """Whether somebody said that a table has no rows this time."""
    return bool((item.choices or {}).get(NO_ROWS))


def say_empty(item: DraftResource, empty: bool) -> None:
    """Note that a table has no rows this time, or is not meant to be without."""
    found = list_choices(item)
    item.choices = {**(found or {}), NO_ROWS: True} if empty else found


def _view_changes(item: DraftResource) -> ChangeCounts | None:
    """The counts alone, of a table that was compared."""
    found = item.changes if item.checked else None
    return found and {
        "key": found["key"],
        "added": found["added"],
        "removed": found["removed"],
        "changed": found["changed"],
        "unchanged": found["unchanged"],
        "cells": found["cells"],
        "reordered": found["reordered"],
    }


def _view_attachment(item: DraftAttachment, *, is_clean: bool) -> DraftResourceView:
    return DraftResourceView(
        name=item.name,
        title=item.title,
        file=item.file,
        bytes=item.upload_bytes,
        rows=None,
        valid=is_clean,
        carried=False,
        schema=None,
        schema_name="",
        dialect=None,
        proposed_schema=None,
        errors=0,
        has_findings=False,
        type="attachment",
        filename=item.filename,
        mediatype=item.mediatype,
        disclosure=item.disclosure,
        texts=tuple(item.texts or ()),
        is_read=item.is_read,
        unread=item.unread,
    )


def _view_carried(item: Resource) -> DraftResourceView:
    table = item if isinstance(item, TableResource) else None
    attachment = item if isinstance(item, Attachment) else None
    return DraftResourceView(
        name=item.name,
        title=item.title,
        file=item.path,
        bytes=item.file.bytes,
        rows=table.rows if table else None,
        valid=True,
        carried=True,
        schema=table.schema.descriptor if table else None,
        schema_name=table.schema_name if table else "",
        dialect=None,
        proposed_schema=None,
        errors=0,
        has_findings=False,
        type=item.type,
        filename=attachment.filename if attachment else "",
        mediatype=attachment.mediatype if attachment else "",
        is_read=attachment.is_read if attachment else None,
        treated=table.privacy if table else None,
        disclosure=item.disclosure,
    )


def note_request(row: Draft) -> None:
    """Note which request asks for the work on a draft."""
    row.request_id, row.traceparent = find_request_id(), find_traceparent()


def _without_seen(decisions: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    said = {key: value for key, value in (decisions or {}).items() if key not in NOTES}
    return said or None
