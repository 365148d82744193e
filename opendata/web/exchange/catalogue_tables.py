"""The catalogue itself as a Data Package, the tables of its snapshots, and all public tables as a frozen DuckLake."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from opendata.exchange.tables.package import FORMS
from opendata.metering import cost_class
from opendata.sending.content import DERIVED, Content, send
from opendata.sending.forms import name_file, open_to_origins
from opendata.web.core.instance import services
from opendata.web.exchange.core import CATALOGUE_CACHE, addresses, portal

blueprint = Blueprint("catalogue_tables", __name__)


@blueprint.get("/datapackage.json")
@cost_class("light")
def send_package() -> Response:
    """The descriptor of the newest snapshot."""
    found = services().snapshots.get(portal())
    return send(
        Content(
            source=found.open,
            size=found.size,
            sha256=found.sha256,
            media_type="application/json",
            cache=CATALOGUE_CACHE,
        )
    )


@blueprint.get('/catalog/<snapshot>/<table>.<any("csv","parquet","jsonl"):form>')
@cost_class("light")
def send_table(snapshot: str, table: str, form: str) -> Response:
    """A table of a snapshot."""
    found = services().snapshots.find(snapshot, table, form, portal())
    return send(
        Content(
            source=found.open,
            size=found.size,
            sha256=found.sha256,
            media_type=FORMS[form],
            cache=DERIVED,
            disposition=name_file(f"{table}.{form}"),
        )
    )


@blueprint.get("/portal.ducklake")
@cost_class("light")
def lead_to_ducklake() -> Response:
    """To the file for the catalogue as it is now."""
    name = services().ducklakes.find_name(addresses().base)
    response = redirect(url_for("catalogue_tables.send_ducklake", name=name), 302)
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/ducklake/<name>.ducklake")
def send_ducklake(name: str) -> Response:
    """A file, as long as all that it lists is public."""
    found = services().ducklakes.find(name, addresses().base)
    return send(
        Content(
            source=found.open,
            size=found.size,
            sha256=found.sha256,
            media_type="application/octet-stream",
            cache="no-cache",
            disposition=name_file("portal.ducklake"),
        )
    )


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Programs in any web page may read it."""
    open_to_origins(response)
    return response
