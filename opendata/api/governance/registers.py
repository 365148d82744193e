"""Registrations of public data resources: begun, filled in, followed step by step; codes that came back as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import services
from opendata.api.core.fields import Address, Inner, Instant, Many, Object, Shape, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.multipart import read_table_form
from opendata.api.core.parsing import read_path_number
from opendata.api.core.shapes import page_of
from opendata.domain.access.scopes import Verb
from opendata.domain.registers.registration import DocumentKind, RegistrationKind, RegistrationState, RegistrationStep
from opendata.errors import N_
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.services.core.actors import require_publisher
from opendata.services.core.reasons import MAX_REASON
from opendata.services.core.values import Page
from opendata.services.governance.registers.books import describe_form
from opendata.services.governance.registers.registrations import RegistrationFilter
from opendata.services.governance.registers.results import ResultPlan
from opendata.services.governance.registers.values import RegistrationView, StepView

blueprint = ApiBlueprint("registrations", N_("Registrations of datasets with the register of public data resources."))

_ONE = "/registrations/<registration>"
_PROBLEMS = (400, 403, 404, 409, 413, 415, 422)
_MOST = 2**31 - 1


class RegistrationQuery(PageQuery):
    """Which registrations."""

    publisher = Text(longest=100)
    dataset = Text(longest=100)
    state = Text(longest=20, one_of=tuple(RegistrationState), error=N_("There is no such state"))


class RegistrationFormQuery(Shape):
    """Whose applications."""

    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})


class DocumentShape(Schema):
    """A document of an application. The portal has its name and digest, not the file."""

    kind = fields.String(required=True, metadata={"enum": list(DocumentKind)})
    name = fields.String(required=True)
    sha256 = fields.String(required=True)


class RegisteredDatasetShape(Schema):
    """The dataset that a registration is about."""

    id = fields.String(required=True)
    uuid = fields.String(required=True)
    title = fields.String(required=True)


class RegistrationShape(Schema):
    """A registration. Days that aren't known yet are null. `isChanged`: the data has a newer version."""

    id = fields.Integer(required=True)
    dataset = fields.Nested(RegisteredDatasetShape, required=True)
    publisher = fields.String(required=True, attribute="publisher.id")
    version = fields.String(required=True, metadata={"description": "Empty for the entry in the catalogue alone."})
    kind = fields.String(required=True, metadata={"enum": list(RegistrationKind)})
    state = fields.String(required=True, metadata={"enum": list(RegistrationState)})
    code = fields.String(required=True)
    previous = fields.String(required=True, metadata={"description": "The code of the registration it is about."})
    accepted = fields.Date(required=True, allow_none=True)
    check_due = fields.Date(required=True, allow_none=True, data_key="checkDue")
    notice_first = fields.Date(required=True, allow_none=True, data_key="noticeFirst")
    notice_last = fields.Date(required=True, allow_none=True, data_key="noticeLast")
    registered = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True, data_key="validUntil")
    renew_from = fields.Date(required=True, allow_none=True, data_key="renewFrom")
    said = fields.Dict(
        required=True,
        metadata={
            "description": "Field → text. Fields: office, use, agentName, agentCode, agentContact, storagePlace,"
            " evidenceWay, evidenceNumber."
        },
    )
    documents = fields.List(fields.Nested(DocumentShape), required=True)
    steps = fields.List(fields.String(), required=True, metadata={"description": "The steps that are possible."})
    returned = fields.String(required=True, metadata={"description": "What must be mended, where it was returned."})
    is_changed = fields.Boolean(required=True, data_key="isChanged")
    revision = fields.Integer(required=True)
    created = Instant(required=True)
    changed = Instant(required=True)
    url = Address("/workspace/registrations/{0.id}", metadata={"description": "Its page."})


class RegistrationStepShape(Schema):
    """A step that was taken. `by` is the account that entered it."""

    step = fields.String(required=True, metadata={"enum": list(RegistrationStep)})
    state = fields.String(required=True)
    day = fields.Date(required=True)
    note = fields.String(required=True)
    at = Instant(required=True)
    by = fields.String(required=True)


class RegistrationInput(Shape):
    """What is begun: of the newest version, unless another one is named."""

    kind = Text(longest=20, metadata={"enum": list(RegistrationKind)})
    version = Text(longest=40)


class DocumentInput(Shape):
    """A document: its name and digest."""

    kind = Text(required=True, longest=20, metadata={"enum": list(DocumentKind)})
    name = Text(required=True, longest=200)
    sha256 = Text(required=True, longest=80)


class RegistrationChanges(Shape):
    """What the application says, each part as a whole where given."""

    said = Object(metadata={"description": "Field → text of at most 2000 characters."})
    documents = Many(Inner(DocumentInput))
    revision = Whole(
        0,
        _MOST,
        error=N_("Enter a whole number"),
        metadata={"description": "Refuse it if somebody has saved another revision meanwhile."},
    )


class RegistrationStepInput(Shape):
    """A step: on which day (today if it isn't given), with what came back."""

    step = Text(required=True, longest=20, metadata={"enum": list(RegistrationStep)})
    day = Text(longest=10, metadata={"format": "date"})
    code = Text(longest=100, metadata={"description": "The code that the register office gave."})
    until = Text(longest=10, metadata={"format": "date", "description": "The last day of the notice or the validity."})
    note = Text(longest=MAX_REASON)


class FormShape(Schema):
    """An application as the register asks for it. `missing` names the fields that nothing fills."""

    registration = fields.Integer(required=True)
    dataset = fields.String(required=True)
    version = fields.String(required=True)
    kind = fields.String(required=True)
    complete = fields.Boolean(required=True)
    missing = fields.List(fields.String(), required=True)
    sections = fields.List(fields.Dict(), required=True)
    documents = fields.List(fields.Dict(), required=True)


class FormsShape(Schema):
    """The applications that aren't decided yet."""

    complete = fields.Boolean(required=True)
    items = fields.List(fields.Nested(FormShape), required=True)


class ResultsShape(Schema):
    """What a table would do, or has done: `taken` rows, and each row with what is wrong with it."""

    taken = fields.Integer(required=True)
    new = fields.Integer(required=True)
    wrong = fields.Integer(required=True)
    rows = fields.List(fields.Dict(), required=True)


RegistrationPage = page_of(RegistrationShape)
RegistrationStepPage = page_of(RegistrationStepShape)


@blueprint.operation(
    "GET", "/registrations", shape=RegistrationPage, query=RegistrationQuery, problems=(400, 403, 422), public=False
)
def list_registrations(query: Mapping[str, Any]) -> Page[RegistrationView]:
    """List registrations, the newest first: those of your publisher, of all for maintainers."""
    said = dict(query)
    limit, cursor = said.pop("limit"), said.pop("cursor", None)
    return services().registrations.list(caller(), RegistrationFilter(**said), limit=limit, cursor=cursor)


@blueprint.operation(
    "POST",
    "/datasets/<identifier:dataset>/registrations",
    status=201,
    shape=RegistrationShape,
    body=RegistrationInput,
    gives=("Location",),
    problems=_PROBLEMS,
)
def begin_registration(body: Mapping[str, Any], dataset: str) -> Answer:
    """Begin a registration of a dataset."""
    found = services().registrations.begin(caller(), dataset, body)
    return found, {"Location": f"{PREFIX}/registrations/{found.id}"}


@blueprint.operation("GET", _ONE, shape=RegistrationShape, problems=(403, 404), public=False)
def get_registration(registration: str) -> RegistrationView:
    """Get a registration."""
    return services().registrations.get(caller(), _read_number(registration))


@blueprint.operation("PATCH", _ONE, shape=RegistrationShape, body=RegistrationChanges, problems=(*_PROBLEMS, 412))
def change_registration(body: Mapping[str, Any], registration: str) -> RegistrationView:
    """Change what an application says, while it isn't with the register office."""
    return services().registrations.change(caller(), _read_number(registration), body, revision=body.get("revision"))


@blueprint.operation("GET", f"{_ONE}/steps", shape=RegistrationStepPage, problems=(403, 404), public=False)
def list_registration_steps(registration: str) -> Page[StepView]:
    """List what happened to a registration, the oldest first."""
    return Page(services().registrations.list_steps(caller(), _read_number(registration)))


@blueprint.operation("POST", f"{_ONE}/steps", shape=RegistrationShape, body=RegistrationStepInput, problems=_PROBLEMS)
def take_registration_step(body: Mapping[str, Any], registration: str) -> RegistrationView:
    """Say that a step was taken: submitted, accepted, returned, shown to the public, registered with a code."""
    return services().registrations.take(caller(), _read_number(registration), str(body["step"]), body)


@blueprint.operation("GET", f"{_ONE}/form", shape=FormShape, problems=(403, 404), public=False)
def get_registration_form(registration: str) -> Mapping[str, Any]:
    """Get an application as the register asks for it, filled in from what the portal knows."""
    voice = choose_voice()
    return describe_form(services().registration_forms.build(caller(), _read_number(registration), voice), voice)


@blueprint.operation(
    "GET",
    "/registration-forms",
    shape=FormsShape,
    query=RegistrationFormQuery,
    problems=(400, 403, 422),
    public=False,
)
@cost_class("rows")
def list_registration_forms(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """List all applications that aren't decided yet, filled in."""
    voice = choose_voice()
    forms = services().registration_forms.build_open(caller(), query.get("publisher") or "", voice)
    items = [describe_form(form, voice) for form in forms]
    return {"complete": all(item["complete"] for item in items), "items": items}


@blueprint.operation(
    "POST",
    "/registration-results",
    shape=ResultsShape,
    problems=(400, 403, 409, 413, 415, 422),
    needs=Verb.PUBLISH,
    requestBody={
        "required": True,
        "description": "A table with the columns `dataset`, `version`, `code`, `day`, `until`: XLSX, ODS, XLS or CSV.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "dryRun": {"type": "boolean", "description": "Only say what the table would do."},
                        "onlyValid": {
                            "type": "boolean",
                            "description": "Take the rows that are right where others are wrong.",
                        },
                    },
                }
            }
        },
    },
)
def take_registration_results() -> Mapping[str, Any]:
    """Take a table of codes that came back: all its rows, or nothing where one is wrong unless `onlyValid` is true."""
    require_publisher(caller())
    form = read_table_form()
    found = services().registration_results.run(
        caller(),
        form.stream,
        form.name or "results",
        dry=form.is_dry,
        only_valid=form.only_valid,
    )
    return _describe_results(found)


def _describe_results(found: ResultPlan) -> Mapping[str, Any]:
    rows: Sequence[Mapping[str, Any]] = [
        {
            "row": row.row,
            "dataset": row.dataset,
            "version": row.version,
            "code": row.code,
            "known": row.is_known,
            "errors": [choose_voice().say_fault(item) for item in row.faults],
        }
        for row in found.rows
    ]
    return {"taken": found.taken, "new": len(found.new), "wrong": len(found.wrong), "rows": rows}


def _read_number(text: str) -> int:
    """The number of a registration that an address names. Raises `NotFoundError`."""
    return read_path_number(text)
