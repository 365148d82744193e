"""The application factory: one Flask application over the services of an instance."""

from __future__ import annotations

from flask import Flask

from opendata import problems, web
from opendata.api import register_api
from opendata.receiving import receive_into
from opendata.routing import LateRule, Portal
from opendata.services.core.instance import read_secret
from opendata.settings import Settings, read_settings
from opendata.telemetry.places import begin_counting
from opendata.telemetry.requests import SeenRequests
from opendata.web.core.cookies import FORMS, name_cookie
from opendata.web.core.proxies import TrustedProxies
from opendata.web.delivery.kept import KeptPages
from opendata.wiring import Services, build_services


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """Build the application. `services` may be handed in; else they are built from `settings` or the environment."""
    found = services or build_services(settings or read_settings())
    app = Portal("opendata", static_folder=None, template_folder=None)
    app.url_rule_class = LateRule
    app.config.update(
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    attach_services(app, found)
    if found.settings.gives_figures:
        begin_counting("web")
    kept = app.extensions["opendata_kept"] = KeptPages(app.wsgi_app, lambda: app.extensions["opendata"])
    app.wsgi_app = TrustedProxies(  # type: ignore[method-assign]
        SeenRequests(kept), lambda: app.extensions["opendata"].settings.trusted_proxies
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    problems.register_problems(app)
    web.register_web(app)
    register_api(app)
    return app


def attach_services(app: Flask, services: Services) -> None:
    """Have an application serve the instance of these services, and no other, from the next request on."""
    settings = services.settings
    app.request_class = receive_into(settings.receiving_folder, settings.free_bytes)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        SECRET_KEY=read_secret(settings),
        SESSION_COOKIE_NAME=name_cookie(settings, FORMS),
        SESSION_COOKIE_SECURE=settings.has_https,
    )
    app.extensions["opendata"] = services
