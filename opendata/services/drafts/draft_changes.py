"""What the tables of a draft change in the version it starts from: compared row by row, kept with the draft."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from opendata.db.models import DraftResource
from opendata.domain.stages import Stage
from opendata.errors import NotFoundError
from opendata.services.catalogue.row_changes import TableFiles, count_changes, find_earlier, stamp
from opendata.services.catalogue.versions import Manifests
from opendata.services.core.context import Context
from opendata.services.drafts.lease import Lease
from opendata.tables.table import release_memory

logger = logging.getLogger(__name__)


class DraftChanges:
    """Compares the tables of drafts with the versions they start from, once for each pair."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def compare(self, lease: Lease, base: str | None) -> None:
        """Compare every sound table of a draft with that of the version `base`, and keep what changed.

        A table whose earlier edition cannot be read is left out: its rows count as changed.
        """
        with self._context.read() as session:
            row = lease.lock(session)
            manifest = self._manifests.get(row.dataset_id, base) if base else None
            pairs = [
                (resource.id, resource.name, _list_files(self._context, resource), earlier)
                for resource in row.resources
                if (earlier := find_earlier(manifest, resource)) is not None
                and (resource.changes or {}).get("base") != stamp(earlier)
            ]
        for identifier, name, files, earlier in pairs:
            lease.report(Stage("compare", name), 0.96, force=True)
            found = self._compare(name, earlier, files)
            with self._context.write() as session:
                row = lease.lock(session)
                resource = next((item for item in row.resources if item.id == identifier), None)
                if resource is not None:
                    resource.changes = found

    def _compare(self, name: str, earlier: Mapping[str, Any], files: TableFiles) -> dict[str, Any] | None:
        public = self._context.public
        try:
            old = TableFiles(
                public.blob_path(earlier["hash"].removeprefix("sha256:")),
                public.blob_path(earlier["opendata"]["parquet"]["hash"].removeprefix("sha256:")),
                earlier["schema"],
            )
            with self._context.work_folder() as folder:
                changes, difference = count_changes(name, old, files, folder)
                rows, _ = self._context.private.put_blob(difference.path)
        except (NotFoundError, OSError, ValueError) as error:  # Arrow says ValueError of a file that is damaged
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise
            logger.warning("the rows of %s cannot be compared with those before: %s", name, error)
            return None
        finally:
            release_memory()
        return {
            "base": stamp(earlier),
            "blobs": [earlier["hash"], earlier["opendata"]["parquet"]["hash"]],
            **asdict(changes),
            "key": None if changes.key is None else list(changes.key),
            "unchanged": difference.unchanged,
            "cells": dict(difference.cells),
            "rows": rows,
        }


def _list_files(context: Context, resource: DraftResource) -> TableFiles:
    csv, parquet = (context.private.blob_path(str(name)) for name in (resource.csv, resource.parquet))
    return TableFiles(csv, parquet, resource.published_schema or {"fields": []})
