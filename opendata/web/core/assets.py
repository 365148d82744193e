"""Style sheet, scripts and pictures: their addresses contain their digest, so they may be cached permanently."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request, url_for

_WEB = Path(__file__).resolve().parents[1]
FOLDER = _WEB / "static"

# Templates are beside the views of their room and are named from here: `catalogue/dataset.html`.
blueprint = Blueprint(
    "assets", __name__, root_path=str(_WEB), static_folder="static", static_url_path="/static", template_folder="."
)


@blueprint.after_request
def _let_keep(response: Response) -> Response:
    if response.status_code in (200, 304):
        named = request.args.get("v") == _digest((request.view_args or {}).get("filename", ""))
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if named else "no-cache"
    return response


def asset(name: str) -> str:
    """The address of a static file."""
    return url_for("assets.static", filename=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    path = FOLDER / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""
