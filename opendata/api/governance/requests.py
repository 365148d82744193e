"""Requests of readers: sent by anybody, shown on the board, and handled step by step by the publisher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import services
from opendata.api.core.fields import Address, Instant, Shape, Switch, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import OwnerShape, page_of
from opendata.domain.requests.kinds import Applicant, RequestKind, WantedForm
from opendata.domain.requests.outcomes import Outcome
from opendata.domain.requests.steps import STEPS, RequestState, RequestStep, Taker
from opendata.errors import N_, NotFoundError, NotPermittedError
from opendata.metering import cost_class
from opendata.services.core.reasons import MAX_REASON
from opendata.services.core.values import Page
from opendata.services.governance.requests.asking import LONGEST
from opendata.services.governance.requests.board import BoardFilter
from opendata.services.governance.requests.values import AskedRequest, RequestView

blueprint = ApiBlueprint("requests", N_("What readers ask publishers for, and what they reply."))

_STEPS = tuple(step for step, rule in STEPS.items() if rule.taker is not Taker.ASKER)
_NOT_ONE = N_("This isn't one of the words that are allowed here")


class RequestQuery(PageQuery):
    """Which requests of the board."""

    kind = Text(one_of=list(RequestKind), error=_NOT_ONE, metadata={"description": "Of this kind only."})
    publisher = Text(longest=100, metadata={"description": "To this publisher only."})
    dataset = Text(longest=100, metadata={"description": "About this dataset only."})
    state = Text(one_of=["open", "closed"], error=_NOT_ONE, metadata={"description": "`open`: they wait for a reply."})
    q = Text(longest=100, metadata={"description": "This text is in the summary or in the reply."})


class RequestInput(Shape):
    """A request. Which properties it needs depends on its `kind`; the answer names each that is missing."""

    kind = Text(required=True, one_of=list(RequestKind), error=_NOT_ONE)
    dataset = Text(longest=100, metadata={"description": "The id of the dataset that it is about."})
    publisher = Text(longest=100, metadata={"description": "The id of the publisher, where it is about no dataset."})
    subject = Text(
        longest=LONGEST["subject"], metadata={"description": "What it is about, in one line without personal data."}
    )
    text = Text(longest=LONGEST["text"], metadata={"description": "What is wanted, wrong or asked."})
    version = Text(
        longest=LONGEST["version"],
        metadata={"description": "Of a correction or an objection; without it, the newest version."},
    )
    resource = Text(longest=LONGEST["resource"], metadata={"description": "The table with what is wrong."})
    row = Text(longest=LONGEST["row"], metadata={"description": "The number of the row, or the value of its key."})
    column = Text(longest=LONGEST["column"], metadata={"description": "The name of the column."})
    proposed = Text(longest=LONGEST["proposed"], metadata={"description": "What should be there."})
    purpose = Text(longest=LONGEST["purpose"], metadata={"description": "What data with conditions will be used for."})
    period = Text(longest=LONGEST["period"], metadata={"description": "For how long."})
    agreement = Text(longest=LONGEST["agreement"], metadata={"description": "The number or name of an agreement."})
    applicant = Text(one_of=list(Applicant), error=_NOT_ONE)
    wanted = Text(one_of=list(WantedForm), error=_NOT_ONE)
    name = Text(longest=LONGEST["name"], metadata={"description": "Who asks. Only the publisher sees it."})
    identity = Text(
        longest=LONGEST["identity"], metadata={"description": "Kind and number of a document that proves it."}
    )
    telephone = Text(longest=LONGEST["telephone"])
    mail = Text(longest=LONGEST["mail"], metadata={"format": "email"})
    public = Switch(metadata={"description": "Whether everybody may read a summary and the reply."})


class StepInput(Shape):
    """What is said with a step. Which properties it needs depends on the step."""

    text = Text(longest=MAX_REASON)
    summary = Text(longest=MAX_REASON, metadata={"description": "What everybody may read of the request."})
    until = Text(longest=10, metadata={"format": "date"})
    person = Text(longest=100, metadata={"description": "The account of the person who handles it."})
    publisher = Text(longest=100, metadata={"description": "The publisher that takes it over."})
    outcome = Text(one_of=list(Outcome), error=_NOT_ONE)
    basis = Text(longest=MAX_REASON, metadata={"description": "The legal basis; without it, that of the outcome."})
    version = Text(longest=40, metadata={"description": "The version that corrects what was wrong."})


class RequestClockShape(Schema):
    """When the reply is due, computed from what happened."""

    start = fields.Date(required=True)
    days = fields.Integer(required=True, metadata={"description": "Working days, an extension included."})
    due = fields.Date(required=True, allow_none=True)
    is_paused = fields.Boolean(required=True, data_key="paused")
    unknown_year = fields.Integer(
        required=True,
        allow_none=True,
        data_key="unknownYear",
        metadata={"description": "The year whose working days aren't announced yet, so that `due` isn't known."},
    )


class RequestLineShape(Schema):
    """Something that happened to a request."""

    at = Instant(required=True)
    step = fields.String(required=True)
    state = fields.String(required=True)
    text = fields.String(required=True)


class RequestShape(Schema):
    """A request on the public board. Nothing in it says who asks."""

    number = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(RequestKind)})
    state = fields.String(required=True, metadata={"enum": list(RequestState)})
    publisher = fields.Nested(OwnerShape, required=True)
    dataset = fields.Function(
        lambda found: found.dataset.id if found.dataset else None,
        required=True,
        metadata={"type": ["string", "null"], "description": "The id of the dataset that it is about."},
    )
    place = fields.Dict(
        required=True, metadata={"description": "`version`, `resource` and `column`; `row` for the publisher."}
    )
    summary = fields.String(required=True)
    created = Instant(required=True)
    changed = Instant(required=True)
    ended = Instant(required=True, allow_none=True)
    clock = fields.Nested(RequestClockShape, required=True)
    is_overdue = fields.Boolean(required=True, data_key="late")
    is_on_time = fields.Boolean(required=True, allow_none=True, data_key="onTime")
    days = fields.Integer(required=True, allow_none=True, metadata={"description": "From receipt to the end."})
    outcome = fields.String(required=True, allow_none=True, metadata={"enum": [*Outcome, None]})
    reply = fields.String(required=True)
    basis = fields.String(required=True)
    mended = fields.String(
        required=True, allow_none=True, metadata={"description": "The version that corrects what was wrong."}
    )
    history = fields.List(fields.Nested(RequestLineShape), required=True)
    url = Address("/requests/{0.number}", metadata={"description": "Its page."})


class AskerShape(Schema):
    """Who asks, for the publisher alone."""

    name = fields.String(required=True)
    identity = fields.String(required=True)
    telephone = fields.String(required=True)
    mail = fields.String(required=True)
    text = fields.String(required=True)
    proposed = fields.String(required=True)
    purpose = fields.String(required=True)
    period = fields.String(required=True)
    agreement = fields.String(required=True)


class HandledRequestShape(RequestShape):
    """A request. What only its publisher may see is null for all others."""

    subject = fields.String(required=True)
    person = fields.String(required=True, allow_none=True)
    steps = fields.List(fields.String(), required=True, metadata={"description": "The steps that are possible now."})
    asker = fields.Nested(AskerShape, required=True, allow_none=True)


class AskedRequestShape(Schema):
    """A request that was received. Its `code` is shown only now: with it and the number, the asker follows it."""

    number = fields.String(required=True, attribute="request.number")
    code = fields.String(required=True)
    due = fields.Date(required=True, allow_none=True, attribute="request.clock.due")


RequestPage = page_of(RequestShape)


@blueprint.operation("GET", "/requests", shape=RequestPage, query=RequestQuery, problems=(400, 422))
@cost_class("light")
def list_requests(query: Mapping[str, Any]) -> Page[RequestView]:
    """List the requests on the public board, the newest first."""
    wanted = BoardFilter(
        kind=RequestKind(query["kind"]) if query.get("kind") else None,
        publisher=query.get("publisher"),
        dataset=query.get("dataset"),
        is_open={"open": True, "closed": False}.get(query.get("state", "")),
        text=query.get("q", ""),
    )
    return services().requests.board.list(wanted, limit=query["limit"], cursor=query.get("cursor"))


@blueprint.operation(
    "POST",
    "/requests",
    status=201,
    shape=AskedRequestShape,
    body=RequestInput,
    gives=("Location",),
    problems=(400, 403, 404, 409, 413, 415, 422, 429),
    strangers=True,
)
def send_request(body: Mapping[str, Any]) -> Answer:
    """Send a request to a publisher. No account is needed. Files can't be attached."""
    language = services().settings.languages[0]
    asked: AskedRequest = services().requests.asking.ask(
        caller(), body, address=request.remote_addr or "", language=language
    )
    return asked, {"Location": f"{PREFIX}/requests/{asked.request.number}"}


@blueprint.operation("GET", "/requests/<number>", shape=HandledRequestShape, problems=(404,))
def get_request(number: str) -> RequestView:
    """A request of the public board; with all that is known of it for those who handle it."""
    if caller() is not None:
        try:
            return services().requests.handling.get(caller(), number)
        except NotPermittedError:
            pass
    return services().requests.board.get(number)


@blueprint.operation(
    "POST",
    "/requests/<number>/<step>",
    shape=HandledRequestShape,
    body=StepInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def take_request_step(body: Mapping[str, Any], number: str, step: str) -> RequestView:
    """Take a step with a request, for those who work for its publisher: register it, extend the time, reply.

    `steps` of the request names those that are possible.
    """
    if step not in _STEPS:
        raise NotFoundError(N_("There is no such step"))
    return services().requests.handling.take(caller(), number, RequestStep(step), body)
