"""Pages on which a dataset that is no longer kept is archived, that is confirmed, and it is reopened."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InvalidMetadataError, NotPermittedError, OpendataError, PreconditionError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_editor
from opendata.services.core.values import DatasetView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("archiving", __name__, url_prefix="/workspace/datasets")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]


@blueprint.get("/<dataset>/archive")
def show_archive(dataset: str) -> str:
    """The form that archives a dataset; of one that is archived, or is to be, what can be done."""
    return _render(dataset, {}, None)


@blueprint.post("/<dataset>/archive")
def archive_dataset(dataset: str) -> Answer:
    """Archive it, or ask another person to confirm that."""
    values = request.form.to_dict()
    reason, successor = values.get("reason", ""), values.get("successor") or None
    return _take(
        dataset,
        lambda revision: services().archiving.archive(
            g.actor, dataset, reason=reason, successor=successor, revision=revision
        ),
        values,
    )


@blueprint.post("/<dataset>/archive/confirm")
def confirm_archive(dataset: str) -> Answer:
    """Archive it as another person asked for it."""
    return _take(dataset, lambda revision: services().archiving.confirm(g.actor, dataset, revision=revision), {})


@blueprint.post("/<dataset>/reopen")
def reopen_dataset(dataset: str) -> Answer:
    """Keep it on."""
    return _take(dataset, lambda revision: services().archiving.reopen(g.actor, dataset, revision=revision), {})


def _take(dataset: str, step: Callable[[int | None], DatasetView], values: dict[str, str]) -> Answer:
    try:
        found = step(read_number(request.form.get("revision", "")))
    except (InvalidMetadataError, StateError, PreconditionError, NotPermittedError) as error:
        return _render(dataset, values, error), status_of(error)
    if found.archived:
        flash(gettext("The dataset is archived"), "good")
    elif found.archiving:
        flash(gettext("Another person must confirm that the dataset is archived"), "good")
    else:
        flash(gettext("The dataset is kept on"), "good")
    return redirect(url_for("catalogue.show_dataset", dataset=dataset), 303)


def _render(dataset: str, values: dict[str, str], error: OpendataError | None) -> str:
    found = services().datasets.get(dataset, g.actor)
    require_editor(g.actor, found.publisher.id, found.id)
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        errors.setdefault(item.pointer.strip("/"), []).append(choose_voice().say_fault(item))
    return render_template(
        "operations/archive.html",
        dataset=found,
        values=values,
        errors=errors,
        message=choose_voice().say_error(error) if error else "",
        others=services().datasets.list(None, publisher=found.publisher.id, limit=100).items,
        needs_two=services().settings.review != "none",
    )
