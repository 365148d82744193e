"""A version as a data contract."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from opendata.exchange.odcs.document import MEDIA_TYPE, write_contract
from opendata.sending.content import DERIVED, describe_bytes, send
from opendata.sending.forms import open_to_origins
from opendata.web.core.instance import services
from opendata.web.core.links import link_file
from opendata.web.exchange.core import addresses, portal

blueprint = Blueprint("contracts", __name__)

FILE = "contract.odcs.yaml"


@blueprint.get(f"/datasets/<dataset>/<version>/{FILE}")
def send_contract(dataset: str, version: str) -> Response:
    """What the version promises."""
    entry = services().entries.get_version(dataset, version)
    data = write_contract(entry, addresses(), portal())
    return send(describe_bytes(data, MEDIA_TYPE, DERIVED, link_file(dataset, version, FILE)))


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Programs in any web page may read it."""
    open_to_origins(response)
    return response
