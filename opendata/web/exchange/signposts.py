"""Signposting of the pages of datasets and versions: the `Link` header, and the link sets at addresses of their own."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from opendata.errors import OpendataError
from opendata.exchange.signposting.links import LINKSET, list_signposts, write_header, write_linkset
from opendata.sending.content import describe_bytes, send
from opendata.sending.forms import open_to_origins
from opendata.web.core.instance import services
from opendata.web.exchange.core import addresses
from opendata.web.exchange.heads import find_entry

blueprint = Blueprint("signposts", __name__)

_PAGES = frozenset(
    [
        *("catalogue.show_dataset", "catalogue.show_dataset_as_markdown"),
        *("version_pages.show_version", "version_pages.show_version_as_markdown"),
    ]
)


@blueprint.get("/datasets/<dataset>.linkset.json")
def send_dataset_links(dataset: str) -> Response:
    """The links of the page of a dataset."""
    return _send(write_linkset(services().entries.get(dataset), addresses()))


@blueprint.get("/datasets/<dataset>/<version>/index.linkset.json")
def send_version_links(dataset: str, version: str) -> Response:
    """The links of the page of a version."""
    return _send(write_linkset(services().entries.get_version(dataset, version), addresses(), is_version=True))


@blueprint.after_app_request
def add_signposts(response: Response) -> Response:
    """Add the links to the page of a dataset or version."""
    if request.endpoint not in _PAGES or response.status_code != 200:
        return response
    parts = request.view_args or {}
    try:
        entry = find_entry(parts["dataset"], parts.get("version"))
    except OpendataError:  # the page is made already: it can do without its links
        return response
    if entry is not None:
        signposts = list_signposts(entry, addresses(), is_version="version" in parts)
        response.headers.add("Link", write_header(signposts))
    return response


def _send(data: bytes) -> Response:
    response = send(describe_bytes(data, LINKSET, "no-cache"))
    open_to_origins(response)
    return response
