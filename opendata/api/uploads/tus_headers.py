"""The headers of the tus protocol: read strictly, so that a client learns at once what it says wrong.

Source: tus 1.0.0 (https://tus.io/protocols/resumable-upload) and its extensions.
"""

from __future__ import annotations

import base64
import binascii
import re

from flask import Response, request
from werkzeug.http import http_date

from opendata.api.core.current import services
from opendata.api.drafts.upload_body import strip_folders
from opendata.errors import N_, InputError, InvalidMetadataError, ProtocolError, UnsupportedFormatError, fault
from opendata.services.uploads.upload_values import CHECKSUMS, Checksum, UploadView

VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"

_EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
_LONGEST_METADATA = 8192
_NUMBER = re.compile(r"[0-9]{1,16}")


def require_version() -> None:
    """Raises `ProtocolError` unless the request speaks our version."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise ProtocolError(N_("The header “Tus-Resumable: %(version)s” is required"), version=VERSION)


def name_version(response: Response) -> Response:
    """Name the version in every answer; list what we can do for OPTIONS requests and for other versions."""
    response.headers["Tus-Resumable"] = VERSION
    if request.method == "OPTIONS" or response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    if request.method == "OPTIONS":
        response.headers["Tus-Extension"] = _EXTENSIONS
        response.headers["Tus-Max-Size"] = str(services().settings.max_upload_bytes)
        response.headers["Tus-Checksum-Algorithm"] = ",".join(CHECKSUMS)
    if response.status_code == 460:
        response.status = "460 CHECKSUM MISMATCH"
    return response


def describe(found: UploadView) -> dict[str, str]:
    """The headers that give the offset of an upload."""
    headers = {
        "Upload-Offset": str(found.offset),
        "Upload-Length": str(found.length),
        "Upload-Expires": http_date(found.expires),
    }
    return {**headers, "Upload-Metadata": found.meta} if found.meta else headers


def read_number(name: str) -> int:
    """The value of a header that must be a whole number. Raises `InputError`."""
    text = request.headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise InputError(N_("The header “%(name)s” must be a whole number"), name=name)
    return int(text)


def read_metadata() -> tuple[str, str]:
    """What the client says about the file, as it came, and the file's name from it. Raises `InvalidMetadataError`."""
    text = request.headers.get("Upload-Metadata", "").strip()
    wrong = N_("“Upload-Metadata” must be a comma-separated list. Each item is a name, a space and a value in Base64")
    pairs: dict[str, str] = {}
    for part in text.split(",") if text else ():
        name, _, value = part.strip().partition(" ")
        try:
            read = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            raise InvalidMetadataError(faults=[fault("", wrong)]) from None
        if not name or name in pairs or not part.isascii():
            raise InvalidMetadataError(faults=[fault("", wrong)])
        pairs[name] = read
    if len(text) > _LONGEST_METADATA:
        raise InvalidMetadataError(faults=[fault("", N_("This text is too long"))])
    return text, strip_folders(pairs.get("filename") or pairs.get("name") or "")


def read_checksum() -> Checksum | None:
    """What the body hashes to, if the client says so. Raises `InputError` if the notation is unknown."""
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in CHECKSUMS or not digest:
        raise InputError(
            N_("“Upload-Checksum” must be one of %(names)s, a space and the digest in Base64"),
            names=", ".join(CHECKSUMS),
        )
    return Checksum(algorithm, digest)


def require_piece() -> None:
    """Raises `UnsupportedFormatError` unless the body is a piece of a file."""
    if request.mimetype != PIECE_TYPE:
        raise UnsupportedFormatError(
            N_("Send each piece as “%(wanted)s”, not as “%(type)s”"),
            wanted=PIECE_TYPE,
            type=request.mimetype[:100] or "?",
        )
