"""Publishers: the departments accountable for datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.api.catalogue.publisher_inputs import (
    MergerInput,
    MoveInput,
    PublisherChanges,
    PublisherInput,
    PublisherQuery,
    ReasonInput,
    SplitInput,
)
from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import (
    Answer,
    build_created_headers,
    read_once,
    read_revision,
    write_etag,
)
from opendata.api.core.current import services
from opendata.api.core.shapes import DatasetShape, PublisherPage, PublisherShape
from opendata.errors import N_
from opendata.services.core.values import DatasetView, Page, PublisherView

blueprint = ApiBlueprint("publishers", N_("The departments accountable for datasets."))

_ONE = "/publishers/<identifier:publisher>"
_DECIDED: dict[str, Any] = {"shape": PublisherShape, "problems": (400, 403, 404, 409, 413, 415, 422)}


@blueprint.operation("GET", "/publishers", shape=PublisherPage, query=PublisherQuery, problems=(400, 422))
def list_publishers(query: Mapping[str, Any]) -> Page[PublisherView]:
    """List publishers by id, with those that were merged, split or closed."""
    return services().publishers.list(**query)


@blueprint.operation(
    "POST",
    "/publishers",
    status=201,
    shape=PublisherShape,
    body=PublisherInput,
    takes=("Idempotency-Key",),
    gives=("Location", "ETag", "Idempotency-Replayed"),
    problems=(400, 403, 409, 413, 415, 422),
)
def create_publisher(body: Mapping[str, Any]) -> Answer:
    """Create a publisher. Maintainers only."""
    found, created = services().publishers.create(caller(), body, once=read_once())
    return found, build_created_headers(f"{PREFIX}/publishers/{found.id}", created=created, revision=found.revision)


@blueprint.operation("GET", _ONE, shape=PublisherShape, gives=("ETag",), problems=(404,))
def get_publisher(publisher: str) -> Answer:
    """Get one publisher. One that was merged, split or closed has `ended`, and its `history` says where it went."""
    found = services().publishers.get(publisher, caller())
    return found, {"ETag": write_etag(found.revision)}


@blueprint.operation(
    "PATCH",
    _ONE,
    shape=PublisherShape,
    body=PublisherChanges,
    media_type="application/merge-patch+json",
    takes=("If-Match",),
    gives=("ETag",),
    problems=(400, 403, 404, 409, 412, 413, 415, 422),
)
def update_publisher(body: Mapping[str, Any], publisher: str) -> Answer:
    """Change a publisher.

    A JSON Merge Patch (RFC 7396). Those who lead a publisher change its `contactPoint`, `responsible` and `officer`;
    maintainers change everything. The name before stays in the history, unless the change `isCorrection`. With
    `If-Match`, a change in the meantime is refused with 412.
    """
    changes = dict(body)
    is_correction, reason = changes.pop("is_correction", False), changes.pop("reason", "")
    found = services().publishers.update(
        caller(), publisher, changes, revision=read_revision(), is_correction=is_correction, reason=reason
    )
    return found, {"ETag": write_etag(found.revision)}


@blueprint.operation("POST", f"{_ONE}/merge", body=MergerInput, **_DECIDED)
def merge_publishers(body: Mapping[str, Any], publisher: str) -> PublisherView:
    """Merge other publishers into this one. Maintainers only.

    Their datasets with drafts and sources, their accounts, tokens, grants and what is below them pass over. They end.
    """
    return services().succession.merge(caller(), body["publishers"], publisher, reason=body["reason"])


@blueprint.operation("POST", f"{_ONE}/split", body=SplitInput, **_DECIDED)
def split_publisher(body: Mapping[str, Any], publisher: str) -> PublisherView:
    """Split a publisher: each dataset and account goes where you say, all else to `rest`. Maintainers only."""
    return services().succession.split(
        caller(),
        publisher,
        datasets=body.get("datasets", {}),
        accounts=body.get("accounts", {}),
        rest=body["rest"],
        reason=body["reason"],
    )


@blueprint.operation("POST", f"{_ONE}/close", body=ReasonInput, **_DECIDED)
def close_publisher(body: Mapping[str, Any], publisher: str) -> PublisherView:
    """Close a publisher that nothing follows and that has nothing any more. Maintainers only."""
    return services().succession.close(caller(), publisher, reason=body["reason"])


@blueprint.operation("POST", f"{_ONE}/reopen", body=ReasonInput, **_DECIDED)
def reopen_publisher(body: Mapping[str, Any], publisher: str) -> PublisherView:
    """Reopen a publisher that was closed. Maintainers only."""
    return services().succession.reopen(caller(), publisher, reason=body["reason"])


@blueprint.operation(
    "POST",
    "/datasets/<identifier:dataset>/move",
    shape=DatasetShape,
    body=MoveInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def move_dataset(body: Mapping[str, Any], dataset: str) -> DatasetView:
    """Move a dataset to another publisher. Maintainers only.

    Its versions keep their manifests; the next one names the new publisher. A draft that was submitted is returned.
    """
    services().succession.move(caller(), {dataset: body["publisher"]}, reason=body["reason"])
    return services().datasets.get(dataset, caller())
