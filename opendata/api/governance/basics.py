"""The basic catalogue of proactive disclosure: what is in force, versions, coverage, the draft, links with datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import services
from opendata.api.governance.basic_shapes import (
    BasicComparisonShape,
    BasicDraftPage,
    BasicDraftQuery,
    BasicDraftShape,
    BasicEntryInput,
    BasicEntryPage,
    BasicEntryShape,
    BasicQuery,
    BasicVersionShape,
    BasicVersionsShape,
    ComparisonQuery,
    CoverageShape,
    InForceInput,
)
from opendata.errors import N_, InputError
from opendata.services.core.values import Page
from opendata.services.governance.basics.values import (
    Comparison,
    Coverage,
    DraftEntry,
    EntryView,
    VersionView,
    Wanted,
)

blueprint = ApiBlueprint("basics", N_("The basic catalogue of proactive disclosure: what must be public."))

_ONE = "/basic-catalogue/entries/<entry>"


@blueprint.operation("GET", "/basic-catalogue", shape=BasicEntryPage, query=BasicQuery, problems=(400, 404, 422))
def list_basic_entries(query: Mapping[str, Any]) -> Page[EntryView]:
    """List the entries in force, or of an earlier version, by id."""
    return services().basics.list(Wanted(**{**query, "version": _read_version(query.get("version", ""))}))


@blueprint.operation("GET", _ONE, shape=BasicEntryShape, problems=(404,))
def get_basic_entry(entry: str) -> EntryView:
    """Get an entry that is in force, with the datasets that fulfil it."""
    return services().basics.get(entry)


@blueprint.operation("GET", "/basic-catalogue/coverage", shape=CoverageShape)
def get_basic_coverage() -> Coverage:
    """Get how far public datasets cover each domain and body."""
    return services().basics.cover()


@blueprint.operation("GET", "/basic-catalogue/versions", shape=BasicVersionsShape)
def list_basic_versions() -> Mapping[str, Any]:
    """List the versions, the newest first."""
    return {"items": services().basics.list_versions(), "next": None}


@blueprint.operation(
    "GET",
    "/basic-catalogue/versions/<number>/changes",
    shape=BasicComparisonShape,
    query=ComparisonQuery,
    problems=(400, 404, 422),
)
def get_basic_changes(query: Mapping[str, Any], number: str) -> Comparison:
    """Get what a version changed against the one before it, or against another."""
    new = _read_version(number)
    old = query.get("old", "")
    return services().basics.compare(_read_version(old) if old else max(new - 1, 0), new)


@blueprint.operation(
    "POST",
    "/basic-catalogue/versions",
    status=201,
    shape=BasicVersionShape,
    body=InForceInput,
    problems=(400, 403, 409, 413, 415, 422),
)
def put_basics_in_force(body: Mapping[str, Any]) -> VersionView:
    """Put the draft in force as the next version. Maintainers only."""
    return services().basic_drafts.put_in_force(caller(), body["note"], leaves_incomplete=body["leave_incomplete"])


@blueprint.operation(
    "GET",
    "/basic-catalogue/draft",
    shape=BasicDraftPage,
    query=BasicDraftQuery,
    problems=(400, 403, 422),
    public=False,
)
def list_basic_draft(query: Mapping[str, Any]) -> Page[DraftEntry]:
    """List the entries of the draft that you may edit, by id."""
    return services().basic_drafts.list(caller(), Wanted(**query))


@blueprint.operation("GET", "/basic-catalogue/draft/<entry>", shape=BasicDraftShape, problems=(403, 404), public=False)
def get_basic_draft(entry: str) -> DraftEntry:
    """Get an entry of the draft."""
    return services().basic_drafts.get(caller(), entry)


@blueprint.operation(
    "POST",
    "/basic-catalogue/draft",
    status=201,
    shape=BasicDraftShape,
    body=BasicEntryInput,
    gives=("Location",),
    problems=(400, 403, 413, 415, 422),
)
def create_basic_draft(body: Mapping[str, Any]) -> Answer:
    """Add an entry to the draft. Without a publisher it gets the one with the name of its body, or your own."""
    made = services().basic_drafts.create(caller(), body)
    return made, {"Location": f"{PREFIX}/basic-catalogue/draft/{made.id}"}


@blueprint.operation(
    "PATCH",
    "/basic-catalogue/draft/<entry>",
    shape=BasicDraftShape,
    body=BasicEntryInput,
    problems=(400, 403, 404, 413, 415, 422),
)
def change_basic_draft(body: Mapping[str, Any], entry: str) -> DraftEntry:
    """Change an entry of the draft: what isn't named stays."""
    return services().basic_drafts.change(caller(), entry, body)


@blueprint.operation("DELETE", "/basic-catalogue/draft/<entry>", status=204, problems=(403, 404))
def remove_basic_draft(entry: str) -> None:
    """Leave an entry out of the next version. Earlier versions keep it."""
    services().basic_drafts.remove(caller(), entry)


@blueprint.operation("PUT", f"{_ONE}/datasets/<identifier:dataset>", status=204, problems=(403, 404))
def link_basic_entry(entry: str, dataset: str) -> None:
    """Say that a dataset fulfils an entry. For those who may edit the dataset."""
    services().basic_links.link(caller(), entry, dataset)


@blueprint.operation("DELETE", f"{_ONE}/datasets/<identifier:dataset>", status=204, problems=(403, 404))
def unlink_basic_entry(entry: str, dataset: str) -> None:
    """Say that a dataset doesn't fulfil an entry."""
    services().basic_links.unlink(caller(), entry, dataset)


def _read_version(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise InputError(N_("The version must be a whole number, such as 3"))
    return int(text or 0)
