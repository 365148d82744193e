"""Publishers: the departments accountable for datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer, build_created_headers, read_once
from opendata.api.core.current import services
from opendata.api.core.inputs import PageQuery, PublisherInput
from opendata.api.core.shapes import PublisherPage, PublisherShape
from opendata.errors import N_
from opendata.services.core.values import Page, PublisherView

blueprint = ApiBlueprint("publishers", N_("The departments accountable for datasets."))


@blueprint.operation("GET", "/publishers", shape=PublisherPage, query=PageQuery, problems=(400, 422))
def list_publishers(query: Mapping[str, Any]) -> Page[PublisherView]:
    """List publishers by id."""
    return services().publishers.list(**query)


@blueprint.operation(
    "POST",
    "/publishers",
    status=201,
    shape=PublisherShape,
    body=PublisherInput,
    takes=("Idempotency-Key",),
    gives=("Location", "Idempotency-Replayed"),
    problems=(400, 403, 409, 413, 415, 422),
)
def create_publisher(body: Mapping[str, Any]) -> Answer:
    """Create a publisher. Maintainers only."""
    found, created = services().publishers.create(caller(), body, once=read_once())
    return found, build_created_headers(f"{PREFIX}/publishers/{found.id}", created=created)


@blueprint.operation("GET", "/publishers/<identifier:publisher>", shape=PublisherShape, problems=(404,))
def get_publisher(publisher: str) -> PublisherView:
    """Get one publisher."""
    return services().publishers.get(publisher)
