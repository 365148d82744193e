"""The REST catalogue of Iceberg: configuration, namespaces, tables, and the files that their metadata names.

All that changes something is refused: versions are published in the portal alone. Source: Iceberg REST catalogue,
OpenAPI (`getConfig`, `listNamespaces`, `loadNamespaceMetadata`, `namespaceExists`, `listTables`, `loadTable`,
`tableExists`).
"""

from __future__ import annotations

import hashlib
import json
from typing import NoReturn

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from opendata.api.core.current import absolute, services
from opendata.api.iceberg.answers import MEDIA_TYPE, finish, send_absence, send_error, send_http_error, send_json
from opendata.errors import N_, InputError, NotFoundError, NotPermittedError, OpendataError
from opendata.exchange.iceberg.faults import AbsentError
from opendata.exchange.iceberg.places import Places, describe_store, find_root
from opendata.metering import cost_class
from opendata.sending.content import IMMUTABLE, Content, describe_bytes, send
from opendata.storage.derived import DerivedFile

blueprint = Blueprint("iceberg", __name__)
blueprint.after_request(finish)
blueprint.register_error_handler(OpendataError, send_error)
blueprint.register_error_handler(AbsentError, send_absence)
blueprint.register_error_handler(HTTPException, send_http_error)

PREFIX = "/iceberg/v1"
MOST_ITEMS = 1000
"""The most items of a page."""

_NAMESPACES = "/v1/{prefix}/namespaces"
_ENDPOINTS = (
    f"GET {_NAMESPACES}",
    f"GET {_NAMESPACES}/{{namespace}}",
    f"HEAD {_NAMESPACES}/{{namespace}}",
    f"GET {_NAMESPACES}/{{namespace}}/tables",
    f"GET {_NAMESPACES}/{{namespace}}/tables/{{table}}",
    f"HEAD {_NAMESPACES}/{{namespace}}/tables/{{table}}",
)


@blueprint.get(f"{PREFIX}/config")
@cost_class("light")
def get_config() -> Response:
    """What clients must know first: which operations there are, how files are read."""
    return send_json({"defaults": describe_store(absolute("")), "overrides": {}, "endpoints": list(_ENDPOINTS)})


@blueprint.get(f"{PREFIX}/namespaces")
@cost_class("light")
def list_namespaces() -> Response:
    """The namespaces, one for each dataset with public tables. None has others in it."""
    parent = request.args.get("parent", "")
    if parent:
        services().iceberg.get_namespace(parent)
        return send_json({"namespaces": [], "next-page-token": None})
    limit = _read_limit()
    token = request.args.get("pageToken") or None
    page = services().iceberg.list_namespaces(limit=limit, cursor=token)
    return send_json({"namespaces": [[item.name] for item in page.items], "next-page-token": page.next})


@blueprint.get(f"{PREFIX}/namespaces/<namespace>")
@cost_class("tables")
def get_namespace(namespace: str) -> Response:
    """A namespace with its properties; by HEAD, whether it is there."""
    found = services().iceberg.get_namespace(namespace)
    if request.method == "HEAD":
        return Response(status=204)
    properties = {"opendata.dataset": found.dataset, "opendata.page": absolute(f"/datasets/{found.dataset}")}
    if found.title:
        properties["comment"] = found.title
    return send_json({"namespace": [found.name], "properties": properties})


@blueprint.get(f"{PREFIX}/namespaces/<namespace>/tables")
@cost_class("tables")
def list_tables(namespace: str) -> Response:
    """The tables of a namespace."""
    own, names = services().iceberg.list_tables(namespace)
    limit, after = _read_limit(), request.args.get("pageToken", "")
    following = None
    if limit is not None:
        left = [name for name in names if name > after]
        names, following = left[:limit], left[limit - 1] if len(left) > limit else None
    return send_json(
        {"identifiers": [{"namespace": [own], "name": name} for name in names], "next-page-token": following}
    )


@blueprint.get(f"{PREFIX}/namespaces/<namespace>/tables/<table>")
@cost_class("light")
def load_table(namespace: str, table: str) -> AnyResponse:
    """A table: all of its metadata, and how its files are read; by HEAD, whether it is there."""
    base = absolute("")
    found = services().iceberg.load(namespace, table, _places())
    if request.method == "HEAD":
        return Response(status=204)
    store = describe_store(base)
    head = {
        "metadata-location": found.location,
        "config": store,
        "storage-credentials": [{"prefix": prefix, "config": store} for prefix in _places().prefixes],
    }
    begin = json.dumps(head, ensure_ascii=False)
    data = b'%s, "metadata": %s}' % (begin[:-1].encode(), found.file.path.read_bytes())
    tag = hashlib.sha256(f"{found.file.sha256} {found.location} {base}".encode()).hexdigest()
    return send(describe_bytes(data, MEDIA_TYPE, "no-cache", validator=tag))


@blueprint.get("/iceberg/metadata/<dataset>/<resource>/<name>")
@cost_class("light")
def send_metadata(dataset: str, resource: str, name: str) -> AnyResponse:
    """A metadata file. It is asked for again each time: it is gone as soon as a version that it lists is."""
    return _send(services().iceberg.find_metadata(dataset, resource, name, _places()), MEDIA_TYPE, "no-cache")


@blueprint.get("/datasets/<dataset>/<version>/<resource>.iceberg/<name>")
def send_avro(dataset: str, version: str, resource: str, name: str) -> AnyResponse:
    """A manifest list or manifest."""
    found = services().iceberg.find_avro(dataset, version, resource, name, _places())
    return _send(found, "application/octet-stream", IMMUTABLE)


@blueprint.route(f"{PREFIX}/<path:rest>", methods=("POST", "PUT", "PATCH", "DELETE"))
@cost_class("light")
def refuse_change(rest: str) -> NoReturn:  # noqa: ARG001 - whatever it is
    """Every operation that changes something."""
    raise NotPermittedError(
        N_("Nothing can be changed in this catalogue. Publish new versions in the portal: %(address)s"),
        address=absolute("/api/docs"),
    )


@blueprint.get(f"{PREFIX}/<path:rest>")
@cost_class("light")
def miss(rest: str) -> NoReturn:
    """Every other address: there are no views, for example."""
    parts = rest.split("/")
    if parts[0] == "namespaces" and len(parts) > 2:
        services().iceberg.get_namespace(parts[1])
    raise NotFoundError(N_("There is nothing at this address"))


def _send(file: DerivedFile, media_type: str, cache: str) -> AnyResponse:
    return send(Content(source=file.open, size=file.size, sha256=file.sha256, media_type=media_type, cache=cache))


def _places() -> Places:
    return Places(find_root(absolute("")))


def _read_limit() -> int | None:
    """How many items a page has; None for all, as clients want it that send no `pageToken`."""
    if "pageToken" not in request.args and "pageSize" not in request.args:
        return None
    text = request.args.get("pageSize", str(MOST_ITEMS))
    if not text.isascii() or not text.isdecimal() or int(text[:10]) == 0:
        raise InputError(N_("“pageSize” must be a whole number from 1"))
    return min(int(text[:10]), MOST_ITEMS)
