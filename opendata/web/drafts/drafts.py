"""A draft on its way to a version: its state, report and findings, and the steps somebody may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from opendata.errors import N_, InvalidMetadataError, NotFoundError, PreconditionError, StateError
from opendata.problems import choose_voice
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.tables.schema.origins import settle_field
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.catalogue.differences import mark_changes
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.drafts.asked import list_asked, list_doubtful
from opendata.web.drafts.editions import read_choice as read_edition
from opendata.web.drafts.editions import show_editions
from opendata.web.drafts.findings import list_counts, list_fields, list_warnings, show_finding
from opendata.web.drafts.fixing.across import list_across
from opendata.web.drafts.fixing.repairs import list_repairs
from opendata.web.drafts.fixing.rules import list_broken_rules
from opendata.web.drafts.fixing.steps import list_steps_of_tables
from opendata.web.drafts.fixing.types import find_year, guess_year, list_type_doubts
from opendata.web.drafts.matching import HOW, SHOWN_PROPOSALS, build_form, find_proposal, merge_columns, read_form
from opendata.web.drafts.personal import describe_risk, describe_unread, list_columns, list_texts
from opendata.web.drafts.readings import find_questions, needs_look
from opendata.web.drafts.statuses import KINDS, describe_status, list_steps
from opendata.wording.findings import name_rule
from opendata.wording.review import CHECKS, say_place
from opendata.wording.work import say_failure, say_stage

blueprint = Blueprint("drafts", __name__, url_prefix="/workspace/drafts")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

LISTED = 100
"""Findings shown at once; all others are a click away."""

FILTERS = ("type", "field", "rule", "strength")


@blueprint.get("/<draft>")
def show_draft(draft: str) -> str:
    """The draft as it is now."""
    kept = find_kept_form()
    if kept is None:
        return _render(draft, {}, {})
    several = {name: kept.fields.getlist(name) for name in ("no_rows", "repair")}
    return _render(draft, {**kept.values, **several, "sent_to": kept.path}, {})


def _render(draft: str, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    """The draft's page; `values` are those of a form that was sent, `errors` what is wrong with them."""
    found = services().drafts.get(g.actor, draft)
    steps = list_steps(found, g.actor)

    def find_sent(endpoint: str, resource: str | None = None) -> Mapping[str, Any]:
        """What was typed in the form that is sent there, if it is to be shown again."""
        path = url_for(endpoint, draft=draft, resource=resource)[len(request.script_root) :]
        return values if values.get("sent_to") == path else {}

    editions, table_steps = show_editions(found), list_steps_of_tables(found)
    can_match = steps.change and not found.is_at_work
    return render_template(
        "drafts/draft.html",
        draft=found,
        values={"notes": found.notes, "reason": found.reason, **values},
        find_sent=find_sent,
        errors=errors,
        status=describe_status(found),
        steps=steps,
        is_withdrawn=_is_withdrawn(found),
        waits=found.is_at_work,
        review=services().settings.review,
        listed=None if "all" in request.args else LISTED,
        explain_all=lambda errors: [show_finding(error) for error in errors],
        list_counts=list_counts,
        list_warnings=list_warnings,
        stage=say_stage(choose_voice(), found.stage, {item.name: item.file for item in found.resources}),
        failure=say_failure(choose_voice(), found.error) if found.error else "",
        list_repairs=list_repairs,
        list_type_doubts=list_type_doubts,
        find_year=find_year,
        guess_year=guess_year,
        list_across=list_across,
        list_broken_rules=list_broken_rules,
        table_steps=table_steps,
        doubtful=list_doubtful(found),
        untyped={item.name for item in found.tables if _is_untyped(item)},
        asked=list_asked(found, editions, table_steps),
        tables={item.name: item for item in found.tables},
        list_fields=list_fields,
        proposals=services().matching.propose_all(g.actor, draft) if can_match else {},
        shown_proposals=SHOWN_PROPOSALS,
        column_forms=[
            (item, form) for item in found.tables if can_match and (form := build_form(item, _find_task(found, item)))
        ],
        how=HOW,
        has_findings={item.name for item in found.tables if item.has_findings},
        personal=list_columns(found),
        personal_texts=list_texts(found),
        unread=describe_unread(found),
        undecided_tables=list(dict.fromkeys(item["resource"] for item in found.undecided)),
        risks=list(filter(None, map(describe_risk, found.tables))),
        editions=editions,
        kinds=KINDS,
        check_names=CHECKS,
        describe_place=lambda item: say_place(choose_voice(), item.place, found.titles),
        needs_look=needs_look,
        questions=find_questions(found),
    )


@blueprint.get("/<draft>/resources/<resource>/changes")
def show_changes(draft: str, resource: str) -> str:
    """The first rows of a table that differ from the version before."""
    found = services().drafts.get(g.actor, draft)
    columns, rows = services().drafts.read_changes(g.actor, draft, resource, LISTED)
    return render_template(
        "drafts/draft_changes.html",
        draft=found,
        table=next(item for item in found.tables if item.name == resource),
        columns=columns[1:],
        rows=mark_changes(rows),
    )


@blueprint.get("/<draft>/resources/<resource>/findings")
def list_findings(draft: str, resource: str) -> str:
    """All that was found in a table, page by page, or what breaks one rule."""
    wanted = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    cursor = request.args.get("cursor") or None
    view = services().drafts.get(g.actor, draft)
    page = services().findings.list(g.actor, draft, resource, cursor=cursor, limit=LISTED, **wanted)
    return render_template(
        "drafts/findings.html",
        draft=view,
        resource=resource,
        page=page,
        findings=[show_finding(item) for item in page.items],
        fields=list_fields(next((item for item in view.tables if item.name == resource), None)),
        wanted=wanted,
        rule=name_rule(choose_voice(), wanted.get("type", ""), wanted.get("rule", "")),
    )


@blueprint.post("/<draft>/publish")
def publish_draft(draft: str) -> Response:
    """Publish it."""
    return _take(
        draft,
        lambda revision: services().drafts.publish(g.actor, draft, revision=revision),
        gettext("The draft is being published"),
    )


@blueprint.get("/<draft>/discard")
def confirm_discard(draft: str) -> str | Response:
    """What is lost if a draft is discarded, and the button that does it."""
    found = services().drafts.get(g.actor, draft)
    if not list_steps(found, g.actor).discard:
        return redirect(url_for("drafts.show_draft", draft=draft), 303)
    return render_template("drafts/discard.html", draft=found)


@blueprint.post("/<draft>/discard")
def discard_draft(draft: str) -> Response:
    """Discard a draft, which then shows that it is discarded; ask first where nobody has confirmed it."""
    if "confirm" not in request.form:
        return redirect(url_for("drafts.confirm_discard", draft=draft), 303)
    return _take(
        draft,
        lambda revision: services().drafts.discard(g.actor, draft, revision=revision),
        gettext("The draft is discarded"),
    )


@blueprint.get("/<draft>/originals")
def confirm_erasure(draft: str) -> str:
    """What is kept of the files that were sent, and the button that erases them."""
    found = services().drafts.get(g.actor, draft)
    return render_template("drafts/originals.html", draft=found, kept=services().originals.count(g.actor, draft))


@blueprint.post("/<draft>/originals")
def erase_originals(draft: str) -> Response:
    """Erase the files that were sent, once somebody confirmed it."""
    if "confirm" not in request.form:
        return redirect(url_for("drafts.confirm_erasure", draft=draft), 303)
    erased = services().originals.erase(g.actor, draft)
    flash(ngettext("%(num)s file is erased", "%(num)s files are erased", erased.files), "good")
    return redirect(url_for("drafts.show_draft", draft=draft), 303)


@blueprint.post("/<draft>/retry")
def retry_draft(draft: str) -> Response:
    """Try again now what failed through a fault of ours."""
    return _take(draft, lambda _: services().drafts.retry(g.actor, draft), gettext("The work is being tried again"))


@blueprint.post("/<draft>/resources/<resource>/drop")
def drop_resource(draft: str, resource: str) -> Response:
    """Leave a table or an attachment out."""
    name = services().drafts.get(g.actor, draft).titles.get(resource, resource)
    return _take(
        draft,
        lambda _: services().drafts.drop_resource(g.actor, draft, resource),
        gettext("“%(name)s” is left out", name=name),
    )


@blueprint.post("/<draft>/resources/<resource>/disclosure")
def disclose_resource(draft: str, resource: str) -> Response:
    """Let everybody have a table although the dataset isn't open, or only those with a grant."""
    changes = {"disclosure": request.form.get("disclosure") or None}
    return _take(
        draft,
        lambda revision: services().drafts.change_resource(g.actor, draft, resource, changes, revision=revision),
        gettext("The table is being checked again"),
    )


@blueprint.post("/<draft>/resources/<resource>/edition")
def switch_edition(draft: str, resource: str) -> Response:
    """Change what a file is to the published table; or confirm what was found, and go on to the answers."""
    changes = read_edition(request.form)
    is_confirmed = "confirm" in request.form
    return _take(
        draft,
        lambda revision: services().drafts.change_resource(g.actor, draft, resource, changes, revision=revision),
        gettext("Your answer is kept with the draft") if is_confirmed else gettext("The table is being checked again"),
        target="answers.show_answers" if is_confirmed else "drafts.show_draft",
    )


@blueprint.post("/<draft>/resources/<resource>/columns")
def map_columns(draft: str, resource: str) -> Response:
    """Read the columns of a table as the fields somebody says they are, and check it again; or as they are named."""

    def change(revision: int | None) -> DraftView:
        found = services().drafts.get(g.actor, draft)
        table = _find_table(found, resource)
        columns = {} if "undo" in request.form else read_form(request.form, table, _find_task(found, table))
        changes = {"choices": merge_columns(table, columns)}
        return services().drafts.change_resource(g.actor, draft, resource, changes, revision=revision)

    return _take(draft, change, gettext("The table is being checked again"))


@blueprint.post("/<draft>/resources/<resource>/fitting-schema")
def use_fitting_schema(draft: str, resource: str) -> Response:
    """Check a table again by a schema that fits it."""

    def change(revision: int | None) -> DraftView:
        table = _find_table(services().drafts.get(g.actor, draft), resource)
        proposals = services().matching.propose(g.actor, draft, resource)
        proposal = find_proposal(proposals, request.form.get("ref", ""), request.form.get("table", ""))
        if proposal is None:
            raise StateError(N_("The schema no longer fits the table"))
        changes: dict[str, Any] = {"schema": proposal.schema}
        if proposal.match.columns:
            changes["choices"] = merge_columns(table, proposal.match.columns)
        return services().drafts.change_resource(g.actor, draft, resource, changes, revision=revision)

    return _take(draft, change, gettext("The table is being checked again"))


@blueprint.post("/<draft>/resources/<resource>/proposed-schema")
def use_proposed_schema(draft: str, resource: str) -> Response:
    """Check a table again by the schema that was proposed for it, or as text where somebody says that it is."""

    def change(revision: int | None) -> DraftView:
        schema = _find_table(services().drafts.get(g.actor, draft), resource).proposed_schema
        if schema is None:
            raise StateError(N_("The schema no longer fits the table"))
        fields = [
            settle_field(item, type="string") if "text" in request.form else item
            for item in schema.descriptor["fields"]
        ]
        changes = {"schema": {**schema.descriptor, "fields": fields}}
        return services().drafts.change_resource(g.actor, draft, resource, changes, revision=revision)

    return _take(draft, change, gettext("The table is being checked again with the proposed schema"))


def _is_untyped(table: DraftResourceView) -> bool:
    """Whether nobody has said that columns of numbers, dates and the like are text, though a schema is proposed."""
    return table.proposed_schema is not None and any(item.type != "string" for item in table.proposed_schema.fields)


def _is_withdrawn(draft: DraftView) -> bool:
    """Whether the version that a draft became was withdrawn since."""
    listed = services().versions.list(draft.dataset) if draft.version else ()
    return any(item.version == draft.version and item.withdrawal is not None for item in listed)


def _find_table(draft: DraftView, name: str) -> DraftResourceView:
    """A table that was sent with a draft. Raises `NotFoundError`."""
    found = next((item for item in draft.tables if item.name == name and not item.carried), None)
    if found is None:
        raise NotFoundError(N_("The draft has no uploaded table “%(name)s”"), name=name[:100])
    return found


def _find_task(draft: DraftView, table: DraftResourceView) -> Mapping[str, Any] | None:
    """What the check said of a table, while that is of the table as it is."""
    tasks = draft.report["tasks"] if draft.report else ()
    return next((item for item in tasks if item["name"] == table.name), None) if table.valid is not None else None


def _place_faults(error: InvalidMetadataError) -> dict[str, list[str]]:
    """Each fault beside its field in the form for submitting a draft."""
    errors: dict[str, list[str]] = {}
    for item in error.faults:
        name = "no_rows" if item.pointer.endswith("/noRows") else item.pointer.strip("/")
        errors.setdefault(name, []).append(choose_voice().say_fault(item))
    return errors


def _take(
    draft: str,
    step: Callable[[int | None], DraftView],
    done: str,
    target: str = "drafts.show_draft",
) -> Response:
    """Take a step and go on to the target; if its state refuses the step, the draft's page says so."""
    revision = request.form.get("revision", "")
    try:
        step(read_number(revision))
    except (StateError, PreconditionError, InvalidMetadataError) as error:
        texts = [choose_voice().say_fault(item) for item in error.faults]
        flash(" ".join(texts) or choose_voice().say_error(error), "bad")
        return redirect(url_for("drafts.show_draft", draft=draft), 303)
    flash(done, "good")
    return redirect(url_for(target, draft=draft), 303)
