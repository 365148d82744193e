"""The services and settings of the instance that answers this request."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from flask import current_app, request

if TYPE_CHECKING:
    from opendata.wiring import Services


def services() -> Services:
    """All that a view may call."""
    return cast("Services", current_app.extensions["opendata"])


def base_url() -> str:
    """The portal's public address without a final slash."""
    return services().settings.base_url.rstrip("/") or request.url_root.rstrip("/")


def absolute_url(path: str) -> str:
    """The public address of a path that `url_for` built."""
    return base_url() + path.removeprefix(request.script_root)


def prefers_json() -> bool:
    """Whether the client is a program."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def rest_path(*parts: str) -> str:
    """The path of a REST document, such as `rest_path("datasets", id)`."""
    return "/".join([f"{request.script_root}/api/v1", *(quote(part, safe="") for part in parts)])
