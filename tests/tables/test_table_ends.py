"""A table that ends before its file does is read to that byte, whatever the encoding and whichever way it is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opendata.tables.table import prepare_table
from opendata.tables.text.dialect import Dialect

pytestmark = pytest.mark.usefixtures("table_pass")

ROWS = 400
TABLE = "地区,数值,说明\n" + "".join(f"第{n}区,{n},说明文字\n" for n in range(ROWS))
NOTES = '"注：按照统计制度要求，\n分两行"\n数据来源：示例局\n'


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "shift_jis", "euc_kr"])
@pytest.mark.parametrize("odd", ["", '区 "甲"', "逗,号"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("titles", [0, 3])
def test_no_row_before_the_footnotes_is_lost(tmp_path: Path, encoding: str, odd: str, quote: str, titles: int) -> None:
    text = (
        "".join(["数据\n"] * titles)
        + TABLE
        + (f'第x区,1,"{odd.replace(chr(34), chr(34) * 2)}"\n' if odd and quote == '"' else "")
    )
    if encoding in ("shift_jis", "euc_kr", "big5"):
        text, notes = text.replace("说明文字", "文字").replace("说明", "b").replace("数值", "c"), "note\nnote\n"
        text = (
            text.replace("区", "b")
            .replace("号", "d")
            .replace("逗", "e")
            .replace("甲", "f")
            .replace("地", "a")
            .replace("数据", "d")
        )
    else:
        notes = NOTES
    data = text.encode(encoding)
    path = tmp_path / "table.csv"
    path.write_bytes(data + notes.encode(encoding))
    dialect = replace(Dialect(encoding=encoding, delimiter=","), table_bytes=len(data), quote_char=quote)
    dialect = replace(dialect, header_rows=(titles + 1,))
    table = prepare_table(path, tmp_path, name="table", schema=None, dialect=dialect)
    assert table.task.valid, table.task.errors
    assert table.rows == text.count("\n") - 1 - titles
