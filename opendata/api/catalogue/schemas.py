"""The library of Table Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer, build_created_headers, read_once
from opendata.api.core.current import services
from opendata.api.core.inputs import PageQuery, SchemaInput
from opendata.api.core.shapes import SchemaPage, SchemaShape
from opendata.errors import N_
from opendata.services.catalogue.versions import LATEST
from opendata.services.core.values import Page, SchemaView

blueprint = ApiBlueprint("schemas", N_("The library of Table Schemas: named, versioned, never changed."))

_ONE = "/schemas/<identifier:schema>"


@blueprint.operation("GET", "/schemas", shape=SchemaPage, query=PageQuery, problems=(400, 422))
def list_schemas(query: Mapping[str, Any]) -> Page[SchemaView]:
    """List the newest version of each schema, by name."""
    return services().schemas.list(**query)


@blueprint.operation(
    "POST",
    "/schemas",
    status=201,
    shape=SchemaShape,
    body=SchemaInput,
    takes=("Idempotency-Key",),
    gives=("Location", "Idempotency-Replayed"),
    problems=(400, 403, 409, 413, 415, 422),
)
def create_schema(body: Mapping[str, Any]) -> Answer:
    """Add a version of a schema to the library. Maintainers only.

    The same schema under the same number again is answered as a repetition; another one under it is a conflict.
    """
    found, created = services().schemas.add(caller(), **body, once=read_once())
    return found, build_created_headers(f"{PREFIX}/schemas/{found.name}/{found.version}", created=created)


@blueprint.operation("GET", _ONE, shape=SchemaShape, problems=(404,))
def get_schema(schema: str) -> SchemaView:
    """Get the newest version of a schema."""
    return services().schemas.get(schema)


@blueprint.operation("GET", f"{_ONE}/<version:version>", shape=SchemaShape, problems=(404,))
def get_schema_version(schema: str, version: str) -> SchemaView:
    """Get a version of a schema; `latest` is the newest."""
    return services().schemas.get(schema, None if version == LATEST else version)
