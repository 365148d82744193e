"""Rows added to a published table: what a file is to it by its rows, and the whole table that comes of adding them.

The file alone was checked before. The whole is checked again, by the same schema: keys and rules hold for all its
rows, and what looks like personal data, or singles persons out, is looked for in what will be published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.editions.modes import AUTO, EditionJson, Figures, Mode, PartJson, choose_mode
from opendata.domain.manifest import Manifest
from opendata.domain.privacy import Treatment
from opendata.domain.resources import TableResource
from opendata.domain.schema import TableSchema
from opendata.domain.stages import Stage
from opendata.errors import N_, InputError, Listed, fault
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.services.catalogue.files.reading import lend_file
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.row_changes import stamp
from opendata.services.core.context import Context
from opendata.services.drafts.edition.recognising import find_last_mode, find_table, forget_whole
from opendata.services.drafts.lease import Lease
from opendata.services.privacy.treating import measure_risk
from opendata.tables.diff.appending import Appended, CanonicalTable, UnlikeColumnsError, append_rows
from opendata.tables.diff.difference import compare_tables
from opendata.tables.diff.identity import find_identity
from opendata.tables.diff.periods import find_new_period, has_only_new
from opendata.tables.diff.spellings import read_kinds
from opendata.tables.report.report import TaskReport, refuse_file, store_task
from opendata.tables.schema.schema import publish_schema, read_schema
from opendata.tables.table import PreparedTable, prepare_table, release_memory
from opendata.tables.text.dialect import Dialect

_GONE = N_("Version %(version)s has no table “%(table)s” that rows could be added to. Say that this is a new table")
_UNLIKE = N_(
    "Rows can be added to “%(table)s” only if the columns are the same. Only one of the two has these: %(columns)s."
    " Upload the whole table to replace it"
)
_AGGREGATED = N_(
    "Rows can't be added to “%(table)s”, because it is aggregated: the groups must be counted over all rows. Upload the"
    " whole table to replace it"
)
_OTHERWISE = N_(
    "Rows can't be added to “%(table)s”: other decisions about personal data were applied to the published rows"
    " (%(columns)s). Make the same decisions, or upload the whole table to replace it"
)

_WITHOUT_EFFECT = (Treatment.PUBLISH, Treatment.NOT_PERSONAL, Treatment.DROP)
"""What values aren't changed by; a column that is dropped in one table alone is missing in it."""

_EXPLAINING = ("count", "ground", "article", "reason", "note")
"""The properties of a decision that do nothing to values."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A table to which rows were added: the columns of the draft's row, and what looks like personal data in it."""

    values: Mapping[str, Any]
    privacy: Sequence[Mapping[str, Any]] = ()


_OF_COLUMNS = ("matched", "columns", "named", "rivals", "taken")
"""The figures that are about columns and names, not about the rows of the file."""


class Growing:
    """Adds the rows of drafts to published tables."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def settle(self, row: Draft, resource: DraftResource, manifest: Manifest | None, part: DraftPart) -> Grown | None:
        """Say what a checked file is to its table, and add its rows where it is a part of it. None: it replaces it.

        `part` is what the check made of the file. What is found is kept in the row of the table.
        """
        edition, earlier = resource.edition, find_table(manifest, resource.name)
        if edition is None or edition.get("mode") == Mode.NEW:
            return None
        if earlier is None:
            return self._refuse(resource, _GONE, version=row.base or "", table=resource.name)
        with ExitStack() as opened:
            base = self._lend(earlier, opened)
            own = part.lend(self._context, opened)
            figures = self._measure(base, own, opened.enter_context(self._context.work_folder()))
            known: Figures = edition.get("figures", {})
            fresh = _find_fresh(resource, base, own)
            edition = {**edition, "figures": _keep_columns(known, _tell_by(figures, fresh) if fresh else figures)}
            if edition["wanted"] == AUTO and fresh:
                edition = {**edition, "mode": Mode.APPEND, "asks": _is_guessed(resource)}
            elif edition["wanted"] == AUTO:
                with self._context.read() as session:
                    last = find_last_mode(session, row.dataset, resource.name)
                mode, asks = choose_mode(edition["figures"], last)
                edition = {**edition, "mode": mode, "asks": asks or _is_guessed(resource)}
            resource.edition = edition
            if edition.get("mode") != Mode.APPEND:
                return None
            return self._grow(row, resource, earlier, base, own, part)

    def catch_up(self, lease: Lease, row: Draft, version: str | None) -> Iterator[tuple[DraftResource, Grown]]:
        """Add the rows of a draft to the tables of a version that isn't the one they were added to."""
        manifest = self._manifests.get(row.dataset_id, version) if version else None
        for resource in row.resources:
            if not is_behind(resource, manifest):
                continue
            lease.report(Stage("compare", resource.name), 0.96)
            earlier = find_table(manifest, resource.name)
            if earlier is None:
                yield resource, self._refuse(resource, _GONE, version=version or "", table=resource.name)
                continue
            part = DraftPart(
                csv=str(resource.part_csv),
                parquet=str(resource.part_parquet),
                schema=resource.published_schema or {"fields": []},
                treated=(resource.edition or {}).get("part", {}).get("treated"),
            )
            with ExitStack() as opened:
                base, own = self._lend(earlier, opened), part.lend(self._context, opened)
                self._ask_about_period(resource, base, own, opened.enter_context(self._context.work_folder()))
                yield resource, self._grow(row, resource, earlier, base, own, part)

    def _ask_about_period(
        self, resource: DraftResource, base: CanonicalTable, own: CanonicalTable, folder: Path
    ) -> None:
        """Ask what a file is that was all new by its period, where the version that came out meanwhile has that too."""
        edition = resource.edition
        figures: Figures = (edition or {}).get("figures", {})
        period, is_keyed = figures.get("period"), bool(figures.get("key")) and not figures.get("inferred")
        if edition is None or period is None or is_keyed or has_only_new(base.parquet, own.parquet, period):
            return
        again = _keep_columns(figures, self._measure(base, own, folder))
        resource.edition = {**edition, "figures": again, "asks": True}

    def _lend(self, earlier: TableResource, opened: ExitStack) -> CanonicalTable:
        csv, parquet = (
            opened.enter_context(lend_file(self._context, item)) for item in (earlier.file, earlier.parquet)
        )
        return CanonicalTable(csv, parquet, earlier.schema)

    def _measure(self, base: CanonicalTable, part: CanonicalTable, folder: Path) -> Figures:
        """How many of the rows of a file its table has already."""
        kinds = read_kinds(base.parquet, part.parquet)
        found = compare_tables(
            base.parquet, part.parquet, old_schema=base.schema, new_schema=part.schema, folder=folder, kinds=kinds
        )
        known = found.unchanged + found.changed
        figures: Figures = {"rows": known + found.added, "total": known + found.removed, "known": known}
        unlike = [item.name for item in found.columns if not item.is_common]
        if unlike:
            figures["unlike"] = unlike
        if found.key is not None:
            figures["key"] = list(found.key)
        else:
            columns, pairs = find_identity(base.parquet, part.parquet, folder, kinds)
            if columns:
                figures |= {"key": list(columns), "inferred": True, "known": pairs}
        period = find_new_period(base.parquet, part.parquet, kinds)
        if period is not None:
            figures["period"] = period
        return figures

    def _grow(
        self,
        row: Draft,
        resource: DraftResource,
        earlier: TableResource,
        base: CanonicalTable,
        own: CanonicalTable,
        part: DraftPart,
    ) -> Grown:
        """Add rows to a table, and check the whole."""
        wrong = _find_unlike_treatment(earlier, part.treated)
        if wrong is not None:
            text, columns = wrong
            return self._refuse(resource, text, table=resource.name, columns=columns)
        with self._context.work_folder() as folder:
            place = folder / "rows"
            place.mkdir()
            with_repeats = bool((resource.edition or {}).get("repeats"))
            try:
                identity = _list_identity(resource)
                appended = append_rows(base, own, place, identity=identity, with_repeats=with_repeats)
            except UnlikeColumnsError as error:
                columns = Listed((*error.missing, *error.extra))
                return self._refuse(resource, _UNLIKE, table=resource.name, columns=columns)
            whole = self._check(row, resource, base, own, appended, folder)
            release_memory()
            return self._keep(resource, earlier, part, appended, whole)

    def _check(
        self,
        row: Draft,
        resource: DraftResource,
        base: CanonicalTable,
        own: CanonicalTable,
        appended: Appended,
        folder: Path,
    ) -> PreparedTable:
        """Check the whole table by the schema of the file, its fields in the order of the published columns."""
        import pyarrow.parquet as pq

        fields = {item["name"]: item for item in own.schema.descriptor["fields"]}
        ordered = [fields[name] for name in pq.read_schema(base.parquet).names if name in fields]
        target = folder / "whole"
        target.mkdir()
        return prepare_table(
            appended.csv,
            target,
            name=resource.name,
            schema=read_schema({**own.schema.descriptor, "fields": ordered}),
            dialect=Dialect(delimiter=","),
            footer={"opendata": {"dataset": row.dataset_id, "uuid": row.dataset.uuid, "resource": resource.name}},
            screen=PrivacyScreen,
        )

    def _keep(
        self, resource: DraftResource, earlier: TableResource, part: DraftPart, appended: Appended, whole: PreparedTable
    ) -> Grown:
        """The columns of a draft's row for the whole table, its files kept."""
        counts: PartJson = {
            "base": stamp(earlier),
            "rows": appended.added + appended.corrected + appended.repeated,
            "added": appended.added,
            "corrected": appended.corrected,
            "repeated": appended.repeated,
        }
        task = store_task(whole.task.describe())
        if appended.unread:
            counts["unread"] = {name: list(texts) for name, texts in appended.unread.items()}
        if part.treated is not None:
            counts["treated"] = dict(part.treated)
        edition: EditionJson = {**(resource.edition or {}), "part": counts, "whole": task}
        is_doubled = appended.key is None and appended.repeated > 0 and "repeats" not in edition
        is_guessed = bool(_list_identity(resource)) and appended.corrected > 0 and "by" not in edition
        is_unread = bool(appended.unread) and "by" not in edition
        edition["asks"] = bool(edition.get("asks")) or is_doubled or is_guessed or is_unread
        values: dict[str, Any] = {
            "edition": edition,
            "part_csv": part.csv,
            "part_parquet": part.parquet,
            "rows": whole.rows,
            "changes": None,
            "parts": None,
        }
        if not whole.task.valid or whole.schema is None:
            return Grown({**values, "valid": False, "report": task, "csv": None, "parquet": None})
        private = self._context.private
        values["csv"], values["csv_bytes"] = private.put_blob(whole.csv)
        values["parquet"], values["parquet_bytes"] = private.put_blob(whole.parquet)
        values |= {"published_schema": publish_schema(whole.schema), "profile": list(whole.profile)}
        if part.treated is not None:
            values["treated"] = _add_up(earlier.privacy or {}, part.treated)
        if resource.decisions:
            risk = measure_risk(whole.parquet, whole.schema, resource.decisions)
            values |= {"risk": risk} if risk is not None else {}
        return Grown(values, [item.describe() for item in whole.privacy])

    def _refuse(self, resource: DraftResource, text: str, **params: str) -> Grown:
        """The row of a table to which no rows can be added."""
        task = TaskReport(name=resource.name, place=resource.file, bytes=resource.upload_bytes, sha256=resource.upload)
        task.add(refuse_file(InputError.from_fault(fault("", text, **params))))
        edition = forget_whole(resource.edition) if resource.edition is not None else None
        return Grown(
            {
                "edition": edition,
                "valid": False,
                "report": store_task(task.describe()),
                "csv": None,
                "parquet": None,
                "parts": None,
                "changes": None,
            }
        )


@dataclass(frozen=True, slots=True)
class DraftPart:
    """What the check made of a file: blobs of the private store, the published schema, what was done to persons' data.

    `treated` is the record of that, None where nothing was done.
    """

    csv: str
    parquet: str
    schema: Mapping[str, Any]
    treated: Mapping[str, Any] | None = None

    def lend(self, context: Context, opened: ExitStack) -> CanonicalTable:
        """Local copies, until `opened` is closed."""
        csv, parquet = (opened.enter_context(context.private.local_copy(name)) for name in (self.csv, self.parquet))
        return CanonicalTable(csv, parquet, TableSchema(self.schema))


def may_grow(resource: DraftResource, manifest: Manifest | None) -> bool:
    """Whether the rows of a checked file may be added to a published table."""
    is_part = resource.edition is not None and resource.edition.get("mode") != Mode.NEW
    return is_part and find_table(manifest, resource.name) is not None


def is_behind(resource: DraftResource, manifest: Manifest | None) -> bool:
    """Whether the rows of a table were added to another edition of it than that of a version."""
    edition = resource.edition or {}
    if edition.get("mode") != Mode.APPEND or not (resource.checked and resource.valid and resource.part_parquet):
        return False
    earlier = find_table(manifest, resource.name)
    return earlier is None or edition.get("part", {}).get("base") != stamp(earlier)


def _find_fresh(resource: DraftResource, base: CanonicalTable, own: CanonicalTable) -> str | None:
    """The column that tells the parts of a series apart, where the parts in this file are all new in it."""
    column = (resource.series or {}).get("column") if "parts" in (resource.series or {}) else None
    return column if column and has_only_new(base.parquet, own.parquet, column) else None


def _tell_by(figures: Figures, column: str) -> Figures:
    """Figures where all rows are new by a column: nothing that was inferred without it tells them."""
    told: Figures = {**figures, "period": column}
    if figures.get("inferred") and column not in figures["key"]:
        del told["key"], told["inferred"]
    return told


def _keep_columns(known: Figures, figures: Figures) -> Figures:
    """Figures about rows, with those that are known about columns and names."""
    kept: Any = {name: known[name] for name in _OF_COLUMNS if name in known}  # type: ignore[literal-required]
    return {**kept, **figures}


def _is_guessed(resource: DraftResource) -> bool:
    """Whether a column was taken for a field that it needn't be, and nobody confirmed that."""
    edition = resource.edition or {}
    return bool(edition.get("guessed")) and "by" not in edition


def _list_identity(resource: DraftResource) -> Sequence[str]:
    """The columns that tell the rows of a table without a key."""
    figures = (resource.edition or {}).get("figures", {})
    return figures.get("key", []) if figures.get("inferred") else []


def _find_unlike_treatment(earlier: TableResource, treated: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Why rows that were treated like this can't be added to the published ones: a message, and the columns."""
    before, after = earlier.privacy or {}, treated or {}
    if "aggregate" in before or "aggregate" in after:
        return _AGGREGATED, ""
    one, other = ({item["field"]: item for item in record.get("columns", ())} for record in (before, after))
    differing = [name for name in {**one, **other} if _list_effects(one.get(name)) != _list_effects(other.get(name))]
    return (_OTHERWISE, ", ".join(differing)) if differing else None


def _list_effects(column: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What a decision does to the values of a column that is published: nothing, if it leaves them as they are."""
    if column is None or column["treatment"] in _WITHOUT_EFFECT:
        return {}
    return {key: value for key, value in column.items() if key not in _EXPLAINING}


def _add_up(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record of what was done to all rows: the counts of both."""
    counts = {item["field"]: int(item.get("count", 0)) for item in before.get("columns", ())}
    columns = [{**item, "count": int(item.get("count", 0)) + counts.get(item["field"], 0)} for item in after["columns"]]
    return {**after, "columns": columns}
