"""The OpenAPI 3.1 document at `/api/v1/openapi.json`, made from the views, problem documents included."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, request
from flask_smorest import Api
from flask_smorest.spec.plugins import FlaskPlugin

from opendata.api.core.blueprints import PREFIX, TUS_STATUS, ApiBlueprint
from opendata.api.core.fields import IDENTIFIER, VERSION, Address, Choice, Instant
from opendata.api.document.paths import IdentifierConverter, ItemConverter, VersionConverter
from opendata.api.document.problem_shape import ProblemShape
from opendata.errors import N_
from opendata.problems import MEDIA_TYPE

_DESCRIPTION = N_(
    """\
Publish tables and read the catalogue of this portal. Collections are `{"items": […], "next": cursor or null}`;
hand `next` in as `cursor` until it is null. Every error is a problem document (RFC 9457) that says what is wrong,
where, and what to do; what is wrong *inside* a table is in the draft's `report` instead.

To publish: create a dataset, send its file as a draft, read the draft until its `status` is `valid`, submit it.
A large file is sent in pieces as an upload (by the tus protocol), which the draft then names.
Make a token with `opendata token create` and send it as `Authorization: Bearer odt_…`.
Answers to changes, searches and queries say how many are left in this minute (`RateLimit`). After 429 or 503, wait
for `Retry-After` seconds, or take the whole files that `bulk` of the problem document names."""
)

_HEADERS = {
    "ETag": N_("The revision of this thing, for `If-Match` and `If-None-Match`."),
    "Location": N_("The address of what was created."),
    "Retry-After": N_("Read again after this many seconds. Missing once nothing more happens without you."),
    "Idempotency-Replayed": N_("`true` where this answers a request that came before with the same key."),
    "Content-Location": N_("The address of the version that `latest` stands for."),
    "Query-Edition": N_("The edition of the query engine, raised where the same query gives other bytes."),
    "Tus-Resumable": N_("The version of the tus protocol: `1.0.0`."),
    "Upload-Offset": N_("How many bytes are kept; the next piece begins there."),
    "Upload-Length": N_("How many bytes the whole file has."),
    "Upload-Expires": N_("Until when it is kept (an HTTP date)."),
}
_PARAMETERS = {
    "If-Match": (
        N_("The `ETag` you have read: refused with 412 where the thing was changed since. Without it, no check."),
        '^(\\*|"[0-9]+")$',
    ),
    "If-None-Match": (N_("The `ETag` you have: answered with 304 where nothing changed."), '^(\\*|"[0-9a-f]+")$'),
    "Idempotency-Key": (
        N_("A key of yours: sent again with the same request, it gets the first answer and creates nothing."),
        r"^[\x21-\x7e]{1,255}$",
    ),
    "Tus-Resumable": (N_("The version of the tus protocol, `1.0.0`; without it the answer is 412."), r"^1\.0\.0$"),
    "Upload-Length": (N_("How many bytes the whole file has. Needed."), r"^(0|[1-9][0-9]{0,15})$"),
    "Upload-Offset": (N_("Where this piece begins: what the upload has so far. Needed."), r"^(0|[1-9][0-9]{0,15})$"),
    "Upload-Metadata": (
        N_("What is said of the file: names, each with its value in Base64. `filename` is the file's name."),
        r"^[a-z]+ [A-Za-z0-9+/]+={0,2}(,[a-z]+ [A-Za-z0-9+/]+={0,2})*$",
    ),
    "Upload-Checksum": (
        N_("What the piece hashes to: `sha1` or `sha256` and the digest in Base64."),
        r"^(sha1 [A-Za-z0-9+/]{27}=|sha256 [A-Za-z0-9+/]{43}=)$",
    ),
}
_SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of your account, made with `opendata token create`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "opendata_id",
        "description": "The session of a person who is signed in on the pages. Over HTTPS it is `__Host-opendata_id`.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "The signature of a portal that may send (Standard Webhooks), with `webhook-id` and"
        " `webhook-timestamp`.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRFToken",
        "description": "With a session, what changes something needs the page's token.",
    },
}


class ProblemApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """Declares every error as a problem document, and leaves answering them to `opendata.problems`."""

    ERROR_SCHEMA = ProblemShape

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._building = threading.Lock()
        self._undescribed: list[ApiBlueprint] = []
        self._document: bytes | None = None
        super().__init__(*arguments, **options)

    def register_blueprint(self, blueprint: ApiBlueprint) -> None:
        """Register views. They are described when the document is asked for: most processes are never asked."""
        current: Flask = self._app
        current.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        current.register_blueprint(blueprint)
        self._undescribed.append(blueprint)

    def _register_error_handlers(self) -> None:
        """One table answers pages and API alike; it is registered already."""

    def build_document(self) -> dict[str, Any]:
        """The document. Its tags have the names that operations use, not those of the blueprints."""
        with self._building:
            self._describe_views()
            found: dict[str, Any] = self.spec.to_dict()
        for tag in found["tags"]:
            tag["name"] = tag["name"].removeprefix("api_")
        return found

    def _describe_views(self) -> None:
        while self._undescribed:
            blueprint = self._undescribed.pop(0)
            blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
            self.spec.tag({"name": blueprint.name, "description": blueprint.description})

    def _openapi_json(self) -> Response:
        """The document, made once: the views do not change while the program runs."""
        if self._document is None:
            self._document = json.dumps(self.build_document(), ensure_ascii=False).encode()
        response = Response(self._document, mimetype="application/json")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-cache"
        response.add_etag()
        return response.make_conditional(request)  # type: ignore[return-value]  # itself

    def _register_etag_headers(self) -> None:
        """Ours are registered below."""

    def _register_pagination_header(self) -> None:
        """Pages carry their cursor in the body."""

    def _register_responses(self) -> None:
        content = {MEDIA_TYPE: {"schema": ProblemShape}}
        for status in HTTPStatus:
            if status >= HTTPStatus.BAD_REQUEST or status == HTTPStatus.PERMANENT_REDIRECT:
                self.spec.components.response(
                    status.name, {"description": status.phrase, "content": dict(content)}, lazy=True
                )
        for name in TUS_STATUS.values():
            self.spec.components.response(
                name, {"description": "The bytes do not fit their checksum", "content": dict(content)}, lazy=True
            )
        self.spec.components.response(
            "DEFAULT_ERROR", {"description": "Any other problem", "content": dict(content)}, lazy=True
        )


def register_document(app: Flask) -> ProblemApi:
    """Set the API up in an application, without any view yet."""
    app.config.update(
        API_TITLE="opendata REST API",
        API_VERSION=f"v1 ({version('opendata')})",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.url_map.converters.update(identifier=IdentifierConverter, item=ItemConverter, version=VersionConverter)
    options = {
        "info": {"description": _DESCRIPTION},
        "flask_plugin": FlaskPlugin(),
        "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_name_shape),
    }
    api = ProblemApi(app, spec_kwargs=options)
    app.extensions["opendata_document"] = api.build_document
    for converter in (IdentifierConverter, ItemConverter):
        api.register_converter(converter, lambda _: {"type": "string", "pattern": IDENTIFIER})
    api.register_converter(VersionConverter, lambda _: {"type": "string", "pattern": f"^latest$|{VERSION}"})
    api.register_field(Instant, "string", "date-time")
    api.register_field(Address, "string", "uri")
    api.ma_plugin.converter.add_attribute_function(_describe_choice)
    components = api.spec.components
    for name, text in _HEADERS.items():
        components.header(name, {"description": text, "schema": {"type": "string"}})
    for name, (text, pattern) in _PARAMETERS.items():
        components.parameter(name, "header", {"description": text, "schema": {"type": "string", "pattern": pattern}})
    for name, scheme in _SECURITY.items():
        components.security_scheme(name, scheme)
    return api


def _name_shape(shape: Any) -> str:
    kind = shape if isinstance(shape, type) else type(shape)
    return str(kind.__name__).removesuffix("Shape")


def _describe_choice(self: Any, field: Any, **options: Any) -> dict[str, Any]:  # noqa: ARG001
    if not isinstance(field, Choice):
        return {}
    whole = self.resolve_nested_schema(field.shape) if field.shape else {"type": "object"}
    null: list[dict[str, Any]] = [{"type": "null"}] if field.allow_none else []
    return {"anyOf": [{"type": "string"}, whole, *null]}
