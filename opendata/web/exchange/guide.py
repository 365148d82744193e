"""Core metadata as the national guide has it: of one dataset, and of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from flask import Blueprint
from werkzeug.wrappers import Response

from opendata.exchange.gb.documents import stream_json, stream_xml, write_json, write_xml
from opendata.exchange.gb.elements import Json, describe_core
from opendata.metering import cost_class
from opendata.sending.content import DERIVED, Content, describe_bytes, send
from opendata.sending.forms import name_file, open_to_origins
from opendata.services.exchange.guide import XLSX
from opendata.web.core.instance import services
from opendata.web.exchange.core import CATALOGUE_CACHE, addresses, portal, send_stream

blueprint = Blueprint("guide_metadata", __name__)

_MEDIA_TYPES = {"json": "application/json", "xml": "application/xml"}


@blueprint.get("/datasets/<dataset>.gb.json", defaults={"form": "json"})
@blueprint.get("/datasets/<dataset>.gb.xml", defaults={"form": "xml"})
def send_core(dataset: str, form: str) -> Response:
    """The elements of one dataset, as it is now."""
    entry = services().entries.get(dataset)
    found = describe_core(entry, addresses(), _zone(), portal().language)
    data = write_json(found) if form == "json" else write_xml(found)
    return send(describe_bytes(data, _MEDIA_TYPES[form], DERIVED))


@blueprint.get('/catalog.gb.<any("json","xml"):form>')
def stream_catalogue(form: str) -> Response:
    """The elements of all datasets."""
    stream = stream_json if form == "json" else stream_xml
    return send_stream(lambda: stream(_list_all()), _MEDIA_TYPES[form], "gb", form)


@blueprint.get("/catalog.gb.xlsx")
@cost_class("light")
def send_workbook() -> Response:
    """The same as a workbook, made where the catalogue has changed since the last one."""
    found = services().guide.get(portal().language)
    return send(
        Content(
            source=found.open,
            size=found.size,
            sha256=found.sha256,
            media_type=XLSX,
            cache=CATALOGUE_CACHE,
            disposition=name_file("政务信息资源目录.xlsx", "catalog.gb.xlsx"),
        )
    )


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Programs in any web page may read it."""
    open_to_origins(response)
    return response


def _list_all() -> Iterator[Json]:
    places, zone, language = addresses(), _zone(), portal().language
    return (describe_core(entry, places, zone, language) for entry in services().entries.iterate())


def _zone() -> ZoneInfo:
    return ZoneInfo(services().settings.timezone)
