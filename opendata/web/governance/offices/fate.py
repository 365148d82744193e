"""Pages on which a maintainer decides what becomes of a publisher: its datasets move, it is merged, split or closed."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.drafts.choices import name_publishers
from opendata.web.governance.offices.form import Values, place_faults

blueprint = Blueprint("publisher_fate", __name__, url_prefix="/workspace/publishers")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]


@blueprint.get("/<publisher>/future")
def show_future(publisher: str) -> str:
    """What can become of a publisher."""
    return _render(publisher, {}, None)


@blueprint.post("/<publisher>/datasets")
def hand_over(publisher: str) -> Answer:
    """Move single datasets, or split the publisher: each dataset and account goes where somebody chose."""
    values = request.form.to_dict()
    holdings = services().succession.show(g.actor, publisher)
    datasets = {item.id: wanted for item in holdings.datasets if (wanted := values.get(f"dataset-{item.id}"))}
    accounts = {name: wanted for name in holdings.accounts if (wanted := values.get(f"account-{name}"))}
    reason, rest = values.get("reason", ""), values.get("rest", "")

    def act() -> str:
        if rest:
            services().succession.split(
                g.actor, publisher, datasets=datasets, accounts=accounts, rest=rest, reason=reason
            )
            return str(gettext("The publisher is split. Its page says where everything went"))
        services().succession.move(g.actor, datasets, reason=reason)
        return str(gettext("The datasets have moved"))

    return _take(publisher, values, act)


@blueprint.post("/<publisher>/merge")
def merge_publisher(publisher: str) -> Answer:
    """Merge it into another one."""
    values = request.form.to_dict()

    def act() -> str:
        services().succession.merge(g.actor, [publisher], values.get("into", ""), reason=values.get("merge_reason", ""))
        return str(gettext("The publisher is merged. Its page says where it went"))

    return _take(publisher, values, act, "merge_")


@blueprint.post("/<publisher>/close")
def close_publisher(publisher: str) -> Answer:
    """Close it."""
    values = request.form.to_dict()

    def act() -> str:
        services().succession.close(g.actor, publisher, reason=values.get("close_reason", ""))
        return str(gettext("The publisher is closed"))

    return _take(publisher, values, act, "close_")


@blueprint.post("/<publisher>/reopen")
def reopen_publisher(publisher: str) -> Answer:
    """Reopen it after it was closed."""
    values = request.form.to_dict()

    def act() -> str:
        services().succession.reopen(g.actor, publisher, reason=values.get("reopen_reason", ""))
        return str(gettext("The publisher is open again"))

    return _take(publisher, values, act, "reopen_")


def _take(publisher: str, values: Values, act: Callable[[], str], prefix: str = "") -> Answer:
    try:
        done = act()
    except (InvalidMetadataError, StateError) as error:
        return _render(publisher, values, error, prefix), status_of(error)
    flash(done, "good")
    return redirect(url_for("catalogue.show_publisher", publisher=publisher), 303)


def _render(publisher: str, values: Values, error: OpendataError | None, prefix: str = "") -> str:
    holdings = services().succession.show(g.actor, publisher)
    others = [item for item in services().publishers.list_all() if item.ended is None and item.id != publisher]
    errors = place_faults(error.faults) if error else {}
    if "reason" in errors:
        errors = {f"{prefix}reason": errors.pop("reason"), **errors}
    return render_template(
        "governance/offices/future.html",
        publisher=holdings.publisher,
        holdings=holdings,
        others=name_publishers(others),
        values=values,
        errors=errors,
        message=choose_voice().say_error(error) if error else "",
    )
