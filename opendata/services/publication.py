"""Publication: a draft becomes a version, in steps that can each be repeated and of which only the last is visible.

1. Plan: number, time and manifest are fixed and kept with the draft; the dataset is reserved for it.
2. Blobs are copied into the public store, then the manifest, its signature and the entry's records are written.
3. One database commit makes the version visible.
A crash after any step is finished by the next worker, with the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftResource, Version
from opendata.errors import N_, IntegrityError
from opendata.metadata.attachments import is_attachment, list_tables
from opendata.metadata.canonical import digest, write_canonical
from opendata.metadata.manifest import TableFile, build_manifest, list_blobs
from opendata.metadata.versions import compare_manifests, next_version
from opendata.services.actors import SYSTEM, Actor
from opendata.services.attachments import describe_attachment, find_obstacle
from opendata.services.context import Context
from opendata.services.datasets import find_dataset, metadata_of, record_entry
from opendata.services.draft_view import build_report
from opendata.services.lease import Lease, release
from opendata.services.processing import Processing
from opendata.services.publishers import describe_publisher, record_publisher
from opendata.services.records import keep_record
from opendata.services.versions import Manifests
from opendata.storage.store import manifest_key
from opendata.tabular.profile import withhold_values
from opendata.tabular.report import summarise_report


class Publication:
    """Makes versions of drafts."""

    def __init__(self, context: Context, manifests: Manifests, processing: Processing) -> None:
        self._context = context
        self._manifests = manifests
        self._processing = processing

    def run(self, lease: Lease) -> bool:
        """Publish a draft; False where another draft of the dataset is being published and this one has to wait."""
        with self._context.write() as session:
            row = lease.lock(session)
            dataset = find_dataset(session, row.dataset_id, lock=True)
            if dataset.publishing_id not in (None, row.id):
                return False
            if row.target is None and not self._plan(session, row):
                return True
            target, planned = str(row.target), str(row.target_manifest)
            owned = {item.name for item in row.resources} | {item.name for item in row.attachments}
        data = self._context.private.open_blob(planned).read()
        manifest = json.loads(data)
        self._copy_blobs(lease, list_blobs(manifest, owned))
        keep_record(self._context, manifest_key(manifest["name"], target), data)
        lease.report("publish", 0.99, force=True)
        with self._context.write() as session:
            self._make_visible(session, lease.lock(session), data)
        return True

    def _plan(self, session: Session, row: Draft) -> bool:
        """Fix what will be published; False where the draft ends here (nothing new, or its base is gone)."""
        dataset = find_dataset(session, row.dataset_id, lock=True)
        now = self._context.clock()
        row.modified = now
        row.revision += 1
        if row.base != dataset.latest:
            # Another draft was published meanwhile: this one now starts from that version.
            row.base = dataset.latest
            if row.approver is not None:
                row.status = "returned"
                row.approver = None
                row.comment = f"version {dataset.latest} was published meanwhile; look at the draft again and resubmit"
                release(row, done=True)
                return False
            row.key_reports = self._processing.check_keys(row)
            if row.key_reports:
                row.status = "invalid"
                release(row, done=True)
                return False
        old = self._manifests.get(row.dataset_id, dataset.latest) if dataset.latest else None
        obstacle = find_obstacle(row, old)
        if obstacle is not None:
            row.status = "returned"
            row.comment = f"version {dataset.latest} was published meanwhile; upon it, {obstacle}"
            release(row, done=True)
            return False
        resources = self._list_resources(row, old)
        common: dict[str, Any] = {
            "dataset": dataset.id,
            "uuid": dataset.uuid,
            "publisher": describe_publisher(dataset.publisher),
            "metadata": metadata_of(dataset),
            "created": now,
            "previous": digest(self._manifests.read(dataset.id, dataset.head)) if dataset.head else None,
            "resources": resources,
            "notes": row.notes,
        }
        change = compare_manifests(old, build_manifest(version="0.0.0", **common))
        if change.bump is None:
            row.status, row.version = "published", dataset.latest
            row.stage, row.progress = "", 1.0
            release(row, done=True)
            return False
        row.target = next_version(dataset.head, change.bump)
        manifest = build_manifest(version=row.target, reasons=change.reasons, **common)
        row.target_manifest = self._keep(write_canonical(manifest))
        row.target_reasons = list(change.reasons)
        dataset.publishing_id = row.id
        return True

    def _keep(self, data: bytes) -> str:
        import io

        return self._context.private.put_stream(io.BytesIO(data))[0]

    def _copy_blobs(self, lease: Lease, names: Sequence[str]) -> None:
        for number, name in enumerate(names):
            lease.report("publish", 0.98 * number / len(names), force=True)
            copied, _ = self._context.public.put_blob(self._context.private.blob_path(name))
            if copied != name:
                raise IntegrityError(N_("The blob %(name)s of the private store is damaged"), name=name)

    def _make_visible(self, session: Session, row: Draft, data: bytes) -> None:
        dataset = find_dataset(session, row.dataset_id, lock=True)
        now = self._context.clock()
        version = index_version(dataset.id, data)
        version.draft_id = row.id
        session.add(version)
        dataset.latest = dataset.head = row.target
        dataset.modified = version.created
        dataset.revision += 1
        dataset.publishing_id = None
        record_publisher(self._context, dataset.publisher)
        record_entry(self._context, dataset)
        row.status, row.version = "published", row.target
        row.stage, row.progress = "", 1.0
        row.modified = now
        row.revision += 1
        release(row, done=True)
        actor = Actor(row.approver or row.submitter or SYSTEM.name, "editor")
        self._context.log(session, actor, "publish", "version", f"{dataset.id}@{row.target}", draft=row.id)

    def _list_resources(self, row: Draft, old: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
        """The resources of the next version: those before in their order, replaced or carried, then new ones.

        Attachments follow the tables.
        """
        tasks = {task["name"]: task for task in (build_report(row) or {}).get("tasks", ())}
        own = {item.name: _describe_table(item, self._keep_report(row, item, tasks)) for item in row.resources}
        own |= {item.name: describe_attachment(item) for item in row.attachments}
        before = [item for item in (old or {}).get("resources", ()) if item["name"] not in row.dropped]
        kept = [own.get(item["name"], item) for item in before]
        names = {item["name"] for item in before}
        found = [*kept, *(item for name, item in own.items() if name not in names)]
        return sorted(found, key=is_attachment)

    def _keep_report(
        self, row: Draft, item: DraftResource, tasks: Mapping[str, Mapping[str, Any]]
    ) -> tuple[str, int] | None:
        """Keep the summary of a table's report and what is in its columns, without any cell that tells of persons."""
        task = tasks.get(item.name)
        if task is None:
            return None
        timeless = {**task["stats"], "seconds": 0}  # how long it took is no part of what was found
        task = {**task, "stats": timeless}
        single = {"valid": task["valid"], "stats": timeless, "warnings": [], "tasks": [task]}
        data = write_canonical({**summarise_report(single), **_describe_columns(row, item)})
        return self._keep(data), len(data)


def index_version(dataset: str, data: bytes) -> Version:
    """The row of a version, which says nothing that its manifest (`data`) does not."""
    manifest = json.loads(data)
    created = _read_time(manifest["created"])
    return Version(
        dataset_id=dataset,
        version=manifest["version"],
        manifest=digest(data).removeprefix("sha256:"),
        created=created,
        published=created,
        notes=manifest["opendata"].get("notes", ""),
        reasons=manifest["opendata"].get("reasons", []),
        resources=len(list_tables(manifest["resources"])),
        rows=sum(item["opendata"].get("rows", 0) for item in list_tables(manifest["resources"])),
        bytes=sum(item["bytes"] for item in manifest["resources"]),
    )


def _describe_columns(row: Draft, table: DraftResource) -> dict[str, Any]:
    """What is in the columns of a table; of those that may tell of persons only how much."""
    personal = {finding["field"] for finding in row.privacy if finding["resource"] == table.name}
    columns = [withhold_values(item) if item["name"] in personal else item for item in table.profile or ()]
    return {"opendata": {"profile": columns}} if columns else {}


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


def _read_time(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)
