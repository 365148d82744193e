"""Values of files that people reported elsewhere: no number becomes another number, no moment another moment."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.domain.schema import ForeignKey
from opendata.errors import InvalidSchemaError
from opendata.tables.check.keys import check_foreign_key
from opendata.tables.diff.difference import compare_tables
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.schema import publish_schema, read_schema
from opendata.tables.table import PreparedTable, check_table, prepare_table
from opendata.tables.text.dialect import Dialect


@dataclass(frozen=True)
class Verdict:
    """What became of a column of a file, and what was found in it."""

    table: PreparedTable

    @property
    def values(self) -> list[str]:
        """Its canonical texts; none where the table isn't published."""
        if not self.table.task.valid:
            return []
        with self.table.csv.open(encoding="utf-8", newline="") as stream:
            return [row[-1] for row in csv.reader(stream)][1:]

    @property
    def wrong(self) -> dict[str, str]:
        """Cell → code of each error."""
        return {error["cell"]: error["opendata"]["code"] for error in self.table.task.errors}

    @property
    def repairs(self) -> dict[str, str | None]:
        """Cell → what all its repairs make of it."""
        return {item["before"]: item["after"] for found in self.table.task.repairs for item in found["examples"]}

    @property
    def warnings(self) -> dict[str, Mapping[str, Any]]:
        """Code → parameters of each warning."""
        return {found.code: found.params for found in self.table.task.warnings}


def check(folder: Path, content: bytes, field: Mapping[str, Any]) -> Verdict:
    """Check a file of two columns, of which the second is a field."""
    source = folder / "source.csv"
    source.write_bytes(content)
    names = content.splitlines()[0].decode().split(",")
    fields = [{"name": names[0], "type": "string"}, {"name": names[1], **field}]
    return Verdict(prepare_table(source, folder, name="t", schema=read_schema({"fields": fields})))


def check_cells(folder: Path, cells: list[str], field: Mapping[str, Any]) -> Verdict:
    lines = [f'{number},"{cell}"' for number, cell in enumerate(cells)]
    return check(folder, "\n".join(["id,v", *lines, ""]).encode(), field)


BARE = {"type": "number", "bareNumber": False}


def test_minus_signs_of_all_kinds_are_read_or_repaired(realdata: Path, tmp_path: Path) -> None:
    content = (realdata / "reported" / "a9-minus-signs.csv").read_bytes()
    bare = check(tmp_path, content, BARE)
    assert bare.wrong == {"5-": "changed-number"}
    assert bare.repairs == {"5-": "-5"}
    plain = check(tmp_path, content, {"type": "number"})
    assert plain.repairs == dict.fromkeys(["−5", "－5", "（5）", "(5)", "5-"], "-5")
    accepted = check(tmp_path, content.replace(b"6,5-\n", b""), BARE)
    assert accepted.values == ["-5"] * 5


def test_words_for_the_size_of_a_number_are_found_and_repaired(realdata: Path, tmp_path: Path) -> None:
    found = check(tmp_path, (realdata / "reported" / "b1-units.csv").read_bytes(), BARE)
    assert found.wrong == dict.fromkeys(["12万元", "1.5亿元"], "changed-number")
    assert found.repairs == {"12万元": "120000", "1.5亿元": "150000000"}


@pytest.mark.parametrize(
    "cell",
    [
        *[
            ">100",
            "≥5",
            "<5",
            "≤5",
            "约12",
            "5左右",
            "近5",
            "超5",
            "5以上",
            "不足5",
            "5多",
            "~5",
            "5~",
            "±5",
            "5+",
            "about 5",
        ],
        *[
            "5万",
            "5億",
            "5千",
            "5百",
            "5K",
            "5k元",
            "5M",
            "£5m",
            "5bn",
            "$5 million",
            "5‰",
            "5ppm",
            "5 lakh",
            "Ｋ5",
            "5Ｋ",
        ],
        *[
            "▲5",
            "△5",
            "负5",
            "下降5",
            "5½",
            "5²",
            "A-5",
            "—5",
            "⁻5",
            "➖5",
            "×5",
            "5折",
            "(-5)",
            "5(",
            "5（估计）",
            "百分之5",
            "1-5",
            "1/5",
            "5?",
            "minus 5",
        ],
    ],
)
def test_what_makes_another_number_is_not_taken_off(tmp_path: Path, cell: str) -> None:
    assert list(check_cells(tmp_path, [cell], BARE).wrong) == [cell]


def test_what_leaves_the_number_is_taken_off(tmp_path: Path) -> None:
    kept = {
        **{
            "5 km²": "5",
            "5㎡": "5",
            "5 mm": "5",
            "20°C": "20",
            "5千克": "5",
            "5千瓦时": "5",
            "5个百分点": "5",
            "5（人）": "5",
            "12.5%": "12.5",
        },
        **{
            "¥.5": "0.5",
            ".5": "0.5",
            "Rs.500": "500",
            "(¥5)": "-5",
            "EUR -5": "-5",
            "-€5": "-5",
            "– 5": "-5",
            "HK$5": "5",
        },
    }
    assert check_cells(tmp_path, list(kept), BARE).values == list(kept.values())


def test_marks_between_groups_are_taken_off_where_groups_are(tmp_path: Path) -> None:
    kept = {"1,234.5": "1234.5", "12,34,567": "1234567", "1,2345": "12345", "-1,000": "-1000", "7": "7"}
    grouped = {"type": "number", "groupChar": ","}
    assert check_cells(tmp_path, list(kept), grouped).values == list(kept.values())
    others = ["1,5", "1,50", ",5", "1,,000", "1.234,5", "1234,567"]
    assert check_cells(tmp_path, others, grouped).wrong == dict.fromkeys(others, "changed-number")


def test_different_units_in_one_column_are_a_warning(tmp_path: Path) -> None:
    mixed = check_cells(tmp_path, ["5 km", "300 m"], BARE).table.task.remarks
    assert [(found.problem.code, found.problem.params) for found in mixed] == [("mixed-units", {"units": ["km", "m"]})]
    assert check_cells(tmp_path, ["5%", "0.05"], BARE).table.task.remarks[0].problem.params == {"units": ["%", "–"]}
    assert not check_cells(tmp_path, ["5 元", "¥5", "5", "5 RMB"], BARE).table.task.remarks


def test_numbers_are_written_out_only_where_that_is_exact(tmp_path: Path) -> None:
    cells = {
        "1.5万": "15000",
        "3千万元": "30000000",
        "0.12345万": "1234.5",
        "-2亿": "-200000000",
        "1,200万": "12000000",
        "两万": "20000",
    }
    found = check_cells(tmp_path, [*cells, "约3万", "5千克", "5M", "3万多", "二三十"], {"type": "number"})
    assert found.repairs == cells


# --- moments


def test_moments_with_a_zone_are_instants(realdata: Path, tmp_path: Path) -> None:
    content = (realdata / "reported" / "a6-zoned.csv").read_bytes()
    found = check(tmp_path, content, {"type": "datetime"})
    assert found.values == ["2024-05-01T16:00:00Z", "2024-05-01T23:30:00Z"]
    column = pq.read_table(found.table.parquet)["ts"]
    assert column.type == pa.timestamp("us", "UTC")
    assert [moment.isoformat() for moment in column.to_pylist()] == [
        "2024-05-01T16:00:00+00:00",
        "2024-05-01T23:30:00+00:00",
    ]
    assert found.table.schema is not None
    assert publish_schema(found.table.schema)["fields"][1]["opendata"] == {"zone": "UTC"}


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (["2024-05-01T00:00:00", "2024-05-01T00:00:00Z", "2024-05-01T00:00:00+08:00"], {"2024-05-01T00:00:00"}),
        (["2024-05-01T00:00:00", "2024-05-02T00:00:00", "2024-05-01T00:00:00Z"], {"2024-05-01T00:00:00Z"}),
    ],
)
def test_the_fewer_moments_of_a_mixed_column_are_wrong(tmp_path: Path, cells: list[str], wrong: set[str]) -> None:
    assert check_cells(tmp_path, cells, {"type": "datetime"}).wrong.keys() == wrong


def test_a_zone_far_below_empty_cells_is_found(tmp_path: Path) -> None:
    empty = "".join(f"{number:40},\n" for number in range(120_000))
    content = f"id,v\n{empty}x,2024-05-01T00:00:00+08:00\n".encode()
    found = check(tmp_path, content, {"type": "datetime"})
    assert found.values[-1] == "2024-04-30T16:00:00Z"


def test_a_schema_may_say_whether_moments_have_a_zone(tmp_path: Path) -> None:
    for zone, wrong in (("UTC", {"2024-05-01T00:00:00"}), ("local", {"2024-05-01T00:00:00Z"})):
        field = {"type": "datetime", "opendata": {"zone": zone}}
        cells = ["2024-05-01T00:00:00", "2024-05-01T00:00:00Z"]
        assert check_cells(tmp_path, cells, field).wrong.keys() == wrong
    for kind, zone in (("datetime", "Asia/Shanghai"), ("date", "UTC")):
        with pytest.raises(InvalidSchemaError):
            read_schema({"fields": [{"name": "v", "type": kind, "opendata": {"zone": zone}}]})


def test_digits_beyond_a_microsecond_are_told(realdata: Path, tmp_path: Path) -> None:
    content = (realdata / "reported" / "b8-datetime-ns-week.csv").read_bytes()
    found = check(tmp_path, content, {"type": "datetime"})
    assert found.wrong == dict.fromkeys(["2018-01-05T08:00:00+0800", "2018-01-05 08:00:00.5+08:00"], "moment-with-zone")
    local = b"".join(line for line in content.splitlines(keepends=True) if b"+08" not in line)
    assert check(tmp_path, local, {"type": "datetime"}).warnings["cut-moments"] == {"field": "ts", "count": 2}
    for kind, day in (("time", ""), ("datetime", "2018-01-05T")):
        told = check_cells(tmp_path, [f"{day}08:00:00.1234567", f"{day}08:00:00.123456000"], {"type": kind})
        assert told.warnings["cut-moments"] == {"field": "v", "count": 1}


def test_the_end_of_a_day_does_not_become_its_beginning(realdata: Path, tmp_path: Path) -> None:
    source = realdata / "reported" / "a8-opening-hours.csv"
    schema = read_schema({"fields": [{"name": "id"}, *({"name": name, "type": "time"} for name in ("open", "close"))]})
    found = Verdict(prepare_table(source, tmp_path, name="t", schema=schema))
    assert found.wrong == {"24:00:00": "end-of-day"}
    moment = check_cells(tmp_path, ["2024-05-01T24:00:00"], {"type": "datetime"})
    assert moment.values == ["2024-05-02T00:00:00"]


def test_years_in_other_digits_are_found_and_repaired(realdata: Path, tmp_path: Path) -> None:
    found = check(tmp_path, (realdata / "reported" / "b2-year-forms.csv").read_bytes(), {"type": "year"})
    assert found.wrong == {"２０１８": "lax-year", "٢٠١٨": "lax-year", "02018": "type-error", "18": "type-error"}
    assert found.repairs == {"２０１８": "2018", "٢٠١٨": "2018"}
    lax = [" 200", "+001", "1_00"]
    assert check_cells(tmp_path, lax, {"type": "year"}).wrong == dict.fromkeys(lax, "lax-year")


# --- versions published before


def test_tables_published_before_have_the_same_rows(tmp_path: Path) -> None:
    """Years were text then, and instants had no zone."""
    before = {"y": pa.array(["0999", "2018"]), "ts": pa.array([1_714_579_200_000_000, 0], pa.timestamp("us"))}
    after = {"y": pa.array([999, 2018], pa.int32()), "ts": before["ts"].cast(pa.timestamp("us", "UTC"))}
    for name, columns in (("old", before), ("new", after)):
        pq.write_table(pa.table({"id": ["a", "b"], **columns}), tmp_path / name)
    fields = [{"name": "id", "type": "string"}, {"name": "y", "type": "year"}, {"name": "ts", "type": "datetime"}]
    for key in (["id"], [], ["y"], ["ts"]):
        schema = read_schema({"fields": fields, "primaryKey": key})
        folder = tmp_path / "".join(["key", *key])
        folder.mkdir()
        found = compare_tables(tmp_path / "old", tmp_path / "new", old_schema=schema, new_schema=schema, folder=folder)
        assert (found.added, found.removed, found.changed, found.unchanged) == (0, 0, 0, 2)


def test_keys_to_tables_published_before_are_found(tmp_path: Path) -> None:
    moments = pa.array([0], pa.timestamp("us"))
    pq.write_table(pa.table({"y": ["0999"], "ts": moments}), tmp_path / "old")
    pq.write_table(
        pa.table({"y": pa.array([999], pa.int32()), "ts": moments.cast(pa.timestamp("us", "UTC"))}), tmp_path / "new"
    )
    for name in ("y", "ts"):
        task = TaskReport(name="t", place="")
        key = ForeignKey((name,), "other", (name,))
        check_foreign_key(key, table=tmp_path / "new", reference=tmp_path / "old", task=task)
        assert task.valid


@pytest.mark.parametrize(
    ("kind", "cell"),
    [("datetime", "1999-12-31T23:59:59.5Z"), ("datetime", "1999-12-31 23:59:59.5"), ("integer", "0" * 20 + "5")],
)
def test_a_cell_that_is_read_alone_makes_no_row_blank(tmp_path: Path, kind: str, cell: str) -> None:
    source = tmp_path / "source.csv"
    source.write_text(f"v\n{cell}\n", encoding="utf-8")
    schema = read_schema({"fields": [{"name": "v", "type": kind}]})
    careful = Dialect(quote_char="'")  # such a file is read row by row
    assert check_table(source, name="t", schema=schema, dialect=careful).task.valid
