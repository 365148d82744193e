"""The API to be read and tried in a browser: Swagger UI at `/api/docs`, every file of it from this server."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, send_file

from opendata.errors import NotFoundError

blueprint = Blueprint("api_browser", __name__, url_prefix="/api/docs")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OURS = Path(__file__).resolve().parent / "browser_files"
_SHIPPED = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")


@blueprint.get("")
def show_documentation() -> Response:
    """The page."""
    response = send_file(_OURS / "index.html", max_age=0)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@blueprint.get("/assets/<name>")
def send_asset(name: str) -> Response:
    """A file of the page: our start script, or one that `flask_swagger_ui` ships."""
    if name in ("start.js", "page.css"):
        return send_file(_OURS / name, max_age=0)
    if name not in _SHIPPED:
        raise NotFoundError
    return send_file(_find_shipped() / name, max_age=86400)


@blueprint.after_request
def _add_headers(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _find_shipped() -> Path:
    spec = find_spec("flask_swagger_ui")  # its folder alone: nothing of the package runs
    if spec is None or not spec.submodule_search_locations:
        raise NotFoundError
    return Path(spec.submodule_search_locations[0]) / "dist"
