"""How a file is written, as its descriptor declares it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opendata.errors import InvalidPackageError
from opendata.tables.text.decoding import read_rows
from opendata.tables.text.dialect import MAX_HEADER_ROW, Dialect, read_dialect


def test_a_descriptor_is_read_whole() -> None:
    descriptor = {
        "delimiter": ";",
        "quoteChar": "'",
        "doubleQuote": False,
        "escapeChar": "\\",
        "skipInitialSpace": True,
        "headerRows": [3, 2],
        "headerJoin": "-",
        "commentChar": "#",
        "commentRows": [1],
        "caseSensitiveHeader": True,
        "csvddfVersion": 1.2,
    }
    assert read_dialect(descriptor, encoding="GBK") == Dialect(
        encoding="gbk",
        delimiter=";",
        quote_char="'",
        double_quote=False,
        escape_char="\\",
        skip_initial_space=True,
        header_rows=(2, 3),
        header_join="-",
        comment_char="#",
        comment_rows=(1,),
    )


def test_nothing_declared_means_utf_8_with_a_header() -> None:
    assert read_dialect(None) == read_dialect({}) == Dialect()
    assert read_dialect({"header": False}).header_rows == ()


def test_the_csv_options_of_frictionless_count() -> None:
    assert read_dialect({"csv": {"delimiter": "\t"}}).delimiter == "\t"


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "utf-8-sig", "ascii", "us-ascii", None])
def test_the_names_of_utf_8_are_one(name: str | None) -> None:
    assert read_dialect({}, encoding=name).encoding == "utf-8"


@pytest.mark.parametrize(
    "name", ["nonsense", "base64", "hex", "rot13", "undefined", "idna", "unicode_escape", "utf-7", "utf-8\0", "\ud800"]
)
def test_what_is_no_encoding_of_text_files_is_refused(name: str) -> None:
    with pytest.raises(InvalidPackageError, match="character encoding"):
        read_dialect({}, encoding=name)


@pytest.mark.parametrize(
    "descriptor",
    [
        {"delimiter": ""},
        {"delimiter": "::"},
        {"delimiter": "\n"},
        {"delimiter": "\0"},
        {"delimiter": 5},
        {"quoteChar": "''"},
        {"escapeChar": ["\\"]},
        {"delimiter": '"'},
        {"delimiter": ";", "escapeChar": ";"},
        {"escapeChar": '"'},
        {"commentChar": 5},
        {"headerRows": 1},
        {"headerRows": [0]},
        {"headerRows": ["1"]},
        {"headerRows": [True]},
        {"headerRows": [MAX_HEADER_ROW + 1]},
        {"commentRows": [-1]},
    ],
)
def test_options_no_reader_can_follow_are_refused(descriptor: dict[str, Any]) -> None:
    with pytest.raises(InvalidPackageError):
        read_dialect(descriptor)


def test_the_rows_are_split_as_declared(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a; 'b;''c'\n", encoding="utf-8")
    dialect = read_dialect({"delimiter": ";", "quoteChar": "'", "skipInitialSpace": True})
    assert list(read_rows(path, dialect)) == [["a", "b;'c"]]
