"""What a file says about itself, as a card on the draft's page: shown, confirmed, corrected and removed in a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import N_, InvalidMetadataError, NotFoundError, PreconditionError, StateError
from opendata.intake.meaning.units import code_unit
from opendata.problems import choose_voice
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.formats import name_unit
from opendata.web.core.instance import services
from opendata.web.core.languages import list_languages
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.drafts.statuses import list_steps

blueprint = Blueprint("meaning", __name__, url_prefix="/workspace/drafts")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

MOST_UNITS = 40
"""At most so many columns have a field for their unit."""

LABELS: Mapping[str, str] = {
    "title": N_("Title"),
    "unit": N_("Unit of the table"),
    "period": N_("Period"),
    "source": N_("Source"),
    "compiledBy": N_("Compiled by"),
}
"""The texts that a file says about a table, and what the form calls them."""

_PLACES: Mapping[str, str] = {
    "above": N_("Found above the table: “%(line)s”"),
    "below": N_("Found below the table: “%(line)s”"),
    "sheet": N_("Found in the name of the sheet: “%(line)s”"),
    "file": N_("Found in the name of the file: “%(line)s”"),
    "data": N_("From the values in the column “%(line)s”"),
}
_ASKED = N_("We aren't sure. Check it, then save.")
_ASKED_OTHER = N_("We aren't sure: elsewhere it is “%(other)s”. Check it, then save.")
_ASKED_UNIT = N_("Before it was “%(other)s”. If this one is right, save. You can't submit the draft before.")
_HINTS: Mapping[str, str] = {
    "period": N_("For example 2026, 2026-Q3, 2026-10 or 2026年10月. From one month to another: 2026-01/2026-10"),
    "compiledBy": N_("The office, not a person"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that is known of a table: the name of its field, what it is called, its value, and a hint.

    A value with a `question` isn't certain: it is published only once somebody has saved it.
    """

    name: str
    label: str
    value: str
    hint: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of a table. `titles` are those in other languages, `units` those of columns."""

    table: DraftResourceView
    lines: Sequence[Line]
    titles: Sequence[tuple[str, str]]
    units: Sequence[tuple[str, str]]
    notes: str

    @property
    def is_asking(self) -> bool:
        """Whether something isn't certain."""
        return any(line.question for line in self.lines)

    @property
    def is_blocking(self) -> bool:
        """Whether the draft can't be submitted before somebody has said which unit is right."""
        meaning = self.table.meaning or {}
        return "unit" in meaning["questions"] and "other" in meaning["found"]["unit"]

    @property
    def values(self) -> dict[str, str]:
        """Each field with its value."""
        found = {self.field(line.name): line.value for line in self.lines}
        found |= {self.field(f"title-{language}"): title for language, title in self.titles}
        found |= {self.field(f"unit-{number}"): unit for number, (_, unit) in enumerate(self.units)}
        return {**found, self.field("notes"): self.notes, self.field("name"): self.table.name}

    def field(self, name: str) -> str:
        """The name of a field, different for each table of a page."""
        return f"{self.table.name}-{name}"


def list_cards(draft: DraftView) -> Sequence[Card]:
    """A card for each table that was sent and checked."""
    return [_build(item, item.meaning) for item in draft.tables if item.meaning is not None]


@blueprint.get("/<draft>/resources/<resource>/meaning")
def show_meaning(draft: str, resource: str) -> str:
    """The form alone; after a session that ended, with what was typed."""
    kept = find_kept_form()
    return _render(draft, resource, dict(kept.values) if kept else {}, {})


@blueprint.post("/<draft>/resources/<resource>/meaning")
def say_meaning(draft: str, resource: str) -> Response | str:
    """Keep what somebody says of a table. What is the same as in the file is read from the next file again."""
    found = services().drafts.get(g.actor, draft)
    card = _find_card(found, resource)
    changes: dict[str, Any] = {"meaning": None if "forget" in request.form else _read(card, request.form)}
    name = request.form.get(card.field("name"), resource).strip()
    if card.table.is_new and name != resource and "forget" not in request.form:
        changes["name"] = name
    revision = read_number(request.form.get("revision", ""))
    try:
        services().drafts.change_resource(g.actor, draft, resource, changes, revision=revision)
    except InvalidMetadataError as error:
        errors: dict[str, list[str]] = {}
        for item in error.faults:
            place = item.pointer.removeprefix("/meaning").strip("/").replace("footnotes", "notes")
            errors.setdefault(card.field(place), []).append(choose_voice().say_fault(item))
        return _render(draft, resource, dict(request.form.items()), errors)
    except (StateError, PreconditionError) as error:
        flash(choose_voice().say_error(error), "bad")
    else:
        flash(gettext("Saved. It is published with the table, and used for the next file"), "good")
    return redirect(url_for("drafts.show_draft", draft=draft, _anchor="meaning"), 303)


@blueprint.post("/<draft>/period")
def say_period(draft: str) -> Response:
    """Say what the whole edition is about."""
    given = request.form.get("period", "").strip()
    proposed = services().drafts.get(g.actor, draft).proposed_period
    revision = read_number(request.form.get("revision", ""))
    try:
        services().drafts.change_period(g.actor, draft, None if given == proposed else given, revision=revision)
    except InvalidMetadataError as error:
        flash(" ".join(choose_voice().say_fault(item) for item in error.faults), "bad")
    except (StateError, PreconditionError) as error:
        flash(choose_voice().say_error(error), "bad")
    else:
        flash(gettext("The period is saved"), "good")
    return redirect(url_for("drafts.show_draft", draft=draft, _anchor="meaning"), 303)


def _render(draft: str, resource: str, values: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    found = services().drafts.get(g.actor, draft)
    card = _find_card(found, resource)
    can_change = list_steps(found, g.actor).change and not found.is_at_work
    return render_template(
        "drafts/meaning.html",
        draft=found,
        card=card,
        values={**card.values, **values},
        errors=errors,
        can_change=can_change,
    )


def _find_card(draft: DraftView, resource: str) -> Card:
    card = next((item for item in list_cards(draft) if item.table.name == resource), None)
    if card is None:
        raise NotFoundError(N_("The draft has no uploaded table “%(name)s”"), name=resource[:100])
    return card


def _build(table: DraftResourceView, meaning: Mapping[str, Any]) -> Card:
    others = list_languages()[1:]
    return Card(
        table=table,
        lines=[_describe(name, meaning) for name in LABELS],
        titles=[(language, meaning["i18n"].get(language, {}).get("title", "")) for language in others],
        units=_list_units(table, meaning),
        notes="\n".join(map(_write, meaning["footnotes"])),
    )


def _describe(name: str, meaning: Mapping[str, Any]) -> Line:
    found, is_asked, value = meaning["found"].get(name), name in meaning["questions"], meaning[name]
    if name == "unit":
        value = _write_unit(value)
    hint = gettext(_HINTS[name]) if name in _HINTS else ""
    is_found = name not in meaning["said"] and (name == "unit" or (found or {}).get("value") == meaning[name])
    if found is not None and (is_asked or is_found):
        place = _PLACES[found["where"]]
        hint = gettext(place, line=found["line"])
    if found is None or not is_asked:
        return Line(name=name, label=gettext(LABELS[name]), value=value, hint=hint, question="")
    asked = _ASKED
    if "other" in found:
        asked = _ASKED_UNIT if name == "unit" else _ASKED_OTHER
    other = found.get("other", "")
    question = gettext(asked, other=name_unit(other) if name == "unit" else other)
    return Line(name=name, label=gettext(LABELS[name]), value=found["value"], hint=hint, question=question)


def _list_units(table: DraftResourceView, meaning: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """The columns with units, then those of numbers that have none."""
    found = meaning["units"]
    numbers = [item["name"] for item in table.profile if item["type"] in ("number", "integer")]
    return [(name, _write_unit(found.get(name, ""))) for name in dict.fromkeys([*found, *numbers])][:MOST_UNITS]


def _write_unit(unit: str) -> str:
    """A unit in words where these are read as the same unit again."""
    words = name_unit(unit)
    return words if code_unit(words) == unit else unit


def _read(card: Card, form: Mapping[str, str]) -> dict[str, Any]:
    """What a form says; an empty field says that there is no such thing."""
    said: dict[str, Any] = {line.name: form.get(card.field(line.name), "").strip() or None for line in card.lines}
    said["i18n"] = {
        language: {"title": form.get(card.field(f"title-{language}"), "").strip() or None}
        for language, _ in card.titles
    }
    said["units"] = {
        name: form.get(card.field(f"unit-{number}"), "").strip() or None for number, (name, _) in enumerate(card.units)
    }
    known = {_write(note): note for note in (card.table.meaning or {})["footnotes"]}
    lines = [line.strip() for line in form.get(card.field("notes"), "").splitlines() if line.strip()]
    said["footnotes"] = [known.get(line, {"text": line}) for line in lines]
    return said


def _write(note: Mapping[str, Any]) -> str:
    """A note as a line of text."""
    return f"{note.get('mark', '')}{' '.join(note['text'].split())}"
