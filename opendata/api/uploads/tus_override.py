"""For networks that let neither PATCH nor DELETE through: tus clients name the method they mean in a header of a POST.

Source: tus 1.0.0, “X-HTTP-Method-Override”. The views see the method meant, so its rules hold, CSRF tokens included.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from opendata.api.core.blueprints import PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_METHODS = ("PATCH", "DELETE")


def take_over_methods(app: Flask) -> None:
    """Let uploads be reached by POST with the header; no other address heeds it."""
    inner = app.wsgi_app

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        meant = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "")
        of_upload = environ.get("PATH_INFO", "").startswith(f"{PREFIX}/uploads/")
        if of_upload and meant in _METHODS and environ["REQUEST_METHOD"] == "POST":
            environ["REQUEST_METHOD"] = meant
        return inner(environ, start_response)

    app.wsgi_app = answer  # type: ignore[method-assign]
