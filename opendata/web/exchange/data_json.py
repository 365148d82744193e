"""The catalogue as DCAT-US: `data.json` (1.1) and 3.0, both streamed, however many datasets there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flask import Blueprint, request
from werkzeug.wrappers import Response

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.dcat_us import first, third
from opendata.exchange.dcat_us.parts import Setting
from opendata.sending.forms import open_to_origins
from opendata.web.core.instance import services
from opendata.web.core.languages import PARAMETER, list_languages
from opendata.web.exchange.core import addresses, portal, send_stream

blueprint = Blueprint("data_json", __name__)

_Writer = Callable[[Iterable[CatalogueEntry], Setting, str], Iterator[bytes]]


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Programs in any web page may read it."""
    open_to_origins(response)
    return response


@blueprint.get("/data.json")
def send_first() -> Response:
    """DCAT-US 1.1, as harvesters look for it."""
    return _send(first.write_catalogue, "/data.json")


@blueprint.get("/dcat-us-3.json")
def send_third() -> Response:
    """DCAT-US 3.0."""
    return _send(third.write_catalogue, "/dcat-us-3.json")


def _send(write: _Writer, path: str) -> Response:
    """Each text is in one language: the portal's own, or the one that `?lang=` names; never that of a browser."""
    wanted = request.args.get(PARAMETER, "")
    language = wanted if wanted in list_languages() else portal().language
    own = addresses().at(path) + (f"?{PARAMETER}={language}" if language == wanted else "")
    setting = Setting(
        addresses=addresses(),
        portal=portal(),
        language=language,
        agencies={item.id: item for item in services().entries.list_agencies(with_ended=True)},
    )
    return send_stream(lambda: write(services().entries.iterate(), setting, own), "application/json", path, language)
