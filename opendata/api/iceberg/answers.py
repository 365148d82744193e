"""How answers of the Iceberg catalogue go out: JSON, errors in the model of its specification, other origins.

Source: Iceberg REST catalogue, OpenAPI (`ErrorModel`, `IcebergErrorResponse`).
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from opendata import errors
from opendata.exchange.iceberg.faults import AbsentError
from opendata.problems import choose_voice, describe_http, note_refusal, status_of
from opendata.sending.forms import open_to_origins
from opendata.services.access.pace import Allowance

MEDIA_TYPE = "application/json"
_RETRY_SECONDS = 30
_TYPES = {
    400: "BadRequestException",
    403: "ForbiddenException",
    404: "NotFoundException",
    405: "UnsupportedOperationException",
    410: "NotFoundException",
    429: "TooManyRequestsException",
    503: "ServiceUnavailableException",
}


def send_json(found: Any) -> Response:
    """An answer of the catalogue, to be asked for again each time."""
    text = json.dumps(found, ensure_ascii=False)
    return Response(text, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"})


def send_error(error: errors.OpendataError) -> Response:
    """An error of the portal as `IcebergErrorResponse`."""
    note_refusal(current_app, error)
    status = status_of(error)
    if status >= 500:
        current_app.logger.error("%s %s: %s", request.method, request.path, error)
    kind = _TYPES.get(status, "InternalServerError" if status >= 500 else "BadRequestException")
    response = _send(choose_voice().say_error(error), kind, status)
    if isinstance(error, errors.RateLimitError):
        g.allowance = Allowance(error.policy, error.limit, 0, error.seconds)
    if isinstance(error, errors.WaitError):
        response.headers["Retry-After"] = str(error.seconds)
    elif status == 503:
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def send_absence(error: AbsentError) -> Response:
    """What isn't there as `IcebergErrorResponse`."""
    return _send(choose_voice().translate(error.message) % error.params, error.kind, 404)


def send_http_error(error: HTTPException) -> AnyResponse:
    """An error of HTTP itself as `IcebergErrorResponse`; anything else as it is."""
    status = error.code or 500
    if status < 400:
        return error.get_response()
    found = describe_http(error, request.path)
    response = _send(str(found.get("detail") or found["title"]), _TYPES.get(status, "BadRequestException"), status)
    for name, value in error.get_headers():
        if name in ("Allow", "Content-Range", "Retry-After"):
            response.headers[name] = value
    return response


def finish(response: AnyResponse) -> AnyResponse:
    """Programs in any web page may read it."""
    open_to_origins(response)
    return response


def _send(message: str, kind: str, status: int) -> Response:
    found = {"error": {"message": message, "type": kind, "code": status}}
    response = send_json(found)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store" if status >= 500 else "no-cache"
    return response
