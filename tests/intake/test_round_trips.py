"""Any table written in any form, encoding and dialect is read back equal, over the whole way that uploads take."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.intake.opening import find_tables, open_table
from opendata.intake.understanding import read_choices
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table
from tests.selection import examples

SCHEMA_OF_TEXT = {"type": "string"}
WORDS: dict[str, str] = {
    "utf-8": "水库名称地区数据统计局关于二〇二六年度報告тест données 한국어データ",
    "gb18030": "水库名称地区数据统计局关于年度报告说明单位人民政府办公室发展改革委员会",
    "big5": "水庫名稱地區數據統計局關於年度報告說明單位人民政府辦公室發展委員會臺灣",
    "shift_jis": "これはデータの名称と地域です東京都統計局年度報告書についての説明",
    "euc_kr": "이것은데이터의이름과지역입니다서울특별시통계청연도보고서에대한설명",
    "cp1252": "données géographiques très précises à côté de la mairie où naît l'été",
}


@dataclass(frozen=True)
class Table:
    """Names, and rows of texts; an empty one is a missing value."""

    names: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def records(self) -> list[dict[str, str]]:
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


def tables(text: st.SearchStrategy[str], *, least: int = 1) -> st.SearchStrategy[Table]:
    """Tables whose first column numbers the rows, so that none is blank; no text has blanks around it."""

    def build(width: int) -> st.SearchStrategy[Table]:
        rows = st.lists(st.lists(text, min_size=width, max_size=width), min_size=least, max_size=12)
        names = tuple(f"列{number}" if number % 2 else f"col_{number}" for number in range(width + 1))
        return rows.map(lambda cells: Table(names, [(f"r{n}", *row) for n, row in enumerate(cells, 1)]))

    return st.integers(1, 4).flatmap(build)


def any_text(encoding: str) -> st.SearchStrategy[str]:
    """Anything that the encoding can write but control characters, with all that is special to a dialect."""
    codec = {"utf-8-sig": "utf-8", "utf-16": "utf-8"}.get(encoding, encoding)
    letters = st.characters(codec=codec, exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Co", "Cn"))
    special = st.sampled_from([",", ";", "\t", "|", '"', "'", "\n", "=", "#", "0", "中" if codec != "cp1252" else "é"])
    return st.text(st.one_of(letters, special), max_size=8).map(lambda text: text.strip().replace("\ufeff", ""))


def words(encoding: str) -> st.SearchStrategy[str]:
    """Ordinary words of the language that an encoding is for, long enough to be proof of it."""
    return st.lists(
        st.sampled_from(WORDS[encoding].split() if " " in WORDS[encoding] else _cut(WORDS[encoding])),
        min_size=1,
        max_size=3,
    ).map("".join)


def _cut(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text) - 3, 3)]


def read_back(data: bytes, name: str, choices: dict[str, Any] | None = None) -> Table:
    """The table as the engine publishes it: every column as text."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        path = folder / "upload"
        path.write_bytes(data)
        (found,) = find_tables(path, name, folder)
        opened = open_table(found, folder, choices=read_choices(choices))
        table = prepare_table(
            opened.path, folder, name="table", schema=None, dialect=opened.dialect, renames=opened.renames
        )
        if opened.fields is not None:
            schema = read_schema({"fields": [{"name": field["name"], **SCHEMA_OF_TEXT} for field in opened.fields]})
            table = prepare_table(opened.path, folder, name="table", schema=schema, dialect=opened.dialect)
        assert table.task.valid, [error["message"] for error in table.task.errors]
        with table.csv.open(encoding="utf-8", newline="") as file:
            names, *rows = csv.reader(file)
        return Table(tuple(names), [tuple(row) for row in rows])


def write_csv(table: Table, encoding: str, *, delimiter: str = ",", quote: str = '"', end: str = "\r\n") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quotechar=quote, lineterminator=end)
    writer.writerow(table.names)
    writer.writerows(table.rows)
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@given(st.data())
@settings(max_examples=examples(25))
def test_a_declared_dialect_is_read_to_the_letter(encoding: str, data: st.DataObject) -> None:
    table = data.draw(tables(any_text(encoding)))
    delimiter = data.draw(st.sampled_from(",;\t|"))
    quote = data.draw(st.sampled_from("\"'"))
    end = data.draw(st.sampled_from(["\r\n", "\n"]))
    codec = {"utf-16": "utf-16-le"}.get(encoding, encoding.removesuffix("-sig"))
    choices = {"encoding": codec, "dialect": {"delimiter": delimiter, "quoteChar": quote}, "exact": True}
    written = write_csv(table, encoding, delimiter=delimiter, quote=quote, end=end)
    assert read_back(written, "table.csv", choices) == table


@pytest.mark.parametrize("encoding", WORDS)
@given(st.data())
@settings(max_examples=examples(15))
def test_ordinary_text_is_read_without_a_word_about_it(encoding: str, data: st.DataObject) -> None:
    table = data.draw(tables(words(encoding), least=6))
    table = Table(tuple(f"c{number}" for number in range(len(table.names))), table.rows)
    delimiter = data.draw(st.sampled_from(",;\t|"))
    assert read_back(write_csv(table, encoding, delimiter=delimiter), "table.csv") == table


@given(tables(words("gb18030"), least=6), st.integers(0, 3), st.booleans(), st.sampled_from(["utf-8", "gb18030"]))
@settings(max_examples=examples(25))
def test_titles_above_and_notes_below_are_no_rows(table: Table, titles: int, notes: bool, encoding: str) -> None:
    above = "".join(f"数据库：分省年度数据之{number}\r\n" for number in range(titles)).encode(encoding)
    below = "注：数据为快报数，以年鉴为准。\r\n数据来源：示例统计局\r\n".encode(encoding) if notes else b""
    if len(table.names) < 3:
        table = Table((*table.names, "甲", "乙"), [(*row, "1", "2") for row in table.rows])
    assert read_back(above + write_csv(table, encoding) + below, "table.csv") == table


def write_workbook(table: Table, *, inline: bool) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": inline, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("data")
        for number, row in enumerate([table.names, *table.rows]):
            for column, text in enumerate(row):
                if text:
                    sheet.write_string(number, column, text)
    return target.getvalue()


def write_xml(table: Table) -> bytes:
    rows = "".join(
        "<row>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in record.items()) + "</row>"
        for record in table.records
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><rows>{rows}</rows>'.encode()


def write_html(table: Table) -> bytes:
    cells = [[escape(text).replace("\n", "<br>") for text in row] for row in table.rows]
    head = "".join(f"<th>{name}</th>" for name in table.names)
    body = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in cells)
    return f'<html><meta charset="utf-8"><table><tr>{head}</tr>{body}</table></html>'.encode()


def write_arrow(table: Table, *, stream: bool) -> bytes:
    columns = pa.table({name: [row[at] for row in table.rows] for at, name in enumerate(table.names)})
    target = io.BytesIO()
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(target, columns.schema) as writer:
        writer.write_table(columns)
    return target.getvalue()


def write_parquet(table: Table) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table({name: [row[at] for row in table.rows] for at, name in enumerate(table.names)}), target)
    return target.getvalue()


FORMS: dict[str, Callable[[Table], bytes]] = {
    "shared.xlsx": lambda table: write_workbook(table, inline=False),
    "inline.xlsx": lambda table: write_workbook(table, inline=True),
    "objects.json": lambda table: json.dumps(table.records, ensure_ascii=False).encode(),
    "escaped.json": lambda table: json.dumps(table.records).encode(),
    "wrapped.json": lambda table: json.dumps({"code": 200, "data": table.records}, ensure_ascii=False).encode(),
    "arrays.json": lambda table: json.dumps([table.names, *table.rows], ensure_ascii=False).encode(),
    "lines.jsonl": lambda table: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.records).encode(),
    "file.arrow": lambda table: write_arrow(table, stream=False),
    "stream.arrow": lambda table: write_arrow(table, stream=True),
    "table.parquet": write_parquet,
}


@pytest.mark.parametrize("name", FORMS)
@given(st.data())
@settings(max_examples=examples(20))
def test_any_text_comes_back_out_of_any_form(name: str, data: st.DataObject) -> None:
    table = data.draw(tables(any_text("utf-8"), least=2))
    choices = None if name.endswith((".json", ".jsonl", ".arrow", ".parquet")) else {"exact": True}
    assert read_back(FORMS[name](table), name, choices) == table


@pytest.mark.parametrize(("name", "write"), [("rows.xml", write_xml), ("page.xls", write_html)])
@given(table=tables(words("utf-8"), least=3))
@settings(max_examples=examples(20))
def test_ordinary_text_comes_back_out_of_markup(name: str, write: Callable[[Table], bytes], table: Table) -> None:
    assert read_back(write(table), name) == table


def pack_zip(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("目录/表.csv", data)
    return target.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "a.csv.gz": gzip.compress,
    "a.csv.bz2": bz2.compress,
    "a.csv.xz": lzma.compress,
    "a.csv.zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
    "a.zip": pack_zip,
}


@pytest.mark.parametrize("name", PACKED)
@given(table=tables(words("gb18030"), least=6))
@settings(max_examples=examples(10))
def test_packing_changes_nothing(name: str, table: Table) -> None:
    assert read_back(PACKED[name](write_csv(table, "gb18030")), name) == table
