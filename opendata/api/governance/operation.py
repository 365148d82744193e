"""Disclosures of authorised operation: prefilled, completed, published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Instant, Many, Object, Shape, Text, Whole
from opendata.domain.registers.operation import FIRST_YEAR, LAST_YEAR
from opendata.errors import N_, NotFoundError
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.services.governance.registers.operation import OperationView, PublishedOperation

blueprint = ApiBlueprint("operation_reports", N_("Disclosures of the authorised operation of public data."))

_ONE = "/publishers/<publisher>/operation-reports/<year>"
_YEAR = N_("Enter a whole number")
_ROWS = {
    "description": "Table → rows, each column → text. body: name, creditCode, telephone, plan, address, url;"
    " authorisations: operator, scope, mode, begins, ends, operatorCode, procedure, agreement;"
    " ceilings: service, ceiling, unit, basis, authority; operator: name, creditCode, telephone, address, url;"
    " resources: title, provider, dataset, registration, cycle, scope;"
    " products: product, kind, description, resources, registration, users; fees: product, fee, unit, ceiling, basis."
}
_NOTES = {"description": "Table → why it has no rows."}
_ROLES = {"description": "What the publisher is: implementing, operator."}


class OperationQuery(Shape):
    """Which published disclosures."""

    year = Whole(FIRST_YEAR, LAST_YEAR, error=_YEAR)
    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})


class OperationInput(Shape):
    """What somebody enters, as a whole: what is left out is empty."""

    roles = Many(Text(longest=20), metadata=_ROLES)
    rows = Object(metadata=_ROWS)
    notes = Object(metadata=_NOTES)
    revision = Whole(
        0,
        2**31 - 1,
        error=_YEAR,
        metadata={"description": "Refuse it if somebody has saved another revision meanwhile."},
    )


class OperationTablesShape(Schema):
    """The tables of a report."""

    roles = fields.List(fields.String(), required=True, metadata=_ROLES)
    rows = fields.Dict(required=True, metadata=_ROWS)
    notes = fields.Dict(required=True, metadata=_NOTES)


class OperationShape(Schema):
    """A report being written. `known` is what the portal suggests, `gaps` what is missing to publish it."""

    publisher = fields.String(required=True, attribute="publisher.id")
    year = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    tables = fields.Function(lambda found: found.tables.to_json(), required=True, metadata={"type": "object"})
    known = fields.Function(lambda found: found.known.to_json(), required=True, metadata={"type": "object"})
    gaps = fields.Function(
        lambda found: [{"pointer": item.pointer, "message": choose_voice().say_fault(item)} for item in found.gaps],
        required=True,
        metadata={"type": "array", "items": {"type": "object"}},
    )
    published = Instant(required=True, allow_none=True)
    is_changed = fields.Boolean(
        required=True, data_key="changed", metadata={"description": "It was changed after it was published."}
    )


class PublishedOperationShape(Schema):
    """A published disclosure with its tables."""

    publisher = fields.String(required=True, attribute="publisher.id")
    year = fields.Integer(required=True)
    tables = fields.Function(lambda found: found.tables.to_json(), required=True, metadata={"type": "object"})
    published = Instant(required=True)
    republished = Instant(required=True, allow_none=True)


class PublishedOperationsShape(Schema):
    """The published disclosures."""

    items = fields.List(fields.Nested(PublishedOperationShape), required=True)


@blueprint.operation(
    "GET", "/operation-reports", shape=PublishedOperationsShape, query=OperationQuery, problems=(400, 422)
)
@cost_class("light")
def list_operation_reports(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """List the published disclosures of authorised operation, the newest year first."""
    return {"items": services().operation_reports.list_published(query.get("year"), query.get("publisher"))}


@blueprint.operation("GET", f"{_ONE}/published", shape=PublishedOperationShape, problems=(404,))
def get_published_operation_report(year: str, publisher: str) -> PublishedOperation:
    """Get the published disclosure of a publisher."""
    return services().operation_reports.get_published(_read_year(year), publisher)


@blueprint.operation("GET", _ONE, shape=OperationShape, problems=(400, 403, 404), public=False)
def get_operation_report(year: str, publisher: str) -> OperationView:
    """Get the disclosure of a publisher, with what the portal knows."""
    return services().operation_reports.get(caller(), _read_year(year), publisher)


@blueprint.operation(
    "PUT", _ONE, shape=OperationShape, body=OperationInput, problems=(400, 403, 404, 412, 413, 415, 422)
)
def save_operation_report(body: Mapping[str, Any], year: str, publisher: str) -> OperationView:
    """Save the disclosure of a publisher."""
    return services().operation_reports.save(caller(), _read_year(year), publisher, body, revision=body.get("revision"))


@blueprint.operation("POST", f"{_ONE}/publish", shape=OperationShape, problems=(400, 403, 404, 409, 422))
def publish_operation_report(year: str, publisher: str) -> OperationView:
    """Publish the disclosure of a publisher as it is saved. Its leads only."""
    return services().operation_reports.publish(caller(), _read_year(year), publisher)


def _read_year(text: str) -> int:
    """The year that an address names. Raises `NotFoundError`."""
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise NotFoundError(N_("“%(value)s” isn't a year. Write it like 2026"), value=text[:40])
    return int(text)
