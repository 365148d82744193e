"""What a draft would become: the resources of the next version, its number and the reasons for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.metadata.attachments import is_attachment
from opendata.metadata.canonical import digest, write_canonical
from opendata.metadata.dataset import DatasetMetadata, read_metadata
from opendata.metadata.manifest import TableFile, build_manifest
from opendata.metadata.reasons import Reason, keep_reasons
from opendata.metadata.versions import Change, compare_manifests, next_version, parse_version, raise_bump
from opendata.services.catalogue.datasets import next_metadata
from opendata.services.catalogue.publishers import describe_publisher
from opendata.services.catalogue.row_changes import read_changes
from opendata.services.core.values import NextVersion
from opendata.services.drafts.attachments import describe_attachment

Reports = Mapping[str, tuple[str, int]]
"""Digest and size of what was kept of the report of each table."""


def foresee(row: Draft, base: Mapping[str, Any] | None) -> NextVersion:
    """The number that publishing a draft would give, upon the version of the manifest `base`."""
    change, bump = decide(row, base, list_resources(row, base, {}))
    is_entry_only = metadata_of(row).disclosure.attribute != "open"
    if is_entry_only:
        bump = None
    return NextVersion(
        version=next_version(row.dataset.head, bump) if bump else None,
        bump=bump,
        computed=change.bump,
        reasons=keep_reasons(change.reasons),
        is_entry_only=is_entry_only,
    )


def decide(
    row: Draft, base: Mapping[str, Any] | None, resources: Sequence[Mapping[str, Any]]
) -> tuple[Change, str | None]:
    """How the next version differs from the one before, and which part of the number that raises: None, nothing new.

    What was asked for may raise the number, never lower it; and nothing new stays so.
    """
    drawn = draw_manifest(row, resources, version="0.0.0", created=row.created, previous=None)
    change = compare_manifests(base, drawn, read_changes(row, base))
    if change.bump is None or base is None:
        return change, change.bump
    head = parse_version(str(row.dataset.head)) or (0, 0, 0)
    if head[0] > (parse_version(base["version"]) or head)[0]:
        # Whoever reads the line of the withdrawn version would take the next one of it for a compatible one.
        change = Change((*change.reasons, Reason("line-withdrawn", "major", {"version": row.dataset.head})))
    bump = raise_bump(change.bump, row.bump)
    return (change if bump == change.bump else Change((*change.reasons, Reason("raised", str(bump))))), bump


def seal(row: Draft, base: Mapping[str, Any] | None) -> str:
    """The SHA-256 of all that a draft would publish upon the version of the manifest `base`, in hexadecimal.

    It changes with the tables, the metadata, the publisher, the notes and the base, and not with the number and time
    that publication adds.
    """
    drawn = draw_manifest(row, list_resources(row, base, {}), version="0.0.0", created=row.created, previous=row.base)
    return digest(write_canonical(drawn)).removeprefix("sha256:")


def metadata_of(row: Draft) -> DatasetMetadata:
    """The metadata that a draft carries: what waits for its approval, unless the owner of the instance publishes it."""
    is_direct = row.wanted == "publish" and row.approver is None
    return read_metadata(row.dataset.meta if is_direct else next_metadata(row.dataset))


def carries_data(row: Draft) -> bool:
    """Whether a draft changes tables or attachments, and not the metadata alone."""
    return bool(row.base is None or row.resources or row.attachments or row.dropped)


def draw_manifest(
    row: Draft,
    resources: Sequence[Mapping[str, Any]],
    *,
    version: str,
    created: datetime,
    previous: str | None,
    reasons: Sequence[Any] = (),
) -> dict[str, Any]:
    """The manifest of the version that a draft becomes."""
    dataset = row.dataset
    return build_manifest(
        dataset=dataset.id,
        uuid=dataset.uuid,
        publisher=describe_publisher(dataset.publisher),
        metadata=metadata_of(row),
        version=version,
        created=created,
        previous=previous,
        resources=resources,
        notes=row.notes,
        reasons=reasons,
        breaking=row.breaking,
    )


def list_resources(row: Draft, base: Mapping[str, Any] | None, reports: Reports) -> list[Mapping[str, Any]]:
    """The resources of the next version: those before in their order, replaced or carried, then new ones.

    Attachments follow the tables.
    """
    own = {item.name: _describe_table(item, reports.get(item.name)) for item in row.resources}
    own |= {item.name: describe_attachment(item) for item in row.attachments}
    before = [item for item in (base or {}).get("resources", ()) if item["name"] not in row.dropped]
    kept = [own.get(item["name"], item) for item in before]
    names = {item["name"] for item in before}
    found = [*kept, *(item for name, item in own.items() if name not in names)]
    return sorted(found, key=is_attachment)


def _describe_table(item: DraftResource, report: tuple[str, int] | None) -> Mapping[str, Any]:
    published = item.published_schema or {}
    return TableFile(
        name=item.name,
        title=item.title,
        description=item.description,
        i18n=item.i18n,
        csv_sha256=str(item.csv),
        csv_bytes=item.csv_bytes,
        parquet_sha256=str(item.parquet),
        parquet_bytes=item.parquet_bytes,
        rows=item.rows,
        schema=published,
        source_sha256=item.upload,
        source_bytes=item.upload_bytes,
        schema_name=item.schema_name,
        report=report,
        source_schema=item.schema if item.schema is not None and item.schema != published else None,
    ).describe()
