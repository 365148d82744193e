"""The page on which editors say where a dataset's table is fetched from, try it, and see the last runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.sources.address import Encryption, join_encryption, split_encryption
from opendata.domain.sources.timetable import Cycle, Outcome
from opendata.errors import N_, InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_editor
from opendata.services.core.values import DatasetView
from opendata.services.sources.values import SourceInput, SourceView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("sources", __name__, url_prefix="/workspace/datasets/<dataset>/source")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_CYCLES: Mapping[str, str] = {
    Cycle.HOURLY: N_("Every hour"),
    Cycle.DAILY: N_("Every day"),
    Cycle.WEEKLY: N_("Every week"),
    Cycle.MONTHLY: N_("Every month"),
    Cycle.DATASET: N_("As often as the dataset is updated"),
}
_ENCRYPTIONS: Mapping[str, str] = {
    "": N_("required (on this machine itself: if the server offers it)"),
    Encryption.VERIFIED: N_("required, and the server must prove its name with a certificate"),
    Encryption.REQUIRED: N_("required, on this machine too"),
    Encryption.OFFERED: N_("only if the server offers it"),
}
_OUTCOMES: Mapping[str, tuple[str, str]] = {
    Outcome.RUNNING: (N_("under way"), ""),
    Outcome.DRAFT: (N_("draft"), "good"),
    Outcome.UNCHANGED: (N_("unchanged"), ""),
    Outcome.FAILED: (N_("not fetched"), "bad"),
    Outcome.STOPPED: (N_("stopped"), "bad"),
}


@blueprint.get("")
def show_source(dataset: str) -> str:
    """The form, and the last runs."""
    found = _get_own(dataset)
    source = services().sources.find(g.actor, dataset)
    return _render(found, source, _show(source, found), None)


@blueprint.post("")
def save_source(dataset: str) -> Answer:
    """Keep what the form says."""
    found, values = _get_own(dataset), request.form.to_dict()
    try:
        services().sources.put(g.actor, dataset, _read(values))
    except InvalidMetadataError as error:
        return _render(found, services().sources.find(g.actor, dataset), values, error), status_of(error)
    flash(gettext("Saved. Choose “Try now” to see whether it works"), "good")
    return redirect(url_for("sources.show_source", dataset=dataset), 303)


@blueprint.post("/run")
def run_source(dataset: str) -> Answer:
    """Ask for a run; with a server's key, accept that first."""
    found = _get_own(dataset)
    try:
        services().sources.ask(g.actor, dataset, accept_key=request.form.get("key", ""))
    except StateError as error:
        source = services().sources.find(g.actor, dataset)
        return _render(found, source, _show(source, found), error), status_of(error)
    return redirect(url_for("sources.show_source", dataset=dataset, _anchor="runs"), 303)


@blueprint.post("/delete")
def delete_source(dataset: str) -> Response:
    """Fetch no more."""
    services().sources.delete(g.actor, dataset)
    flash(gettext("The table isn't fetched automatically any more"), "good")
    return redirect(url_for("catalogue.show_dataset", dataset=dataset), 303)


def _get_own(dataset: str) -> DatasetView:
    found = services().datasets.get(dataset, g.actor)
    require_editor(g.actor, found.publisher.id, found.id)
    return found


def _show(source: SourceView | None, dataset: DatasetView) -> Mapping[str, str]:
    """What the fields show, which never is the secret."""
    if source is None:
        tables = services().versions.get_manifest(dataset.id, dataset.latest).tables if dataset.latest else ()
        return {"cycle": Cycle.DAILY, "at": "06:00", "day": "1", "resource": tables[0].name if tables else ""}
    url, encryption = split_encryption(source.url)
    return {
        "url": url,
        "encryption": encryption,
        "resource": source.resource,
        "query": source.query,
        "hostKey": source.host_key,
        "cycle": source.cycle,
        "at": source.at,
        "day": str(source.day),
        "submit": "1" if source.submit else "",
        "contact": source.contact,
    }


def _read(values: Mapping[str, str]) -> SourceInput:
    """The source in a form; a secret is kept where none is entered, and removed if the box says so."""
    texts = {name: values.get(name, "").strip() for name in ("url", "resource", "query", "cycle", "at", "contact")}
    texts["url"] = join_encryption(texts["url"], values.get("encryption", ""))
    entered = values.get("privateKey", "").strip() or values.get("secret", "").strip()
    secret = entered or ("" if values.get("noSecret") else None)
    return SourceInput(
        **texts,
        secret=secret,
        host_key=values.get("hostKey", "").strip(),
        day=read_number(values.get("day", "")) or 0,
        submit=bool(values.get("submit")),
    )


def _render(
    dataset: DatasetView, source: SourceView | None, values: Mapping[str, str], error: OpendataError | None
) -> str:
    voice = choose_voice()
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        errors.setdefault(item.pointer.removeprefix("/"), []).append(voice.say_fault(item))
    runs: list[dict[str, Any]] = [
        {
            "run": run,
            "name": gettext(_OUTCOMES[run.outcome][0]),
            "state": _OUTCOMES[run.outcome][1],
            "reason": voice.fill(run.reason["message"], run.reason["params"]) if run.reason else "",
        }
        for run in (source.runs if source else ())
    ]
    return render_template(
        "sources/source.html",
        dataset=dataset,
        source=source,
        values={name: text for name, text in values.items() if name not in ("secret", "privateKey")},
        errors=errors,
        message=voice.say_error(error) if error else "",
        cycles=[(name, gettext(text)) for name, text in _CYCLES.items()],
        encryptions=[(name, gettext(text)) for name, text in _ENCRYPTIONS.items()],
        runs=runs,
        zone=services().settings.timezone,
    )
