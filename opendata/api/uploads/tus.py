"""Uploads that survive: large files piece by piece over connections that break, by the tus protocol.

Source: tus 1.0.0 (https://tus.io/protocols/resumable-upload) with creation, creation-with-upload, checksum,
termination and expiration. Any tus client will do; a finished upload is named when a draft is created.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer, build_created_headers, read_once
from opendata.api.core.current import services
from opendata.api.core.fields import Instant
from opendata.api.uploads.tus_body import open_body
from opendata.api.uploads.tus_headers import (
    PIECE_TYPE,
    describe,
    name_version,
    read_checksum,
    read_metadata,
    read_number,
    require_piece,
    require_version,
)
from opendata.db.models import UPLOAD_STATES
from opendata.domain.access.scopes import Verb
from opendata.errors import N_

blueprint = ApiBlueprint("uploads", N_("Large files, sent piece by piece by the tus protocol, for drafts to refer to."))
blueprint.after_request(name_version)

_ONE = "/uploads/<identifier:upload>"
_TOLD: Sequence[str] = ("Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Expires")


class UploadShape(Schema):
    """A file that is sent in pieces."""

    id = fields.String(required=True)
    filename = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(UPLOAD_STATES)})
    offset = fields.Integer(required=True, metadata={"description": "How many bytes are kept."})
    length = fields.Integer(required=True)
    sha256 = fields.String(required=True, allow_none=True, metadata={"description": "Null until it is finished."})
    created = Instant(required=True)
    expires = Instant(required=True, metadata={"description": "Until when it is kept; each piece puts it off."})


def _describe_body(*, required: bool) -> dict[str, Any]:
    piece = {"schema": {"type": "string", "format": "binary"}}
    return {"required": required, "description": "Bytes of the file.", "content": {PIECE_TYPE: piece}}


@blueprint.operation(
    "POST",
    "/uploads",
    status=201,
    shape=UploadShape,
    takes=("Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Checksum", "Idempotency-Key"),
    gives=("Location", "Idempotency-Replayed", *_TOLD),
    problems=(400, 403, 412, 413, 415, 422, 423, 460),
    requestBody=_describe_body(required=False),
    needs=Verb.UPLOAD,
)
def create_upload() -> Answer:
    """Announce a file, and send its first bytes along if wished. `Location` is where the rest goes."""
    with open_body() as body:
        require_version()
        length, checksum = read_number("Upload-Length"), read_checksum()
        meta, filename = read_metadata()
        comes = bool(request.content_length or request.mimetype)
        if comes:
            require_piece()
        once = read_once([str(length), meta])
        found, created = services().uploads.create(caller(), length, filename, meta=meta, once=once)
        if comes and created:
            size = request.content_length
            found = services().uploads.append(caller(), found.id, 0, body, size=size, checksum=checksum)
    return found, {**build_created_headers(f"{PREFIX}/uploads/{found.id}", created=created), **describe(found)}


@blueprint.operation("GET", _ONE, shape=UploadShape, gives=_TOLD, problems=(404, 410, 412), public=False)
def get_upload(upload: str) -> Answer:
    """Ask how far an upload is: by HEAD as tus has it, or by GET as a document."""
    if request.method == "HEAD":
        require_version()
    found = services().uploads.get(caller(), upload)
    return found, describe(found)


@blueprint.operation(
    "PATCH",
    _ONE,
    status=204,
    takes=("Tus-Resumable", "Upload-Offset", "Upload-Checksum"),
    gives=_TOLD,
    problems=(400, 403, 404, 409, 410, 412, 413, 415, 422, 423, 460),
    requestBody=_describe_body(required=True),
    needs=Verb.UPLOAD,
    counts=False,  # their bytes have limits of their own
)
def append_to_upload(upload: str) -> Response:
    """Add bytes at the end of what is kept. What arrives before the connection breaks is kept too.

    With `Upload-Checksum` the bytes are kept all or none.
    """
    with open_body() as body:
        require_version()
        require_piece()
        offset, checksum = read_number("Upload-Offset"), read_checksum()
        size = request.content_length
        found = services().uploads.append(caller(), upload, offset, body, size=size, checksum=checksum)
    return _say(describe(found))


@blueprint.operation(
    "DELETE",
    _ONE,
    status=204,
    takes=("Tus-Resumable",),
    gives=("Tus-Resumable",),
    problems=(403, 404, 410, 412, 423),
    needs=Verb.UPLOAD,
)
def delete_upload(upload: str) -> Response:
    """Give an upload up. What a draft has taken from it stays."""
    require_version()
    services().uploads.delete(caller(), upload)
    return _say({})


def _say(headers: Mapping[str, str]) -> Response:
    return Response(status=204, headers=headers)
