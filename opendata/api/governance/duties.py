"""The ledger of duties with a clock, for those who work for publishers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import services
from opendata.api.core.fields import Address, Instant, Shape, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.api.governance.clocks import LimitShape
from opendata.domain.clocks.obligations import DutyState
from opendata.domain.moments import read_day
from opendata.errors import N_, InvalidMetadataError, NotFoundError, fault
from opendata.services.core.reasons import MAX_REASON
from opendata.services.core.values import Page
from opendata.services.governance.duties.reading import DutyFilter, ObligationView, StepView, read_state

blueprint = ApiBlueprint("obligations", N_("The ledger of duties: what is due, who does it, and what proves it."))

_ONE = "/obligations/<obligation>"
_MOST_DIGITS = 9
_PROBLEMS = (400, 403, 404, 409, 413, 415, 422)


class ObligationQuery(PageQuery):
    """Which duties."""

    whose = Text(longest=10, one_of=("mine", ""), error=N_("This must be “mine”"))
    publisher = Text(longest=100)
    state = Text(longest=20, metadata={"description": "`open`, or one of the states."})
    rule = Text(longest=40)
    dataset = Text(longest=100)
    within = Whole(0, 3660, error=N_("Enter a number of days"), metadata={"description": "Due within so many days."})
    since = Text(longest=10, metadata={"description": "Due on this day or later."})
    until = Text(longest=10, metadata={"description": "Due on this day or earlier."})


class PartyShape(Schema):
    """A publisher or a dataset."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    i18n = fields.Dict(required=True)


class ObligationShape(Schema):
    """A duty. `due` is null before its clock has started, while it is paused, and where `unknownYear` isn't announced.

    `evidence` has the `dataset`, `version` and `digest` (SHA-256 of the manifest), or a `url` or `text`.
    """

    id = fields.Integer(required=True)
    rule = fields.String(required=True, metadata={"description": "The id of its rule; empty without one."})
    title = fields.Dict(required=True)
    clause = fields.Dict(required=True)
    task = fields.String(required=True)
    publisher = fields.Nested(PartyShape, required=True)
    dataset = fields.Nested(PartyShape, required=True, allow_none=True)
    owner = fields.String(required=True, metadata={"description": "The account of who is to do it."})
    office = fields.String(required=True)
    period = fields.String(required=True)
    trigger = fields.Date(required=True, allow_none=True)
    limit = fields.Nested(LimitShape, required=True, allow_none=True)
    due = fields.Date(required=True, allow_none=True)
    unknown_year = fields.Integer(required=True, allow_none=True, data_key="unknownYear")
    state = fields.String(required=True, metadata={"enum": [str(state) for state in DutyState]})
    is_paused = fields.Boolean(required=True, data_key="isPaused")
    pauses = fields.List(fields.Dict(), required=True)
    extensions = fields.List(fields.Dict(), required=True)
    done_on = fields.Date(required=True, allow_none=True, data_key="doneOn")
    evidence = fields.Dict(required=True, allow_none=True)
    waived_on = fields.Date(required=True, allow_none=True, data_key="waivedOn")
    waived_reason = fields.String(required=True, data_key="waivedReason")
    rectify_by = fields.Date(required=True, allow_none=True, data_key="rectifyBy")
    rectify_reason = fields.String(required=True, data_key="rectifyReason")
    rectify_state = fields.String(required=True, allow_none=True, data_key="rectifyState")
    created = Instant(required=True)
    changed = Instant(required=True)
    url = Address("/workspace/duties/{0.id}", metadata={"description": "Its page."})


class StepShape(Schema):
    """A line of a duty's history."""

    at = Instant(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True)
    details = fields.Dict(required=True)


class ObligationInput(Shape):
    """A duty: by a `rule` and the `trigger` day, or a `task` of its own with the day on which it is `due`."""

    publisher = Text(required=True, longest=100)
    rule = Text(longest=40)
    trigger = Text(longest=10, metadata={"format": "date"})
    task = Text(longest=MAX_REASON)
    due = Text(longest=10, metadata={"format": "date"})
    clause = Text(longest=MAX_REASON)
    dataset = Text(longest=100)
    owner = Text(longest=100)
    office = Text(longest=MAX_REASON)


class DutyDayInput(Shape):
    """The day on which the clock started."""

    day = Text(required=True, longest=10, metadata={"format": "date"})


class OwnerInput(Shape):
    """Who is to do it: an account, and an office or post."""

    owner = Text(longest=100)
    office = Text(longest=MAX_REASON)


class EvidenceInput(Shape):
    """How and when it was done: by a `version` of the duty's or another `dataset`, or as a `url` or a `text` says."""

    day = Text(longest=10, metadata={"format": "date", "description": "In this month; today if it isn't given."})
    dataset = Text(longest=100)
    version = Text(longest=40)
    url = Text(longest=MAX_REASON)
    text = Text(longest=MAX_REASON)


class DutyReasonInput(Shape):
    """Why."""

    reason = Text(required=True, longest=MAX_REASON)


class PauseInput(DutyReasonInput):
    """Why the clock is paused, and from which day on; today if it isn't given."""

    day = Text(longest=10, metadata={"format": "date"})


class ResumeInput(Shape):
    """The last day that isn't counted; today if it isn't given."""

    day = Text(longest=10, metadata={"format": "date"})


class ExtensionInput(DutyReasonInput):
    """How much longer, and why. The unit is that of the rule, if it has one."""

    number = Whole(1, 3660, error=N_("Enter a whole number"), required=True)
    unit = Text(longest=20)


class RectificationInput(DutyReasonInput):
    """By which day to make up for it, and what."""

    day = Text(required=True, longest=10, metadata={"format": "date"})


ObligationPage = page_of(ObligationShape)
StepPage = page_of(StepShape)


@blueprint.operation(
    "GET", "/obligations", shape=ObligationPage, query=ObligationQuery, problems=(400, 403, 422), public=False
)
def list_obligations(query: Mapping[str, Any]) -> Page[ObligationView]:
    """List duties, what is due first first: those of your publisher, of all for maintainers."""
    said = dict(query)
    limit, cursor = said.pop("limit"), said.pop("cursor", None)
    days = {name: _read_day(name, said.pop(name, None)) for name in ("since", "until")}
    said["state"] = read_state(said.get("state", ""))
    return services().duties.list(caller(), DutyFilter(**said, **days), limit=limit, cursor=cursor)


@blueprint.operation(
    "POST",
    "/obligations",
    status=201,
    shape=ObligationShape,
    body=ObligationInput,
    gives=("Location",),
    problems=_PROBLEMS,
)
def add_obligation(body: Mapping[str, Any]) -> Answer:
    """Begin a duty. For those who decide for its publisher, and maintainers."""
    found = services().duty_steps.add(caller(), body)
    return found, {"Location": f"{PREFIX}/obligations/{found.id}"}


@blueprint.operation("GET", _ONE, shape=ObligationShape, problems=(403, 404), public=False)
def get_obligation(obligation: str) -> ObligationView:
    """Get a duty."""
    return services().duties.get(caller(), _read_number(obligation))


@blueprint.operation("GET", f"{_ONE}/steps", shape=StepPage, problems=(403, 404), public=False)
def list_obligation_steps(obligation: str) -> Page[StepView]:
    """List what was done with a duty, the oldest first."""
    return Page(services().duties.list_steps(caller(), _read_number(obligation)))


@blueprint.operation("POST", f"{_ONE}/start", shape=ObligationShape, body=DutyDayInput, problems=_PROBLEMS)
def start_obligation(body: Mapping[str, Any], obligation: str) -> ObligationView:
    """Say on which day the clock of a duty started."""
    return services().duty_steps.start(caller(), _read_number(obligation), body)


@blueprint.operation("POST", f"{_ONE}/assign", shape=ObligationShape, body=OwnerInput, problems=_PROBLEMS)
def assign_obligation(body: Mapping[str, Any], obligation: str) -> ObligationView:
    """Say who is to do it. For those who decide for its publisher."""
    return services().duty_steps.assign(caller(), _read_number(obligation), body)


@blueprint.operation("POST", f"{_ONE}/finish", shape=ObligationShape, body=EvidenceInput, problems=_PROBLEMS)
def finish_obligation(body: Mapping[str, Any], obligation: str) -> ObligationView:
    """Say that a duty is done, with evidence. Months that are over aren't changed any more."""
    return services().duty_steps.finish(caller(), _read_number(obligation), body)


@blueprint.operation("POST", f"{_ONE}/pause", shape=ObligationShape, body=PauseInput, problems=_PROBLEMS)
def pause_obligation(body: Mapping[str, Any], obligation: str) -> ObligationView:
    """Pause the clock of a duty, if its rule allows that."""
    return services().duty_steps.pause(caller(), _read_number(obligation), body)


@blueprint.operation("POST", f"{_ONE}/resume", shape=ObligationShape, body=ResumeInput, problems=_PROBLEMS)
def resume_obligation(body: Mapping[str, Any], obligation: str) -> ObligationView:
    """Let the clock of a duty run again."""
    return services().duty_steps.resume(caller(), _read_number(obligation), body)


@blueprint.operation("POST", f"{_ONE}/extend", shape=ObligationShape, body=ExtensionInput, problems=_PROBLEMS)
def extend_obligation(body: Mapping[str, Any], obligation: str) -> ObligationView:
    """Extend a duty that isn't overdue: once, unless its rule says more. For those who decide for its publisher."""
    return services().duty_steps.extend(caller(), _read_number(obligation), body)


@blueprint.operation("POST", f"{_ONE}/waive", shape=ObligationShape, body=DutyReasonInput, problems=_PROBLEMS)
def waive_obligation(body: Mapping[str, Any], obligation: str) -> ObligationView:
    """Say that a duty isn't needed. For maintainers."""
    return services().duty_steps.waive(caller(), _read_number(obligation), body)


@blueprint.operation("POST", f"{_ONE}/rectify", shape=ObligationShape, body=RectificationInput, problems=_PROBLEMS)
def rectify_obligation(body: Mapping[str, Any], obligation: str) -> ObligationView:
    """Order to make up for an overdue duty by a day. For maintainers."""
    return services().duty_steps.rectify(caller(), _read_number(obligation), body)


def _read_number(text: str) -> int:
    """The number of a duty. Raises `NotFoundError` for what isn't one."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise NotFoundError(N_("There is no duty with the number %(id)s that you may see"), id=text[:40])
    return int(text)


def _read_day(name: str, text: str | None) -> Any:
    if not text:
        return None
    found = read_day(text)
    if found is None:
        raise InvalidMetadataError(faults=[fault(f"/{name}", N_("Enter a date, such as 2026-12-31"))])
    return found
