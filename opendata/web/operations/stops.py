"""Pages of the emergency stop: a version taken off at once, and the list of those that wait for a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.privacy.codes import Kind
from opendata.errors import InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_editor
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms
from opendata.wording.privacy import KINDS

blueprint = Blueprint("stops", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_ONE = "/workspace/datasets/<dataset>/versions/<version>"


@blueprint.get("/workspace/stops")
def list_stops() -> str:
    """The versions that are stopped."""
    return _render_list(None)


@blueprint.get(f"{_ONE}/stop")
def show_stop(dataset: str, version: str) -> str:
    """The form that stops a version."""
    return _render(dataset, version, {}, None)


@blueprint.post(f"{_ONE}/stop")
def stop_version(dataset: str, version: str) -> Answer:
    """Take a version off at once."""
    values = request.form.to_dict()
    try:
        services().stops.suspend(g.actor, dataset, version, reason=values.get("reason", ""))
    except (InvalidMetadataError, StateError) as error:
        return _render(dataset, version, values, error), status_of(error)
    flash(gettext("Version %(version)s is stopped. A maintainer decides about it", version=version), "good")
    return redirect(url_for("stops.list_stops"), 303)


@blueprint.post(f"{_ONE}/release")
def release_version(dataset: str, version: str) -> Answer:
    """Make a version public again."""
    try:
        services().stops.release(g.actor, dataset, version, reason=request.form.get("reason", ""))
    except (InvalidMetadataError, StateError) as error:
        return _render_list(error), status_of(error)
    flash(gettext("Version %(version)s is public again", version=version), "good")
    return redirect(url_for("stops.list_stops"), 303)


def _render(dataset: str, version: str, values: dict[str, str], error: OpendataError | None) -> str:
    found = services().datasets.get(dataset, g.actor)
    require_editor(g.actor, found.publisher.id)
    services().versions.get(dataset, version)
    message = choose_voice().say_error(error) if error else ""
    errors = {"reason": [choose_voice().say_fault(item) for item in error.faults]} if error and error.faults else {}
    return render_template(
        "operations/stop.html", dataset=found, version=version, values=values, errors=errors, message=message
    )


def _render_list(error: OpendataError | None) -> str:
    found = services().stops.list(g.actor)
    return render_template(
        "operations/stops.html",
        stops=[(services().datasets.get(item.dataset, g.actor), item) for item in found],
        alarms=[
            (services().datasets.get(item.dataset, g.actor), item, [_describe(finding) for finding in findings])
            for item, findings in services().screening.list(g.actor)
        ],
        message=choose_voice().say_error(error) if error else "",
    )


def _describe(finding: Mapping[str, Any]) -> str:
    """A finding in words: its kind, where it is, in how many cells."""
    return str(
        gettext(
            "%(kind)s in the column “%(column)s” of “%(table)s”: %(count)s",
            kind=gettext(KINDS[Kind(finding["kind"])]),
            column=finding["field"],
            table=finding["resource"],
            count=finding["count"],
        )
    )
