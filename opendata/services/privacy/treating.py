"""Decisions about personal data applied to a table that was checked: what is published instead of it.

The treated rows are checked again by the schema that is published with them, so that no version has a value that its
own schema refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.privacy import Certainty, Kind, PrivacyFinding, Treatment
from opendata.domain.schema import TableSchema
from opendata.errors import InvalidMetadataError
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.privacy.risk.candidates import Role, suggest_candidates
from opendata.privacy.risk.combination import RiskMeter
from opendata.privacy.treatments.application import PrivacyRecord, TreatedTable
from opendata.privacy.treatments.decisions import Decisions
from opendata.privacy.treatments.parsing import parse_decisions
from opendata.privacy.treatments.schemas import hide_rules
from opendata.services.core.context import Context
from opendata.services.privacy.gate import BY, LEFT, NOTES, QUASI, RESTORED
from opendata.services.privacy.pseudonyms import find_pseudonym_key
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.schema.schema import publish_schema
from opendata.tables.table import PreparedTable, prepare_table
from opendata.tables.types.canonical import write_published_column

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 65_536

_LEAVING = (Treatment.PUBLISH, Treatment.NOT_PERSONAL)
_COARSE = (Kind.ADDRESS, Kind.BIRTH_DATE, Kind.TRACK)
"""Kinds that coarser values still look like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Treated:
    """A table as it is published: its files, what was done for the manifest, and the combination risk.

    `left` are the findings that the treatments should have ended and didn't.
    """

    table: PreparedTable
    record: PrivacyRecord
    risk: Mapping[str, Any] | None
    left: Sequence[Mapping[str, Any]]


def read_decisions(document: Mapping[str, Any] | None, schema: TableSchema) -> tuple[Decisions, Sequence[str]]:
    """Decisions and the quasi-identifiers confirmed with them. Raises `InvalidMetadataError`."""
    found = {key: value for key, value in (document or {}).items() if key not in NOTES}
    quasi = found.pop(QUASI, [])
    names = set(schema.names)
    return parse_decisions(found, schema), [name for name in quasi if name in names]


def hide_decided(descriptor: Mapping[str, Any], document: Mapping[str, Any] | None) -> dict[str, Any]:
    """The schema of a table as it was sent, without its rules for columns that decisions keep private.

    The decisions may be about columns that the schema lacks and the file has. Of a schema that they don't fit, as while
    it is being changed, only the names and types of its columns are left.
    """
    schema = TableSchema(descriptor)
    whole = declare_columns(descriptor, _list_named(document or {}))
    try:
        decisions, _ = read_decisions(document, whole)
    except InvalidMetadataError:
        return {"fields": [{"name": item.name, "type": item.type} for item in schema.fields]}
    found = dict(hide_rules(whole, decisions).descriptor)
    return {**found, "fields": [item for item in found["fields"] if item["name"] in schema.names]}


def declare_columns(descriptor: Mapping[str, Any], names: Iterable[str]) -> TableSchema:
    """A schema with those of these columns that it lacks, which are text as all columns without a field."""
    known = set(TableSchema(descriptor).names)
    more = [{"name": name, "type": "string"} for name in dict.fromkeys(names) if name not in known]
    return TableSchema({**descriptor, "fields": [*descriptor.get("fields", ()), *more]})


def _list_named(document: Mapping[str, Any]) -> Sequence[str]:
    """The columns that decisions name."""
    aggregate = document.get("aggregate") or {}
    columns = [item["field"] for item in document.get("columns", ())]
    return [*columns, *aggregate.get("by", ()), *aggregate.get("sum", ())]


def keep_fitting(document: Mapping[str, Any], schema: TableSchema) -> Mapping[str, Any]:
    """What of the decisions about an earlier file still applies to a table; all else is asked again."""
    names = set(schema.names)
    columns = [item for item in document.get("columns", ()) if item.get("field") in names]
    kept = {**document, "columns": columns}
    try:
        read_decisions(kept, schema)
    except InvalidMetadataError:
        return {"columns": [], **{key: document[key] for key in (BY, RESTORED) if key in document}}
    return kept


def treat_table(
    context: Context,
    prepared: PreparedTable,
    document: Mapping[str, Any],
    *,
    uuid: str,
    footer: Mapping[str, Any],
    folder: Path,
) -> Treated | None:
    """Apply decisions to a valid table, in an empty folder. None where they leave it as it is and ask for no risk.

    Raises `InvalidMetadataError` where the decisions don't fit the table, `StateError` as `find_pseudonym_key` does.
    """
    if prepared.schema is None:
        return None
    schema = order_schema(prepared)
    decisions, quasi = read_decisions(document, schema)
    if not decisions.columns and decisions.aggregation is None and not quasi:
        return None
    needs_key = any(item.treatment is Treatment.PSEUDONYMISE for item in decisions.columns)
    key = find_pseudonym_key(context, uuid) if needs_key else b""
    treated = TreatedTable(_read_typed(prepared.parquet), schema, decisions, key=key)
    meter = _build_meter(treated.schema, quasi)
    if meter is None and leaves_as_is(prepared, treated, decisions):
        treated.count({column["name"]: column["count"] for column in prepared.profile})
        return Treated(table=prepared, record=treated.describe(), risk=None, left=())
    source = folder / f"{prepared.task.name}.csv"
    _write_rows(source, prepared.csv, treated, decisions, meter)
    target = folder / "treated"
    target.mkdir()
    table = prepare_table(
        source, target, name=prepared.task.name, schema=treated.schema, footer=footer, screen=PrivacyScreen
    )
    return Treated(
        table=table,
        record=treated.describe(),
        risk=meter.measure().describe() if meter is not None else None,
        left=_list_left(table.privacy, decisions),
    )


def leaves_as_is(prepared: PreparedTable, treated: TreatedTable, decisions: Decisions) -> bool:
    """Whether a table under its decisions is what it was before: its files are then not written again."""
    is_left = decisions.aggregation is None and all(item.treatment in _LEAVING for item in decisions.columns)
    assert prepared.schema is not None  # noqa: S101 - asked before
    return is_left and publish_schema(treated.schema) == publish_schema(prepared.schema)


def _list_left(findings: Sequence[PrivacyFinding], decisions: Decisions) -> Sequence[Mapping[str, Any]]:
    """What is found in columns that were masked or made coarser, apart from what such values look like."""
    found = []
    for item in findings:
        decision = decisions.by_field.get(item.field)
        if decision is None or item.certainty is Certainty.POSSIBLE:
            continue
        is_masked = decision.treatment is Treatment.MASK and (decision.within or item.kind is not decision.kind)
        is_coarse = decision.treatment is Treatment.GENERALISE and item.kind not in _COARSE
        if is_masked or is_coarse:
            found.append({**item.describe(), LEFT: True})
    return found


def order_schema(prepared: PreparedTable) -> TableSchema:
    """The published schema of a valid table with a field for each column of its files, in their order."""
    import pyarrow.parquet as pq

    assert prepared.schema is not None  # noqa: S101 - a valid table has one
    names = pq.read_schema(prepared.parquet).names
    found = declare_columns(publish_schema(prepared.schema), names).descriptor
    fields = {item["name"]: item for item in found["fields"]}
    return TableSchema({**found, "fields": [fields[name] for name in names]})


def _build_meter(schema: TableSchema, quasi: Sequence[str]) -> RiskMeter | None:
    """What measures the risk of the quasi-identifiers that the treated table still has."""
    kept = [name for name in quasi if name in schema.names]
    if not kept:
        return None
    sensitive = [item.field for item in suggest_candidates(schema.fields) if item.role is Role.SENSITIVE]
    return RiskMeter(kept, sensitive)


def measure_risk(parquet: Path, schema: TableSchema, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The risk of a whole table under the quasi-identifiers confirmed for it; None where there are none."""
    meter = _build_meter(schema, [str(name) for name in document.get(QUASI, ())])
    if meter is None:
        return None
    for batch in _read_typed(parquet):
        meter.take(batch)
    return meter.measure().describe()


def _read_typed(parquet: Path) -> Iterator[pa.RecordBatch]:

    with open_parquet(parquet) as file:
        yield from file.iter_batches(_BATCH_ROWS)


def _write_rows(target: Path, csv: Path, treated: TreatedTable, decisions: Decisions, meter: RiskMeter | None) -> None:
    """Write the treated rows as CSV. Columns that stay as they are keep their text, to the last digit."""
    import pyarrow as pa
    from pyarrow.csv import CSVWriter, WriteOptions

    names = treated.schema.names
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    nulls = {item.name: treated.schema.null_text_of(item) for item in treated.schema.fields}
    changed = {item.field for item in decisions.columns if item.changes_values}
    texts = None if decisions.aggregation is not None else _Texts(csv, treated.names)
    with CSVWriter(target, schema, write_options=WriteOptions(quoting_style="needed")) as writer:
        for batch in treated.batches():
            if meter is not None:
                meter.take(batch)
            kept = texts.take(len(batch)) if texts is not None else None
            columns = [
                kept.column(name).combine_chunks()
                if kept is not None and name not in changed
                else _write_text(batch.column(name), nulls[name])
                for name in names
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _write_text(column: pa.Array, null: str) -> pa.Array:
    import pyarrow.compute as pc

    return pc.fill_null(write_published_column(column), null)


class _Texts:
    """The cells of a canonical CSV file as text, a number of rows at a time."""

    def __init__(self, csv: Path, names: Sequence[str]) -> None:
        import pyarrow as pa
        from pyarrow.csv import ConvertOptions, ParseOptions, open_csv

        text = pa.string()
        options = ConvertOptions(column_types=dict.fromkeys(names, text), strings_can_be_null=False, null_values=[])
        self._reader = open_csv(csv, parse_options=ParseOptions(newlines_in_values=True), convert_options=options)
        self._held: pa.Table | None = None

    def take(self, count: int) -> pa.Table:
        """The next rows."""
        import pyarrow as pa

        held = self._held
        while held is None or held.num_rows < count:
            batch = pa.Table.from_batches([self._reader.read_next_batch()])
            held = batch if held is None else pa.concat_tables([held, batch])
        self._held = held.slice(count)
        return held.slice(0, count)
