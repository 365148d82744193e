"""Published versions and their tables: what there is and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.api.authentication import caller
from opendata.api.blueprints import PREFIX, ApiBlueprint
from opendata.api.conditions import Answer
from opendata.api.current import services
from opendata.api.inputs import PageQuery
from opendata.api.version_shapes import (
    DetailedVersion,
    DetailedVersionShape,
    PublishedTable,
    ResourcePage,
    ResourceShape,
    VersionPage,
)
from opendata.services.paging import cut_page
from opendata.services.values import Page, VersionView
from opendata.services.versions import LATEST

blueprint = ApiBlueprint("versions", "Published editions of datasets; they never change.")

_ALL = "/datasets/<identifier:dataset>/versions"
_ONE = f"{_ALL}/<version:version>"


@blueprint.operation("GET", _ALL, shape=VersionPage, query=PageQuery, problems=(400, 404, 422))
def list_versions(query: Mapping[str, Any], dataset: str) -> Page[VersionView]:
    """List the versions of a dataset, newest first."""
    found = services().datasets.get(dataset, caller())
    return cut_page(services().versions.list(dataset) if found.latest else (), lambda item: item.version, **query)


@blueprint.operation("GET", _ONE, shape=DetailedVersionShape, gives=("Content-Location",), problems=(404, 410))
def get_version(dataset: str, version: str) -> Answer:
    """Get a version with its tables; `latest` is the newest."""
    found, tables = _find_tables(dataset, version)
    values = {name: getattr(found, name) for name in VersionView.__dataclass_fields__}
    return DetailedVersion(**values, tables=tables), _locate(found)


@blueprint.operation(
    "GET",
    f"{_ONE}/resources",
    shape=ResourcePage,
    query=PageQuery,
    gives=("Content-Location",),
    problems=(400, 404, 410, 422),
)
def list_resources(query: Mapping[str, Any], dataset: str, version: str) -> Answer:
    """List the tables of a version, in its order."""
    found, tables = _find_tables(dataset, version)
    return cut_page(tables, lambda item: item.descriptor["name"], **query), _locate(found, "/resources")


@blueprint.operation(
    "GET",
    f"{_ONE}/resources/<identifier:resource>",
    shape=ResourceShape,
    gives=("Content-Location",),
    problems=(404, 410),
)
def get_resource(dataset: str, version: str, resource: str) -> Answer:
    """Get one table of a version: its schema and where its files are."""
    found = _find_version(dataset, version)
    descriptor = services().versions.get_resource(dataset, found.version, resource)
    return PublishedTable(found, descriptor), _locate(found, f"/resources/{resource}")


def _find_version(dataset: str, version: str) -> VersionView:
    versions = services().versions
    return versions.get(dataset, versions.find_latest(dataset) if version == LATEST else version)


def _find_tables(dataset: str, version: str) -> tuple[VersionView, tuple[PublishedTable, ...]]:
    found = _find_version(dataset, version)
    manifest = services().versions.get_manifest(dataset, found.version)
    return found, tuple(PublishedTable(found, item) for item in manifest["resources"])


def _locate(found: VersionView, rest: str = "") -> dict[str, str]:
    return {"Content-Location": f"{PREFIX}/datasets/{found.dataset}/versions/{found.version}{rest}"}
