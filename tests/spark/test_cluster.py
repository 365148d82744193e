"""A real cluster says of a table what one machine says. Skipped where pyspark or Java is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from opendata.cli import main
from opendata.domain.schema import ForeignKey
from opendata.outside.cluster import ClusterTables, choose_key_check
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.settings import Settings
from opendata.tables.check.keys import check_foreign_key
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import PreparedTable, prepare_table
from opendata.tables.text import rows
from tests.spark.cluster import find_lack, run_cluster

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(find_lack()), reason=find_lack() or "it can run")]

SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"unique": True}},
        {"name": "name", "type": "string"},
        {"name": "day", "type": "date"},
    ],
    "primaryKey": ["name", "day"],
}
ROWS = 200_000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def write_lines(path: Path, *, wrong: bool) -> None:
    lines = [f'{number},"name, {number}",2024-01-{number % 28 + 1:02}\n' for number in range(ROWS)]
    if wrong:
        lines[150_000] = "7,x,2024-13-01\n"
        lines[190_000] = lines[190_001] = '10,"name, 10",2024-01-11\n'
    path.write_text("id,name,day\n" + "".join(lines), encoding="utf-8")


def describe(task: TaskReport) -> dict[str, object]:
    found = task.describe()
    del found["stats"]["seconds"]
    return found


@pytest.mark.parametrize("wrong", [False, True])
def test_the_cluster_says_what_one_machine_says(url: str, tmp_path: Path, wrong: bool) -> None:
    source = tmp_path / "t.csv"
    write_lines(source, wrong=wrong)
    found: list[PreparedTable] = []
    prepare = ClusterTables(url, tmp_path, piece_bytes=rows.BLOCK_BYTES, is_strict=True).prepare
    for number, check in enumerate((prepare_table, prepare)):
        folder = tmp_path / str(number)
        folder.mkdir()
        found.append(check(source, folder, name="t", schema=read_schema(SCHEMA), screen=PrivacyScreen))
    one, many = found
    assert describe(many.task) == describe(one.task)
    assert many.task.valid is not wrong
    assert list(many.profile) == list(one.profile)
    assert list(many.privacy) == list(one.privacy)
    if wrong:
        assert {error["rowNumber"] for error in describe(many.task)["errors"]} >= {150_002, 190_002, 190_003}  # type: ignore[attr-defined]
        assert pq.read_table(many.findings).equals(pq.read_table(one.findings))
    else:
        assert many.csv.read_bytes() == one.csv.read_bytes()
        assert pq.read_table(many.parquet).equals(pq.read_table(one.parquet), check_metadata=True)


def test_the_command_asks_the_cluster(url: str, tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    write_lines(source, wrong=False)
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    given = ["validate", str(source), "--schema", str(tmp_path / "schema.json"), "--json", "--spark", url]
    answer = CliRunner().invoke(main, [*given, "--spark-folder", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["tasks"][0]["stats"]["rows"] == ROWS


def test_a_foreign_key_is_checked_by_the_cluster(url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = pa.table({"id": range(300_000), "kind": ["a"] * 300_000})
    rows = pa.table({"of": range(7, 300_007)})
    for name, table in (("keys", keys), ("rows", rows)):
        pq.write_table(table, tmp_path / name, row_group_size=50_000)
    key = ForeignKey(("of",), "keys", ("id",))
    settings = Settings(home=tmp_path, spark_url=url, spark_folder=str(tmp_path), spark_bytes=1)
    tasks = [TaskReport(name="t", place="t.csv") for _ in range(2)]
    check = choose_key_check(settings)
    assert check is not None
    for task, work in zip(tasks, (check_foreign_key, check), strict=True):
        work(key, table=[tmp_path / "rows"], reference=[tmp_path / "keys"], task=task, first_row=2)
    assert tasks[0].errors == tasks[1].errors
    assert [error["rowNumber"] for error in tasks[1].errors] == [*range(299_995, 300_002)]
    assert not [record for record in caplog.records if "checked by this machine" in record.getMessage()]
