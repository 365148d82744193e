"""The files of published versions: immutable addresses with strong validators, digests and byte ranges.

Source: RFC 9110 (ranges, validators), RFC 9530 (`Repr-Digest`), RFC 8187 (file names), the Fetch standard (CORS).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from urllib.parse import quote

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.utils import send_file
from werkzeug.wrappers import Response as AnyResponse
from werkzeug.wsgi import FileWrapper

from opendata import problems
from opendata.metadata.canonical import write_canonical
from opendata.services.values import ServedFile
from opendata.web.instance import services

blueprint = Blueprint("downloads", __name__)

IMMUTABLE = "public, max-age=31536000, s-maxage=86400, immutable"
DERIVED = "public, max-age=3600"
JSON = "application/json"
_EXPOSED = "ETag, Content-Range, Content-Length, Repr-Digest, Content-Disposition, Link, Accept-Ranges"
_BLOCK_BYTES = 64 * 1024


@blueprint.get("/datasets/<dataset>/latest/")
@blueprint.get("/datasets/<dataset>/latest/<path:rest>")
def find_latest(dataset: str, rest: str = "") -> AnyResponse:
    """The same address in the newest version, query included."""
    version = services().versions.find_latest(dataset)
    target = url_for("version_pages.show_version", dataset=dataset, version=version) + quote(rest)
    query = request.query_string.decode("ascii", "replace")
    response = redirect(f"{target}?{query}" if query else target, 302)
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/datasets/<dataset>/<version>/datapackage.json")
def send_manifest(dataset: str, version: str) -> AnyResponse:
    """The manifest: exactly the bytes that are signed."""
    return _send_bytes(services().versions.read_manifest(dataset, version), JSON, IMMUTABLE)


@blueprint.get("/datasets/<dataset>/<version>/datapackage.json.sig")
def send_signature(dataset: str, version: str) -> AnyResponse:
    """The detached signature of the manifest."""
    data = services().versions.read_signature(dataset, version)
    return _send_bytes(data, "text/plain; charset=us-ascii", IMMUTABLE)


@blueprint.get("/datasets/<dataset>/<version>/withdrawal.json")
def send_tombstone(dataset: str, version: str) -> AnyResponse:
    """The tombstone of a version that was taken down: exactly the bytes that are signed."""
    return _send_bytes(services().withdrawals.read_tombstone(dataset, version), JSON, DERIVED)


@blueprint.get("/datasets/<dataset>/<version>/withdrawal.json.sig")
def send_tombstone_signature(dataset: str, version: str) -> AnyResponse:
    """The detached signature of the tombstone."""
    data = services().withdrawals.read_tombstone(dataset, version, signature=True)
    return _send_bytes(data, "text/plain; charset=us-ascii", DERIVED)


@blueprint.get('/datasets/<dataset>/<version>/<resource>.<any("csv","parquet"):suffix>')
def send_table(dataset: str, version: str, resource: str, suffix: str) -> AnyResponse:
    """The rows as CSV or Parquet."""
    response = _send_stored(services().versions.find_file(dataset, version, resource, suffix))
    manifest = url_for("downloads.send_manifest", dataset=dataset, version=version)
    response.headers["Link"] = f'<{manifest}>; rel="describedby"; type="{JSON}"'
    return response


@blueprint.get("/datasets/<dataset>/<version>/<resource>.schema.json")
def send_resource_schema(dataset: str, version: str, resource: str) -> AnyResponse:
    """The Table Schema of a resource."""
    found = services().versions.get_resource(dataset, version, resource)
    return _send_bytes(write_canonical(found.get("schema") or {}), JSON, IMMUTABLE)


@blueprint.get("/datasets/<dataset>/<version>/<resource>.report.json")
def send_report(dataset: str, version: str, resource: str) -> AnyResponse:
    """The verdict and counts of a resource, without any cell."""
    return _send_bytes(write_canonical(services().versions.get_report(dataset, version, resource)), JSON, DERIVED)


@blueprint.get("/schemas/<schema>/<version>.json")
def send_schema(schema: str, version: str) -> AnyResponse:
    """A schema of the library."""
    return _send_bytes(write_canonical(services().schemas.get(schema, version).descriptor), JSON, IMMUTABLE)


@blueprint.after_request
def _open_to_all(response: AnyResponse) -> AnyResponse:
    """Programs in any web page may read, whole or in part."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
        response.headers["Access-Control-Allow-Headers"] = "Range, If-Range, If-None-Match, If-Modified-Since"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response


@blueprint.errorhandler(RequestedRangeNotSatisfiable)
def _refuse_range(error: RequestedRangeNotSatisfiable) -> Response:
    """416 with the size there is, which the general table of problems does not know."""
    response = Response(current_app.json.dumps(problems.describe_http(error, request.path)), 416)
    response.content_type = problems.MEDIA_TYPE
    response.headers["Content-Range"] = f"bytes */{error.length}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _send_stored(file: ServedFile) -> AnyResponse:
    ranged = _asks_one_range()
    body: Iterable[bytes]
    if ranged:
        # Werkzeug seeks in its own wrapper; in a server's it would read up to the range.
        stream = file.path.open("rb")
        body = FileWrapper(stream, _BLOCK_BYTES)
        response = AnyResponse(body, direct_passthrough=True)
    else:
        response = send_file(file.path, request.environ, mimetype=file.media_type, conditional=False, etag=False)
    _describe(response, file.media_type, file.sha256, IMMUTABLE)
    response.headers["Content-Disposition"] = name_file(file.name)
    response.content_length = file.size
    try:
        response.make_conditional(request.environ, accept_ranges=ranged, complete_length=file.size)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _send_bytes(data: bytes, media_type: str, cache: str) -> AnyResponse:
    response = AnyResponse(data)
    _describe(response, media_type, hashlib.sha256(data).hexdigest(), cache)
    response.make_conditional(request.environ)
    return response


def _describe(response: AnyResponse, media_type: str, sha256: str, cache: str) -> None:
    response.content_type = media_type
    response.set_etag(sha256)
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
    response.headers["Cache-Control"] = cache
    response.headers.pop("Last-Modified", None)  # the digest says more, and the file's time says nothing
    response.headers["X-Content-Type-Options"] = "nosniff"


def _asks_one_range() -> bool:
    """Whether one range is asked for; several, a malformed one, or one beside `If-None-Match` get the whole."""
    if request.method != "GET" or "If-None-Match" in request.headers:
        return False
    return request.range is not None and request.range.units == "bytes" and len(request.range.ranges) == 1


def name_file(name: str) -> str:
    """The header that gives a download its name, in any script (RFC 8187)."""
    headers = Headers()
    if name.isascii():
        headers.set("Content-Disposition", "attachment", filename=name)
    else:
        plain = name.encode("ascii", "replace").decode().replace("?", "_")
        headers.set(
            "Content-Disposition", "attachment", **{"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
        )
    return headers["Content-Disposition"]
