"""What belongs to the request at hand: the services, and absolute addresses of this portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app, request

if TYPE_CHECKING:
    from opendata.wiring import Services


def services() -> Services:
    """The services of the instance."""
    return cast("Services", current_app.extensions["opendata"])


def absolute(path: str) -> str:
    """The absolute address of a path of this portal."""
    return (services().settings.base_url or request.url_root).rstrip("/") + path
