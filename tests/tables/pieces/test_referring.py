"""A foreign key that is checked in groups has the errors of one that is checked in one go."""

from __future__ import annotations

import random
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.domain.schema import ForeignKey
from opendata.tables.check.keys import check_foreign_key
from opendata.tables.pieces import referring
from opendata.tables.pieces.referring import check_key_in_groups, measure_keys
from opendata.tables.pieces.running import LocalRunner
from opendata.tables.report.report import TaskReport

ROWS = 400
KEYS = {
    "text": (pa.string(), pa.string()),
    "number": (pa.float64(), pa.int64()),
    "day": (pa.date32(), pa.date32()),
    "unlike": (pa.string(), pa.date32()),
}


def write(
    folder: Path, name: str, columns: list[tuple[str, pa.DataType]], most: int, pick: random.Random
) -> list[Path]:
    """A table in two parts, some cells of it missing."""
    cells = {key: [pick.choice([None, *range(most)]) for _ in range(ROWS)] for key, _ in columns}
    values = {
        key: pa.array([None if item is None else f"k{item}" for item in found])
        if pa.types.is_string(kind)
        else pa.array(found, pa.int32() if pa.types.is_date32(kind) else kind).cast(kind)
        for (key, kind), found in zip(columns, cells.values(), strict=True)
    }
    table = pa.table({**values, "other": list(range(ROWS))})
    paths = [folder / f"{name}-{number}.parquet" for number in range(2)]
    for path, part in zip(paths, (table.slice(0, 150), table.slice(150)), strict=True):
        pq.write_table(part, path, row_group_size=70)
    return paths


@pytest.mark.parametrize("kinds", [["text"], ["number"], ["day", "number"], ["unlike"], ["text", "day", "number"]])
def test_the_errors_are_those_of_one_go(tmp_path: Path, kinds: list[str]) -> None:
    pick = random.Random(len(kinds))
    table = write(tmp_path, "table", [(kind, KEYS[kind][0]) for kind in kinds], 12, pick)
    reference = write(tmp_path, "reference", [(kind, KEYS[kind][1]) for kind in kinds], 9, pick)
    key = ForeignKey(tuple(kinds), "known", tuple(kinds))
    tasks = [TaskReport(name="t", place="t.csv", limit=20) for _ in range(2)]
    check_foreign_key(key, table=table, reference=reference, task=tasks[0], first_row=2)
    (tmp_path / "shared").mkdir()
    with patch.object(referring, "PART_BYTES", 500), patch.object(referring, "_BATCH_ROWS", 64):
        assert measure_keys(key, table, reference) > 1000
        check_key_in_groups(
            key, table=table, reference=reference, task=tasks[1], first_row=2, runner=LocalRunner(),
            folder=tmp_path / "shared",
        )  # fmt: skip
    assert tasks[0].errors == tasks[1].errors
    assert len(tasks[0].errors) == 20
    assert tasks[0].tallies == tasks[1].tallies


def test_a_table_that_refers_to_itself_and_a_column_that_is_missing(tmp_path: Path) -> None:
    table = write(tmp_path, "table", [("text", pa.string())], 12, random.Random(1))
    for names, number in ((("text",), 0), (("gone",), 1)):
        key = ForeignKey(("text",), "", names)
        task = TaskReport(name="t", place="t.csv")
        check_key_in_groups(
            key, table=table, reference=table, task=task, first_row=2, runner=LocalRunner(), folder=tmp_path
        )
        assert len(task.errors) == number
