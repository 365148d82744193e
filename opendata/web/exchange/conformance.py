"""The conformance desk: what checkers of other systems say of a dataset's metadata, and what wins most."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from markupsafe import escape
from werkzeug.wrappers import Response

from opendata.domain.catalogue.conformance import MOST, SCHEMES, name_band, sum_points
from opendata.sending.content import describe_bytes, send
from opendata.sending.forms import open_to_origins
from opendata.web.core.instance import services
from opendata.web.core.languages import vary_by_reader
from opendata.web.properties.shown import name_property
from opendata.wording.conformance import INDICATORS

blueprint = Blueprint("conformance", __name__)

_SVG = "image/svg+xml"
_COLOURS = {"excellent": "#1a7f37", "good": "#4c8c1f", "sufficient": "#9a6700", "bad": "#b42318"}
_PAGE = 50


@blueprint.get("/conformance")
def show_overview() -> str:
    """All datasets, or those of a publisher, the fewest points first, and what would win most."""
    publisher = request.args.get("publisher") or None
    page = services().conformance.list(publisher=publisher, limit=_PAGE, cursor=request.args.get("cursor") or None)
    return render_template(
        "exchange/overview.html",
        overview=services().conformance.sum_up(publisher),
        page=page,
        publisher=publisher,
        publishers=services().publishers.list_all(),
        most=MOST,
        band=name_band,
        name_field=_name_field,
    )


@blueprint.get("/datasets/<dataset>/conformance")
def show_dataset(dataset: str) -> str:
    """What the checkers say of one dataset."""
    desk = services().conformance.get(dataset)
    return render_template(
        "exchange/desk.html",
        dataset=services().datasets.get(dataset),
        desk=desk,
        schemes=[
            (name, *sum_points(desk.scored, scheme), [item for item in desk.scored if item.scheme == scheme])
            for scheme, name in SCHEMES.items()
        ],
        band=name_band(desk.points),
        indicators=INDICATORS,
        name_field=_name_field,
        link_field=_link_field,
    )


@blueprint.get("/datasets/<dataset>/conformance.svg")
def send_badge(dataset: str) -> Response:
    """The points as a picture for other pages."""
    desk = services().conformance.get(dataset)
    band = name_band(desk.points)
    label, value = gettext("metadata"), f"{desk.points} / {desk.most}"
    response = send(describe_bytes(_draw(label, value, gettext(band), _COLOURS[band]).encode(), _SVG, "no-cache"))
    vary_by_reader(response)
    open_to_origins(response)
    return response


def _draw(label: str, value: str, band: str, colour: str) -> str:
    left = 12 + sum(12 if ord(letter) > 0x2E80 else 7 for letter in label)
    right = 12 + 7 * len(value)
    width = left + right
    font = 'font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"'
    title = escape(f"{label}: {value} ({band})")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect width="{left}" height="20" fill="#444"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        f'<g fill="#fff" {font}><text x="{left / 2:g}" y="14">{escape(label)}</text>'
        f'<text x="{left + right / 2:g}" y="14">{value}</text></g></svg>\n'
    )


def _name_field(name: str) -> str:
    """What a property is called in the reader's language."""
    if name == "resources":
        return str(gettext("Files"))
    if name == "columns":
        return str(gettext("Titles and descriptions of columns"))
    return name_property(name)


def _link_field(dataset: str, name: str) -> str:
    """Where a property is filled in."""
    if name in ("resources", "columns"):
        return url_for("uploads.show_upload", dataset=dataset)
    return url_for("workspace.show_metadata", dataset=dataset) + f"#{name}"
