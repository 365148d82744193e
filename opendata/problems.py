"""The one table from exceptions to HTTP, and the problem documents (RFC 9457) made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, g, request, url_for
from werkzeug.exceptions import BadRequest, HTTPException

from opendata import errors
from opendata.errors import N_, OpendataError
from opendata.services.access.pace import Allowance
from opendata.settings import SOURCE_LANGUAGE
from opendata.storage.faults import name_disk_fault
from opendata.telemetry.instruments import REFUSED
from opendata.wording.voice import Voice, voice_of

STATUS: Mapping[type[OpendataError], int] = {
    errors.OpendataError: 500,
    errors.InputError: 400,
    errors.InvalidMetadataError: 422,
    errors.InvalidSchemaError: 422,
    errors.InvalidPackageError: 422,
    errors.UnsupportedFormatError: 415,
    errors.UnreadableFileError: 422,
    errors.TooLargeError: 413,
    errors.NotSignedInError: 401,
    errors.NotPermittedError: 403,
    errors.ScopeError: 403,
    errors.WaitError: 503,
    errors.TooManyAttemptsError: 429,
    errors.RateLimitError: 429,
    errors.TooManyAtOnceError: 429,
    errors.OverloadedError: 503,
    errors.NotFoundError: 404,
    errors.NotPublicError: 404,
    errors.MovedError: 308,
    errors.WithdrawnError: 410,
    errors.SuspendedError: 410,
    errors.DamagedError: 503,
    errors.ExpiredError: 410,
    errors.StateError: 409,
    errors.UnknownYearError: 409,
    errors.BusyError: 423,
    errors.SupersededError: 409,
    errors.ProtocolError: 412,
    errors.ChecksumError: 460,
    errors.PreconditionError: 412,
    errors.IdempotencyError: 422,
    errors.BackendError: 503,
    errors.StorageFullError: 507,
    errors.IntegrityError: 500,
    errors.UsageError: 400,
}
"""Every exception of the program and the status it answers with."""

HTTP_TITLES: Mapping[int, str] = {
    400: N_("The request can't be understood"),
    404: N_("Not found"),
    405: N_("This address doesn't support this method"),
    406: N_("This isn't available in that format"),
    408: N_("The request took too long"),
    411: N_("The header “Content-Length” is missing"),
    413: N_("The file is too large"),
    414: N_("The address is too long"),
    415: N_("This media type isn't supported"),
    416: N_("The file doesn't have this range of bytes"),
    422: N_("Some values aren't allowed"),
    428: N_("The header “If-Match” is required"),
    431: N_("The headers of the request are too long"),
    500: N_("Something went wrong on our side"),
    503: N_("The service isn't available at the moment"),
}

HTTP_DETAILS: Mapping[int, str] = {
    400: N_("The request isn't complete HTTP, or its body is cut off"),
    404: N_("There is nothing at this address"),
    405: N_("The header “Allow” lists the methods this address supports"),
    408: N_("The connection was too slow or broke off. Send the request again"),
    413: N_("The request is larger than this address accepts"),
    415: N_("Send the media type that the API documentation names"),
    416: N_("Ask for bytes that are within the length of the file"),
}
"""What to say where HTTP itself is at fault. What a library says of it is in English, so it isn't repeated."""

MEDIA_TYPE = "application/problem+json"

_BULK_TYPES: Mapping[str, str] = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}

_RETRY_SECONDS = 30
"""When to ask again for what a database, a store or a queue that is away made impossible."""


def status_of(error: OpendataError) -> int:
    """The HTTP status of an exception: its own, or that of the nearest class above it."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def describe_problem(error: OpendataError, voice: Voice, instance: str) -> dict[str, Any]:
    """The problem document of an exception, in the language of a voice."""
    found: dict[str, Any] = {
        "type": f"/problems/{error.slug}",
        "title": voice.translate(error.title),
        "status": status_of(error),
        "detail": voice.say_error(error),
        "instance": quote(instance, safe=_SAFE),
    }
    if isinstance(error, errors.WithdrawnError) and error.tombstone:
        found["tombstone"] = error.tombstone
    if isinstance(error, errors.SuspendedError) and error.suspension:
        found["suspension"] = error.suspension
    if isinstance(error, errors.ScopeError) and error.scope:
        found["scope"] = error.scope
    if error.faults:
        found["errors"] = [{"pointer": item.pointer, "detail": voice.say_fault(item)} for item in error.faults]
    return found


def register_problems(app: Flask) -> None:
    """Answer every exception by the table: pages for browsers, problem documents for programs."""

    @app.errorhandler(OpendataError)
    def _handle(error: OpendataError) -> Response:
        if status_of(error) >= 500:
            app.logger.error("%s %s: %s", request.method, _name_place(), error)
        if isinstance(error, errors.MovedError):
            return _lead_on(error)
        note_refusal(app, error)
        if isinstance(error, errors.WaitError):
            REFUSED.add(1, _name_refusal(error))
        document = describe_problem(error, choose_voice(), request.path)
        if isinstance(error, errors.WaitError) and "bulk_tables" in g:
            document["bulk"] = list(_list_bulk(g.bulk_tables))
        answer = _answer(document)
        if isinstance(error, errors.RateLimitError):
            g.allowance = Allowance(error.policy, error.limit, 0, error.seconds)
        if isinstance(error, errors.WaitError):
            answer.headers["Retry-After"] = str(error.seconds)
        elif answer.status_code == 503:
            answer.headers["Retry-After"] = str(_RETRY_SECONDS)
        if isinstance(error, errors.ScopeError):  # RFC 6750
            scope = f', scope="{error.scope}"' if error.scope else ""
            answer.headers["WWW-Authenticate"] = f'Bearer realm="opendata", error="insufficient_scope"{scope}'
        return answer

    @app.errorhandler(HTTPException)
    def _handle_http(error: HTTPException) -> Response:
        response = error.get_response()
        if error.code is None or error.code < 400:
            return response  # type: ignore[return-value]
        answer = _answer(describe_http(error, request.path))
        for name in ("Allow", "Content-Range", "Retry-After", "WWW-Authenticate"):
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer

    @app.errorhandler(Exception)
    def _handle_unknown(error: Exception) -> Response:
        app.logger.exception("%s %s", request.method, _name_place(), exc_info=error)
        found = name_disk_fault(error) if isinstance(error, OSError) else None
        if found is not None:
            return _answer(describe_problem(found, choose_voice(), request.path))
        document = {
            "type": "/problems/error",
            "title": choose_voice().translate(HTTP_TITLES[500]),
            "status": 500,
            "detail": choose_voice().translate(N_("The problem is on our side and has been logged. Try again later")),
            "instance": quote(request.path, safe=_SAFE),
        }
        return _answer(document)


def _name_refusal(error: errors.WaitError) -> str:
    """Why a client has to wait, in a word."""
    match error:
        case errors.RateLimitError():
            return f"rate-{error.policy}"
        case errors.TooManyAtOnceError():
            return "at-once"
        case errors.TooManyAttemptsError():
            return "attempts"
        case errors.OverloadedError():
            return "overload"
    return "other"


def _list_bulk(tables: Sequence[tuple[str, str, str]]) -> Iterator[Mapping[str, str]]:
    """The files with which somebody who asks too often can go on: the whole tables, or what names all that there is."""
    for dataset, version, resource in tables:
        for suffix, media_type in _BULK_TYPES.items():
            href = url_for("downloads.send_table", dataset=dataset, version=version, resource=resource, suffix=suffix)
            yield {"href": href, "type": media_type}
    if not tables:
        yield {"href": url_for("crawling.show_sitemap"), "type": "application/xml"}
        yield {"href": url_for("feeds.send_catalogue_feed"), "type": "application/atom+xml"}


def _name_place() -> str:
    """What was asked for, without the secret that the address of a page may have."""
    is_plain = request.path.startswith("/api/") or request.url_rule is None
    return quote(request.path, safe=_SAFE) if is_plain else str(request.url_rule)


def note_refusal(app: Flask, error: OpendataError) -> None:
    """Write to the audit log that something was refused; never who knows which secret is in the address of a page."""
    if not error.event:
        return
    place = request.path if request.path.startswith("/api/") else str(request.url_rule or "")
    actor = g.get("caller") or g.get("actor") or g.get("reader")
    try:
        app.extensions["opendata"].refusals.note(
            error.event, actor, request.remote_addr or "", f"{request.method} {place}"
        )
    except OpendataError as failure:
        app.logger.error("the refusal could not be written to the audit log: %s", failure)


def _lead_on(error: errors.MovedError) -> Response:
    """Redirect to the address under the dataset's new id, permanently and for any method (308)."""
    target = request.full_path.removesuffix("?").replace(f"/datasets/{error.old}", f"/datasets/{error.new}", 1)
    document = describe_problem(error, choose_voice(), request.path)
    response = Response(current_app.json.dumps(document), 308, content_type=MEDIA_TYPE)
    response.headers["Location"] = quote(request.script_root + target, safe=_SAFE + "?%")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def describe_http(error: HTTPException, instance: str) -> dict[str, Any]:
    """The problem document of an error of HTTP itself."""
    translate = choose_voice().translate
    status = error.code or 500
    title = HTTP_TITLES.get(status) or HTTP_TITLES[400 if status < 500 else 500]
    found: dict[str, Any] = {
        "type": f"/problems/{SLUGS.get(status, 'bad-request')}",
        "title": translate(title),
        "status": status,
        "detail": translate(HTTP_DETAILS.get(status) or title),
        "instance": quote(instance, safe=_SAFE),
    }
    return found


_SAFE = "/:@!$&'()*+,;=~"
"""What a path may hold as it is (RFC 3986)."""

SLUGS = {
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "unsupported-format",
    422: "invalid-metadata",
    500: "error",
    503: "unavailable",
}


def choose_voice() -> Voice:
    """The voice of this request's reader."""
    from flask_babel import get_locale

    locale = get_locale()
    return voice_of(locale.language if locale is not None else SOURCE_LANGUAGE)


def _answer(document: dict[str, Any]) -> Response:
    render: Callable[[dict[str, Any]], str] | None = current_app.extensions.get("opendata_error_page")
    if render is not None and document["status"] != 416 and _wants_page():  # who asks for ranges is a program
        response = Response(render(document), mimetype="text/html")
    else:
        response = Response(current_app.json.dumps(document), content_type=MEDIA_TYPE)
    response.status_code = document["status"]
    response.headers["Cache-Control"] = "no-store"
    if document["status"] == 401 and not getattr(g, "has_session", False):
        response.headers["WWW-Authenticate"] = 'Bearer realm="opendata"'
    return response


def _wants_page() -> bool:
    if request.path.startswith("/api/") or isinstance(request.routing_exception, BadRequest):
        return False  # a page has links, and “Host” gives no host that they could lead to
    best = request.accept_mimetypes.best_match(["application/json", MEDIA_TYPE, "text/html"])
    return best == "text/html" and request.accept_mimetypes["text/html"] >= request.accept_mimetypes["application/json"]
