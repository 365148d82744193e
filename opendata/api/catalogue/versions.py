"""Published versions and their tables: what there is and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.api.catalogue.version_inputs import ErratumInput, StopInput, WithdrawalInput
from opendata.api.catalogue.version_shapes import (
    CapabilityPage,
    DetailedVersion,
    DetailedVersionShape,
    ErratumShape,
    PublishedResource,
    ResourcePage,
    ResourceShape,
    VersionPage,
    VersionShape,
)
from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import services
from opendata.api.core.inputs import PageQuery
from opendata.api.drafts.draft_shapes import DraftShape
from opendata.domain.access.scopes import Verb
from opendata.domain.records import Erratum
from opendata.errors import N_
from opendata.services.catalogue.versions import LATEST
from opendata.services.core.editions.version_values import VersionView
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page

blueprint = ApiBlueprint("versions", N_("Published editions of datasets; they never change."))

_ALL = "/datasets/<identifier:dataset>/versions"
_ONE = f"{_ALL}/<version:version>"


@blueprint.operation("GET", _ALL, shape=VersionPage, query=PageQuery, problems=(400, 404, 422))
def list_versions(query: Mapping[str, Any], dataset: str) -> Page[VersionView]:
    """List the versions of a dataset, newest first."""
    found = services().datasets.get(dataset, caller())
    return services().versions.list_page(found.id, **query)


@blueprint.operation("GET", _ONE, shape=DetailedVersionShape, gives=("Content-Location",), problems=(404, 410))
def get_version(dataset: str, version: str) -> Answer:
    """Get a version with its tables and attachments; `latest` is the newest."""
    found, contents = _find_contents(dataset, version)
    values = {name: getattr(found, name) for name in VersionView.__dataclass_fields__}
    registration = services().registrations.find_code(found.dataset, found.version)
    return DetailedVersion(**values, contents=contents, registration=registration), _locate(found)


@blueprint.operation(
    "GET",
    f"{_ONE}/resources",
    shape=ResourcePage,
    query=PageQuery,
    gives=("Content-Location",),
    problems=(400, 404, 410, 422),
)
def list_resources(query: Mapping[str, Any], dataset: str, version: str) -> Answer:
    """List the tables of a version, in its order, then its attachments."""
    found, contents = _find_contents(dataset, version)
    return cut_page(contents, lambda item: item.resource.name, **query), _locate(found, "/resources")


@blueprint.operation(
    "GET",
    f"{_ONE}/resources/<identifier:resource>",
    shape=ResourceShape,
    gives=("Content-Location",),
    problems=(404, 410),
)
def get_resource(dataset: str, version: str, resource: str) -> Answer:
    """Get one table or attachment of a version: its schema and where its files are."""
    found = _find_version(dataset, version)
    descriptor = services().versions.get_resource(dataset, found.version, resource)
    return PublishedResource(found, descriptor), _locate(found, f"/resources/{resource}")


@blueprint.operation(
    "GET",
    f"{_ONE}/resources/<identifier:resource>/capabilities",
    shape=CapabilityPage,
    gives=("Content-Location",),
    problems=(404, 410),
)
def list_capabilities(dataset: str, version: str, resource: str) -> Answer:
    """List the formats and calls of a table: ready, made on request, or not possible, with the reason and what to do.

    What is possible depends on who asks: rows that aren't public are for those who have a grant.
    """
    found = _find_version(dataset, version)
    listed = services().capabilities.list(dataset, found.version, resource, caller())
    return Page(listed), _locate(found, f"/resources/{resource}/capabilities")


@blueprint.operation(
    "POST",
    f"{_ONE}/withdraw",
    shape=VersionPage,
    body=WithdrawalInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def withdraw_version(body: Mapping[str, Any], dataset: str, version: str) -> Page[VersionView]:
    """Withdraw a version permanently; its addresses answer 410 with the reason.

    With `erase` its bytes are deleted too, and every version made of the same bytes is withdrawn with it: the answer
    lists all of them. For maintainers.
    """
    return Page(services().withdrawals.withdraw(caller(), dataset, version, **body))


@blueprint.operation(
    "POST",
    f"{_ONE}/suspend",
    shape=VersionShape,
    body=StopInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
    needs=Verb.PUBLISH,
)
def suspend_version(body: Mapping[str, Any], dataset: str, version: str) -> VersionView:
    """Stop a version at once; its addresses answer 410 with the reason until a maintainer decides.

    For the publisher's editors and for maintainers.
    """
    return services().stops.suspend(caller(), dataset, version, reason=body["reason"])


@blueprint.operation(
    "POST", f"{_ONE}/release", shape=VersionShape, body=StopInput, problems=(400, 403, 404, 409, 413, 415, 422)
)
def release_version(body: Mapping[str, Any], dataset: str, version: str) -> VersionView:
    """Make a stopped version public again. For maintainers."""
    return services().stops.release(caller(), dataset, version, reason=body["reason"])


@blueprint.operation("GET", "/stops", shape=VersionPage, query=PageQuery, problems=(400, 403, 422), public=False)
def list_stops(query: Mapping[str, Any]) -> Page[VersionView]:
    """List the versions that are stopped and wait for a decision. For editors and maintainers."""
    return cut_page(services().stops.list(caller()), lambda item: f"{item.dataset}@{item.version}", **query)


@blueprint.operation(
    "POST",
    f"{_ONE}/restore",
    status=202,
    shape=DraftShape,
    gives=("Location",),
    problems=(403, 404, 410, 413, 422),
    needs=Verb.PUBLISH,
)
def restore_version(dataset: str, version: str) -> Answer:
    """Begin a draft with the tables of this version, to publish them again as the next one."""
    draft = services().restoring.restore(caller(), dataset, version)
    return draft, {"Location": f"{PREFIX}/drafts/{draft.id}"}


@blueprint.operation(
    "POST",
    f"{_ONE}/errata",
    shape=ErratumShape,
    body=ErratumInput,
    problems=(400, 403, 404, 413, 415, 422),
)
def tell_erratum(body: Mapping[str, Any], dataset: str, version: str) -> Erratum:
    """Report what is wrong with a published version; its page and the page of its successor show it.

    For maintainers.
    """
    return services().withdrawals.report_erratum(caller(), dataset, version, **body)


def _find_version(dataset: str, version: str) -> VersionView:
    versions = services().versions
    return versions.get(dataset, versions.find_latest(dataset) if version == LATEST else version)


def _find_contents(dataset: str, version: str) -> tuple[VersionView, tuple[PublishedResource, ...]]:
    found = _find_version(dataset, version)
    manifest = services().versions.get_manifest(dataset, found.version)
    return found, tuple(PublishedResource(found, item) for item in manifest.resources)


def _locate(found: VersionView, rest: str = "") -> dict[str, str]:
    return {"Content-Location": f"{PREFIX}/datasets/{found.dataset}/versions/{found.version}{rest}"}
