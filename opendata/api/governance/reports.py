"""Annual reports on disclosure: prefilled, completed, published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Instant, Object, Shape, Text, Whole
from opendata.domain.reports.annual import FIRST_YEAR, LAST_YEAR, write_amount
from opendata.errors import N_, NotFoundError
from opendata.metering import cost_class
from opendata.services.governance.reports.values import PublishedReport, PublishedRow, ReportView

blueprint = ApiBlueprint("annual_reports", N_("Annual reports on disclosure: prefilled, completed, published."))

_WHOLE = "/annual-reports/<year>"
_OF_PUBLISHER = "/publishers/<publisher>/annual-reports/<year>"
_YEAR = N_("Enter a whole number")
_TEXTS = {
    "description": "Language → part → text in Markdown. Parts: general, proactive, requests, disputes, problems, other."
}
_NUMBERS = {
    "description": "Code → number, such as `disclosed/regulations/made` (table 2), `added/new/person` (applications"
    " that came another way, added to table 3), `disputes/review/upheld` (table 4)."
}


class PublishedReportsQuery(Shape):
    """Which published reports."""

    year = Whole(FIRST_YEAR, LAST_YEAR, error=_YEAR)
    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})


class ReportInput(Shape):
    """What somebody enters, as a whole: what is left out is empty."""

    texts = Object(metadata=_TEXTS)
    numbers = Object(metadata=_NUMBERS)
    revision = Whole(
        0,
        2**31 - 1,
        error=_YEAR,
        metadata={"description": "Refuse it if somebody has saved another revision meanwhile."},
    )


def _name_publisher(found: Any) -> str:
    return found.publisher.id if found.publisher is not None else ""


def _write_numbers(numbers: Mapping[str, Any]) -> Mapping[str, str]:
    return {code: write_amount(number) for code, number in numbers.items()}


def _list_cells(found: Any) -> Sequence[Mapping[str, Any]]:
    return [{"row": row, "column": column, "value": value} for (row, column), value in found.cells.items()]


_CELL = {"type": "array", "items": {"type": "object"}}


class ReportShape(Schema):
    """A report being written. `publisher` is empty for the one on all publishers."""

    publisher = fields.Function(_name_publisher, required=True, metadata={"type": "string"})
    year = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    texts = fields.Dict(required=True, metadata=_TEXTS)
    suggested = fields.Dict(required=True, metadata={"description": "Texts from what the portal knows, likewise."})
    numbers = fields.Function(
        lambda found: _write_numbers(found.numbers), required=True, metadata={"type": "object", **_NUMBERS}
    )
    known = fields.Function(
        lambda found: _write_numbers(found.known),
        required=True,
        metadata={"type": "object", "description": "Sums of the publishers' reports, which count where nothing is."},
    )
    applications = fields.Function(
        lambda found: _list_cells(found.table),
        required=True,
        metadata={**_CELL, "description": "Table 3, with what was added."},
    )
    published = Instant(required=True, allow_none=True)
    is_changed = fields.Boolean(
        required=True, data_key="changed", metadata={"description": "It was changed after it was published."}
    )


class PublishedReportShape(Schema):
    """A published report, with all numbers of its three tables."""

    publisher = fields.Function(_name_publisher, required=True, metadata={"type": "string"})
    year = fields.Integer(required=True)
    texts = fields.Dict(required=True, metadata=_TEXTS)
    cells = fields.Function(
        lambda found: [
            dict(zip(("table", "row", "column", "value"), cell, strict=True)) for cell in found.report.list_cells()
        ],
        required=True,
        metadata=_CELL,
    )
    published = Instant(required=True)
    republished = Instant(required=True, allow_none=True)


class PublishedRowShape(Schema):
    """A published report. `publisher` is empty for the one on all publishers."""

    publisher = fields.Function(_name_publisher, required=True, metadata={"type": "string"})
    year = fields.Integer(required=True)
    published = Instant(required=True)
    republished = Instant(required=True, allow_none=True)


class PublishedRowsShape(Schema):
    """The published reports."""

    items = fields.List(fields.Nested(PublishedRowShape), required=True)


@blueprint.operation(
    "GET", "/annual-reports", shape=PublishedRowsShape, query=PublishedReportsQuery, problems=(400, 422)
)
@cost_class("light")
def list_annual_reports(query: Mapping[str, Any]) -> Mapping[str, Sequence[PublishedRow]]:
    """List the published annual reports, the newest year first."""
    return {"items": services().annual_reports.list_published(query.get("year"), query.get("publisher"))}


@blueprint.operation("GET", f"{_WHOLE}/published", shape=PublishedReportShape, problems=(404,))
def get_published_annual_report(year: str) -> PublishedReport:
    """The published report on all publishers."""
    return services().annual_reports.get_published(_read_year(year))


@blueprint.operation("GET", f"{_OF_PUBLISHER}/published", shape=PublishedReportShape, problems=(404,))
def get_published_publisher_report(year: str, publisher: str) -> PublishedReport:
    """The published report of a publisher."""
    return services().annual_reports.get_published(_read_year(year), publisher)


@blueprint.operation("GET", _WHOLE, shape=ReportShape, problems=(400, 403, 404), public=False)
def get_annual_report(year: str) -> ReportView:
    """The report on all publishers, with what the portal knows. Maintainers and auditors only."""
    return services().annual_reports.get(caller(), _read_year(year))


@blueprint.operation("GET", _OF_PUBLISHER, shape=ReportShape, problems=(400, 403, 404), public=False)
def get_publisher_report(year: str, publisher: str) -> ReportView:
    """The report of a publisher, with what the portal knows."""
    return services().annual_reports.get(caller(), _read_year(year), publisher)


@blueprint.operation("PUT", _WHOLE, shape=ReportShape, body=ReportInput, problems=(400, 403, 404, 412, 413, 415, 422))
def save_annual_report(body: Mapping[str, Any], year: str) -> ReportView:
    """Save the report on all publishers. Maintainers only."""
    return services().annual_reports.save(caller(), _read_year(year), "", body, revision=body.get("revision"))


@blueprint.operation(
    "PUT", _OF_PUBLISHER, shape=ReportShape, body=ReportInput, problems=(400, 403, 404, 412, 413, 415, 422)
)
def save_publisher_report(body: Mapping[str, Any], year: str, publisher: str) -> ReportView:
    """Save the report of a publisher."""
    return services().annual_reports.save(caller(), _read_year(year), publisher, body, revision=body.get("revision"))


@blueprint.operation("POST", f"{_WHOLE}/publish", shape=ReportShape, problems=(400, 403, 404, 409, 422))
def publish_annual_report(year: str) -> ReportView:
    """Publish the report on all publishers as it is saved. Maintainers only."""
    return services().annual_reports.publish(caller(), _read_year(year))


@blueprint.operation("POST", f"{_OF_PUBLISHER}/publish", shape=ReportShape, problems=(400, 403, 404, 409, 422))
def publish_publisher_report(year: str, publisher: str) -> ReportView:
    """Publish the report of a publisher as it is saved. Its leads only."""
    return services().annual_reports.publish(caller(), _read_year(year), publisher)


def _read_year(text: str) -> int:
    """The year that an address names. Raises `NotFoundError`."""
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise NotFoundError(N_("“%(value)s” isn't a year. Write it like 2026"), value=text[:40])
    return int(text)
