"""How a file is written: what the descriptor declares wins, and an undeclared delimiter is found in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opendata.errors import InvalidPackageError
from opendata.tables.text.decoding import read_rows
from opendata.tables.text.dialect import DELIMITERS, MAX_HEADER_ROW, Dialect, read_dialect, settle_dialect


def settle(folder: Path, content: str, dialect: Dialect | None = None) -> str | None:
    path = folder / "table.csv"
    path.write_text(content, encoding=(dialect or Dialect()).encoding, newline="")
    return settle_dialect(path, dialect or Dialect()).delimiter


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_each_usual_delimiter_is_found(delimiter: str, tmp_path: Path) -> None:
    lines = ["name|x|value".replace("|", delimiter), *("a, b|c|1".replace("|", delimiter) for _ in range(3))]
    if delimiter == ",":
        lines = ["name,value", *('"a;b|c\td",1' for _ in range(3))]
    assert settle(tmp_path, "\n".join(lines)) == delimiter


@pytest.mark.parametrize("name", ["doacoes-entrada.csv", "doacoes-saida.csv"])
def test_semicolons_are_found_beside_decimal_commas(name: str, realdata: Path) -> None:
    path = realdata / "datapackages" / "doacoes-covid-19-mg" / "data" / name
    assert settle_dialect(path, Dialect()).delimiter == ";"


def test_the_declared_delimiter_wins(tmp_path: Path) -> None:
    assert settle(tmp_path, "a;b\n1;2\n", read_dialect({"delimiter": ","})) == ","


@pytest.mark.parametrize("content", ["", "name\nx\ny\n", "name\na,b;c\nd|e\n", "\ufeffname\nx\n"])
def test_a_file_of_one_column_or_none_has_a_comma(content: str, tmp_path: Path) -> None:
    assert settle(tmp_path, content) == ","


def test_the_delimiter_is_found_below_the_rows_before_the_header(tmp_path: Path) -> None:
    content = "Title, with a comma\nUnit: yuan\na;b;c\n1;2;3\n4;5;6\n"
    assert settle(tmp_path, content, Dialect(header_rows=(3,))) == ";"


def test_the_delimiter_is_found_without_quotes(tmp_path: Path) -> None:
    assert settle(tmp_path, 'a;b\n5" disk;2\n', read_dialect({"quoteChar": None})) == ";"


def test_the_delimiter_is_found_in_the_declared_encoding(tmp_path: Path) -> None:
    assert settle(tmp_path, "名称;值\n北京;1,5\n", Dialect(encoding="gb18030")) == ";"
    assert settle(tmp_path, "名称;值\n北京;1,5\n", Dialect(encoding="utf-16")) == ";"


def test_the_line_cut_off_at_the_end_of_the_sample_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"a,x;b\n1;2\n1,{'中' * 60_000};2\n", encoding="utf-8")
    assert settle_dialect(path, Dialect()).delimiter == ";"


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
