"""Tables whose parts were written elsewhere: proven part by part, then a draft as any other."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from opendata.domain.parts import Part, PartedTable
from opendata.domain.schema import TableSchema
from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import Actor
from opendata.services.drafts.submission import Submission
from opendata.storage.local import LocalStore
from opendata.tables.parts.cutting import Section, cut_csv, cut_parquet
from opendata.tables.schema.schema import publish_schema, read_schema
from opendata.tables.table import prepare_table
from opendata.wiring import Services
from tests.instances import CSV, SCHEMA, publish

LONG = CSV + "".join(f'A{number:03d},"a\n,{number}",{number},2026-01-01\n' for number in range(3, 9))


def write_parts(services: Services, folder: Path, rows: int, text: str = LONG) -> PartedTable:
    """What another engine leaves in the private store."""
    (folder / "sent").write_text(text)
    made = prepare_table(folder / "sent", folder, name="levels", schema=read_schema(SCHEMA))
    data, private = made.csv.read_bytes(), LocalStore(services.settings.private_folder)
    csv = []
    for cut in cut_csv(io.BytesIO(data), rows):
        blob, size = private.put_stream(io.BufferedReader(Section(io.BytesIO(data), cut.start, cut.end)))
        csv.append(Part(blob, size, cut.rows))
    parquet = [Part(*private.put_blob(path), count) for path, count in cut_parquet(made.parquet, folder, rows + 1)]
    assert made.schema is not None
    return PartedTable(
        name="levels",
        csv=csv,
        parquet=parquet,
        schema=TableSchema(publish_schema(made.schema)),
        report=made.task.describe(),
        profile=made.profile,
    )


def test_parts_written_elsewhere_become_a_version(services: Services, editor: Actor, tmp_path: Path) -> None:
    publish(services, editor, CSV)
    table = write_parts(services, tmp_path, 3)
    draft = services.parted_drafts.offer(editor, "reservoirs", [table], notes="from the cluster")
    services.work.run_to_end(draft)
    view = services.drafts.get(editor, draft)
    assert view.status == "valid"
    services.drafts.submit(editor, draft, Submission())
    services.work.run_to_end(draft)
    view = services.drafts.get(editor, draft)
    assert (view.status, view.version) == ("published", "1.1.0")
    found = services.versions.get_table("reservoirs", "1.1.0", "levels")
    assert (len(found.file.parts), len(found.parquet.parts), found.rows) == (3, 2, 8)
    with services.versions.find_file("reservoirs", "1.1.0", "levels", "csv").open() as file:
        assert file.read().decode() == LONG
    with services.versions.find_file("reservoirs", "1.1.0", "levels", "parquet").open() as file:
        assert pq.read_table(file).num_rows == 8
    assert len(services.versions.read_rows("reservoirs", "1.1.0", "levels", 5)) == 5


def test_parts_that_aren_t_what_is_said_of_them_are_refused(services: Services, editor: Actor, tmp_path: Path) -> None:
    table = write_parts(services, tmp_path, 3)
    first, second, *rest = table.csv
    one, *others = table.parquet
    gone = Part("0" * 64, 9, 3)
    wrong = [
        replace(table, csv=[second, first, *rest]),
        replace(table, csv=[first, replace(second, bytes=second.bytes + 1), *rest]),
        replace(table, csv=[replace(first, rows=4), replace(second, rows=2), *rest]),
        replace(table, csv=[first, gone, *rest]),
        replace(table, csv=[]),
        replace(table, csv=rest),
        replace(table, name="no name"),
        replace(
            table, parquet=[replace(one, rows=one.rows - 1), *(replace(item, rows=item.rows + 1) for item in others)]
        ),
        replace(table, parquet=[replace(first, rows=one.rows), *others]),
        replace(table, schema=TableSchema({"fields": [{"name": "code", "type": "string"}]})),
    ]
    for item in wrong:
        with pytest.raises(InvalidMetadataError):
            services.parted_drafts.offer(editor, "reservoirs", [item])
    with pytest.raises(InvalidMetadataError):
        services.parted_drafts.offer(editor, "reservoirs", [table, table])
    assert services.drafts.list(editor).items == []
