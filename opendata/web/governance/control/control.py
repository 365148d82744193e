"""The control room: numbers, each of which leads to its list; the list as a page and as CSV."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, g, render_template, request, stream_with_context, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.moments import format_time
from opendata.errors import N_
from opendata.problems import choose_voice
from opendata.services.access.people.persons import may_manage_any
from opendata.services.core.actors import Actor
from opendata.services.governance.control.control import SORTS, GaugeCount, GaugeRow, require_some_figures
from opendata.services.governance.control.gauges import Group, Kind
from opendata.services.packages.own_lists import OwnListView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.governance.control.words import GAUGES, GROUPS, ROOMS, SINCE, UNITS
from opendata.web.governance.hub import list_staff_groups, works_on_data
from opendata.web.governance.requests.showing import send_csv

blueprint = Blueprint("control", __name__, url_prefix="/workspace/control")
blueprint.before_request(ask_to_sign_in)

_SORTS: Mapping[str, str] = {
    "since": N_("Longest first"),
    "-since": N_("Newest first"),
    "title": N_("By title"),
    "publisher": N_("By publisher"),
    "-amount": N_("Largest first"),
}


@blueprint.get("")
def show_control() -> str:
    """What waits, is late, failed or isn't public, and where the work on it is done."""
    actor, publisher = require_some_figures(g.actor), _read_publisher()
    counts = services().control.count_all(actor, publisher)
    groups = [(GROUPS[group], [one for one in counts if one.group == group]) for group in Group]
    return render_template(
        "governance/control/control.html",
        groups=[(name, sorted(found, key=_is_none)) for name, found in groups if any(one.count for one in found)],
        quiet=[(name, found) for name, found in groups if found and not any(one.count for one in found)],
        names=GAUGES,
        counted=next((one.counted for one in counts if one.counted), None),
        publisher=publisher,
        publishers=list_publishers(),
        work=list_staff_groups(actor),
        may_list=works_on_data(actor),
        sizes=services().control.measure_rooms(actor) if actor.may_oversee and not publisher else (),
        rooms=ROOMS,
        since=SINCE,
        vacant=services().persons.list_vacant(actor) if may_manage_any(actor) else (),
        lists=_list_troubles(actor) if actor.may_oversee else (),
    )


def _list_troubles(actor: Actor) -> list[tuple[OwnListView | None, str]]:
    """What is in the way of the portal's own lists: of one list, or of all of them."""
    voice, wrong = choose_voice(), services().own_lists.find_wrong_setting(actor)
    found: list[tuple[OwnListView | None, str]] = [(None, voice.say_error(wrong))] if wrong is not None else []
    for one in services().own_lists.list(actor):
        fault = one.fault
        if fault is not None:
            said = voice.fill(fault["message"], fault["params"]) if "message" in fault else fault.get("detail", "")
            found.append((one, said))
    return found


@blueprint.get("/numbers.csv")
def export_control() -> Response:
    """All numbers as CSV."""
    counts = services().control.count_all(g.actor, _read_publisher())
    rows = [
        (
            one.code,
            gettext(GROUPS[one.group]),
            gettext(GAUGES[one.code]),
            one.count,
            one.amount,
            one.oldest and format_time(one.oldest),
        )
        for one in counts
    ]
    return send_csv("control-room", [("id", "group", "name", "count", "bytes", "oldest"), *rows], private=True)


@blueprint.get("/<gauge>")
def show_list(gauge: str) -> str:
    """The list behind a number."""
    publisher, sort = _read_publisher(), _read_sort()
    found = services().control.find(g.actor, gauge)
    cursor = request.args.get("cursor") or None
    page = services().control.list(g.actor, gauge, publisher=publisher, sort=sort, cursor=cursor)
    return render_template(
        "governance/control/list.html",
        gauge=found,
        name=GAUGES[found.code],
        rows=[(row, _find_address(row)) for row in page.items],
        next=page.next,
        publisher=publisher,
        publishers=list_publishers(),
        titles={one["id"]: one for one in list_publishers()},
        sort=sort,
        sorts={value: label for value, label in _SORTS.items() if found.unit or value != "-amount"},
        since=SINCE.get(found.code, N_("Since")),
        units=UNITS,
    )


@blueprint.get("/<gauge>.csv")
def export_list(gauge: str) -> AnyResponse:
    """The list as CSV."""
    lines = services().control.export(g.actor, gauge, publisher=_read_publisher(), sort=_read_sort())
    headers = {"Content-Disposition": f"attachment; filename={gauge}.csv", "Cache-Control": "private, no-store"}
    return Response(stream_with_context(lines), mimetype="text/csv", headers=headers)


def _is_none(gauge: GaugeCount) -> bool:
    return not gauge.count


def _read_publisher() -> str | None:
    return request.args.get("publisher") or None


def _read_sort() -> str:
    return request.args.get("sort") or SORTS[0]


def list_publishers() -> list[dict[str, object]]:
    """The publishers that a filter offers; none where there is only one to ask about."""
    if not g.actor.may_see_figures:
        return []
    return [
        {"id": one.id, "title": one.title, "i18n": one.i18n} for one in services().publishers.list(limit=1000).items
    ]


def _find_address(row: GaugeRow) -> str:
    match row.kind:
        case Kind.DATASET:
            return url_for("catalogue.show_dataset", dataset=row.id)
        case Kind.UNPUBLISHED:
            return url_for("workspace.show_metadata", dataset=row.id)
        case Kind.DRAFT:
            return url_for("drafts.show_draft", draft=row.id)
        case Kind.VERSION:
            dataset, _, version = row.id.partition("@")
            return url_for("version_pages.show_version", dataset=dataset, version=version)
        case Kind.TABLE:
            dataset, _, table = row.id.partition("/")
            return url_for("tables.show_table", dataset=dataset, version="latest", resource=table)
        case Kind.SOURCE:
            return url_for("sources.show_source", dataset=row.id)
        case Kind.DUTY:
            return url_for("duties.show_duty", duty=int(row.id))
        case Kind.REQUEST:
            return url_for("request_inbox.show_request", number=row.id)
        case Kind.REUSE:
            return url_for("site_reuses.show_reuse", reuse=row.id)
        case Kind.UPLOAD:
            return ""  # nobody opens a file that isn't in a draft
        case Kind.REGISTRATION:
            return url_for("registrations.show_registration", registration=row.id)
        case Kind.HARVEST:
            return url_for("harvests.show_portal", source=row.id)
        case Kind.MAIL:
            return url_for("mail.show_mail", state="failed")
