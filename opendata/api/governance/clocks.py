"""The working calendar, the rules of clocks, and what was done on time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Inner, Many, Object, Shape, Switch, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.clocks.limits import Unit
from opendata.domain.clocks.rules import Trigger
from opendata.errors import N_, NotFoundError
from opendata.metering import cost_class
from opendata.services.core.paging import cut_page
from opendata.services.core.reasons import MAX_REASON
from opendata.services.core.values import Page
from opendata.services.governance.duties.calendars import YearView
from opendata.services.governance.duties.reporting import OnTimeRow
from opendata.services.governance.duties.rule_reading import RuleView

blueprint = ApiBlueprint("clocks", N_("The working calendar, the rules of clocks, and what was done on time."))


class YearShape(Schema):
    """A year of the working calendar: the weekdays off and the weekend days on which people work."""

    year = fields.Integer(required=True)
    off = fields.List(fields.Date(), required=True)
    on = fields.List(fields.Date(), required=True)
    is_entered = fields.Boolean(
        required=True, data_key="isEntered", metadata={"description": "A maintainer of the portal entered it."}
    )
    source = fields.String(required=True, metadata={"description": "The notice that it was entered from."})


class YearInput(Shape):
    """A year: days, or ranges such as `2027-02-15/2027-02-23`."""

    off = Many(Text(longest=30), required=True)
    on = Many(Text(longest=30), required=True)
    source = Text(longest=MAX_REASON)


class LimitShape(Schema):
    """So many of a unit; of a `fixed-date`, month times 100 plus day."""

    number = fields.Integer(required=True)
    unit = fields.String(required=True, metadata={"enum": [str(unit) for unit in Unit]})


class LimitInput(Shape):
    """So many of a unit; of a `fixed-date`, month times 100 plus day: `131` is 31 January of the next year."""

    number = Whole(0, 3660, error=N_("Enter a whole number"), required=True)
    unit = Text(longest=20, required=True)


class RuleShape(Schema):
    """A rule of a clock. Its texts are by language (`zh`, `en`)."""

    id = fields.String(required=True, attribute="rule.id")
    version = fields.Integer(required=True, attribute="rule.version")
    is_own = fields.Boolean(required=True, attribute="rule.is_own", data_key="isOwn")
    title = fields.Dict(required=True, attribute="rule.title")
    clause = fields.Dict(required=True, attribute="rule.clause")
    note = fields.Dict(required=True, attribute="rule.note")
    starts = fields.Dict(required=True, attribute="rule.starts")
    trigger = fields.String(
        required=True, attribute="rule.trigger", metadata={"enum": [str(trigger) for trigger in Trigger]}
    )
    period = fields.String(required=True, allow_none=True, attribute="rule.repetition.cycle", dump_default=None)
    days = fields.Integer(required=True, allow_none=True, attribute="rule.repetition.days", dump_default=None)
    limit = fields.Nested(LimitShape, required=True, allow_none=True, attribute="rule.limit")
    pauses = fields.Boolean(required=True, attribute="rule.pauses")
    extensions = fields.Integer(required=True, attribute="rule.extensions")
    extension = fields.Nested(LimitShape, required=True, allow_none=True, attribute="rule.extension")
    is_off = fields.Boolean(required=True, data_key="isOff")
    publishers = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "For which publishers it makes duties automatically; `*`: for all."},
    )
    since = fields.Date(required=True, allow_none=True)


class RuleInput(Shape):
    """A rule that the instance adds. With the name of one that it added before, this is its next version."""

    id = Text(required=True, longest=40)
    title = Object(required=True)
    clause = Object(required=True)
    note = Object()
    starts = Object()
    trigger = Text(required=True, longest=20)
    period = Text(longest=20, allow_none=True)
    days = Whole(1, 3660, error=N_("Enter a whole number"), allow_none=True)
    limit = Inner(LimitInput, allow_none=True)
    pauses = Switch()
    extensions = Whole(0, 9, error=N_("Enter a whole number"))
    extension = Inner(LimitInput, allow_none=True)


class RuleUseInput(Shape):
    """Whether a rule is switched off, and for which publishers it makes duties from today on; `*`: for all."""

    is_off = Switch(required=True, data_key="isOff")
    publishers = Many(Text(longest=100), required=True)


class OnTimeQuery(PageQuery):
    """Which months, and of which publisher."""

    since = Text(longest=7, metadata={"description": "The first month, such as `2026-01`."})
    until = Text(longest=7, metadata={"description": "The last month."})
    publisher = Text(longest=100)


class OnTimeShape(Schema):
    """What of a publisher was due in a month, and how much of it was done in time.

    What is overdue counts as missed in its month, also when it is done later.
    """

    publisher = fields.String(required=True, attribute="publisher.id")
    title = fields.String(required=True, attribute="publisher.title")
    month = fields.String(required=True)
    due = fields.Integer(required=True, attribute="tally.due")
    in_time = fields.Integer(required=True, attribute="tally.kept", data_key="inTime")
    missed = fields.Integer(required=True, attribute="tally.missed")
    rate = fields.Float(required=True, attribute="tally.rate", metadata={"minimum": 0, "maximum": 1})


RulePage = page_of(RuleShape)
OnTimePage = page_of(OnTimeShape)


@blueprint.operation("GET", "/calendar/<year>", shape=YearShape, problems=(404,))
def get_calendar_year(year: str) -> YearView:
    """Get a year of the working calendar. One that isn't announced or entered yet is 404."""
    return services().calendars.get(_read_year(year))


@blueprint.operation(
    "PUT", "/calendar/<year>", shape=YearShape, body=YearInput, problems=(400, 403, 404, 413, 415, 422)
)
def enter_calendar_year(body: Mapping[str, Any], year: str) -> YearView:
    """Enter a year when it is announced, or replace it. What is due is computed again. For maintainers."""
    off, on = ("\n".join(body[name]) for name in ("off", "on"))
    return services().calendars.save(caller(), _read_year(year), off, on, body.get("source", ""))


@blueprint.operation("GET", "/rules", shape=RulePage, query=PageQuery, problems=(400, 422))
def list_rules(query: Mapping[str, Any]) -> Page[RuleView]:
    """List the rules of clocks: what starts each, how long it runs, and where that is written."""
    return cut_page(services().duty_rules.list(), lambda view: view.rule.id, **query)


@blueprint.operation("POST", "/rules", status=201, shape=RuleShape, body=RuleInput, problems=(400, 403, 413, 415, 422))
def add_rule(body: Mapping[str, Any]) -> RuleView:
    """Add a rule, or a version of one that was added. Duties that are there keep their terms. For maintainers."""
    return services().duty_rules.add(caller(), body)


@blueprint.operation("GET", "/rules/<identifier:rule>", shape=RuleShape, problems=(404,))
def get_rule(rule: str) -> RuleView:
    """Get a rule."""
    return services().duty_rules.get(rule)


@blueprint.operation(
    "PUT",
    "/rules/<identifier:rule>/use",
    shape=RuleShape,
    body=RuleUseInput,
    problems=(400, 403, 404, 413, 415, 422),
)
def use_rule(body: Mapping[str, Any], rule: str) -> RuleView:
    """Switch a rule on or off, and say for which publishers it makes duties. For maintainers."""
    return services().duty_rules.use(caller(), rule, **body)


@blueprint.operation("GET", "/on-time", shape=OnTimePage, query=OnTimeQuery, problems=(400, 422))
@cost_class("light")
def list_on_time(query: Mapping[str, Any]) -> Page[OnTimeRow]:
    """List by month and publisher how much of what was due was done in time. Without months, the last 12."""
    named = {name: query.get(name) or "" for name in ("since", "until", "publisher")}
    rows: Sequence[OnTimeRow] = services().duty_reports.list_on_time(**named)
    return cut_page(
        rows, lambda row: f"{row.month} {row.publisher.id}", limit=query["limit"], cursor=query.get("cursor")
    )


def _read_year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise NotFoundError(N_("The working days of %(year)s aren't announced or entered yet"), year=text[:40])
    return int(text)
