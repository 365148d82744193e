"""The messages of the Model Context Protocol over HTTP: their versions, and what is wrong with one.

Source: the Model Context Protocol, revisions 2024-11-05 to 2026-07-28 (Streamable HTTP, versioning), JSON-RPC 2.0.
Since 2026-07-28 each request names its version itself (`is_modern`); before, `initialize` agrees on one. Nothing is
remembered between requests in either.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MODERN = ("2026-07-28",)
"""Versions without a handshake, the newest first."""

LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Versions that begin with `initialize`, the newest first."""

BATCHED = ("2025-03-26", "2024-11-05")
"""Versions in which several messages may come at once."""

MOST_MESSAGES = 20
"""So many messages may come at once."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022

VERSION_HEADER = "MCP-Protocol-Version"
_META_VERSION = "io.modelcontextprotocol/protocolVersion"
_META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
META_SERVER = "io.modelcontextprotocol/serverInfo"
_MOST_SHOWN = 80

Id = str | int | None

FindHeader = Callable[[str], str | None]
"""A header of the HTTP request by its name, however that is spelt."""


class RpcError(Exception):
    """A message that can't be answered: the error of JSON-RPC, and the status of HTTP it is sent with."""

    def __init__(self, code: int, message: str, *, id: Id = None, status: int = 400, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.id, self.status, self.data = code, message, id, status, data

    def to_json(self) -> Mapping[str, Any]:
        """The answer that says so."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return {"jsonrpc": "2.0", "id": self.id, "error": error}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request; without `id` a notification, which is not answered."""

    id: Id
    method: str
    params: Mapping[str, Any]
    is_modern: bool

    @property
    def is_request(self) -> bool:
        """Whether it is to be answered."""
        return self.id is not None


def read_message(document: Any, find_header: FindHeader) -> Message | None:
    """A message of a client; None for a response, since we send no requests. Raises `RpcError`."""
    if not isinstance(document, dict) or document.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, "The body must be one JSON-RPC 2.0 message: an object with “jsonrpc”: “2.0”")
    id = _read_id(document)
    version = find_header(VERSION_HEADER)
    if "method" not in document and ("result" in document or "error" in document):
        if version in MODERN:
            raise RpcError(INVALID_REQUEST, "A client sends requests and notifications, no responses", id=id)
        return None
    method, params = document.get("method"), document.get("params", {})
    if not isinstance(method, str):
        raise RpcError(INVALID_REQUEST, "“method” must be a text", id=id)
    if not isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, "“params” must be an object", id=id)
    meta = params.get("_meta", {})
    if not isinstance(meta, dict):
        raise RpcError(INVALID_PARAMS, "“params._meta” must be an object", id=id)
    is_modern = _META_VERSION in meta or version in MODERN
    message = Message(id=id, method=method, params=params, is_modern=is_modern)
    if is_modern and message.is_request:
        _check_metadata(message, meta, find_header)
    _require_version(message, version)
    return message


def choose_version(wanted: Any) -> str:
    """The version that a handshake agrees on: the one wanted, else our newest. Raises `RpcError`."""
    if not isinstance(wanted, str):
        raise RpcError(INVALID_PARAMS, "“params.protocolVersion” must be a text such as “2025-11-25”")
    return wanted if wanted in LEGACY else LEGACY[0]


def _read_id(document: Mapping[str, Any]) -> Id:
    if "id" not in document:
        return None
    id = document["id"]
    if isinstance(id, bool) or not isinstance(id, str | int):
        raise RpcError(INVALID_REQUEST, "“id” must be a text or a whole number")
    return id


def _require_version(message: Message, version: str | None) -> None:
    known = MODERN if message.is_modern else LEGACY
    if version is None or version in known:
        return
    raise RpcError(
        UNSUPPORTED_VERSION,
        "This version of the protocol isn't supported",
        id=message.id,
        data={"supported": [*MODERN, *LEGACY], "requested": version[:_MOST_SHOWN]},
    )


def _check_metadata(message: Message, meta: Mapping[str, Any], find_header: FindHeader) -> None:
    """What each request must say of itself, once in its body and once in its headers."""
    missing = [name for name in (_META_VERSION, _META_CAPABILITIES) if name not in meta]
    if missing or not isinstance(meta[_META_VERSION], str) or not isinstance(meta[_META_CAPABILITIES], dict):
        names = f"“{_META_VERSION}” (a text) and “{_META_CAPABILITIES}” (an object)"
        raise RpcError(INVALID_PARAMS, f"“params._meta” must have {names}", id=message.id)
    expected = {VERSION_HEADER: meta[_META_VERSION], "Mcp-Method": message.method}
    if message.method == "tools/call":
        expected["Mcp-Name"] = message.params.get("name")
    for name, value in expected.items():
        found = find_header(name)
        if name == "Mcp-Name":
            found = _decode(found)
        if found is None or found != value:
            text = f"The header “{name}” must be there and say the same as the body"
            raise RpcError(HEADER_MISMATCH, text, id=message.id)


def _decode(value: str | None) -> str | None:
    """The text of a header that may be written in Base64; None where it isn't valid."""
    if value is None or not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value.removeprefix("=?base64?").removesuffix("?="), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
