"""What is in the CSV files of a version, for programs that know CSV on the Web."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from opendata.exchange.csvw.document import MEDIA_TYPE, write_group, write_table
from opendata.sending.content import DERIVED, describe_bytes, send
from opendata.sending.forms import open_to_origins
from opendata.web.core.instance import services
from opendata.web.core.links import link_file
from opendata.web.exchange.core import addresses, portal

blueprint = Blueprint("csvw", __name__)


@blueprint.get("/datasets/<dataset>/<version>/<resource>.csv-metadata.json")
def send_table(dataset: str, version: str, resource: str) -> Response:
    """The document of one table."""
    table = services().versions.get_table(dataset, version, resource)
    manifest = services().versions.get_manifest(dataset, version)
    data = write_table(manifest, table, addresses(), portal().language)
    links = link_file(dataset, version, f"{resource}.csv-metadata.json")
    return send(describe_bytes(data, MEDIA_TYPE, DERIVED, links))


@blueprint.get("/datasets/<dataset>/<version>/csv-metadata.json")
def send_group(dataset: str, version: str) -> Response:
    """The document of all tables of the version."""
    data = write_group(services().versions.get_manifest(dataset, version), addresses(), portal().language)
    return send(describe_bytes(data, MEDIA_TYPE, DERIVED, link_file(dataset, version, "csv-metadata.json")))


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Programs in any web page may read it."""
    open_to_origins(response)
    return response
