"""Bytes become the very rows that were written, and damage is named with its place."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opendata.tables.limits import MAX_FIELDS
from opendata.tables.text import decoding
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect

ALPHABET = st.one_of(
    st.sampled_from("\",;|\t\r\n \\'#a1é中🀄\ufeff\u2028\x0b\x85"),
    st.characters(codec="utf-8", exclude_characters="\0"),
)
CELLS = st.one_of(st.sampled_from(["", "\r\n", "\n", "\r", '"', '""', "中", "中\r\n文"]), st.text(ALPHABET, max_size=8))
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6)
DIALECTS = st.builds(
    Dialect,
    delimiter=st.sampled_from(",;\t|en:"),
    quote_char=st.sampled_from("\"'"),
    skip_initial_space=st.booleans(),
    encoding=st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)

pytestmark = pytest.mark.usefixtures("_restored_cell_limit")


@pytest.fixture
def _restored_cell_limit() -> Iterator[None]:
    limit = csv.field_size_limit()
    yield
    csv.field_size_limit(limit)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[list[str]]]:
    def read(content: bytes, dialect: Dialect = Dialect(), **options: object) -> list[list[str]]:  # noqa: B008
        path = tmp_path / "table.csv"
        path.write_bytes(content)
        return list(read_rows(path, dialect, **options))  # type: ignore[arg-type]

    return read


@pytest.fixture
def fault_of(read: Callable[..., list[list[str]]]) -> Callable[..., DecodingFault]:
    def fault_of(content: bytes, dialect: Dialect = Dialect()) -> DecodingFault:  # noqa: B008
        with pytest.raises(DecodingFault) as caught:
            read(content, dialect)
        return caught.value

    return fault_of


def write(rows: Sequence[Sequence[str]], dialect: Dialect, *, line_end: str = "\r\n") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote_char,
        lineterminator=line_end,
        # Python leaves CR and LF bare where they do not end a line, and a blank where it would be skipped.
        quoting=csv.QUOTE_ALL if dialect.skip_initial_space or line_end != "\r\n" else csv.QUOTE_MINIMAL,
    )
    writer.writerows(rows)
    return text.getvalue().encode(dialect.encoding)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=TABLES, dialect=DIALECTS, chunk=st.integers(1, 9), line_end=st.sampled_from(["\r\n", "\n", "\r"]))
@example(rows=[["中\r\n"], ["\r"]], dialect=Dialect(delimiter=","), chunk=1, line_end="\r\n")
def test_what_python_writes_is_read_back_equal_wherever_the_chunks_end(
    rows: list[list[str]],
    dialect: Dialect,
    chunk: int,
    line_end: str,
    read: Callable[..., list[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if rows[0][0].startswith("\ufeff"):  # at the start of a file it is a mark, not text
        rows[0][0] = ""
    monkeypatch.setattr(decoding, "CHUNK_BYTES", chunk)
    assert read(write(rows, dialect, line_end=line_end), dialect) == rows


@given(rows=TABLES, chunk=st.integers(1, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_escaped_characters_are_read_back_without_quotes(
    rows: list[list[str]], chunk: int, read: Callable[..., list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [[cell.replace("\r", "").replace("\n", "").replace("\ufeff", "") or "x" for cell in row] for row in rows]
    monkeypatch.setattr(decoding, "CHUNK_BYTES", chunk)
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_NONE, escapechar="\\", quotechar=None, lineterminator="\n").writerows(rows)
    dialect = Dialect(delimiter=",", quote_char=None, escape_char="\\")
    assert read(text.getvalue().encode(), dialect) == rows


@pytest.mark.parametrize("chunk", [1, 2, 1 << 20])
def test_a_byte_order_mark_is_no_text(
    chunk: int, read: Callable[..., list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "CHUNK_BYTES", chunk)
    assert read(b'\xef\xbb\xbf"a",b\n\xef\xbb\xbf1,2\n') == [["a", "b"], ["\ufeff1", "2"]]


def test_the_last_line_needs_no_end(read: Callable[..., list[list[str]]]) -> None:
    assert read(b"a,b\n1,2") == read(b"a,b\n1,2\n") == read(b"a,b\r1,2\r") == [["a", "b"], ["1", "2"]]


def test_blank_lines_are_records_without_cells(read: Callable[..., list[list[str]]]) -> None:
    assert read(b"a\n\n1\n") == [["a"], [], ["1"]]


def test_an_empty_file_has_no_rows(read: Callable[..., list[list[str]]]) -> None:
    assert read(b"") == []
    assert read(b"\xef\xbb\xbf") == []


def test_the_bytes_read_are_told_to_the_last(
    read: Callable[..., list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "CHUNK_BYTES", 4)
    heard: list[int] = []
    read(b"a,b\n1,2\n3", on_bytes=heard.append)
    assert heard == [4, 8, 9]


@pytest.mark.parametrize("chunk", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("content", "row"),
    [
        (b"\0a\n", 1),
        (b"a,b\n1,\x002\n", 2),
        (b"a,b\n\x001,2\n", 2),
        (b'a,b\n1,"x\ny\r\nz"\n2,\0\n', 3),
        (b'a,b\n1,"x\ny\0z"\n2,3\n', 2),
        (b"a\r1\r\x002\r", 3),
        (b"a\n1\n2\0", 3),
    ],
)
def test_a_nul_byte_is_named_with_its_row(
    chunk: int,
    content: bytes,
    row: int,
    fault_of: Callable[..., DecodingFault],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoding, "CHUNK_BYTES", chunk)
    fault = fault_of(content)
    assert (fault.problem.type, fault.row) == ("nul-byte", row)
    assert fault.problem.params == {"row": row}


@pytest.mark.parametrize("chunk", [1, 1 << 20])
@pytest.mark.parametrize(
    ("content", "row"),
    [
        (b'"a,b\n1,2\n3,4\n', 1),
        (b'a,b\n"1,2\n3,4\n', 2),
        (b'a,b\n"1\n1",2\n3,"4\n', 3),
        (b'a,b\n3,"4', 2),
        (b'a,b\n3,"', 2),
        (b'a,b\n3,4\n"', 3),
        (b'a,b\n3,"4""\n', 2),
    ],
)
def test_a_quote_never_closed_is_named_with_the_row_where_it_opens(
    chunk: int,
    content: bytes,
    row: int,
    fault_of: Callable[..., DecodingFault],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoding, "CHUNK_BYTES", chunk)
    fault = fault_of(content)
    assert (fault.problem.type, fault.row) == ("unclosed-quote", row)
    assert fault.problem.params == {"row": row}


def test_rows_before_the_damage_are_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"a\n1\n2\n\xff\n")
    rows = read_rows(path, Dialect())
    assert list(itertools.islice(rows, 3)) == [["a"], ["1"], ["2"]]
    with pytest.raises(DecodingFault):
        next(rows)


@given(text=st.text(ALPHABET, max_size=30), chunk=st.integers(1, 7), after=st.binary(max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_of_another_encoding_are_named_with_their_offset_and_line(
    text: str, chunk: int, after: bytes, fault_of: Callable[..., DecodingFault], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = text.replace('"', "").replace("\ufeff", "")
    monkeypatch.setattr(decoding, "CHUNK_BYTES", chunk)
    good = text.encode()
    fault = fault_of(good + b"\xff" + after)
    lines = len((text + "x").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert fault.problem.type == "encoding-error"
    params = fault.problem.params
    assert (params["line"], params["byte"], params["encoding"]) == (lines, len(good) + 1, "UTF-8")


def test_the_row_of_bytes_of_another_encoding_counts_records_and_the_line_counts_lines(
    fault_of: Callable[..., DecodingFault],
) -> None:
    fault = fault_of(b'a,b\n"1\n1",2\n3,\xff\n')
    assert fault.row == 3
    assert (fault.problem.params["line"], fault.problem.params["byte"]) == (4, 15)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "shift_jis"])
@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_a_character_cut_off_by_the_end_of_the_file_is_named(
    encoding: str, chunk: int, fault_of: Callable[..., DecodingFault], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "CHUNK_BYTES", chunk)
    good = "市,b\n中,".encode(encoding)
    fault = fault_of(good + "文".encode(encoding)[:-1], Dialect(encoding=encoding))
    assert (fault.problem.type, fault.row) == ("encoding-error", 2)
    assert (fault.problem.params["line"], fault.problem.params["byte"]) == (2, len(good) + 1)


def test_a_chinese_file_not_in_utf_8_is_told_what_it_looks_like(fault_of: Callable[..., DecodingFault]) -> None:
    text = "名称,值\n北京,1\n"
    assert fault_of(text.encode("gb18030")).problem.params["guess"] == "GB18030 / GBK"
    assert fault_of(text.encode("utf-16")).problem.params["guess"] == "UTF-16"
    assert fault_of(b"a\n\xff\xff\xff\n").problem.code == "encoding-error"


def test_utf_16_without_its_mark_is_an_encoding_error(fault_of: Callable[..., DecodingFault]) -> None:
    fault = fault_of("a,b\n".encode("utf-16-le"), Dialect(encoding="utf-16"))
    assert (fault.problem.type, fault.row) == ("encoding-error", 1)


def test_a_cell_beyond_the_limit_ends_the_reading_with_its_row(
    fault_of: Callable[..., DecodingFault], read: Callable[..., list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MAX_CELL_CHARACTERS", 10)
    assert read(b"a\n" + b"x" * 10 + b"\n") == [["a"], ["x" * 10]]
    fault = fault_of(b'a\n1\n"' + b"x" * 11 + b"\n2\n")
    assert (fault.problem.type, fault.row) == ("source-error", 3)
    assert (fault.problem.code, fault.problem.params) == ("cell-too-long", {"row": 3, "limit": 10})


def test_two_files_read_at_the_same_time_keep_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    csv.field_size_limit(5)
    monkeypatch.setattr(decoding, "CHUNK_BYTES", 8)
    short, long = tmp_path / "short.csv", tmp_path / "long.csv"
    short.write_bytes(b"a\n1\n")
    long.write_bytes(b"a\n1\n" + b"x" * 100 + b"\n")
    first, second = read_rows(short, Dialect()), read_rows(long, Dialect())
    next(first), next(second)
    assert list(first) == [["1"]]
    assert list(second) == [["1"], ["x" * 100]]


def test_a_line_beyond_the_limit_ends_the_reading_before_it_fills_the_memory(
    fault_of: Callable[..., DecodingFault], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MAX_LINE_CHARACTERS", 20)
    monkeypatch.setattr(decoding, "CHUNK_BYTES", 8)
    fault = fault_of(b"a\n" + b"x" * 1000)
    assert (fault.problem.type, fault.row) == ("source-error", 2)
    assert (fault.problem.code, fault.problem.params) == ("line-too-long", {"row": 2, "limit": 20})


def test_more_cells_than_a_table_may_have_columns_end_the_reading(fault_of: Callable[..., DecodingFault]) -> None:
    fault = fault_of(b"a\n" + b"," * MAX_FIELDS + b"\n")
    assert (fault.problem.type, fault.row) == ("source-error", 2)
    assert fault.problem.params == {"row": 2, "count": MAX_FIELDS + 1, "limit": MAX_FIELDS}


def test_any_delimiter_ends_the_file_cleanly(read: Callable[..., list[list[str]]]) -> None:
    for delimiter in "end0":
        assert read(f"a{delimiter}b\n".encode(), replace(Dialect(), delimiter=delimiter)) == [["a", "b"]]
