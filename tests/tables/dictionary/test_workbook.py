"""A schema as a workbook comes back unchanged; what a clerk fills in becomes a schema, and faults name their cells."""

from __future__ import annotations

import io
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings

from opendata.errors import InvalidSchemaError, UnreadableFileError, UnsupportedFormatError
from opendata.intake.schema_workbook import list_worksheets
from opendata.intake.workbook.workbooks import Book
from opendata.tables.dictionary.properties import is_same
from opendata.tables.dictionary.workbook import read_dictionary, write_dictionary
from opendata.wording.schemas.dictionary import MATCHES
from opendata.wording.voice import voice_of
from tests.selection import examples
from tests.tables.dictionary.test_cells import SCHEMAS

FIELDS: list[dict[str, Any]] = [
    {
        "name": "sex",
        "title": "性别",
        "type": "string",
        "categories": [{"value": "1", "label": "男"}, {"value": "2", "label": "女"}],
        "opendata": {"aliases": ["gender", "sex code"], "i18n": {"en": {"title": "Sex"}}, "zone": "?"},
    },
    {
        "name": "n",
        "type": "integer",
        "constraints": {"required": True, "minimum": 0, "enum": [1, 2]},
        "missingValues": ["", "-"],
    },
]
SCHEMA: dict[str, Any] = {
    "title": "人口",
    "fields": FIELDS,
    "primaryKey": ["n"],
    "fieldsMatch": "subset",
    "uniqueKeys": [["sex"]],
}


def write(path: Path, schema: dict[str, Any], language: str) -> Path:
    with path.open("w+b") as out:
        write_dictionary(schema, out, voice_of(language), ["en"])
    return path


def read(path: Path) -> Any:
    with closing(Book(path, "xlsx")) as book:
        sheets = [(info.name, [list(row) for row in book.open(info.place or "").rows]) for info in book.sheets]
    return read_dictionary(sheets, ["en"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_schema_of_many_features_comes_back_unchanged(tmp_path: Path, language: str) -> None:
    assert is_same(read(write(tmp_path / "schema.xlsx", SCHEMA, language)), SCHEMA)


@pytest.mark.slow
@given(schema=SCHEMAS)
@settings(deadline=None, max_examples=examples(100))
def test_a_schema_comes_back_from_a_workbook_unchanged(
    tmp_path_factory: pytest.TempPathFactory, schema: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("book") / "schema.xlsx"
    if schema.get("fieldsMatch") not in MATCHES:  # the workbook offers a choice of these
        schema.pop("fieldsMatch", None)
    for language in ("zh", "en"):
        assert is_same(read(write(path, schema, language)), schema)


def test_other_programs_see_lists_to_choose_from_and_no_json(tmp_path: Path) -> None:
    path = write(tmp_path / "schema.xlsx", SCHEMA, "zh")
    book = openpyxl.load_workbook(path)
    columns, table, helps = book.worksheets
    heads = [cell.value for cell in columns[1]]
    assert heads[:4] == ["标题", "名称", "类型", "必须填写"]
    assert [cell.value for cell in columns[2]][:3] == ["性别", "sex", "文本"]
    assert columns.column_dimensions["U"].hidden is True
    assert columns["U1"].value == "其他属性（JSON）"
    offered = {str(item.sqref): item.formula1 for item in columns.data_validations.dataValidation}
    sheet, _, place = offered["C2:C10000"].partition("!")
    assert sheet.strip("'") == helps.title
    assert "整数" in [cell[0].value for cell in helps[place.replace("$", "")]]
    assert table["B4"].value == "文件有这些列，也可以有其他列"


@pytest.mark.slow
def test_a_workbook_filled_in_by_hand_is_read_in_its_own_process(tmp_path: Path) -> None:
    path = write(tmp_path / "schema.xlsx", {"fields": []}, "en")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row, texts in enumerate([("Level", "level", "Number", "Yes", "yes"), (), ("日期", "day", "日期", "是", "")], 2):
        for column, text in enumerate(texts, 1):
            sheet.cell(row, column).value = text
    sheet["K2"] = 0
    book.save(path)
    assert read_dictionary(list_worksheets(path), ["en"]) == {
        "fields": [
            {"name": "level", "title": "Level", "type": "number", "constraints": {"required": True, "minimum": 0}},
            {"name": "day", "title": "日期", "type": "date", "constraints": {"required": True}},
        ],
        "primaryKey": ["level"],
    }


def test_what_is_wrong_is_said_with_its_cell(tmp_path: Path) -> None:
    path = write(tmp_path / "schema.xlsx", SCHEMA, "en")
    book = openpyxl.load_workbook(path)
    columns, table, _ = book.worksheets
    columns["C2"], columns["D3"], columns["U3"], columns["V1"] = "wholes", "maybe", "{", "Remark"
    table["B4"] = "any"
    book.save(path)
    with pytest.raises(InvalidSchemaError) as caught:
        read(path)
    assert [item.pointer for item in caught.value.faults] == [
        "Columns!V1",
        "Columns!C2",
        "Columns!D3",
        "The table as a whole!B4",
        "Columns!U3",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"name,type\na,b\n", UnsupportedFormatError),
        (b"PK\x03\x04 no workbook", (UnsupportedFormatError, UnreadableFileError)),
    ],
)
def test_another_file_is_refused(tmp_path: Path, data: bytes, error: type[Exception]) -> None:
    (tmp_path / "schema.xlsx").write_bytes(data)
    with pytest.raises(error):
        list_worksheets(tmp_path / "schema.xlsx")


def test_a_workbook_of_something_else_is_no_schema() -> None:
    with pytest.raises(InvalidSchemaError):
        read_dictionary([("Sheet1", [["a", "b"], ["1", "2"]])])


def test_equal_schemas_make_equal_workbooks() -> None:
    books = [io.BytesIO(), io.BytesIO()]
    for out in books:
        write_dictionary(SCHEMA, out, voice_of("zh"))
    assert books[0].getvalue() == books[1].getvalue()
    assert zipfile.ZipFile(books[0]).testzip() is None
