"""Datasets: the catalogue to read, entries to create and to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from flask import Response

from opendata.api.catalogue.version_inputs import ArchiveInput, RenamingInput
from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import (
    Answer,
    answer_unless_known,
    build_created_headers,
    read_once,
    read_revision,
    write_etag,
)
from opendata.api.core.current import services
from opendata.api.core.inputs import DatasetChanges, DatasetInput, DatasetQuery
from opendata.api.core.shapes import AnnouncementPage, DatasetPage, DetailedDataset, DetailedDatasetShape
from opendata.domain.access.scopes import Verb
from opendata.errors import N_
from opendata.metadata.properties.measuring import measure_tables
from opendata.metering import cost_class
from opendata.services.core.values import DatasetView, Page

blueprint = ApiBlueprint("datasets", N_("The entries of the catalogue."))

_ONE = "/datasets/<identifier:dataset>"


@blueprint.operation("GET", "/datasets", shape=DatasetPage, query=DatasetQuery, problems=(400, 422))
@cost_class("light")
def list_datasets(query: Mapping[str, Any]) -> Page[DatasetView]:
    """List datasets by id.

    Readers see those with a published version, editors those of their publisher as well.
    """
    return services().datasets.list(caller(), **query)


@blueprint.operation(
    "POST",
    "/datasets",
    status=201,
    shape=DetailedDatasetShape,
    body=DatasetInput,
    takes=("Idempotency-Key",),
    gives=("Location", "ETag", "Idempotency-Replayed"),
    problems=(400, 403, 409, 413, 415, 422),
    needs=Verb.UPLOAD,
)
def create_dataset(body: Mapping[str, Any]) -> Answer:
    """Create a dataset from its metadata.

    Its data comes with drafts. Until the first version is published, only its publisher's editors see it.
    """
    found, created = services().datasets.create(caller(), spell_out(body), once=read_once())
    return _add_expected(found), build_created_headers(
        f"{PREFIX}/datasets/{found.id}", created=created, revision=found.revision
    )


@blueprint.operation(
    "GET", _ONE, shape=DetailedDatasetShape, takes=("If-None-Match",), gives=("ETag",), problems=(404,)
)
def get_dataset(dataset: str) -> Answer | Response:
    """Get one dataset, with the edition that is expected next."""
    with services().database.reading():
        found = services().datasets.get(dataset, caller())
        return answer_unless_known(_add_expected(found), found.revision)


@blueprint.operation(
    "PATCH",
    _ONE,
    shape=DetailedDatasetShape,
    body=DatasetChanges,
    media_type="application/merge-patch+json",
    takes=("If-Match",),
    gives=("ETag",),
    problems=(400, 403, 404, 409, 412, 413, 415, 422),
    needs=Verb.UPLOAD,
)
def update_dataset(body: Mapping[str, Any], dataset: str) -> Answer:
    """Change the metadata of a dataset.

    A JSON Merge Patch (RFC 7396), as `application/merge-patch+json` or `application/json`. The catalogue shows the
    change at once, the next version carries it; under two-person review the change to a published dataset waits as
    `proposed` until a draft that carries it is approved and published. With `If-Match`, a change in the meantime is
    refused with 412; without it, the patch applies to whatever the metadata is now.
    """
    found = services().datasets.update(caller(), dataset, spell_out(body), revision=read_revision(), deep=True)
    return _add_expected(found), {"ETag": write_etag(found.revision)}


@blueprint.operation("DELETE", _ONE, status=204, takes=("If-Match",), problems=(403, 404, 409, 412), needs=Verb.UPLOAD)
def delete_dataset(dataset: str) -> None:
    """Delete a dataset that was never public, with its drafts and the files sent for them. Its id is free again."""
    services().deletion.delete(caller(), dataset, revision=read_revision())


@blueprint.operation(
    "POST",
    f"{_ONE}/rename",
    shape=DetailedDatasetShape,
    body=RenamingInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def rename_dataset(body: Mapping[str, Any], dataset: str) -> DetailedDataset:
    """Give a dataset another id. Addresses with the old id keep redirecting. For maintainers."""
    return _add_expected(services().renaming.rename(caller(), dataset, body["id"]))


_STEP: dict[str, Any] = {"shape": DetailedDatasetShape, "takes": ("If-Match",), "gives": ("ETag",)}


@blueprint.operation(
    "POST",
    f"{_ONE}/archive",
    body=ArchiveInput,
    problems=(400, 403, 404, 409, 412, 413, 415, 422),
    needs=Verb.PUBLISH,
    **_STEP,
)
def archive_dataset(body: Mapping[str, Any], dataset: str) -> Answer:
    """Archive a dataset that is no longer kept, or ask for it where two persons are needed to publish.

    Its versions and addresses stay. It takes no files until it is reopened. A dataset that was never public is deleted
    instead.
    """
    return _answer(services().archiving.archive(caller(), dataset, revision=read_revision(), **body))


@blueprint.operation("POST", f"{_ONE}/archive/confirm", problems=(403, 404, 409, 412, 422), needs=Verb.PUBLISH, **_STEP)
def confirm_archive(dataset: str) -> Answer:
    """Archive a dataset as another person asked for it."""
    return _answer(services().archiving.confirm(caller(), dataset, revision=read_revision()))


@blueprint.operation("POST", f"{_ONE}/reopen", problems=(403, 404, 409, 412), needs=Verb.PUBLISH, **_STEP)
def reopen_dataset(dataset: str) -> Answer:
    """Keep an archived dataset on, or take back that somebody asked to archive it."""
    return _answer(services().archiving.reopen(caller(), dataset, revision=read_revision()))


@blueprint.operation("GET", f"{_ONE}/announcements", shape=AnnouncementPage, problems=(404,))
def list_announcements(dataset: str) -> Page[Mapping[str, Any]]:
    """List the breaking changes that take effect later: from which day, and why."""
    services().datasets.get(dataset, caller())
    return Page(services().drafts.list_announced(dataset))


def _answer(found: DatasetView) -> Answer:
    return _add_expected(found), {"ETag": write_etag(found.revision)}


def _add_expected(found: DatasetView) -> DetailedDataset:
    """A dataset with the edition that is expected next, and the measures of its newest version."""
    parts = {item.name: getattr(found, item.name) for item in fields(found)}
    tables = services().versions.get_manifest(found.id, found.latest).tables if found.latest else ()
    return DetailedDataset(
        **parts,
        next_expected=services().editions.find_next(found),
        measures=measure_tables(tables),
        usage=services().downloads.find(found, caller()),
        update=services().duties.find_updates([found.uuid]).get(found.uuid),
        registrations=services().registrations.list_public(found.id),
    )


_DETAILS = ("scope", "audience", "reason", "legalBasis", "ground")


def spell_out(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The short form of `disclosure` as the full one, which says all of it."""
    given = body.get("disclosure")
    if not isinstance(given, str):
        return body
    return {**body, "disclosure": dict.fromkeys(_DETAILS) | {"attribute": given}}
