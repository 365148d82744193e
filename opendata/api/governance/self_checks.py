"""The yearly self-check of what isn't open: begun, decided item by item, closed with a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Instant, Many, Shape, Switch, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.parsing import read_path_number
from opendata.api.core.shapes import page_of
from opendata.domain.grounds.codes import GROUNDS
from opendata.domain.grounds.self_check import LONGEST_REASON, Answer, Decision, ItemState
from opendata.domain.moments import read_day
from opendata.errors import N_, InvalidMetadataError, fault
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page
from opendata.services.governance.grounds.check_items import MOST_AT_ONCE
from opendata.services.governance.grounds.values import CheckView, ItemView, ReportView

blueprint = ApiBlueprint("self_checks", N_("The yearly self-check of what isn't open, and its report."))

_ALL = "/self-checks"
_ONE = f"{_ALL}/<year>"
_NO_NUMBER = N_("“items” must be the numbers of items")


class SelfCheckInput(Shape):
    """The year to check."""

    year = Whole(1, 9999, error=N_("“year” must be a year, such as 2026"), required=True)


class ItemQuery(PageQuery):
    """Which items."""

    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})
    state = Text(
        longest=20,
        one_of=list(ItemState),
        error=N_("“state” must be undecided, proposed or decided"),
        metadata={"enum": list(ItemState)},
    )
    ground = Text(longest=40, metadata={"description": "That point to this entry of the negative list; `-`: to none."})


class ItemsInput(Shape):
    """Items by their numbers."""

    items = Many(Whole(1, 1 << 31, error=_NO_NUMBER), required=True, metadata={"maxItems": MOST_AT_ONCE})


class ConfirmationInput(ItemsInput):
    """Items by their numbers, and the `digest` that each had when you read it, in the same order."""

    seen = Many(Text(longest=64), required=True, metadata={"maxItems": MOST_AT_ONCE})


class DecisionInput(ItemsInput):
    """One answer to one or several items. `keep` needs `ground` and `reason`, `open` needs `openBy`."""

    decision = Text(
        required=True,
        longest=10,
        one_of=list(Decision),
        error=N_("“decision” must be keep or open"),
        metadata={"enum": list(Decision)},
    )
    ground = Text(longest=40, load_default="", metadata={"description": "An entry of the negative list in force."})
    reason = Text(longest=LONGEST_REASON, load_default="")
    open_by = Text(
        longest=10, data_key="openBy", load_default="", metadata={"format": "date", "description": "Open by this day."}
    )
    seen = Many(
        Text(longest=64),
        load_default=None,
        metadata={
            "maxItems": MOST_AT_ONCE,
            "description": "The `digest` of each item as you read it, in the order of `items`: 409 if one has changed.",
        },
    )
    confirm = Switch(load_default=False, metadata={"description": "False proposes; true decides, for those who may."})


class CountsShape(Schema):
    """How many items there were, are kept, are to be opened, and of those were open when the self-check was closed."""

    items = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    opened = fields.Integer(required=True)
    fulfilled = fields.Integer(required=True)


class FiguresShape(Schema):
    """The figures of a report: in all, by publisher, and how many are kept on each ground."""

    total = fields.Nested(CountsShape, required=True)
    publishers = fields.Dict(keys=fields.String(), values=fields.Nested(CountsShape), required=True)
    grounds = fields.Dict(keys=fields.String(metadata={"enum": list(GROUNDS)}), values=fields.Integer(), required=True)


class OpenedShape(Schema):
    """A public dataset that is to be opened; `fulfilled` is the version with which it is open, null while it isn't."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    publisher = fields.String(required=True)
    open_by = fields.Date(required=True, data_key="openBy")
    fulfilled = fields.String(required=True, allow_none=True)


class SelfCheckReportShape(Schema):
    """The report of a self-check that is closed."""

    year = fields.Integer(required=True)
    closed = Instant(required=True)
    due = fields.Date(required=True)
    report = fields.Nested(FiguresShape, required=True)


class WholeReportShape(SelfCheckReportShape):
    """The report, and what is opened until when."""

    opened = fields.List(fields.Nested(OpenedShape), required=True)


class ProgressShape(Schema):
    """How many items of a publisher are in each state."""

    publisher = fields.String(required=True)
    title = fields.String(required=True)
    undecided = fields.Integer(required=True)
    proposed = fields.Integer(required=True)
    decided = fields.Integer(required=True)


class SelfCheckShape(Schema):
    """A self-check. Its report is due on `due`; `report` is null until it is closed."""

    year = fields.Integer(required=True)
    begun = Instant(required=True)
    due = fields.Date(required=True)
    closed = Instant(required=True, allow_none=True)
    report = fields.Nested(FiguresShape, required=True, allow_none=True)


class SelfCheckProgressShape(SelfCheckShape):
    """A self-check with the progress of the publishers that you act for."""

    progress = fields.List(fields.Nested(ProgressShape), required=True)


class SelfCheckItemShape(Schema):
    """An item: a dataset, or a topic in words that was often asked for (`dataset` is null).

    `pointed` is the entry of the negative list that the dataset points to now, `ground` the one that is decided.
    `digest` is another one once the answer has changed: send it as `seen`.
    """

    id = fields.Integer(required=True)
    dataset = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    publisher = fields.String(required=True)
    attribute = fields.String(required=True)
    pointed = fields.String(required=True)
    asked = fields.Integer(required=True)
    state = fields.String(required=True, metadata={"enum": list(ItemState)})
    decision = fields.String(required=True, allow_none=True, metadata={"enum": [*Decision, None]})
    ground = fields.String(required=True)
    reason = fields.String(required=True)
    open_by = fields.Date(required=True, allow_none=True, data_key="openBy")
    proposed_by = fields.String(required=True, data_key="proposedBy")
    decided_by = fields.String(required=True, data_key="decidedBy")
    fulfilled = fields.String(required=True, allow_none=True)
    digest = fields.String(required=True)


class DecidedShape(Schema):
    """How many items were answered."""

    items = fields.Integer(required=True)


SelfCheckPage = page_of(SelfCheckShape)
ItemPage = page_of(SelfCheckItemShape)
ReportPage = page_of(SelfCheckReportShape)


@blueprint.operation("GET", f"{_ALL}/reports", shape=ReportPage, query=PageQuery, problems=(400, 422))
def list_self_check_reports(query: Mapping[str, Any]) -> Page[ReportView]:
    """List the reports of self-checks, the newest first."""
    return cut_page(services().self_checks.list_reports(), lambda item: str(item.year), **query)


@blueprint.operation("GET", f"{_ALL}/reports/<year>", shape=WholeReportShape, problems=(404,))
def get_self_check_report(year: str) -> ReportView:
    """Read the report of a year, and which public datasets are opened until when."""
    return services().self_checks.get_report(read_path_number(year))


@blueprint.operation("GET", _ALL, shape=SelfCheckPage, query=PageQuery, problems=(400, 403, 422), public=False)
def list_self_checks(query: Mapping[str, Any]) -> Page[CheckView]:
    """List the self-checks, the newest first. For editors and maintainers."""
    return cut_page(services().self_checks.list(caller()), lambda item: str(item.year), **query)


@blueprint.operation(
    "POST",
    _ALL,
    status=201,
    shape=SelfCheckShape,
    body=SelfCheckInput,
    problems=(400, 403, 409, 413, 415, 422),
)
def begin_self_check(body: Mapping[str, Any]) -> CheckView:
    """Begin the self-check of a year with all that isn't open now. For maintainers."""
    return services().self_checks.begin(caller(), body["year"])


@blueprint.operation("GET", _ONE, shape=SelfCheckProgressShape, problems=(403, 404), public=False)
def get_self_check(year: str) -> CheckView:
    """Read a self-check, and how far your publishers are. For editors and maintainers."""
    return services().self_checks.get(caller(), read_path_number(year))


@blueprint.operation(
    "GET", f"{_ONE}/items", shape=ItemPage, query=ItemQuery, problems=(400, 403, 404, 422), public=False
)
def list_self_check_items(query: Mapping[str, Any], year: str) -> Page[ItemView]:
    """List the items of a self-check. For editors theirs, for maintainers all."""
    return services().self_checks.list_items(caller(), read_path_number(year), **query)


@blueprint.operation(
    "POST",
    f"{_ONE}/decisions",
    shape=DecidedShape,
    body=DecisionInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def decide_self_check_items(body: Mapping[str, Any], year: str) -> Mapping[str, int]:
    """Give one answer to one or several items: all of them or none. `confirm` makes it the decision."""
    open_by = read_day(body["open_by"]) if body["open_by"] else None
    if body["open_by"] and open_by is None:
        raise InvalidMetadataError(faults=[fault("/openBy", N_("Enter a date, such as 2026-12-31"))])
    answer = Answer(decision=Decision(body["decision"]), ground=body["ground"], reason=body["reason"], open_by=open_by)
    seen = _pair(body) if body["seen"] is not None else None
    count = services().self_checks.decide(
        caller(), read_path_number(year), body["items"], answer, confirms=body["confirm"], seen=seen
    )
    return {"items": count}


@blueprint.operation(
    "POST",
    f"{_ONE}/confirmations",
    shape=DecidedShape,
    body=ConfirmationInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def confirm_self_check_items(body: Mapping[str, Any], year: str) -> Mapping[str, int]:
    """Make proposals decisions, as you have `seen` them: all or none. For those who decide for the publisher."""
    return {"items": services().self_checks.confirm(caller(), read_path_number(year), _pair(body))}


@blueprint.operation("POST", f"{_ONE}/close", shape=SelfCheckShape, problems=(403, 404, 409))
def close_self_check(year: str) -> CheckView:
    """Close a self-check, once each item is decided, and make its report. For maintainers."""
    return services().self_checks.close(caller(), read_path_number(year))


def _pair(body: Mapping[str, Any]) -> Mapping[int, str]:
    """What was seen of each item. Raises `InvalidMetadataError`."""
    if len(body["items"]) != len(body["seen"]):
        text = N_("“seen” must have the digest of each item, in the order of “items”")
        raise InvalidMetadataError(faults=[fault("/seen", text)])
    return dict(zip(body["items"], body["seen"], strict=True))
