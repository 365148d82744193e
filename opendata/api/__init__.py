"""The REST API under `/api/v1`: views that parse, call a service and shape its answer, and their OpenAPI document."""

from __future__ import annotations

from flask import Flask

from opendata.api import (
    browser,
    datasets,
    drafts,
    events,
    findings,
    matching,
    publishers,
    schemas,
    tus,
    tus_override,
    versions,
)
from opendata.api.openapi import register_document


def register_api(app: Flask) -> None:
    """Register all views of the API and its documentation."""
    api = register_document(app)
    for module in (datasets, versions, drafts, events, tus, findings, matching, publishers, schemas):
        api.register_blueprint(module.blueprint)
    tus_override.take_over_methods(app)
    app.register_blueprint(browser.blueprint)
