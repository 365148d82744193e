"""The addresses of CKAN: the actions, and its pages, files and feeds as people and harvesters know them."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from opendata.api.ckan import groups, packages, tables, transport
from opendata.api.ckan.dump import dump
from opendata.api.core.current import services
from opendata.domain.resources import Attachment
from opendata.errors import N_, NotFoundError
from opendata.exchange.ckan import ids
from opendata.exchange.ckan.faults import AbsentError
from opendata.exchange.ckan.packages import Json
from opendata.exchange.core.files import PublicFile
from opendata.metering import cost_class
from opendata.sending.forms import name_file, open_to_origins, send_form

blueprint = Blueprint("ckan", __name__)
actions = Blueprint("ckan_actions", __name__)
actions.after_request(transport.allow_origins)

LOADED = (packages, groups, tables)
"""The modules whose actions are registered by being loaded."""

_METHODS = ("GET", "POST")
_NOT_FOUND = N_("There is nothing at this address")


@actions.route("/api/action/<name>", methods=_METHODS, strict_slashes=False)
@actions.route("/api/3/action/<name>", methods=_METHODS, strict_slashes=False)
def call_action(name: str) -> Response:
    """An action of CKAN. Each is counted in the class that it costs."""
    return transport.answer(name)


@actions.get("/api", strict_slashes=False)
@actions.get("/api/3", strict_slashes=False)
@actions.get("/api/3/action", strict_slashes=False)
@actions.get("/api/action", strict_slashes=False)
@cost_class("light")
def show_version() -> Response:
    """The version of the API."""
    return Response(json.dumps({"version": 3}), content_type="application/json;charset=utf-8")


@actions.get('/api/2/util/<any("dataset","package"):kind>/autocomplete', strict_slashes=False)
@cost_class("light")
def complete_dataset(kind: str) -> Response:  # noqa: ARG001
    """Packages by what was typed so far, as CKAN's own forms ask for them."""
    typed = request.args.get("incomplete", "").strip()
    found = packages.complete_package({"q": typed}) if typed else []
    return _send_set(found)


@actions.get("/api/2/util/tag/autocomplete", strict_slashes=False)
@cost_class("light")
def complete_tag() -> Response:
    """Tags by what was typed so far."""
    typed = request.args.get("incomplete", "").strip()
    return _send_set([{"Name": name} for name in groups.complete_tag({"q": typed})] if typed else [])


@actions.get("/datastore/dump/<resource>")
@cost_class("heavy")
def send_dump(resource: str) -> Response:
    """All rows of a table, in CSV, TSV, JSON or XML."""
    return dump(resource)


@blueprint.get("/dataset", strict_slashes=False)
def lead_to_datasets() -> AnyResponse:
    """To the page of all datasets."""
    return _lead_to("/datasets", keeps=True)


@blueprint.get("/dataset/<name>")
@blueprint.get("/dataset/<name>/resource/<resource>")
def lead_to_dataset(name: str, resource: str = "") -> AnyResponse:
    """To the page of a dataset, or of one of its tables."""
    try:
        entry = services().ckan.get_entry(name)
        if not resource:
            return _lead_to(f"/datasets/{quote(entry.id)}")
        other, file = services().ckan.find_file(resource)
    except AbsentError:
        raise NotFoundError(_NOT_FOUND) from None
    if other.id != entry.id:
        raise NotFoundError(_NOT_FOUND)
    return _lead_to(file.page)


@blueprint.get("/dataset/<name>/resource/<resource>/download")
@blueprint.get("/dataset/<name>/resource/<resource>/download/<filename>")
def send_file(name: str, resource: str, filename: str = "") -> AnyResponse:  # noqa: ARG001
    """The bytes of a resource in the newest version."""
    try:
        entry, file = services().ckan.find_file(resource)
        found = services().ckan.get_entry(name)
    except AbsentError:
        raise NotFoundError(_NOT_FOUND) from None
    if found.id != entry.id:
        raise NotFoundError(_NOT_FOUND)
    return _send_file(entry.id, entry.version or "", file)


@blueprint.get("/organization", strict_slashes=False)
@blueprint.get("/organization/<name>")
def lead_to_organization(name: str = "") -> AnyResponse:
    """To the page of a publisher, or of all of them."""
    if not name:
        return _lead_to("/publishers")
    try:
        agency, _ = services().ckan.get_organization(name)
    except AbsentError:
        raise NotFoundError(_NOT_FOUND) from None
    return _lead_to(f"/publishers/{quote(agency.id)}")


@blueprint.get("/group", strict_slashes=False)
@blueprint.get("/group/<name>")
def lead_to_group(name: str = "") -> AnyResponse:
    """To the datasets of a theme."""
    if not name:
        return _lead_to("/datasets")
    return _lead_to(f"/datasets?{urlencode({'theme': _require_theme(name)})}")


@blueprint.get("/feeds/dataset.atom")
def lead_to_feed() -> AnyResponse:
    """To the feed of all datasets."""
    return _lead_to("/feed.atom")


@blueprint.get('/feeds/<any("organization","group","tag"):kind>/<name>.atom')
def lead_to_feed_of(kind: str, name: str) -> AnyResponse:
    """To the feed of a publisher, a theme or a keyword."""
    if kind == "group":
        return _lead_to(f"/datasets.atom?{urlencode({'theme': _require_theme(name)})}")
    if kind == "tag":
        return _lead_to(f"/datasets.atom?{urlencode({'q': name})}")
    try:
        agency, _ = services().ckan.get_organization(name)
    except AbsentError:
        raise NotFoundError(_NOT_FOUND) from None
    return _lead_to(f"/publishers/{quote(agency.id)}/feed.atom")


@blueprint.get("/feeds/custom.atom")
def lead_to_feed_of_search() -> AnyResponse:
    """To the feed of a search for words."""
    return _lead_to(f"/datasets.atom?{urlencode({'q': request.args.get('q', '')})}")


def _require_theme(name: str) -> str:
    theme = ids.find_theme(name)
    if theme is None:
        raise NotFoundError(_NOT_FOUND)
    return theme


def _lead_to(path: str, *, keeps: bool = False) -> AnyResponse:
    query = request.query_string.decode("ascii", "replace") if keeps else ""
    response = redirect(f"{request.script_root}{path}{'?' if query else ''}{query}", 302)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _send_set(found: list[Json]) -> Response:
    text = json.dumps({"ResultSet": {"Result": found}}, ensure_ascii=False)
    return Response(text, content_type="application/json;charset=utf-8")


def _send_file(dataset: str, version: str, file: PublicFile) -> AnyResponse:
    resource = file.resource
    if isinstance(resource, Attachment):
        form = services().forms.find_attachment(dataset, version, resource.filename)
        counted = ("", "attachment")
    else:
        form = services().forms.find(dataset, version, resource.name, file.form)
        counted = (resource.name, file.form)
    response = send_form(services(), form, "", name_file(form.name))
    response.headers["Cache-Control"] = "no-cache"
    if isinstance(resource, Attachment):
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    if request.method == "GET" and response.status_code == 200:
        services().downloads.count(dataset, *counted)
    open_to_origins(response)
    return response
