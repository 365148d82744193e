"""The address `/mcp`: a message comes in by POST, its answer goes out as JSON. There are no sessions and no streams."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotAcceptable, RequestEntityTooLarge, UnsupportedMediaType

from opendata.api.core.current import absolute, services
from opendata.api.core.documents import parse_document
from opendata.api.mcp import protocol
from opendata.api.mcp.protocol import Message, RpcError
from opendata.api.mcp.tools import TOOLS, call_tool
from opendata.errors import InputError
from opendata.metering import charge, cost_class
from opendata.settings import SOURCE_LANGUAGE
from opendata.wording.voice import voice_of

blueprint = Blueprint("mcp", __name__)

MOST_BYTES = 256 * 1024
"""The largest body: the longest query that is allowed, with every character escaped, and as much again."""

_CACHE_MILLISECONDS = 3_600_000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_INSTRUCTIONS = (
    "Public data of government departments: datasets with immutable versions, each table with a data dictionary. Find"
    " datasets with `search`, read what the columns mean, their units and codes with `describe` before you compute"
    " anything, ask for rows or sums with `query`, and give people the citation from `cite` or the `link` of an answer:"
    " both name the exact version. Titles and values are mostly Chinese. Only what everybody may have is here."
)


@blueprint.post("/mcp")
@cost_class("light")
def answer() -> Response:
    """Answer a message, or several at once where the version of the protocol has that."""
    try:
        _check_origin()
        document = _read_body()
        if not isinstance(document, list):
            found = _answer_one(document)
            return _send(found) if found is not None else Response(status=202)
        return _answer_many(document)
    except RpcError as error:
        return _send(error.to_json(), error.status)


def _answer_many(documents: list[Any]) -> Response:
    spoken = request.headers.get(protocol.VERSION_HEADER)
    if spoken is not None and spoken not in protocol.BATCHED:
        raise RpcError(protocol.INVALID_REQUEST, "This version of the protocol takes one message at a time")
    if not 0 < len(documents) <= protocol.MOST_MESSAGES:
        text = f"Send from 1 to {protocol.MOST_MESSAGES} messages at once"
        raise RpcError(protocol.INVALID_REQUEST, text)
    found = []
    for number, document in enumerate(documents):
        if number:  # the first is counted with the request
            charge("light")
        try:
            found.append(_answer_one(document, alone=False))
        except RpcError as error:
            found.append(error.to_json())
    answers = [item for item in found if item is not None]
    return _send(answers) if answers else Response(status=202)


def _answer_one(document: Any, *, alone: bool = True) -> Mapping[str, Any] | None:
    """The answer to a message; None where it wants none. Raises `RpcError`."""
    message = protocol.read_message(document, request.headers.get)
    if message is None or not message.is_request:
        return None
    if message.method == "initialize" and not alone:
        raise RpcError(protocol.INVALID_REQUEST, "“initialize” must come alone", id=message.id)
    try:
        result = _find_result(message)
    except RpcError as error:
        error.id = message.id
        if not message.is_modern:
            error.status = 200
        raise
    if message.is_modern:
        result = {"resultType": "complete", **result, "_meta": {protocol.META_SERVER: _describe_server()}}
    return {"jsonrpc": "2.0", "id": message.id, "result": result}


def _find_result(message: Message) -> dict[str, Any]:
    cached = {"ttlMs": _CACHE_MILLISECONDS, "cacheScope": "public"} if message.is_modern else {}
    about = {"capabilities": {"tools": {}}, "instructions": _INSTRUCTIONS}
    if message.method == "tools/call":
        return call_tool(message.params)
    if message.method == "tools/list":
        if message.params.get("cursor") is not None:
            raise RpcError(protocol.INVALID_PARAMS, "There is no such cursor: the list of tools has one page")
        return {"tools": [tool.to_json() for tool in TOOLS.values()], **cached}
    if message.method == "server/discover" and message.is_modern:
        return {"supportedVersions": [*protocol.MODERN, *protocol.LEGACY], **about, **cached}
    if message.method == "initialize" and not message.is_modern:
        agreed = protocol.choose_version(message.params.get("protocolVersion"))
        return {"protocolVersion": agreed, "serverInfo": _describe_server(), **about}
    if message.method == "ping" and not message.is_modern:
        return {}
    known = f"There is no method “{message.method[:80]}” here. There are tools/list and tools/call"
    raise RpcError(protocol.METHOD_NOT_FOUND, known, status=404)


def _describe_server() -> dict[str, str]:
    title = services().settings.title or "Open Data Portal"
    return {"name": "opendata", "title": title, "version": version("opendata"), "websiteUrl": absolute("/")}


def _read_body() -> Any:
    request.max_content_length = MOST_BYTES
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    if "Accept" in request.headers and not request.accept_mimetypes["application/json"]:
        raise NotAcceptable
    try:
        return parse_document(request.get_data())
    except RequestEntityTooLarge:
        text = f"The message is larger than the {MOST_BYTES:,} bytes that are allowed"
        raise RpcError(protocol.INVALID_REQUEST, text, status=413) from None
    except InputError as error:
        raise RpcError(protocol.PARSE_ERROR, voice_of(SOURCE_LANGUAGE).say_error(error)) from None


def _check_origin() -> None:
    """Refuse what a page of another site has a browser send: its name may have been made to lead here meanwhile.

    Without a public address of our own, only pages of this very machine are known not to be such.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return
    settings = services().settings
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    known = {urlsplit(settings.base_url).netloc.lower(), *map(str.lower, settings.other_hosts)} - {""}
    if host and (parts.netloc.lower() in known or host in _LOOPBACK):
        return
    raise RpcError(protocol.INVALID_REQUEST, "Pages of other sites can't send messages here (“Origin”)", status=403)


def _send(found: Any, status: int = 200) -> Response:
    data = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return Response(data, status, mimetype="application/json", headers={"Cache-Control": "no-store"})
