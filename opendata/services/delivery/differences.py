"""What changed between two versions of a dataset: counts, reasons, and the rows themselves in several forms.

All of it is made on first demand and kept among the derived files, named by what was compared.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from opendata.domain.comparison import AttachmentComparison, Comparison, RowCounts, TableComparison, TableCounts
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.errors import N_, InputError, NotFoundError
from opendata.metadata.canonical import fingerprint
from opendata.metadata.reasons import Reason, keep_reasons, list_texts, write_note
from opendata.metadata.versions import RowChanges, compare_manifests
from opendata.services.catalogue.row_changes import TableFiles, count_refused
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import Context
from opendata.services.delivery.forms import FORMS, ServedForm, serve_derived
from opendata.storage.derived import DerivedFolder
from opendata.tables.diff.difference import compare_tables
from opendata.tables.diff.difference_forms import FORMS as SUFFIXES
from opendata.tables.diff.difference_forms import read_counts, take_first_rows, write_difference

_EDITION = 1
_NOTHING: RowCounts = {"added": 0, "removed": 0, "changed": 0, "unchanged": 0}
_OF_SCHEMAS = ("column", "key", "constraint", "check", "match", "schema")


class Differences:
    """Compares versions."""

    def __init__(self, context: Context, versions: Versions) -> None:
        self._context = context
        self._versions = versions
        self._folder = DerivedFolder(context.settings.derived_folder, context.settings.derived_bytes)

    def describe(self, dataset: str, old: str, new: str, reader: Actor | None = None) -> Mapping[str, object]:
        """What `compare` gives, with the reasons as sentences in English, for programs."""
        found = self.compare(dataset, old, new, reader)
        return {**found, "reasons": list_texts(found["reasons"])}

    def compare(self, dataset: str, old: str, new: str, reader: Actor | None = None) -> Comparison:
        """All that changed, in counts and reasons.

        Raises `NotFoundError`, `NotPublicError`, `WithdrawnError`, `DamagedError`.
        """
        self._versions.require_rows(reader, dataset, old, new)
        before, after = (self._versions.get_manifest(dataset, version) for version in (old, new))
        earlier, later = ({item.name: item for item in manifest.tables} for manifest in (before, after))
        resources: list[TableComparison] = []
        rows = {}
        for name in dict.fromkeys([*later, *earlier]):
            if name in earlier and name in later:
                resources.append(self._describe_table((dataset, old, new), earlier[name], later[name]))
                rows[name] = self._sum_up((dataset, old, new), earlier[name], later[name], resources[-1])
            else:
                kind = "added" if name in later else "removed"
                resources.append(_describe_single({**earlier, **later}[name], kind))
        change = compare_manifests(before, after, rows)
        reasons = keep_reasons(change.reasons)
        return {
            "dataset": dataset,
            "old": old,
            "new": new,
            "bump": change.bump,
            "reasons": reasons,
            "note": write_note(reasons),
            "schema": [item.describe() for item in change.reasons if _is_of_schema(item)],
            "metadata": [item.describe() for item in change.reasons if _is_of_metadata(item)],
            "resources": resources,
            "attachments": _compare_attachments(before, after),
        }

    def find_rows(
        self, dataset: str, old: str, new: str, resource: str, suffix: str, reader: Actor | None = None
    ) -> ServedForm:
        """The rows that changed, as `csv`, `jsonl` or daff's `daff.csv`. Raises `NotFoundError` like `describe`."""
        return self._find_rows((dataset, old, new), resource, suffix, reader, latest=False)

    def find_since(
        self, dataset: str, old: str, new: str, resource: str, suffix: str, reader: Actor | None = None
    ) -> ServedForm:
        """What to do to the table of an old version to have the new one: rows added, removed, and changed ones after.

        Raises `InputError` for a table without a key, in which no row can be told from another, `NotFoundError`,
        `NotPublicError`.
        """
        earlier, later = (self._versions.get_table(dataset, version, resource) for version in (old, new))
        self._versions.require_rows(reader, dataset, old, new, resource=resource)
        _require_form(suffix)
        fault = find_key_fault(dataset, old, new, earlier, later, suffix)
        if fault is not None:
            raise fault
        return self._find_rows((dataset, old, new), resource, suffix, reader, latest=True)

    def read_first_rows(
        self, dataset: str, old: str, new: str, resource: str, limit: int, reader: Actor | None = None
    ) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """The names of the columns and the first changed rows, the kind of change first."""
        earlier, later = (self._versions.get_table(dataset, version, resource) for version in (old, new))
        self._versions.require_rows(reader, dataset, old, new, resource=resource)
        return take_first_rows(self._compare((dataset, old, new), earlier, later), limit)

    def _find_rows(
        self, pair: tuple[str, str, str], resource: str, suffix: str, reader: Actor | None, *, latest: bool
    ) -> ServedForm:
        dataset, old, new = pair
        _require_form(suffix)
        earlier, later = (self._versions.get_table(dataset, version, resource) for version in (old, new))
        self._versions.require_rows(reader, dataset, old, new, resource=resource)
        key = f"{_key(earlier, later)}-{'since' if latest else 'diff'}-{suffix}.{_EDITION}"
        found = self._folder.find(key)
        if found is None:
            write = partial(write_difference, self._compare(pair, earlier, later), suffix=suffix, latest=latest)
            found = self._folder.get(key, write)
        name = f"{dataset}-{old}-{new}-{resource}.{suffix}"
        form = serve_derived(key, found, name, FORMS[suffix.rpartition(".")[2]], may_be_encoded=True)
        return replace(form, is_public=self._is_for_all(dataset, (old, new), resource))

    def _is_for_all(self, dataset: str, versions: Sequence[str], resource: str) -> bool:
        return all(resource in self._versions.list_readable(None, dataset, version) for version in versions)

    def _describe_table(self, pair: tuple[str, str, str], old: TableResource, new: TableResource) -> TableComparison:
        if old.file == new.file and _is_same(old, new):
            rows: RowCounts = {**_NOTHING, "unchanged": new.rows}
            key = list(new.schema.primary_key) or None
            return {"name": new.name, "change": "none", "key": key, "rows": rows, "cells": {}, "reordered": False}
        return {
            "name": new.name,
            "change": "changed",
            **read_counts(self._compare(pair, old, new)),
        }

    def _sum_up(
        self, pair: tuple[str, str, str], old: TableResource, new: TableResource, found: TableCounts
    ) -> RowChanges:
        return RowChanges(
            key=None if found["key"] is None else tuple(found["key"]),
            added=found["rows"]["added"],
            removed=found["rows"]["removed"],
            changed=found["rows"]["changed"],
            reordered=found["reordered"],
            refused=self._count_refused(pair, old, new),
        )

    def _count_refused(self, pair: tuple[str, str, str], old: TableResource, new: TableResource) -> int:
        if _is_same(old, new):
            return 0

        def make(target: Path) -> None:
            with self._lend_files(pair, old, new) as (before, after):
                target.write_text(json.dumps(count_refused(new.name, before, after)))

        kept = self._folder.get(f"{_key(old, new)}-refused.{_EDITION}", make)
        return int(json.loads(kept.path.read_text()))

    def _compare(self, pair: tuple[str, str, str], old: TableResource, new: TableResource) -> Path:
        """The Arrow file of the changed rows."""
        return self._folder.get(f"{_key(old, new)}-rows.{_EDITION}", partial(self._write_rows, pair, old, new)).path

    def _write_rows(self, pair: tuple[str, str, str], old: TableResource, new: TableResource, target: Path) -> None:
        with self._lend_files(pair, old, new) as (before, after), self._context.work_folder() as folder:
            found = compare_tables(
                before.parquet, after.parquet, old_schema=before.schema, new_schema=after.schema, folder=folder
            )
            shutil.move(found.path, target)

    @contextmanager
    def _lend_files(
        self, pair: tuple[str, str, str], old: TableResource, new: TableResource
    ) -> Iterator[tuple[TableFiles, TableFiles]]:
        """Local copies of both tables. The right to compare was checked before."""
        dataset, *versions = pair
        with ExitStack() as opened:

            def lend(version: str, table: TableResource, suffix: str) -> Path:
                file = self._versions.find_file(dataset, version, table.name, suffix, SYSTEM)
                return opened.enter_context(file.local_copy())

            before, after = (
                TableFiles(lend(version, item, "csv"), lend(version, item, "parquet"), item.schema)
                for version, item in zip(versions, (old, new), strict=True)
            )
            yield before, after


def find_key_fault(
    dataset: str, old: str, new: str, earlier: TableResource, later: TableResource, suffix: str = "csv"
) -> InputError | None:
    """Why rows of two versions can't be matched, if so: without a common key no row can be told from another."""
    if later.schema.primary_key and earlier.schema.primary_key == later.schema.primary_key:
        return None
    return InputError(
        N_(
            "The table “%(name)s” has no primary key that both versions share, so its rows can't be"
            " matched. Download the whole file, or get the difference at %(path)s"
        ),
        name=later.name,
        path=f"/datasets/{dataset}/diff/{old}...{new}/{later.name}.{suffix}",
    )


def _require_form(suffix: str) -> None:
    if suffix not in SUFFIXES:
        raise NotFoundError(N_("The difference isn't available as “%(suffix)s”"), suffix=suffix[:20])


def _key(old: TableResource, new: TableResource) -> str:
    """The key of a comparison: the digests of both tables, and of the descriptions of their columns."""
    parts = (item.parquet.sha256 for item in (new, old))
    return "-".join((*parts, fingerprint([old.schema.descriptor, new.schema.descriptor])[:16]))


def _is_same(old: TableResource, new: TableResource) -> bool:
    """Whether both tables describe their columns in the same way."""
    return fingerprint(old.schema.descriptor) == fingerprint(new.schema.descriptor)


def _describe_single(table: TableResource, kind: str) -> TableComparison:
    """A table that only one of the versions has."""
    rows = cast(RowCounts, {**_NOTHING, kind: table.rows})
    key = list(table.schema.primary_key) or None
    return {"name": table.name, "change": kind, "key": key, "rows": rows, "cells": {}, "reordered": False}


def _compare_attachments(old: Manifest, new: Manifest) -> list[AttachmentComparison]:
    before, after = ({item.name: item.file.sha256 for item in found.attachments} for found in (old, new))
    kinds = {
        name: "added" if name not in before else "removed" if name not in after else "changed"
        for name in dict.fromkeys([*after, *before])
        if before.get(name) != after.get(name)
    }
    return [{"name": name, "change": kind} for name, kind in kinds.items()]


def _is_of_schema(reason: Reason) -> bool:
    return reason.type.partition("-")[0].removesuffix("s") in _OF_SCHEMAS


def _is_of_metadata(reason: Reason) -> bool:
    return reason.type in ("metadata-changed", "resource-described", "resources-moved")
