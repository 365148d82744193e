"""The steps from a file to its table, in words: each with what it did and what is asked of it, taken back or added."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from opendata.domain.drafts import ENDED
from opendata.domain.recipes import REPAIR, Step
from opendata.errors import InvalidMetadataError, PreconditionError, StateError
from opendata.problems import choose_voice
from opendata.recipes.columns import MONTHS, YEARS, is_chinese
from opendata.recipes.recipe import describe_recipe, describe_step, read_recipe
from opendata.recipes.rows import INNER_TOTALS
from opendata.recipes.sentences import QUESTION, say_doubt, say_step
from opendata.recipes.verbs import ADD_YEAR, JOIN_HEADERS, LEAVE_OUT, MISSING, ONE_FILE, SPLIT_UNIT, VERBS, Kind
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.drafts.draft_view import list_questions
from opendata.services.drafts.fixing.following import list_followed
from opendata.tables.schema.header import make_distinct
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.drafts.fixing.repairs import read_choice, write_choice
from opendata.wording.schemas.field_types import TYPES

blueprint = Blueprint("steps", __name__, url_prefix="/workspace/drafts")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A step in words, how much it changed in this file (None: not known), and what is asked of it.

    `value` is sent by the forms that take it back and that answer yes to what is asked; `yes` is the words of the
    latter, none where no such answer is possible.
    """

    text: str
    count: int | None
    questions: Sequence[str]
    value: str
    yes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSteps:
    """The steps of a table, the columns that more steps can be about, and what became of the schema (`followed`)."""

    table: DraftResourceView
    steps: Sequence[ShownStep]
    columns: Sequence[str]
    followed: Sequence[str]

    @property
    def is_chinese(self) -> bool:
        """Whether the columns are named in Chinese, so that new ones are too."""
        return is_chinese(self.columns)

    @property
    def has_questions(self) -> bool:
        """Whether something is asked."""
        return any(step.questions for step in self.steps)


def list_steps_of_tables(draft: DraftView) -> list[TableSteps]:
    """The steps of each table that was sent and is checked, while the draft hasn't ended."""
    if draft.status in ENDED:
        return []
    tasks = {item["name"]: item for item in (draft.report or {}).get("tasks", ())}
    return [
        TableSteps(
            table=table,
            steps=_show_steps(table, tasks.get(table.name) or {}),
            columns=_list_columns(tasks.get(table.name) or {}),
            followed=[_say_followed(text, details) for text, details in list_followed(table.schema or {})],
        )
        for table in draft.tables
        if not table.carried and table.valid is not None
    ]


def _say_followed(text: str, details: Mapping[str, str]) -> str:
    voice = choose_voice()
    shown = (
        {**details, "type": voice.translate(TYPES.get(details.get("type", ""), ""))} if "type" in details else details
    )
    return str(voice.translate(text) % shown)


def _show_steps(table: DraftResourceView, task: Mapping[str, Any]) -> list[ShownStep]:
    voice = choose_voice()
    ours = task.get("opendata") or {}
    counts = {write_choice({k: v for k, v in item.items() if k != "count"}): item for item in ours.get("applied", ())}
    counts |= {
        write_choice({"verb": REPAIR, "field": item["fieldName"], "kind": item["kind"]}): item
        for item in ours.get("repaired", ())
    }
    asked: dict[str, list[str]] = {}
    inner = set()
    for question in list_questions(table.reading):
        if question["rule"] == QUESTION:
            value = write_choice(question["step"])
            asked.setdefault(value, []).append(say_doubt(voice, question, is_beside=True))
            if question["template"] == INNER_TOTALS:
                inner.add(value)
    found = []
    for step in read_recipe(table.recipe).steps if table.recipe else ():
        value = write_choice(describe_step(step))
        count = counts.get(value, {}).get("count", 0 if step.verb == REPAIR and task else None)
        found.append(
            ShownStep(
                text=say_step(voice, step),
                count=count,
                questions=asked.get(value, ()),
                value=value,
                yes=_say_yes(step, count, is_inner=value in inner),
            )
        )
    return found


def _say_yes(step: Step, count: int | None, *, is_inner: bool) -> str:
    if is_inner:
        return str(gettext("They are totals, leave them out"))
    return str(gettext("It is right")) if step.verb in ONE_FILE and step.params.get("again") and count else ""


def _list_columns(task: Mapping[str, Any]) -> Sequence[str]:
    """What the columns are called after the steps."""
    return (task.get("opendata") or {}).get("columns") or make_distinct(task.get("labels") or [])


@blueprint.post("/<draft>/resources/<resource>/repairs")
def accept_repairs(draft: str, resource: str) -> Response:
    """Add the steps that were chosen among those proposed, and check the table again.

    A year that is chosen answers for the step of an earlier file that asks about it.
    """
    chosen = [read_choice(value) for value in request.form.getlist("repair")]
    dated = [item.get("field") for item in chosen if isinstance(item, dict) and item.get("verb") == ADD_YEAR]

    def accept(before: Sequence[Any]) -> list[Any]:
        kept = [
            item for item in before if not ("again" in item and item["verb"] == ADD_YEAR and item["field"] in dated)
        ]
        return [*kept, *(item for item in chosen if item not in kept)]

    return change_steps(draft, resource, accept)


@blueprint.post("/<draft>/resources/<resource>/steps")
def add_step(draft: str, resource: str) -> Response:
    """Add one step, and check the table again."""
    step = _read_step(request.form, draft, resource)
    return change_steps(draft, resource, lambda before: [*before, step])


@blueprint.post("/<draft>/resources/<resource>/steps/undo")
def undo_step(draft: str, resource: str) -> Response:
    """Take one step back, and check the table again."""
    gone = read_choice(request.form.get("step", ""))
    return change_steps(draft, resource, lambda before: [item for item in before if item != gone])


@blueprint.post("/<draft>/resources/<resource>/steps/confirm")
def confirm_step(draft: str, resource: str) -> Response:
    """Answer yes: a change made for an earlier file is right for this one too, totals between rows are totals."""
    step = read_choice(request.form.get("step", ""))

    def confirm(before: Sequence[Any]) -> list[Any]:
        more = {"within": True} if isinstance(step, dict) and step.get("verb") == LEAVE_OUT else {}
        return [{k: v for k, v in item.items() if k != "again"} | more if item == step else item for item in before]

    return change_steps(draft, resource, confirm)


def change_steps(draft: str, resource: str, change: Callable[[Sequence[Any]], Sequence[Any]], **more: Any) -> Response:
    """Change the steps of a table, with what else is to change, and show the draft; or say why that can't be."""
    try:
        table = next((item for item in services().drafts.get(g.actor, draft).tables if item.name == resource), None)
        before = list(describe_recipe(read_recipe(table.recipe))["steps"]) if table and table.recipe else []
        changes = {"recipe": {"steps": list(change(before))}, **more}
        revision = read_number(request.form.get("revision", ""))
        services().drafts.change_resource(g.actor, draft, resource, changes, revision=revision)
    except (StateError, PreconditionError, InvalidMetadataError) as error:
        texts = [choose_voice().say_fault(item) for item in error.faults]
        flash(" ".join(texts) or choose_voice().say_error(error), "bad")
    else:
        flash(gettext("The table is being checked again"), "good")
    return redirect(url_for("drafts.show_draft", draft=draft), 303)


def _read_step(form: MultiDict[str, str], draft: str, resource: str) -> dict[str, Any]:
    """The step that a form describes; whether it can be one, the rules of recipes say."""
    name = form.get("verb", "")
    verb = VERBS.get(name)
    if verb is None:
        return {"verb": name}
    if name == JOIN_HEADERS:
        row = services().fixing.read_first_row(g.actor, draft, resource)
        return describe_step(Step(name, "", {"labels": [cell.strip() for cell in row]}))
    params: dict[str, Any] = {}
    for key, kind in (*verb.needed.items(), *verb.optional.items()):
        given = [text.strip() for text in form.getlist(key)]
        if kind in (Kind.TEXTS, Kind.NAMES):
            params[key] = [line.strip() for text in given for line in text.splitlines() if line.strip()]
        elif kind == Kind.COLUMNS:
            params[key] = given[0] if given in ([YEARS], [MONTHS]) else given
        elif kind == Kind.FLAG:
            if given and given[0]:
                params[key] = True
        elif given and (given[0] or key in verb.needed):
            params[key] = given[0]
    if name == MISSING and not params.get("texts"):
        params["texts"] = []
    if name == SPLIT_UNIT and "to" in params and "unit" in params:
        del params["unit"]
    return {"verb": name, **({"field": form.get("field", "")} if verb.has_field else {}), **params}
