"""Pages on which a clerk decides, column by column, what is done with personal data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from opendata.domain.privacy import (
    Certainty,
    Evidence,
    Generalisation,
    Ground,
    Kind,
    PlacedFindingJson,
    Reason,
    Sign,
    Treatment,
)
from opendata.domain.schema import TableSchema
from opendata.errors import N_, InvalidMetadataError, NotFoundError, OpendataError, PreconditionError, StateError
from opendata.privacy.risk.candidates import Role, suggest_candidates
from opendata.privacy.treatments.decisions import SMALL_CELL
from opendata.problems import choose_voice, status_of
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.privacy.texts import list_unread
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.drafts.next_version import format_today
from opendata.web.drafts.statuses import list_steps
from opendata.wording.privacy import (
    CERTAINTIES,
    GENERALISATIONS,
    GROUNDS,
    KINDS,
    REASONS_NOT_PERSONAL,
    TREATMENTS,
    say_decision,
    say_risk,
    say_sign,
    say_text_place,
    say_unread,
)

blueprint = Blueprint("personal", __name__, url_prefix="/workspace/drafts")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]
Pairs = list[tuple[str, str]]

_DATES = ("date", "datetime")
_COARSER: Mapping[str, Sequence[Generalisation]] = {
    "string": (Generalisation.COUNTY, Generalisation.TOWNSHIP, Generalisation.YEAR, Generalisation.MONTH),
    "integer": (Generalisation.AGE_BAND,),
    "date": (Generalisation.YEAR, Generalisation.MONTH, Generalisation.AGE_BAND),
    "datetime": (Generalisation.YEAR, Generalisation.MONTH, Generalisation.AGE_BAND),
}
"""What the form offers for a column of a type; ranges need a width, which REST takes."""

_COARSER_TEXT: Mapping[Generalisation, Kind] = {
    Generalisation.COUNTY: Kind.ADDRESS,
    Generalisation.TOWNSHIP: Kind.ADDRESS,
    Generalisation.YEAR: Kind.BIRTH_DATE,
    Generalisation.MONTH: Kind.BIRTH_DATE,
}
"""The kind of personal data that text must have to be made coarser so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalColumn:
    """A column with what was found in it, in words, and what was decided about it."""

    table: str
    field: str
    type: str
    findings: Sequence[Mapping[str, Any]]
    decision: Mapping[str, Any] | None
    is_open: bool
    said: str


@blueprint.get("/<draft>/resources/<resource>/privacy")
def show_decisions(draft: str, resource: str) -> Answer:
    """What was found in the columns of a table, and the form to decide about each."""
    kept = find_kept_form()
    return _render(draft, resource, kept.fields if kept else None, None)


@blueprint.post("/<draft>/resources/<resource>/privacy")
def decide(draft: str, resource: str) -> Answer:
    """Keep the decisions, and apply them to the table."""
    found = services().drafts.get(g.actor, draft)
    table = _find_table(found, resource)
    revision = request.form.get("revision", "")
    try:
        services().drafts.change_resource(
            g.actor,
            draft,
            resource,
            {"decisions": _read_form(request.form, table)},
            revision=read_number(revision),
        )
    except (InvalidMetadataError, StateError, PreconditionError) as error:
        return _render(draft, resource, request.form, error)
    flash(gettext("Your decisions are being applied to the table"), "good")
    return redirect(url_for("drafts.show_draft", draft=draft), 303)


def list_columns(draft: DraftView) -> list[PersonalColumn]:
    """The columns of a draft in which something was found, or about which something was decided."""
    return [column for table in draft.tables if not table.carried for column in _list_columns(draft, table)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalText:
    """Personal data in a text of a draft, in words."""

    place: str
    kind: str
    count: int
    certainty: str
    examples: Sequence[str]
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """An attachment sent with a draft that couldn't be read, or not completely, and why."""

    name: str
    title: str
    why: str


def list_texts(draft: DraftView) -> list[PersonalText]:
    """The personal data in metadata, in names and descriptions, and in attachments."""
    return [
        PersonalText(
            place=say_text_place(choose_voice(), _call(draft, item)),
            kind=gettext(KINDS[Kind(item["kind"])]),
            count=item["count"],
            certainty=gettext(CERTAINTIES[Certainty(item["certainty"])]),
            examples=item["examples"],
            needs_reason=item["needsReason"],
        )
        for item in draft.text_findings
    ]


def describe_unread(draft: DraftView) -> list[UnreadFile]:
    """The attachments that a person must have looked at, and why."""
    voice = choose_voice()
    return [
        UnreadFile(item.name, item.title or item.filename, say_unread(voice, item.unread))
        for item in list_unread(draft)
    ]


def _call(draft: DraftView, item: PlacedFindingJson) -> PlacedFindingJson:
    """A finding whose table or attachment is named as people call it."""
    name = item.get("resource", "")
    return {**item, "resource": draft.titles.get(name, name)}


def describe_risk(table: DraftResourceView) -> str:
    """The combination risk of a table in words; empty where nobody confirmed quasi-identifiers."""
    return say_risk(choose_voice(), table.risk) if table.risk else ""


def _list_columns(draft: DraftView, table: DraftResourceView) -> list[PersonalColumn]:
    decisions = {item["field"]: item for item in (table.decisions or {}).get("columns", ())}
    open_fields = {item["field"] for item in draft.undecided if item["resource"] == table.name}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for item in draft.privacy:
        if item["resource"] == table.name:
            found.setdefault(item["field"], []).append(item)
    types = {item.name: item.type for item in (table.untreated.fields if table.untreated else ())}
    return [
        PersonalColumn(
            table=table.name,
            field=name,
            type=types.get(name, "string"),
            findings=[_describe_finding(item) for item in found.get(name, ())],
            decision=decisions.get(name),
            is_open=name in open_fields,
            said=say_decision(choose_voice(), decisions[name]) if name in decisions else "",
        )
        for name in dict.fromkeys([*found, *decisions])
    ]


def _describe_finding(item: Mapping[str, Any]) -> dict[str, Any]:
    """A finding in words. Findings of older drafts have no certainty, signs or examples."""
    signs = [Sign(Evidence(sign["code"]), tuple(sign["params"].items())) for sign in item.get("evidence", ())]
    certainty, kind = item.get("certainty"), gettext(KINDS[Kind(item["kind"])])
    return {
        "kind": item["kind"],
        "name": gettext("Still there: %(kind)s", kind=kind) if item.get("left") else kind,
        "count": item["count"],
        "share": item.get("share"),
        "certainty": gettext(CERTAINTIES[certainty]) if certainty else "",
        "signs": [say_sign(choose_voice(), sign) for sign in signs],
        "examples": item.get("examples", ()),
    }


def _offer(column: PersonalColumn) -> Pairs:
    """What may be done with a column, as values of a select field."""
    kinds = [item["kind"] for item in column.findings]
    texts: Pairs = [("", gettext("Choose what is done with it") if kinds else gettext("Nothing"))]
    texts.append((Treatment.DROP, gettext(TREATMENTS[Treatment.DROP])))
    if kinds:
        texts.append((Treatment.MASK, gettext(TREATMENTS[Treatment.MASK])))
        texts.append(("mask-within", gettext("Hide it inside the text")))
    texts.append((Treatment.PSEUDONYMISE, gettext(TREATMENTS[Treatment.PSEUDONYMISE])))
    for to in _COARSER.get(column.type, ()):
        if not kinds or not (fits := _COARSER_TEXT.get(to)) or column.type != "string" or fits in kinds:
            texts.append(_offer_one(Treatment.GENERALISE, to, GENERALISATIONS[to]))
    if kinds:
        if services().settings.review != "none":
            for ground in Ground:
                texts.append(_offer_one(Treatment.PUBLISH, ground, GROUNDS[ground]))
        texts += [_offer_one(Treatment.NOT_PERSONAL, reason, REASONS_NOT_PERSONAL[reason]) for reason in Reason]
    return texts


def _offer_one(treatment: Treatment, detail: str, text: str) -> tuple[str, str]:
    said = gettext("%(name)s: %(detail)s", name=gettext(TREATMENTS[treatment]), detail=gettext(text))
    return f"{treatment}:{detail}", said


def _choose_value(decision: Mapping[str, Any] | None) -> str:
    """The value of the select field that stands for a decision."""
    if decision is None:
        return ""
    if decision.get("within"):
        return "mask-within"
    detail = decision.get("to") or decision.get("ground") or decision.get("reason")
    return f"{decision['treatment']}:{detail}" if detail else str(decision["treatment"])


def _read_form(form: MultiDict[str, str], table: DraftResourceView) -> dict[str, Any]:
    """The decisions as a document; a decision that the form has no field for stays as it is."""
    before = {item["field"]: item for item in (table.decisions or {}).get("columns", ())}
    types = {item.name: item.type for item in (table.untreated.fields if table.untreated else ())}
    columns = []
    for number in range(len(types) + 1):
        name, value = form.get(f"field_{number}"), form.get(f"do_{number}", "")
        if name is None or not value:
            continue
        if name in before and _choose_value(before[name]) == value and not form.get(f"note_{number}"):
            columns.append(before[name])
            continue
        kind, note = form.get(f"kind_{number}") or None, form.get(f"note_{number}", "").strip()
        columns.append(_build(name, value, kind, note, types.get(name, "string")))
    found: dict[str, Any] = {"columns": columns}
    if form.getlist("by"):
        threshold = read_number(form.get("threshold", ""))
        found["aggregate"] = {
            "by": form.getlist("by"),
            "sum": form.getlist("sum"),
            "threshold": SMALL_CELL if threshold is None else threshold,
        }
    if form.getlist("quasi"):
        found["quasi"] = form.getlist("quasi")
    return found


def _build(name: str, value: str, kind: str | None, note: str, type_: str) -> dict[str, Any]:
    """One decision from what was chosen."""
    treatment, _, detail = value.partition(":")
    found: dict[str, Any] = {"field": name, "treatment": "mask" if value == "mask-within" else treatment}
    if value == "mask-within":
        found["within"] = True
    if kind:
        found["kind"] = kind
    if treatment == Treatment.GENERALISE:
        found["to"] = detail
        if detail == Generalisation.AGE_BAND and type_ in _DATES:
            found["on"] = format_today()
    elif treatment == Treatment.PUBLISH:
        found |= {"ground": detail, "article": note}
    elif treatment == Treatment.NOT_PERSONAL:
        found |= {"reason": detail} | ({"note": note} if note else {})
    return found


def _find_table(draft: DraftView, name: str) -> DraftResourceView:
    """A table that was sent with a draft. Raises `NotFoundError`."""
    found = next((item for item in draft.tables if item.name == name and not item.carried), None)
    if found is None:
        raise NotFoundError(N_("The draft has no uploaded table “%(name)s”"), name=name[:100])
    return found


def _render(draft: str, resource: str, form: MultiDict[str, str] | None, error: OpendataError | None) -> Answer:
    found = services().drafts.get(g.actor, draft)
    table = _find_table(found, resource)
    schema = table.untreated or TableSchema({"fields": []})
    known = {item.field: item for item in _list_columns(found, table)}
    others = [
        PersonalColumn(
            table=table.name, field=item.name, type=item.type, findings=(), decision=None, is_open=False, said=""
        )
        for item in schema.fields
        if item.name not in known
    ]
    columns = [*known.values(), *others]
    values = {number: _choose_value(item.decision) for number, item in enumerate(columns)}
    notes = {
        number: (item.decision or {}).get("article") or (item.decision or {}).get("note", "")
        for number, item in enumerate(columns)
    }
    decisions = table.decisions or {}
    aggregate = decisions.get("aggregate") or {}
    chosen = {"quasi": decisions.get("quasi", []), "by": aggregate.get("by", []), "sum": aggregate.get("sum", [])}
    if form is not None:
        values = {number: form.get(f"do_{number}", "") for number in values}
        notes = {number: form.get(f"note_{number}", "") for number in notes}
        chosen = {name: form.getlist(name) for name in chosen}
    suggested = {item.field: item.role for item in suggest_candidates(schema.fields, table.profile)}
    page = render_template(
        "drafts/privacy.html",
        draft=found,
        table=table,
        columns=columns,
        known=len(known),
        offers=[_offer(item) for item in columns],
        values=values,
        notes=notes,
        chosen=chosen,
        threshold=(form.get("threshold") if form else None) or aggregate.get("threshold", SMALL_CELL),
        fields=schema.fields,
        suggested=[name for name, role in suggested.items() if role is Role.QUASI],
        risk=describe_risk(table),
        can_change=list_steps(found, g.actor).change and not found.is_at_work,
        message=choose_voice().say_error(error) if error else "",
        errors={"": [choose_voice().say_fault(item) for item in error.faults]} if error and error.faults else {},
    )
    return (page, status_of(error)) if error else page
