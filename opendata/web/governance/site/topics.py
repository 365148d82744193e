"""Columns of a subject, and contests and calls."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request, url_for
from flask_babel import gettext

from opendata.domain.site.kinds import PageKind
from opendata.errors import MovedError, NotFoundError
from opendata.metering import cost_class
from opendata.services.core.values import DatasetView
from opendata.services.governance.site.values import ColumnGroup
from opendata.web.core.instance import services
from opendata.web.core.languages import say_plain
from opendata.wording.governance.site import CALL_STATES, HEADINGS, MISSING_HEADINGS

blueprint = Blueprint("site_topics", __name__)

_PAGE_SIZE = 50


@blueprint.get("/columns/<page>")
@cost_class("light")
def show_column(page: str) -> str:
    """The datasets of a column, arranged as it says."""
    found = services().pages.get(g.actor, PageKind.COLUMN, page)
    column = services().columns.show(found)
    return render_template(
        "governance/site/column.html",
        page=found,
        column=column,
        name_heading=name_heading,
        may_edit=g.actor is not None and g.actor.is_maintainer,
    )


@blueprint.get("/calls")
def list_calls() -> str:
    """Contests and calls, the newest first."""
    found = services().pages.list(g.actor, PageKind.CALL)
    return render_template("governance/site/calls.html", calls=found, states=CALL_STATES)


@blueprint.get("/calls/<page>")
def show_call(page: str) -> str:
    """A contest or call, and what was sent for it."""
    found = services().pages.get(g.actor, PageKind.CALL, page)
    cursor = request.args.get("cursor") or None
    return render_template(
        "governance/site/call.html",
        page=found,
        states=CALL_STATES,
        datasets=[item for name in found.data.get("datasets", ()) if (item := _find_dataset(name))],
        entries=services().reuses.list(call=page, cursor=cursor, limit=_PAGE_SIZE),
        address=url_for("site_reuses.show_form", call=page),
    )


def name_heading(group: ColumnGroup) -> str:
    """The heading of a group in the reader's language."""
    if group.thing is not None:
        return say_plain(group.thing)
    if group.heading is None:
        return str(gettext(MISSING_HEADINGS[group.by]))
    return str(gettext(HEADINGS[group.heading])) if group.heading in HEADINGS else group.heading


def _find_dataset(name: str) -> DatasetView | None:
    """A dataset by the id that it has or had; None where it isn't public any more."""
    try:
        return services().datasets.get(name)
    except MovedError as moved:
        return services().datasets.get(moved.new)
    except NotFoundError:
        return None
