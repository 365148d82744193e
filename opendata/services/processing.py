"""What happens to a draft's files: checked, screened, written in canonical form; the verdict is kept with the draft.

Every table's result is kept as soon as it stands, so that work begun again goes on where it was.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.services.context import Context
from opendata.services.lease import Lease, release
from opendata.services.versions import Manifests, Versions
from opendata.tabular.dialect import read_dialect
from opendata.tabular.keys import check_foreign_key
from opendata.tabular.repairs import read_recipe
from opendata.tabular.report import TaskReport
from opendata.tabular.schema import ForeignKey, TableSchema, publish_schema, read_schema
from opendata.tabular.table import PreparedTable, prepare_table, release_memory

WORK_FOLDER = "work"


class Processing:
    """Checks the tables of a draft."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def run(self, lease: Lease) -> None:
        """Take a draft from `received` to `valid` or `invalid`."""
        with self._context.write() as session:
            row = lease.lock(session)
            row.status = "validating"
            row.modified = self._context.clock()
            resources = list(row.resources)
            dataset = (row.dataset_id, row.dataset.uuid)
        total = sum(item.upload_bytes for item in resources) or 1
        before = 0
        for resource in resources:
            if not resource.checked:
                self._check_table(lease, resource, dataset, before, total)
            before += resource.upload_bytes
        lease.report("keys", 0.95, force=True)
        with self._context.write() as session:
            row = lease.lock(session)
            row.key_reports = self.check_keys(row)
            valid = all(item.valid for item in row.resources) and not row.key_reports
            row.status = "valid" if valid else "invalid"
            row.stage, row.progress = "", 1.0
            row.modified = self._context.clock()
            row.revision += 1
            release(row, done=True)

    def check_keys(self, row: Draft) -> dict[str, Any]:
        """Check the foreign keys between all tables of the next version; name → report of each table that fails.

        Tables that are invalid themselves are left out: their own errors come first.
        """
        tables = self._list_tables(row)
        versions = Versions(self._context, self._manifests)
        found: dict[str, Any] = {}
        for name, (path, schema, first_row) in tables.items():
            if path is None:
                continue
            task = TaskReport(name=name, place=f"{name}.csv")
            for key in schema.foreign_keys:
                if key.package:
                    reference = versions.find_table(key)
                else:
                    reference = path if key.resource in ("", name) else tables.get(key.resource, (None, schema, 0))[0]
                    if reference is None and key.resource in tables:
                        continue
                check_foreign_key(_named(key, name), table=path, reference=reference, task=task, first_row=first_row)
            if not task.valid:
                found[name] = task.describe()
        return found

    def _list_tables(self, row: Draft) -> dict[str, tuple[Path | None, TableSchema, int]]:
        """Parquet file (None: invalid), schema and first row's number of each table of the next version."""
        tables: dict[str, tuple[Path | None, TableSchema, int]] = {}
        manifest = self._manifests.get(row.dataset_id, row.base) if row.base else None
        for item in (manifest or {}).get("resources", ()):
            if item["name"] not in row.dropped:
                digest = item["opendata"]["parquet"]["hash"].removeprefix("sha256:")
                tables[item["name"]] = (self._context.public.blob_path(digest), TableSchema(item["schema"]), 2)
        for resource in row.resources:
            path = self._context.private.blob_path(resource.parquet) if resource.parquet and resource.valid else None
            schema = TableSchema(resource.published_schema or {"fields": []})
            tables[resource.name] = (path, schema, resource.first_row)
        return tables

    def _check_table(
        self, lease: Lease, resource: DraftResource, dataset: tuple[str, str], before: int, total: int
    ) -> None:
        def on_bytes(count: int) -> None:
            lease.report(f"check {resource.name}", 0.95 * (before + count) / total)

        with self._work_folder() as folder:
            prepared = prepare_table(
                self._context.private.blob_path(resource.upload),
                folder,
                name=resource.name,
                schema=read_schema(resource.schema) if resource.schema else None,
                dialect=read_dialect(resource.dialect, encoding=resource.encoding),
                recipe=read_recipe(resource.recipe) if resource.recipe else None,
                stored=self._context.settings.report_limit,
                footer={"opendata": {"dataset": dataset[0], "uuid": dataset[1], "resource": resource.name}},
                sha256=resource.upload,
                on_bytes=on_bytes,
            )
            prepared.task.place = resource.file
            release_memory()
            lease.report(f"store {resource.name}", 0.95 * (before + resource.upload_bytes) / total, force=True)
            values = self._keep(prepared, resource)
            findings = [finding.describe() for finding in prepared.privacy]
        with self._context.write() as session:
            row = lease.lock(session)
            target = next(item for item in row.resources if item.id == resource.id)
            for key, value in values.items():
                setattr(target, key, value)
            row.privacy = [*(item for item in row.privacy if item["resource"] != resource.name), *findings]

    def _keep(self, prepared: PreparedTable, resource: DraftResource) -> dict[str, Any]:
        """Put the finished files into the private store; the columns of the draft's row that tell of them."""
        values: dict[str, Any] = {
            "checked": True,
            "valid": prepared.task.valid,
            "rows": prepared.rows,
            "first_row": prepared.first_row,
            "report": prepared.task.describe(),
            "findings": None,
            "profile": list(prepared.profile),
            "csv": None,
            "parquet": None,
            "published_schema": None,
            "proposed_schema": None,
        }
        if resource.dialect is None and prepared.dialect.delimiter not in (None, ","):
            values["dialect"] = {"delimiter": prepared.dialect.delimiter}
        if prepared.findings.exists():
            values["findings"], _ = self._context.private.put_blob(prepared.findings)
        if prepared.task.valid and prepared.schema is not None:
            from opendata.tabular.proposal import propose_schema

            if prepared.csv_is_source:
                values["csv"], values["csv_bytes"] = resource.upload, resource.upload_bytes
            else:
                values["csv"], values["csv_bytes"] = self._context.private.put_blob(prepared.csv)
            values["parquet"], values["parquet_bytes"] = self._context.private.put_blob(prepared.parquet)
            values["published_schema"] = publish_schema(prepared.schema)
            if resource.schema is None:
                values["proposed_schema"] = propose_schema(prepared.parquet)
        return values

    @contextmanager
    def _work_folder(self) -> Iterator[Path]:
        root = self._context.settings.private_folder / WORK_FOLDER
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _named(key: ForeignKey, name: str) -> ForeignKey:
    return replace(key, resource="" if key.resource == name and not key.package else key.resource)
