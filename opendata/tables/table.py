"""The whole way of one table: bytes in, verdict out, and where it is valid its canonical CSV and Parquet files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Finding
from opendata.domain.recipes import Applied, Recipe
from opendata.domain.schema import TableSchema
from opendata.tables.check.column_notes import NeedsZoneError
from opendata.tables.check.validation import STORED_FINDINGS, TableReader
from opendata.tables.report.findings import FindingsWriter, list_findings
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.origins import list_unsettled
from opendata.tables.schema.schema import publish_schema
from opendata.tables.screen import MakeScreen, Screen
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.splitting import NeedsCareError
from opendata.tables.text.steps import Steps
from opendata.tables.written import WrittenParts

if TYPE_CHECKING:
    from opendata.domain.privacy import PrivacyFinding
    from opendata.domain.profile import ColumnProfile
    from opendata.tables.forms.writing import TableWriter
    from opendata.tables.profile.profile import Profiler

FindDoubts = Callable[[Path, Dialect, int, Sequence[str] | None], Sequence[Finding]]
"""Finds columns of text in a Parquet file that are nearly of another type: those of these names, or all.

It is given the dialect of the source and the number of its first row too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTable:
    """What became of a table.

    `csv` and `parquet` exist only where `task` is valid, `findings` where something was found; `schema` is None for no
    header. `profile` describes each column of a valid table, `privacy` what its screen found, `applied` what became of
    the steps. A table that was written in parts has these instead of `csv` and `parquet`.
    `csv_is_source` says that the source was canonical already: `csv` is another name of the same bytes.
    """

    task: TaskReport
    schema: TableSchema | None
    dialect: Dialect
    rows: int
    first_row: int
    csv: Path
    csv_is_source: bool
    parquet: Path
    findings: Path
    profile: Sequence[ColumnProfile]
    privacy: Sequence[PrivacyFinding]
    applied: Sequence[Applied]
    parts: WrittenParts | None = None


def prepare_table(
    source: Path,
    folder: Path,
    *,
    name: str,
    schema: TableSchema | None = None,
    dialect: Dialect | None = None,
    limit: int = 1000,
    footer: Mapping[str, Any] | None = None,
    recipe: Recipe | None = None,
    steps: Steps | None = None,
    stored: int = STORED_FINDINGS,
    sha256: str | None = None,
    renames: Mapping[str, str] | None = None,
    on_bytes: Callable[[int], None] | None = None,
    screen: MakeScreen | None = None,
    doubts: FindDoubts | None = None,
    marks: Mapping[int, Mapping[str, Any]] | None = None,
) -> PreparedTable:
    """Check a delimited text file and write `{name}.csv` and `{name}.parquet` into `folder`, in one pass.

    Without a schema every column is text. `footer` goes into the Parquet file beside the Table Schema. The `recipe`
    says which wrong cells are repaired; its other `steps` come before the check. Findings go to
    `{name}.findings.parquet`, at most `stored` of each rule and column. `sha256` is the digest of the file where it is
    known. `renames` gives columns the names of fields: label → name. `screen` makes what looks for personal data;
    without it nothing is looked for. `doubts` looks at the columns that no schema or no person has said to be text.
    `marks` are properties of ours that the source gives its columns, by their numbers, for fields that don't have them.
    """
    csv, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
    findings = folder / f"{name}.findings.parquet"
    options: dict[str, Any] = {
        "name": name,
        "schema": schema,
        "dialect": dialect,
        "limit": limit,
        "recipe": recipe,
        "steps": steps,
        "stored": stored,
        "sha256": sha256,
        "renames": renames,
        "on_bytes": on_bytes,
        "marks": marks,
    }
    zones: dict[str, bool] = {}
    careful = False
    while True:
        try:
            with FindingsWriter(findings) as writer:
                reader = TableReader(source, careful=careful, zones=zones, on_findings=writer.write, **options)
                profile, privacy, csv_is_source = _write_table(reader, csv, parquet, footer or {}, screen)
                others = [found for found in reader.task.listed if found.place.cells is None]
                names = None if schema is None else list_unsettled(schema.descriptor)
                if doubts is not None and (names is None or names) and reader.task.valid:
                    doubtful = doubts(parquet, reader.dialect, reader.first_row, names)
                    for finding in doubtful:
                        reader.task.add(finding)
                    others += doubtful
                if others:
                    writer.write(list_findings(others))
        except NeedsCareError:
            careful = True
            continue
        except NeedsZoneError as found:
            zones.update(found.zones)
            continue
        break
    return PreparedTable(
        task=reader.task,
        schema=reader.schema,
        dialect=reader.dialect,
        rows=reader.rows,
        first_row=reader.first_row,
        csv=csv,
        csv_is_source=csv_is_source,
        parquet=parquet,
        findings=findings,
        profile=profile,
        privacy=privacy,
        applied=reader.applied,
    )


def check_table(
    source: Path,
    *,
    name: str,
    schema: TableSchema | None = None,
    dialect: Dialect | None = None,
    limit: int = 1000,
    renames: Mapping[str, str] | None = None,
    on_bytes: Callable[[int], None] | None = None,
    marks: Mapping[int, Mapping[str, Any]] | None = None,
) -> TableReader:
    """Check a delimited text file without writing anything; the reader, its `task` complete."""
    zones: dict[str, bool] = {}
    careful = False
    while True:
        reader = TableReader(
            source,
            name=name,
            schema=schema,
            dialect=dialect,
            limit=limit,
            renames=renames,
            on_bytes=on_bytes,
            marks=marks,
            careful=careful,
            zones=zones,
            with_batches=False,
        )
        try:
            with closing(reader.batches()) as batches:
                for _ in batches:
                    pass
        except NeedsCareError:
            careful = True
            continue
        except NeedsZoneError as found:
            zones.update(found.zones)
            continue
        break
    return reader


def release_memory() -> None:
    """Give back to the system what Arrow keeps for later; after a large table that is much."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _write_table(
    reader: TableReader, csv: Path, parquet: Path, footer: Mapping[str, Any], make_screen: MakeScreen | None
) -> tuple[Sequence[ColumnProfile], Sequence[PrivacyFinding], bool]:
    """Run the check to its end; where the table is valid, its two files are there afterwards, else neither.

    Returns its profile, what the screen found, and whether the CSV is the source's own file.
    """
    from opendata.tables.profile.profile import Profiler

    writer: TableWriter | None = None
    profiler: Profiler | None = None
    screen: Screen | None = None
    with closing(reader.batches()) as batches, ExitStack() as files:
        for batch in batches:
            writer = writer or files.enter_context(_open_writer(reader, csv, parquet, footer))
            profiler = profiler or Profiler(reader.fields, reader.arrow_schema)
            writer.write(batch)
            profiler.take(batch.typed, batch.text)
            if make_screen is not None:
                screen = screen or make_screen(reader.task.name, reader.fields)
                screen.take(batch.typed)
        if reader.task.valid and writer is None:
            writer = files.enter_context(_open_writer(reader, csv, parquet, footer))
    if not reader.task.valid or writer is None:
        csv.unlink(missing_ok=True)
        parquet.unlink(missing_ok=True)
        return [], [], False
    profiler = profiler or Profiler(reader.fields, reader.arrow_schema)
    return profiler.describe(), screen.list() if screen is not None else [], writer.csv_is_source


def _open_writer(reader: TableReader, csv: Path, parquet: Path, footer: Mapping[str, Any]) -> TableWriter:
    from opendata.tables.forms.writing import TableWriter

    assert reader.schema is not None  # noqa: S101 - a valid table has one
    return TableWriter(
        csv,
        parquet,
        schema=reader.arrow_schema,
        metadata={**footer, "tableschema": publish_schema(reader.schema)},
        null_text=[reader.schema.null_text_of(item) for item in reader.fields],
        source=reader.source_of_lines,
    )
