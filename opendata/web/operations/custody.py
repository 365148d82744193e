"""Pages on which versions are taken back, corrected or restored."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InvalidMetadataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_editor, require_maintainer
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("custody", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

_ONE = "/workspace/datasets/<dataset>/versions/<version>"


@blueprint.get(f"{_ONE}/withdraw")
def show_withdrawal(dataset: str, version: str) -> str:
    """The form that withdraws a version, or reports a mistake in it."""
    require_maintainer(g.actor)
    kept = find_kept_form()
    values = {**kept.values, "chosen": kept.fields.getlist("resources")} if kept else {}
    return _render(dataset, version, values, None)


@blueprint.post(f"{_ONE}/withdraw")
def withdraw_version(dataset: str, version: str) -> Response | str | tuple[str, int]:
    """Take a version down, with its bytes if wanted."""
    values: dict[str, Any] = {**request.form.to_dict(), "chosen": request.form.getlist("resources")}
    if not values.get("confirm"):
        text = gettext("Confirm that you want to withdraw the version")
        return _render(dataset, version, values, None, {"confirm": [text]}), 422
    try:
        taken = services().withdrawals.withdraw(
            g.actor,
            dataset,
            version,
            reason=values.get("reason", ""),
            legal_basis=values.get("legalBasis", ""),
            successor=values.get("successor") or None,
            erase=bool(values.get("erase")),
            resources=request.form.getlist("resources"),
        )
    except (InvalidMetadataError, StateError) as error:
        return _render(dataset, version, values, error), status_of(error)
    for item in taken:
        flash(gettext("Version %(version)s of “%(dataset)s” is withdrawn", **_name(item)), "good")
    return redirect(url_for("catalogue.show_dataset", dataset=dataset), 303)


@blueprint.post(f"{_ONE}/errata")
def report_erratum(dataset: str, version: str) -> Response | tuple[str, int]:
    """Report what is wrong with a published version."""
    values = request.form.to_dict()
    try:
        services().withdrawals.report_erratum(
            g.actor, dataset, version, text=values.get("text", ""), successor=values.get("corrected") or None
        )
    except InvalidMetadataError as error:
        return _render(dataset, version, values, error), status_of(error)
    flash(gettext("The correction is shown on the page of the version"), "good")
    return redirect(url_for("version_pages.show_version", dataset=dataset, version=version), 303)


@blueprint.post(f"{_ONE}/restore")
def restore_version(dataset: str, version: str) -> Response:
    """Begin a draft with the tables of this version."""
    require_editor(g.actor, services().datasets.get(dataset, g.actor).publisher.id)
    draft = services().restoring.restore(g.actor, dataset, version)
    flash(gettext("This draft has the tables of version %(version)s", version=version), "good")
    return redirect(url_for("drafts.show_draft", draft=draft.id), 303)


def _render(
    dataset: str,
    version: str,
    values: dict[str, Any],
    error: InvalidMetadataError | StateError | None,
    errors: dict[str, list[str]] | None = None,
) -> str:
    listed = services().versions.list(dataset)
    found = next((item for item in listed if item.version == version), None) or services().versions.get(
        dataset, version
    )
    return render_template(
        "operations/withdraw.html",
        dataset=services().datasets.get(dataset, g.actor),
        version=found,
        resources=services().withdrawals.list_resources(g.actor, dataset, version),
        others=[(item.version, item.version) for item in listed if item.version != version and item.is_standing],
        values=values,
        errors=_place_faults(error) if error else errors or {},
        message=choose_voice().say_error(error) if error else "",
    )


def _place_faults(error: InvalidMetadataError | StateError) -> dict[str, list[str]]:
    """Each fault beside its field."""
    errors: dict[str, list[str]] = {}
    for item in error.faults:
        errors.setdefault(item.pointer.strip("/"), []).append(choose_voice().say_fault(item))
    return errors


def _name(item: Any) -> dict[str, str]:
    return {"version": item.version, "dataset": item.dataset}
