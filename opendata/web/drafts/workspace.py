"""The signed-in area: what is mine, new datasets, their metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InvalidMetadataError, OpendataError, PreconditionError, StateError
from opendata.metadata.properties.proposing import Proposal
from opendata.metadata.properties.reading import load_profile
from opendata.problems import choose_voice, status_of
from opendata.services.core.values import DatasetView, PublisherView
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.languages import list_languages
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.drafts.metadata_form import (
    FIELD_NAMES,
    Values,
    count_sources,
    list_words,
    place_faults,
    read_document,
    show_dataset,
)
from opendata.web.properties.proposed import say_proposals, show_proposals, take_proposal
from opendata.web.properties.shown import list_groups

blueprint = Blueprint("workspace", __name__, url_prefix="/workspace")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]


@blueprint.get("")
def show_workspace() -> Answer:
    """My drafts and my datasets; with `ended` the drafts that are published or discarded instead of those at work."""
    if not g.actor.works:
        return redirect(url_for("account.show_account"))
    if not (g.actor.posts.seen or g.actor.may_oversee):
        return redirect(url_for("control.show_control"))
    cursor, ended = request.args.get("cursor") or None, "ended" in request.args
    return render_template(
        "drafts/workspace.html",
        stops=services().stops.count(g.actor) + services().screening.count(g.actor),
        review=services().settings.review,
        ended=ended,
        drafts=services().drafts.list(g.actor, ended=ended, cursor=request.args.get("drafts") or None, limit=20),
        datasets=services().datasets.list(g.actor, is_own=True, cursor=cursor, limit=20),
    )


@blueprint.get("/datasets/new")
def show_new_dataset() -> Answer:
    """An empty form."""
    values = {"publisher": g.actor.edited_publisher or "", "license": "CC-BY-4.0", "disclosure": "open"}
    if kept := find_kept_form():
        values = kept.values
    return _render_form(None, values, None)


@blueprint.post("/datasets/new")
def create_dataset() -> Answer:
    """Create the dataset and go on to its first upload."""
    values = request.form.to_dict()
    if (taken := values.pop("take", None)) is not None:
        return _render_form(None, _take(None, taken, values), None)
    try:
        dataset, _ = services().datasets.create(g.actor, read_document(values))
    except (InvalidMetadataError, StateError) as error:
        return _render_form(None, values, error)
    if "register" in values:
        flash(gettext("“%(title)s” is in the inventory", title=dataset.title), "good")
        return redirect(f"/workspace/inventory/items/{dataset.id}", 303)
    if dataset.disclosure.is_closed:
        draft, _ = services().drafts.create(g.actor, dataset.id, [])
        flash(
            gettext("The dataset “%(title)s” is created. Submit this draft to publish its entry", title=dataset.title),
            "good",
        )
        return redirect(url_for("drafts.show_draft", draft=draft.id), 303)
    flash(gettext("The dataset “%(title)s” is created. Upload its first file now", title=dataset.title), "good")
    return redirect(url_for("uploads.show_upload", dataset=dataset.id), 303)


@blueprint.get("/datasets/<dataset>/edit")
def show_metadata(dataset: str) -> Answer:
    """The form with the metadata as the next version will have it."""
    found, kept = _get_own(dataset), find_kept_form()
    return _render_form(found, kept.values if kept else show_dataset(found), None)


@blueprint.post("/datasets/<dataset>/edit")
def change_metadata(dataset: str) -> Answer:
    """Change the metadata; if wanted, begin a draft that carries it into a version."""
    found, values = _get_own(dataset), request.form.to_dict()
    if (taken := values.pop("take", None)) is not None:
        return _render_form(found, _take(found, taken, values), None)
    revision = values.get("revision", "")
    if found.latest and values.get("notes", "").strip() and not values.get("new_version"):
        text = gettext("Readers see notes only with a new version. Tick the box above, or remove the notes")
        return str(_render_form(found, values, None, {"notes": [text]})), 422
    try:
        changed = services().datasets.update(
            g.actor,
            dataset,
            read_document(values, found),
            revision=read_number(revision),
            withdraws=bool(values.get("withdraws")),
        )
    except (InvalidMetadataError, PreconditionError, StateError) as error:
        return _render_form(found, values, error)
    ahead = _get_own(dataset)
    if values.get("new_version") and (ahead.latest or ahead.disclosure.is_closed):
        draft, _ = services().drafts.create(g.actor, dataset, [], notes=values.get("notes", ""))
        flash(gettext("The metadata is saved. Submit this draft to publish it as a new version"), "good")
        return redirect(url_for("drafts.show_draft", draft=draft.id), 303)
    if changed.proposed:
        flash(gettext("The metadata is saved. It becomes public with the next approved draft"), "good")
    else:
        flash(gettext("The metadata is saved. It will be published with the next version"), "good")
    return redirect(url_for("catalogue.show_dataset", dataset=dataset), 303)


@blueprint.get("/datasets/<dataset>/delete")
def confirm_deletion(dataset: str) -> str:
    """What is deleted beside a dataset that was never public, and the button that deletes all of it."""
    doomed = services().deletion.foresee(g.actor, dataset)
    return render_template("drafts/delete.html", dataset=_get_own(dataset), doomed=doomed)


@blueprint.post("/datasets/<dataset>/delete")
def delete_dataset(dataset: str) -> Response:
    """Delete it, once somebody confirmed that."""
    if "confirm" not in request.form:
        return redirect(url_for("workspace.confirm_deletion", dataset=dataset), 303)
    services().deletion.delete(g.actor, dataset, revision=read_number(request.form.get("revision", "")))
    flash(gettext("The dataset is deleted"), "good")
    return redirect(url_for("workspace.show_workspace"), 303)


def _list_edited() -> Sequence[PublisherView]:
    """The publishers to choose from; none where there is just the one."""
    found = [item for item in services().publishers.list(limit=1000).items if g.actor.may_edit(item.id)]
    return found if g.actor.is_maintainer or len(found) > 1 else ()


def _get_own(dataset: str) -> DatasetView:
    return services().datasets.get_ahead(dataset, g.actor)


def _propose(dataset: DatasetView | None, values: Values) -> Mapping[str, Proposal]:
    """What can be proposed for a form as it is filled in now."""
    texts = [text for language in list_languages() for text in list_words(values, language)]
    publisher = dataset.publisher.id if dataset else values.get("publisher") or g.actor.edited_publisher or ""
    return services().proposals.propose(g.actor, texts, dataset=dataset, publisher=publisher)


def _take(dataset: DatasetView | None, name: str, values: Values) -> Values:
    """The form with a proposal taken over; without a name, the page says what is proposed."""
    proposals = _propose(dataset, values)
    if not name:
        flash(say_proposals(show_proposals(proposals, values)), "")
    return take_proposal(proposals, name, values)


def _offer_grounds(dataset: DatasetView | None, values: Values) -> Sequence[tuple[str, str]]:
    """The entries of the negative list that the dataset can point to, and the one that it points to."""
    publisher = dataset.publisher.id if dataset else values.get("publisher") or g.actor.edited_publisher or ""
    found = {item.id: f"{item.id} {item.title}" for item in services().negative_lists.list_fitting(publisher)}
    chosen = values.get("ground", "")
    if chosen and chosen not in found:
        found[chosen] = gettext("%(entry)s (not in force)", entry=chosen)
    return [("", gettext("none")), *found.items()] if found else []


def _render_form(
    dataset: DatasetView | None,
    values: Values,
    error: OpendataError | None,
    errors: Mapping[str, list[str]] | None = None,
) -> str | tuple[str, int]:
    profile = load_profile()
    shown: dict[str, Any] = {
        "errors": place_faults(error.faults, values) if error else errors or {},
        "message": choose_voice().say_error(error) if error else "",
        "publishers": _list_edited() if dataset is None else (),
        "languages": services().settings.languages,
        "sources": count_sources(values),
        "grounds": _offer_grounds(dataset, values),
        "properties": profile.properties,
        "property_groups": list_groups(),
        "further": {item.name for item in profile.further},
        "field_names": FIELD_NAMES,
        "proposals": show_proposals(_propose(dataset, values), values),
    }
    page = render_template("drafts/metadata_form.html", dataset=dataset, values=values, **shown)
    return (page, status_of(error)) if error else page
