"""What the tables of a draft change in the version it starts from: compared row by row, kept with the draft."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

from opendata.db.models import Draft, DraftResource
from opendata.domain.drafts import KeptChanges
from opendata.domain.parts import StoredFile
from opendata.domain.resources import TableResource
from opendata.domain.schema import TableSchema
from opendata.domain.stages import Stage
from opendata.errors import NotFoundError
from opendata.services.catalogue.files.reading import find_csv, find_parquet, lend_file, lend_own
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.row_changes import TableFiles, count_changes, find_earlier, stamp
from opendata.services.core.context import Context
from opendata.services.drafts.lease import Lease
from opendata.tables.table import release_memory

logger = logging.getLogger(__name__)


class DraftChanges:
    """Compares the tables of drafts with the versions they start from, once for each pair."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def compare(self, lease: Lease, row: Draft, base: str | None) -> Iterator[tuple[DraftResource, KeptChanges | None]]:
        """Compare the sound tables of a draft with those of the version `base`; what changed in each, to be kept.

        A table that was compared with this version before is left out. None for one whose earlier edition cannot be
        read: all its rows count as changed.
        """
        manifest = self._manifests.get(row.dataset_id, base) if base else None
        for resource in row.resources:
            earlier = find_earlier(manifest, resource)
            if earlier is not None and (resource.changes is None or resource.changes["base"] != stamp(earlier)):
                lease.report(Stage("compare", resource.name), 0.96)
                yield resource, self._compare(resource, earlier)

    def _compare(self, resource: DraftResource, earlier: TableResource) -> KeptChanges | None:
        private, name = self._context.private, resource.name
        with ExitStack() as opened:
            lend = opened.enter_context
            files = find_csv(resource), find_parquet(resource)
            if not self._has_room(*files, earlier.file, earlier.parquet):
                logger.warning("the rows of %s aren't compared with those before: they don't fit on the disk", name)
                return None
            csv, parquet = (lend(lend_own(self._context, item)) for item in files)
            new = TableFiles(csv, parquet, TableSchema(resource.published_schema or {"fields": []}))
            try:
                csv, parquet = (lend(lend_file(self._context, item)) for item in (earlier.file, earlier.parquet))
                old = TableFiles(csv, parquet, earlier.schema)
                changes, difference = count_changes(name, old, new, lend(self._context.work_folder()))
                rows, _ = private.put_blob(difference.path)
            except (NotFoundError, OSError, ValueError) as error:  # Arrow says ValueError of a file that is damaged
                if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                    raise
                logger.warning("the rows of %s cannot be compared with those before: %s", name, error)
                return None
            finally:
                release_memory()
        return {
            "base": stamp(earlier),
            "blobs": [earlier.file.hash, earlier.parquet.hash],
            "key": None if changes.key is None else list(changes.key),
            "added": changes.added,
            "removed": changes.removed,
            "changed": changes.changed,
            "unchanged": difference.unchanged,
            "reordered": changes.reordered,
            "refused": changes.refused,
            "cells": dict(difference.cells),
            "rows": rows,
        }

    def _has_room(self, *files: StoredFile) -> bool:
        """Whether those in parts can be joined on this machine, with as much again for what is found."""
        joined = sum(item.bytes for item in files if item.parts)
        return not joined or 2 * joined < shutil.disk_usage(self._context.settings.private_folder).free
