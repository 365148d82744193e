"""Every real file is read with the rows and columns that a careful person counts, or refused with the true reason."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from opendata.errors import UnreadableFileError
from opendata.services.description import describe_file
from tests.servers import CHECKOUT

# Counted by eye in the files themselves, opened in other programs: file → for each table its sheet, the rows of the
# source that hold the names, rows of data, columns, first and last name.
COUNTED: dict[str, list[tuple[str, tuple[int, ...], int, int, str, str]]] = {
    "chinese/admin-divisions/summary.xlsx": [
        ("总统计", (1, 2), 6, 15, "级别", "2017 数量"),
        ("分省统计", (1,), 32, 6, "code", "社区/村"),
    ],
    "chinese/budget/7-6-分地区一般公共预算支出-2020.xls": [
        ("raw-2020-base", (3,), 32, 26, "地区", "其他支出"),
    ],
    # Six of the 38 rows are blank: they part the regions, and the report names each.
    "chinese/budget/7-6-分地区一般公共预算支出-2021.xlsx": [("Sheet1", (4,), 38, 26, "地 区", "其他支出")],
    "chinese/budget/7-6-分地区一般公共预算支出-2019.encrypted.xls": [
        ("1-2", (5,), 70, 10, "", ""),
        ("3", (4,), 32, 11, "", ""),
    ],
    "chinese/covid/StatsWJW.xlsx": [
        ("WebSite", (1,), 34, 3, "", ""),
        ("Guangdong", (1,), 20, 25, "", ""),
        ("GdDetail", (1,), 18, 24, "", ""),
        ("AhDetail", (1,), 12, 20, "", ""),
        ("Hainan", (1,), 10, 5, "", ""),
    ],
    "chinese/hospitals/苏州医院信息.xlsx": [("", (1,), 60, 8, "", "")],
    "chinese/nbs-gbk/cpi/全国月度数据.csv": [("", (1,), 48, 12, "", "")],
    "chinese/nbs-gbk/cpi/分省月度数据.csv": [("", (4,), 31, 4, "地区", "2020年1月")],
    # A comma at the end of each line makes a column without name and values.
    "chinese/nbs-gbk/cpi/各省份数据-医疗保健.csv": [("", (1,), 31, 49, "", "")],
    "chinese/nbs-gbk/gdp-1993-2017/分省年度数据.csv": [("", (4,), 31, 26, "地区", "1993年")],
    "chinese/nbs-gbk/分省年度数据 (1).csv": [("", (4,), 31, 21, "地区", "")],
    "chinese/nbs-gbk/分省年度数据 (5).csv": [("", (4,), 31, 21, "地区", "")],
    "chinese/nbs-gbk/分省年度数据.csv": [("", (4,), 31, 20, "地区", "")],
    "chinese/nbs-gbk/一般公共预算等.xls": [("", (1,), 62, 24, "", "")],
    "chinese/prices/CPI-date-serials.xls": [("", (1,), 456, 8, "", "")],
    # 2,919 universities and 31 rows that name a province; 248 colleges and 30 such rows.
    "chinese/schools/全国普通高等学校名单-2025.xls": [("", (3,), 2950, 7, "序号", "备注")],
    "chinese/schools/全国成人高等学校名单-2025.xls": [("", (3,), 278, 5, "序号", "")],
    "chinese/taiwan-land/a_lvr_land_a.bom-two-headers.csv": [("", (1, 2), 366, 28, "", "")],
    "chinese/taiwan-land/filter_a.big5.csv": [("", (1,), 939, 29, "", "")],
    "chinese/xlsx-traps/html-saved-as-xls-2019.xls": [("", (1, 2), 36, 5, "", "")],
    "chinese/xlsx-traps/openxlsx-wrong-dimension-RD人员全时当量-2018.xlsx": [("", (5, 6), 36, 7, "", "")],
    "chinese/xlsx-traps/openxlsx-wrong-dimension-农业科技园区-第1批.xlsx": [("", (1,), 21, 4, "", "")],
}
LARGE = ("villages", "countries-aggregated", "Wuhan-2019", "ok_data_level4", "streets", "world-cities")
ODD = ("VEH_USAGES",)


@cache
def describe(path: Path) -> Any:
    return [table for table in describe_file(path)["tables"] if not table.get("hidden")]


@pytest.mark.parametrize("name", COUNTED)
def test_a_file_is_read_as_a_careful_person_reads_it(realdata: Path, name: str) -> None:
    found = describe(realdata / name)
    expected = COUNTED[name]
    assert [(tuple(table["header_rows"]), table["rows"], len(table["fields"])) for table in found] == [
        line[1:4] for line in expected
    ]
    for table, (sheet, _, _, _, first, last) in zip(found, expected, strict=True):
        names = [field["name"] for field in table["fields"]]
        assert not sheet or table["sheet"] == sheet
        assert not first or names[0] == first
        assert not last or names[-1] == last


def list_plain(realdata: Path) -> Iterator[Path]:
    """Text without titles and footnotes, in UTF-8 or GBK."""
    for path in sorted(realdata.rglob("*")):
        name = path.relative_to(realdata).as_posix()
        is_plain = path.name.endswith((".csv", ".csv.gz", ".tsv")) and path.name != "MANIFEST.tsv"
        if is_plain and name not in COUNTED and not any(word in name for word in (*LARGE, *ODD)):
            yield path


def count_plain(path: Path) -> tuple[int, int]:
    """Rows and columns by Python's own reader, the encoding tried, the delimiter the most frequent of the header."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    header = text.split("\n", 1)[0]
    rows = list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=header.count)))
    return len(rows) - 1, len(rows[0])


def test_plain_text_has_the_rows_and_columns_that_another_reader_counts(realdata: Path) -> None:
    paths = list(list_plain(realdata))
    assert len(paths) > 50
    for path in paths:
        (table,) = describe(path)
        assert (table["rows"], len(table["fields"])) == count_plain(path), path


@pytest.mark.slow
def test_large_text_has_the_rows_and_columns_that_another_reader_counts(realdata: Path) -> None:
    paths = [path for word in LARGE for path in realdata.rglob(f"*{word}*.csv*")]
    assert len(paths) >= len(LARGE)
    for path in paths:
        (table,) = describe(path)
        assert (table["rows"], len(table["fields"])) == count_plain(path), path


def test_json_has_the_items_that_another_reader_counts(realdata: Path) -> None:
    for path in sorted((realdata / "chinese/holidays").glob("20*.json")):
        days = json.loads(path.read_bytes())["days"]
        if days:
            (table,) = describe(path)
            assert (table["rows"], len(table["fields"])) == (len(days), len(days[0]))
        else:
            with pytest.raises(UnreadableFileError, match="empty"):
                describe(path)
    for name in ("chinese/schools/全国普通高等学校名单-2025.expected.json", "chinese/covid/2020-02-10.json"):
        (table,) = describe(realdata / name)
        assert table["rows"] == len(json.loads((realdata / name).read_bytes()))
    places = json.loads((realdata / "chinese/admin-divisions/HK-MO-TW.json").read_bytes())
    (table,) = describe(realdata / "chinese/admin-divisions/HK-MO-TW.json")
    assert table["rows"] == sum(len(items) for parts in places.values() for items in parts.values())


def test_the_universities_are_those_that_somebody_else_has_read(realdata: Path) -> None:
    folder = realdata / "chinese/schools"
    expected = json.loads((folder / "全国普通高等学校名单-2025.expected.json").read_bytes())
    (table,) = describe(folder / "全国普通高等学校名单-2025.xls")
    provinces = 31
    assert table["rows"] == len(expected) + provinces


def test_the_page_of_outcomes_is_what_the_command_would_write_now(realdata: Path) -> None:
    tool = load_tool()
    lines = tool.TARGET.read_text(encoding="utf-8")
    small = [path for path in tool.list_files(realdata) if not any(word in path.name for word in LARGE)]
    assert len(small) > 100
    for path in small:
        for line in tool.list_lines(path, realdata):
            assert f"| {' | '.join(line)} |\n" in lines, path


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_outcomes", CHECKOUT / "tools" / "make_outcomes.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool
