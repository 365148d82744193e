"""Reported files with texts and rows that no rule forbids: told, and repaired where that is exact."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opendata.domain.recipes import REPAIR, Recipe, Step
from opendata.services.packages.validation import check_file
from opendata.tables.report.findings import iterate_findings
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import PreparedTable, prepare_table
from opendata.wording.findings import say_warning
from opendata.wording.voice import voice_of
from tests.reported.test_encodings import prepare


def check(content: str, repairs: Mapping[str, str] | None = None, **types: str) -> PreparedTable:
    """Check a file; its columns are text but for those that have a type. `repairs` are accepted: field → kind."""
    folder = Path(tempfile.mkdtemp())
    source = folder / "source.csv"
    source.write_text(content, encoding="utf-8", newline="")
    names = content.split("\n")[0].split(",")
    fields = [{"name": name, "type": types.get(name, "string")} for name in names]
    recipe = Recipe(tuple(Step(REPAIR, name, {"kind": kind}) for name, kind in (repairs or {}).items()))
    return prepare_table(source, folder, name="t", schema=read_schema({"fields": fields}), recipe=recipe)


def told(table: PreparedTable) -> list[tuple[str, int | None, str | None]]:
    return [(found.problem.code, found.place.row, found.place.field) for found in table.task.remarks]


def proposed(table: PreparedTable) -> dict[str, list[tuple[str, Any]]]:
    return {
        found["kind"]: [(item["before"], item["after"]) for item in found["examples"]] for found in table.task.repairs
    }


def test_a_header_within_the_table_is_told_and_left_out(realdata: Path) -> None:
    content = (realdata / "reported" / "53-header-repeated.csv").read_text("utf-8")
    found = check(content)
    assert told(found) == [("repeated-header", 4, "code")]
    assert proposed(found) == {"repeated-header": [("code", None)]}
    mended = check(content, {"code": "repeated-header"}, v="integer")
    assert mended.csv.read_text("utf-8") == "code,name,v\n001,甲,1\n002,乙,2\n003,丙,3\n"
    assert mended.rows == 3
    assert mended.task.repaired == [{"fieldName": "code", "kind": "repeated-header", "count": 1}]


def test_a_byte_order_mark_within_the_table_is_told_and_removed(realdata: Path) -> None:
    content = (realdata / "reported" / "10-bom-middle.csv").read_text("utf-8-sig")
    found = check(content)
    assert told(found) == [("inner-mark", 4, "code"), ("repeated-header", 4, "code")]
    mended = check(content, {"code": "repeated-header"})
    assert mended.csv.read_text("utf-8") == "code,name\n001,甲\n002,乙\n003,丙\n"
    headless = check("code,name\n001,甲\n\ufeff003,丙\n", {"code": "byte-order-mark"})
    assert headless.csv.read_text("utf-8") == "code,name\n001,甲\n003,丙\n"


def test_rows_left_out_leave_the_numbers_of_the_others() -> None:
    rows = "".join(f"{number},{'x' * 50}\n" for number in range(2, 100_000))  # more than one block
    content = f"n,name\n{rows}n,name\nbad,y\n合计,z\nworse,y\n"
    found = check(content, {"n": "repeated-header", "name": "missing-mark"}, n="integer")
    assert [(error["rowNumber"], error["cell"]) for error in found.task.errors] == [
        (100_001, "bad"),
        (100_002, "合计"),
        (100_003, "worse"),
    ]


def test_texts_in_formulas_are_told_and_unwrapped(realdata: Path) -> None:
    content = (realdata / "reported" / "07-equals-quote.csv").read_text("utf-8")
    found = check(content)
    assert told(found) == [("formula-text", 2, "code"), ("formula-text", 3, "code")]
    assert proposed(found) == {"formula-text": [('="00123"', "00123"), ('="00456"', "00456")]}
    mended = check(content, {"code": "formula-text"})
    assert mended.csv.read_text("utf-8") == "code,name,n\n00123,甲,1\n00456,乙,2\n"
    assert told(mended) == []
    assert proposed(check('a,n\nx,"=""5"""\n', n="integer")) == {"formula-text": [('="5"', "5")]}


def test_tabs_beside_numbers_are_told_and_removed(realdata: Path) -> None:
    content = (realdata / "reported" / "06-tab-long-numbers.csv").read_text("utf-8")
    found = check(content)
    assert {code for code, _, _ in told(found)} == {"stray-tab"}
    mended = check(content, dict.fromkeys(["统一社会信用代码", "身份证号"], "stray-tab"))
    assert "\t" not in mended.csv.read_text("utf-8")
    assert "420106199001011234\n" in mended.csv.read_text("utf-8")


def test_digits_that_a_spreadsheet_lost_are_a_warning_without_repair(realdata: Path) -> None:
    found = check((realdata / "reported" / "09-sci-id.csv").read_text("utf-8"))
    assert told(found) == [("lost-digits", row, "身份证号") for row in (2, 3, 4)]
    assert proposed(found) == {}
    assert not told(check("a,b\nE+1,1.5e-3\n2E5,x\n"))


def test_totals_are_told_and_left_out_by_what_they_say(realdata: Path) -> None:
    content = (realdata / "reported" / "53b-total-row.csv").read_text("utf-8")
    found = check(content, 产值="integer")
    assert told(found) == [("total-row", 4, "地区")]
    assert proposed(found) == {"total-row": [("合计", None)]}
    stored = [(item["row"], item["code"], item["cell"]) for item in iterate_findings(found.findings)]
    assert stored == [(4, "total-row", "合计")]
    mended = check(content, {"地区": "total-row"}, 产值="integer")
    assert mended.csv.read_text("utf-8") == "地区,产值\n北京,10\n天津,20\n"
    longer = content.replace("合计", "上海,5\n总计")  # the next file has it in another row
    assert check(longer, {"地区": "total-row"}).rows == 3
    for first in ("Total", "合 计", "全市合计"):
        assert told(check(f"a,n\n{first},3\nb,1\nc,2\n")) == [("total-row", 2, "a")]


@pytest.mark.parametrize("text", ["北\ufffd\ufffd", "锟斤拷锟", "烫烫烫", "CafÃ©", "itâ€™s", "Â°C", "ï»¿a", "åŒ—äº¬"])
def test_text_that_was_broken_before_is_told(text: str) -> None:
    assert told(check(f"id,name\n1,{text}\n2,上海\n")) == [("broken-text", 2, "name")]


def test_the_reported_file_of_broken_text_is_told(realdata: Path) -> None:
    found = check((realdata / "reported" / "d7-u+fffd.csv").read_text("utf-8"))
    assert told(found) == [("broken-text", 2, "名称")]


def test_what_only_looks_odd_is_not_told() -> None:
    plain = "id,name\n1,São Paulo\n2,MÃO\n3,=1+1\n4,a=b\n5,烫烫\n6,€5 – “x”\n7,code\n8,总计划\n9,北京，上海\n10,x\ty\n"
    assert told(check(plain)) == []


def test_an_odd_text_in_a_quoted_or_ragged_block_is_told() -> None:
    assert told(check('id,name\n1,"a\n\ufffd"\n2,x\n'))[0][:2] == ("broken-text", 2)


# --- separators


def test_a_full_width_comma_separates(realdata: Path, tmp_path: Path) -> None:
    opened, table = prepare(realdata / "reported" / "21-fullwidth.csv", tmp_path)
    assert opened.understanding.dialect["delimiter"] == "，"
    assert table.csv.read_text("utf-8").splitlines()[0] == "编号,名称,数量"
    assert (table.task.valid, table.rows) == (True, 2)


def test_a_line_that_names_the_separator_is_none_of_the_table(realdata: Path, tmp_path: Path) -> None:
    _, table = prepare(realdata / "reported" / "08b-sep-line-utf16.csv", tmp_path)
    assert table.csv.read_text("utf-8") == "code,name\n001,甲\n"
    for number, mark in enumerate([";", "|", "\t", ",", "^"]):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"sep={mark}\r\ncode{mark}name\r\n001{mark}x\r\n002{mark}y\r\n", newline="")
        folder = tmp_path / str(number)
        folder.mkdir()
        _, table = prepare(path, folder)
        assert table.csv.read_text("utf-8") == "code,name\n001,x\n002,y\n"


# --- no header


@pytest.mark.parametrize(("name", "rows"), [("c5b-headerless-mixed.csv", 28), ("60b-all-numeric-no-header.csv", 3)])
def test_a_file_without_header_is_asked_about_and_loses_no_row(
    realdata: Path, tmp_path: Path, name: str, rows: int
) -> None:
    opened, table = prepare(realdata / "reported" / name, tmp_path)
    assert table.rows == rows
    (question,) = [item for item in opened.understanding.decisions if item.asks]
    assert (question.rule, question.sure < 0.9) == ("header", True)


@pytest.mark.parametrize(
    ("content", "is_headless"),
    [
        ("2024-01-01,a\n2024-01-02,b\n", True),
        ("A001,北京\nA002,上海\nA003,天津\n", True),
        ("13.5,14.5\n", True),
        ("地区,2019,2020\n北京,1,2\n上海,3,4\n", False),
        ("地区,2024-01-01,2024-01-02\n北京,1,2\n上海,3,4\n", False),
        ("13812345678,35\n13912345678,40\n", True),
        ("地区,1,2,3\n北京,10,20,30\n上海,40,50,60\n", False),
        ("code,name\n001,甲\n002,乙\n", False),
        ("名称,城市\n甲,北京\n乙,上海\n", False),
    ],
)
def test_a_first_row_like_the_others_is_asked_about(tmp_path: Path, content: str, is_headless: bool) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    opened, _ = prepare(path, tmp_path)
    assert any(item.asks for item in opened.understanding.decisions) is is_headless
    assert (opened.understanding.layout.header_rows == ()) is is_headless


def test_an_open_question_is_a_warning_of_the_report(realdata: Path) -> None:
    report = check_file(realdata / "reported" / "60b-all-numeric-no-header.csv")
    (warning,) = report["tasks"][0]["warnings"]
    assert "Row 1 looks like the rows below it" in warning
    (found,) = report["tasks"][0]["opendata"]["warnings"]
    assert "Row 1" in say_warning(voice_of("en"), found["code"], found["params"])
