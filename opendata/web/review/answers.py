"""Check your answers: everything about a draft on one page, with the forms to submit it and to sign its checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.review.checklist import REQUIRED, Check, list_required
from opendata.errors import InvalidMetadataError, OpendataError, PreconditionError, StateError
from opendata.problems import choose_voice, status_of
from opendata.recipes.recipe import read_recipe
from opendata.recipes.verbs import MISSING, RENAME
from opendata.services.core.values import DraftView
from opendata.services.drafts.submission import Submission
from opendata.services.review.answers import AnswerTable
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.catalogue.differences import mark_changes
from opendata.web.catalogue.tables import MAX_COLUMNS, Column, is_number
from opendata.web.core.formats import format_cell
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.drafts.asked import list_asked, list_empty
from opendata.web.drafts.editions import show_editions
from opendata.web.drafts.findings import list_counts, list_fields, list_warnings, show_finding
from opendata.web.drafts.fixing.steps import list_steps_of_tables
from opendata.web.drafts.next_version import format_today, list_bumps
from opendata.web.drafts.personal import describe_risk, describe_unread, list_columns, list_texts
from opendata.web.drafts.readings import find_questions
from opendata.web.drafts.statuses import KINDS, describe_status, list_steps
from opendata.web.review.checklist import describe_place, list_items, read_place, read_signatures
from opendata.web.review.words import DEEDS, RESULTS
from opendata.wording.review import CHECKS

blueprint = Blueprint("answers", __name__, url_prefix="/workspace/drafts")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

SHOWN_FINDINGS = 20
"""At most this many findings of a table are shown; the counts above them are complete."""


@blueprint.get("/<draft>/check")
def show_answers(draft: str) -> Answer:
    """Everything about the draft, for its clerk and for reviewers."""
    kept = find_kept_form()
    if kept is None:
        return _render(draft)
    return _render(draft, {**kept.values, "no_rows": kept.fields.getlist("no_rows")})


@blueprint.post("/<draft>/submit")
def submit_draft(draft: str) -> Answer:
    """Ask for publication."""
    names = ("notes", "reason", "bump", "breaking", "effective", "publish_at")
    values: dict[str, Any] = {name: request.form.get(name) for name in names}
    said = Submission(**values, checks=request.form.getlist("check"), no_rows=request.form.getlist("no_rows"))
    return _take(
        draft,
        lambda revision: services().drafts.submit(g.actor, draft, said, revision=revision),
        lambda found: gettext("The draft is submitted"),  # noqa: ARG005 - as those of the others
    )


@blueprint.post("/<draft>/checks")
def sign_checks(draft: str) -> Answer:
    """Sign the checks that have a result."""
    signatures, digest = read_signatures(request.form), request.form.get("digest") or None
    return _take(
        draft,
        lambda revision: services().drafts.sign(g.actor, draft, signatures, digest=digest, revision=revision),
        _say_review,
        target="answers.show_answers",
    )


@blueprint.post("/<draft>/approve")
def approve_draft(draft: str) -> Answer:
    """Sign the checks that have a result, and agree to publication."""
    # A form that isn't the checklist, such as a script's, signs what is open: see `Drafts.approve`.
    is_checklist = any(name.startswith("result_") for name in request.form)
    signatures = read_signatures(request.form) if is_checklist else None
    digest = request.form.get("digest") or None
    publish_at = request.form.get("publish_at")
    return _take(
        draft,
        lambda revision: services().drafts.approve(
            g.actor, draft, digest=digest, signatures=signatures, publish_at=publish_at, revision=revision
        ),
        _say_review,
    )


@blueprint.post("/<draft>/return")
def return_draft(draft: str) -> Answer:
    """Send it back with a comment."""
    comment = request.form.get("comment", "")
    return _take(
        draft,
        lambda revision: services().drafts.return_(g.actor, draft, comment, revision=revision),
        _say_review,
    )


@blueprint.post("/<draft>/comments")
def comment_on_draft(draft: str) -> Answer:
    """Say something about it; the revision doesn't matter."""
    name, text = request.form.get("about", ""), request.form.get("text", "")
    check, place = (Check(name) if name in list(Check) else None), read_place(request.form)
    return _take(
        draft,
        lambda _: services().drafts.comment(g.actor, draft, text, check=check, place=place),
        lambda found: gettext("Your comment is kept with the draft"),  # noqa: ARG005 - as those of the others
        target="answers.show_answers",
    )


def _say_review(found: DraftView) -> str:
    if found.status == "returned":
        return str(gettext("The draft is returned to its author"))
    if found.status == "submitted":
        return str(gettext("Your signature is kept with the draft"))
    if found.scheduled:
        return str(gettext("The draft is approved. It will be published at the time chosen"))
    return str(gettext("The draft is approved. It can be published now"))


def _take(
    draft: str,
    step: Callable[[int | None], DraftView],
    say: Callable[[DraftView], str],
    target: str = "drafts.show_draft",
) -> Answer:
    """Take a step and go on to the target; one that is refused shows the page again, with what was typed."""
    revision = request.form.get("revision", "")
    try:
        found = step(read_number(revision))
    except (StateError, PreconditionError, InvalidMetadataError) as error:
        return _render(draft, {**request.form.to_dict(), "no_rows": request.form.getlist("no_rows")}, error)
    flash(say(found), "good")
    return redirect(url_for(target, draft=draft), 303)


def _render(draft: str, values: Mapping[str, Any] | None = None, error: OpendataError | None = None) -> Answer:
    found = services().answers.show(g.actor, draft)
    view, settings = found.draft, services().settings
    required = () if settings.review == "none" else list_required(settings.review_checks)
    zone, planned = ZoneInfo(settings.timezone), view.publish_at
    now = datetime.now(zone)
    given = {
        "notes": view.notes,
        "reason": view.reason,
        "breaking": view.breaking["reason"] if view.breaking else "",
        "publish_at": f"{planned.astimezone(zone):%Y-%m-%dT%H:%M}" if planned and planned > now else "",
        "bump": view.next.bump if view.next else "",
        "effective": max(format_today(), view.breaking["effective"] if view.breaking else ""),
        **(values or {}),
    }
    editions, table_steps = show_editions(view), list_steps_of_tables(view)
    page = render_template(
        "review/check.html",
        answers=found,
        draft=view,
        values=given,
        now=f"{now:%Y-%m-%dT%H:%M}",
        errors=_place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
        status=describe_status(view),
        steps=list_steps(view, g.actor),
        review=settings.review,
        ground_state=services().negative_lists.judge(found.metadata.disclosure, found.publisher.id),
        checklist=list_items(view, required),
        own_checks=[(check, CHECKS[check]) for check in REQUIRED] if settings.review == "none" else (),
        signed_own=request.form.getlist("check"),
        metadata=found.metadata.to_json(),
        changes={name: (now, then) for name, now, then in view.metadata_changes},
        tables=[(item, _show_table(item, _find_marks(found.draft, item))) for item in found.tables],
        tasks=view.report["tasks"] if view.report else (),
        fields_by_table={item.name: list_fields(item) for item in view.tables},
        shown_findings=SHOWN_FINDINGS,
        explain_all=lambda items: [show_finding(item) for item in items],
        list_counts=list_counts,
        list_warnings=list_warnings,
        editions=editions,
        asked=list_asked(view, editions, table_steps),
        empty=list_empty(view),
        questions=find_questions(view),
        table_steps=table_steps,
        bumps=list_bumps(view.next),
        today=format_today(),
        personal=list_columns(view),
        personal_texts=list_texts(view),
        unread=describe_unread(view),
        risks=list(filter(None, map(describe_risk, view.tables))),
        deeds=DEEDS,
        kinds=KINDS,
        results=RESULTS,
        describe_place=lambda item: describe_place(item, view.titles),
        check_names=CHECKS,
    )
    return (page, status_of(error)) if error else page


def _place_faults(error: OpendataError) -> dict[str, list[str]]:
    """What is wrong, by the name of the input that it belongs to."""
    chosen = [item.check for item in read_signatures(request.form)]
    names = {f"checks/{number}/remark": f"remark_{check}" for number, check in enumerate(chosen)}
    found: dict[str, list[str]] = {}
    for item in error.faults:
        name = item.pointer.strip("/")
        name = "no_rows" if name.endswith("/noRows") else name
        name = {**names, "publishAt": "publish_at", "checks": Check.SECRECY, "disclosure/ground": "metadata"}.get(
            name, name
        )
        found.setdefault(name, []).append(choose_voice().say_fault(item))
    return found


def _find_marks(draft: DraftView, table: AnswerTable) -> Mapping[str, Sequence[str]]:
    """The texts of a table's file that count as missing, by column: as the schema or a step says."""
    sent = next((item for item in draft.tables if item.name == table.name), None)
    found: dict[str, list[str]] = {}
    for item in table.schema.fields:
        found[item.name] = [text for text in table.schema.missing_values_of(item) if text]
    for step in read_recipe(sent.recipe).steps if sent is not None and sent.recipe else ():
        if step.verb == RENAME:
            found[step.params["to"]] = found.pop(step.field, [])
        elif step.verb == MISSING:
            found.setdefault(step.field, []).extend(step.params["texts"])
    return found


def _show_table(table: AnswerTable, marks: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The rows of a table as text: the first, the last, and those that change.

    A missing value that is some mark in the file is said to be one: `marks` by column.
    """
    fields = table.schema.fields
    columns = [Column(item.name, item, is_number(item)) for item in fields[:MAX_COLUMNS]]
    return {
        "columns": columns,
        "hidden_columns": max(0, len(fields) - MAX_COLUMNS),
        "first": _write_rows(columns, table.first, marks),
        "last": _write_rows(columns, table.last, marks),
        "changes": mark_changes(table.changes) if table.changes else (),
    }


def _write_rows(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], marks: Mapping[str, Sequence[str]]
) -> list[list[str]]:
    missing = {
        name: gettext("missing (%(texts)s or empty in the file)", texts=" / ".join(dict.fromkeys(texts)))
        for name, texts in marks.items()
        if texts
    }
    return [
        [
            missing.get(column.name, "") if row.get(column.name) is None else format_cell(row[column.name])
            for column in columns
        ]
        for row in rows
    ]
