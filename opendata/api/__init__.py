"""The REST API under `/api/v1`: views that parse, call a service and shape its answer, and their OpenAPI document."""

from __future__ import annotations

from flask import Flask

from opendata.api.access import account, grants, people, tokens, webhooks
from opendata.api.catalogue import conformance, datasets, inside, publishers, schemas, search, usage, versions
from opendata.api.ckan import places as ckan_places
from opendata.api.document import table_document
from opendata.api.document.openapi import register_document
from opendata.api.drafts import drafts, findings, matching, workbench
from opendata.api.governance import (
    basics,
    clocks,
    control,
    duties,
    inventory,
    negative_list,
    operation,
    registers,
    reports,
    requests,
    self_checks,
    site,
)
from opendata.api.harvest import exchange, harvests, platforms, senders
from opendata.api.iceberg import catalogue as iceberg
from opendata.api.mcp import mcp
from opendata.api.operations import audit, events
from opendata.api.query import rows, select
from opendata.api.review import reviews
from opendata.api.sources import sources
from opendata.api.uploads import tus, tus_override


def register_api(app: Flask) -> None:
    """Register all views of the API and its documentation."""
    api = register_document(app)
    for module in (
        datasets,
        inventory,
        search,
        usage,
        conformance,
        inside,
        rows,
        select,
        versions,
        account,
        grants,
        people,
        sources,
        harvests,
        senders,
        exchange,
        platforms,
        drafts,
        events,
        tus,
        findings,
        matching,
        workbench,
        reviews,
        publishers,
        schemas,
        negative_list,
        self_checks,
        clocks,
        duties,
        audit,
        control,
        site,
        tokens,
        webhooks,
        basics,
        operation,
        registers,
        reports,
        requests,
    ):
        api.register_blueprint(module.blueprint)
    for blueprint in (
        table_document.blueprint,
        mcp.blueprint,
        ckan_places.blueprint,
        ckan_places.actions,
        iceberg.blueprint,
    ):
        app.register_blueprint(blueprint)
    tus_override.take_over_methods(app)
