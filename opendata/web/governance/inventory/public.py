"""The inventory and the opening plan as anyone sees them: public items, and no number that any other counts in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, render_template, request, stream_with_context

from opendata.domain.inventory.plan import OUTCOME_NAMES
from opendata.domain.inventory.states import STATE_NAMES
from opendata.errors import InputError
from opendata.metering import cost_class
from opendata.problems import choose_voice, status_of
from opendata.services.core.values import Page, PublisherView
from opendata.services.governance.inventory.exports import write_csv
from opendata.services.governance.inventory.inventory import PublisherCounts
from opendata.services.governance.inventory.items import ItemFilter, ItemView, PlanView
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.web.core.instance import services
from opendata.web.core.languages import say_plain

blueprint = Blueprint("inventory", __name__)

PAGE_SIZE = 50
_FILTERS = ("publisher", "disclosure", "state", "q")
_PLAN_FILTERS = ("publisher", "outcome")


@blueprint.get("/inventory")
@cost_class("light")
def show_inventory() -> str | tuple[str, int]:
    """What publishers hold, of which the entries are public."""
    values, message = read_values(_FILTERS), ""
    page: Page[ItemView] = Page([])
    counts: Sequence[PublisherCounts] = ()
    try:
        wanted = ItemFilter.from_texts(values)
        page = services().inventory.list_page(None, wanted, cursor=request.args.get("cursor") or None, limit=PAGE_SIZE)
        if "cursor" not in request.args:  # the counts are on the first page
            counts = services().inventory.count(None, wanted)
    except InputError as error:
        message = choose_voice().say_error(error)
        status = status_of(error)
    shown = render_template(
        "governance/inventory/public.html",
        values=values,
        page=page,
        counts=counts,
        states=STATE_NAMES,
        publishers=[row.publisher for row in counts] if counts and not values else _list_publishers(),
        message=message,
    )
    return (shown, status) if message else shown


@blueprint.get("/inventory.csv")
@cost_class("rows")
def export_inventory() -> Response:
    """The public items that the filter leaves, as CSV."""
    wanted = ItemFilter.from_texts(read_values(_FILTERS))
    lines = write_csv(services().inventory.iterate(None, wanted), choose_voice())
    return send_csv(lines, "inventory.csv")


@blueprint.get("/inventory/plan")
@cost_class("light")
def show_plan() -> str | tuple[str, int]:
    """What opens when, and what became of it."""
    values, message = read_values(_PLAN_FILTERS), ""
    page: Page[PlanView] = Page([])
    try:
        cursor = request.args.get("cursor") or None
        page = services().plans.list_page(**values, cursor=cursor, limit=PAGE_SIZE)
    except InputError as error:
        message = choose_voice().say_error(error)
        status = status_of(error)
    shown = render_template(
        "governance/inventory/plan.html",
        values=values,
        page=page,
        counts=services().plans.count(publisher=values.get("publisher")),
        outcomes=OUTCOME_NAMES,
        publishers=_list_publishers(),
        message=message,
    )
    return (shown, status) if message else shown


@blueprint.get("/inventory/plan.csv")
@cost_class("rows")
def export_plan() -> Response:
    """The plan as CSV, a line for each item; the days that were moved are in one cell."""
    return send_csv(_write_plan(read_values(_PLAN_FILTERS)), "opening-plan.csv")


def read_values(names: Sequence[str]) -> dict[str, str]:
    """The filters of the address that say something."""
    return {name: text for name in names if (text := request.args.get(name, "").strip())}


def send_csv(lines: Iterator[str], filename: str, *, is_private: bool = False) -> Response:
    """Lines of CSV as a file to keep."""
    headers = {"Content-Disposition": f"attachment; filename={filename}"}
    headers["Cache-Control"] = "private, no-store" if is_private else "no-cache"
    return Response(stream_with_context(lines), mimetype="text/csv", headers=headers)


def _list_publishers() -> Sequence[PublisherView]:
    """Those who can be chosen."""
    return services().publishers.list(limit=1000).items


def _write_plan(values: dict[str, str]) -> Iterator[str]:
    voice = choose_voice()
    yield "\ufeff" + write_csv_line(
        ["id", "title", "publisher", "planned", "opened", "outcome", "missed", "earlier days and reasons"], "\r\n"
    )
    cursor = None
    while True:
        page = services().plans.list_page(**values, cursor=cursor, limit=500)
        for item in page.items:
            days = [item.opens.isoformat() if item.opens else "", item.opened.isoformat() if item.opened else ""]
            outcome = voice.translate(OUTCOME_NAMES[item.outcome])
            cells = [item.id, say_plain(item), say_plain(item.publisher), *days, outcome, str(item.missed)]
            yield write_csv_line([*cells, _say_earlier(item)], "\r\n")
        cursor = page.next
        if cursor is None:
            return


def _say_earlier(item: PlanView) -> str:
    """The days that the plan had before, each with the reason for the next."""
    pairs = zip(item.days, item.days[1:], strict=False)
    return "; ".join(f"{old.opens or '-'} → {new.opens or '-'} ({new.decided}: {new.reason})" for new, old in pairs)
