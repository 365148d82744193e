"""Whole columns are judged as their cells are one by one, however the file is cut; what is fast is never otherwise."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.domain.schema import TableSchema
from opendata.tables.arrow.shapes import Matcher, find_classes
from opendata.tables.check import uniqueness
from opendata.tables.check.cells import CellRule
from opendata.tables.check.column_notes import NeedsZoneError
from opendata.tables.check.columns import ColumnScreen
from opendata.tables.check.uniqueness import KeyWatch
from opendata.tables.check.validation import TableReader
from opendata.tables.schema.engine import compile_pattern, translate_pattern
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
from opendata.tables.text import splitting
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.splitting import NeedsCareError, Source, split_block, split_rows
from opendata.tables.types.casting import build_column
from opendata.tables.types.registry import arrow_type, write_text
from tests.selection import examples

TYPES = ("string", "any", "integer", "number", "boolean", "date", "datetime", "year", "yearmonth", "time")
FIELDS: list[dict[str, Any]] = [
    *({"type": kind} for kind in TYPES),
    *({"type": kind, "constraints": {"required": True}} for kind in TYPES),
    *({"type": kind, "missingValues": nulls} for kind in TYPES for nulls in ([], ["NA"])),
    *({"type": kind, "missingValues": ["-9"], "constraints": {"required": True}} for kind in TYPES),
    {"type": "string", "constraints": {"required": True}, "opendata": {"trim": False}},
    {"type": "string", "constraints": {"required": True, "pattern": "a|b+", "maxLength": 3}},
    {"type": "string", "constraints": {"enum": ["a", "b", ""], "minLength": 1}},
    {"type": "string", "constraints": {"minLength": 2, "maxLength": 2}},
    {"type": "string", "constraints": {"pattern": "[A-Z]{2}[0-9]{2}|[0-9]+"}},
    {"type": "string", "constraints": {"pattern": "[^0-9]*"}},
    {"type": "string", "constraints": {"pattern": "x"}, "opendata": {"strengths": {"pattern": "warning"}}},
    {"type": "string", "format": "email"},
    {"type": "string", "format": "uri"},
    {"type": "string", "categories": ["a", "0", "NA"]},
    {"type": "integer", "missingValues": ["-9", "0", ""]},
    {"type": "integer", "categories": [{"value": 0, "label": "x"}, {"value": 7, "label": "y"}]},
    {"type": "integer", "constraints": {"minimum": 0, "maximum": 10, "enum": [0, 1, 2, 3]}},
    {"type": "integer", "constraints": {"enum": ["0", "007", "-1"]}},
    {"type": "integer", "constraints": {"exclusiveMinimum": 0, "exclusiveMaximum": "7"}},
    {"type": "integer", "constraints": {"minimum": -(2**63), "exclusiveMaximum": 2**63}},
    {"type": "integer", "bareNumber": False},
    {"type": "integer", "groupChar": ","},
    {"type": "number", "missingValues": ["-9", "0", "1.50", "NaN", "-0.0"]},
    {"type": "number", "constraints": {"minimum": 0, "exclusiveMaximum": 1.5}},
    *({"type": "number", "constraints": {name: 0.1}} for name in ("minimum", "maximum", "exclusiveMinimum")),
    {"type": "number", "constraints": {"exclusiveMaximum": "0.1000000000000000055511151231257827"}},
    {"type": "number", "constraints": {"enum": [1.5, 0]}},
    {"type": "number", "floatNumber": True, "constraints": {"minimum": 0.5}},
    *({"type": "number", "opendata": {"scale": scale}} for scale in (0, 2, 37)),
    {"type": "number", "opendata": {"scale": 2}, "missingValues": ["0.50", "NA"], "constraints": {"minimum": "0.5"}},
    {"type": "number", "decimalChar": ",", "groupChar": "."},
    {"type": "number", "bareNumber": False},
    {"type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]},
    {"type": "boolean", "missingValues": ["true"]},
    {"type": "date", "missingValues": ["1999-12-31"]},
    {"type": "date", "constraints": {"minimum": "2000-01-01", "enum": ["2020-01-31", "2020-02-29"]}},
    {"type": "date", "constraints": {"exclusiveMaximum": "2020-02-01"}},
    {"type": "date", "format": "%d/%m/%Y"},
    {"type": "datetime", "missingValues": ["2020-01-31T10:20:30"]},
    {"type": "datetime", "constraints": {"minimum": "2000-01-01T00:00:00Z"}},
    {"type": "datetime", "format": "%Y%m%d %H:%M"},
    {"type": "time", "constraints": {"minimum": "10:00:00"}},
    {"type": "year", "constraints": {"minimum": "1999", "enum": [1998, 2020]}},
    {"type": "any", "constraints": {"enum": ["a", "1"]}},
    {"type": "object", "constraints": {"jsonSchema": {"required": ["a"]}}},
    {"type": "list", "itemType": "integer"},
    {"type": "duration"},
    {"type": "geopoint"},
]
CELLS: list[str | None] = [
    *[None, "", "-", "NA", "a", "b", "bb", "abc", "x", "x y", "x\n", 'q"q', "多行\n格", "中", "中文", "é", "a@b.cn"],
    *[
        " ",
        " 1",
        "1\n",
        "\r",
        "\u3000",
        "\xa0",
        "\x1c",
        "\x85",
        "\u200b",
        "\ufeff1",
        "AB12",
        "AB1２",
        "0-1",
        "http://a/b",
    ],
    *["0", "1", "2", "7", "-1", "-0", "+0", "+5", "007", "+007", "-007", "000", "11", "--1", "+-1", "+", "-9", "-09"],
    *["9223372036854775807", "9223372036854775808", "-9223372036854775808", "000000000000000000001", "0x10", "1_0"],
    *[
        "1.5",
        "1.50",
        "0.5",
        "0.50",
        ".5",
        "5.",
        "-.5",
        "+1.5",
        "01.5",
        "-00.5",
        "1e3",
        "-0.0",
        "1,5",
        "1.000,5",
        "1.5.5",
    ],
    *["nan", "NaN", "INF", "-INF", "+inf", "Infinity", "nan123", "snan", "٣", "１２", "$5", "5 %", "1e400", "1e-400"],
    *["0.1", "0.10", "0.1000000000000000001", "0.1000000000000000055511151231257827", "0.09999999999999999999999"],
    *["9007199254740993", "123456789012345678", "12345678901234567890.5", "100000000000000000000000", "1" * 40],
    *["999999999999999999999999999999999999.99", "9" * 38, "0." + "0" * 36 + "1", "1.00000000000000000000", "1.8e308"],
    *["true", "false", "True", "FALSE", "yes", "no", "{}", '{"a": 1}', "[1]", "1,2", "1,x", "P1D", "PT24H", "PT"],
    *["2020-01-31", "2020-02-29", "2020-02-30", "2019-02-29", "1999-12-31", "2020-13-01", "2020-00-10", "2020-01-00"],
    *["0000-01-01", "0001-01-01", "9999-12-31", "2020-1-5", "２020-01-31", "2020-01-31 ", "31/12/2020", "-2020-01-31"],
    *[
        "2020-01-31T10:20:30",
        "2020-02-30T10:20:30",
        "2020-01-31 10:20:30",
        "2020-01-31X10:20:30",
        "2020-13-31T10:20:30",
    ],
    *[
        "2020-01-31T10:20:60",
        "2020-01-31T24:00:00",
        "2020-01-31T25:00:00",
        "2020-01-31T10:60:00",
        "9999-12-31T24:00:00",
    ],
    *["2020-01-31T10:20:30Z", "2020-01-31T10:20:30+08:00", "2020-01-31T10:20:30.5", "2020-01-31T10:20:30.123456789"],
    *[
        "0000-01-01T00:00:00",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59",
        "2020-01-31T10:20",
    ],
    *["10:20:30", "24:00:00", "10:20:30Z", "2020", "1998", "0000", "200", "+200", "２０２０", "2020-01", "2020-1"],
]

Judged = list[tuple[str, str | None, Any]]


def make_rule(field: dict[str, Any]) -> tuple[TableSchema, CellRule]:
    schema = read_schema({"fields": [{**field, "name": "c"}]})
    return schema, CellRule(schema, schema.fields[0])


def judge_cells(rule: CellRule, cells: Sequence[str | None]) -> Judged:
    """What the exact rule says, cell by cell: value as Arrow keeps it, canonical text, problems."""
    found: Judged = []
    for cell in cells:
        reading = rule.read(cell)
        typed, _ = build_column(rule.field, [reading.value], [cell or ""])
        text = write_text(rule.kind, reading.value, cell or "")
        found.append((repr(typed[0].as_py()), text, reading.problems))
    return found


def judge_column(rule: CellRule, cells: Sequence[str | None], *, is_key: bool = False) -> Judged:
    """The same by whole columns."""
    screen = ColumnScreen(rule)
    screen.is_key = is_key
    column = screen.screen(pa.array(cells, pa.string()))
    assert column.typed.type == arrow_type(rule.field)
    problems: list[Any] = [()] * len(cells)
    if column.rows is not None and column.codes is not None:
        assert column.rows.tolist() == sorted(set(column.rows.tolist()))
        for row, code in zip(column.rows.tolist(), column.codes.tolist(), strict=True):
            problems[row] = column.problems[code]
    typed = map(repr, column.typed.to_pylist())
    return list(zip(typed, column.text.to_pylist(), problems, strict=True))


def find_differences(rule: CellRule, cells: Sequence[str | None], **options: bool) -> list[Any]:
    pairs = zip(cells, judge_column(rule, cells, **options), judge_cells(rule, cells), strict=True)
    return [(cell, found, wanted) for cell, found, wanted in pairs if found != wanted]


@pytest.mark.no_cover  # many times the same lines, which the other tests go through too
@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_each_cell_is_judged_as_by_the_exact_rule_in_a_column_right_otherwise(field: dict[str, Any]) -> None:
    _, rule = make_rule(field)
    wanted = dict(zip(CELLS, judge_cells(rule, CELLS), strict=True))
    check_among_right_cells(rule, [cell for cell in CELLS if not rule.is_right(cell)], wanted)


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_each_cell_is_judged_so_alone_and_each_right_one_among_others(field: dict[str, Any]) -> None:
    _, rule = make_rule(field)
    wanted = dict(zip(CELLS, judge_cells(rule, CELLS), strict=True))
    found = {cell: judge_column(rule, [cell]) for cell in CELLS}
    assert [cell for cell in CELLS if found[cell] != [wanted[cell]]] == []
    check_among_right_cells(rule, [cell for cell in CELLS if rule.is_right(cell)], wanted)


def check_among_right_cells(rule: CellRule, cells: Sequence[str | None], wanted: Mapping[str | None, Any]) -> None:
    right = [cell for cell in CELLS if rule.is_right(cell)]
    assert right
    assert judge_column(rule, right) == [wanted[cell] for cell in right]
    chance = random.Random(1)
    for cell in cells:
        around = [chance.choices(right, k=chance.randint(0, 5)) for _ in range(2)]
        column = [*around[0], cell, *around[1]]
        assert judge_column(rule, column) == [wanted[item] for item in column]


@given(data=st.data(), field=st.sampled_from(FIELDS))
@settings(max_examples=examples(300))
def test_any_column_is_judged_as_its_cells_are(data: st.DataObject, field: dict[str, Any]) -> None:
    _, rule = make_rule(field)
    texts = st.one_of(st.sampled_from(CELLS), st.text("0123456789+-.:TZeE, aé\u3000\n", max_size=22))
    pool = data.draw(st.lists(texts, min_size=1, max_size=6))
    cells = data.draw(st.lists(st.sampled_from(pool), max_size=30))
    is_key = rule.kind not in ("object", "list")
    assert find_differences(rule, cells, is_key=is_key and data.draw(st.booleans())) == []


def test_a_column_may_be_a_slice_of_a_longer_one() -> None:
    for field in FIELDS:
        _, rule = make_rule(field)
        cells = [cell for cell in CELLS if rule.is_right(cell)]
        whole = pa.array(["2020-02-30", *cells, "x"], pa.string())
        column = ColumnScreen(rule).screen(whole.slice(1, len(cells)))
        assert column.text.to_pylist() == [text for _, text, _ in judge_cells(rule, cells)], field
        assert column.rows is None, field


def test_digits_that_a_double_loses_and_blanks_for_a_t_are_counted() -> None:
    _, number = make_rule({"type": "number"})
    _, moment = make_rule({"type": "datetime"})
    numbers = pa.array(["0.5", "0.1234567890123456789", "1.00000000000000000000", "9007199254740993"] * 2)
    moments = pa.array(["2020-01-31 10:20:30", "2020-01-31T10:20:30", "2020-01-31 10:20:31"])
    assert ColumnScreen(number).screen(numbers).rounded == 4
    assert ColumnScreen(moment).screen(moments).spaced == 2


# --- patterns


ATOMS = [
    *["a", "Z", "0", "-", "_", "@", ":", "/", " ", ",", "#", "&", "~", "é", "中", ".", "^", "$", "{", "}", "]"],
    *["[A-Z]", "[a-z]", "[0-9]", "[a-zA-Z0-9_-]", "[B-D]", "[b-d5-7]", "[0-9A-Fa-f]", "[^a]", "[^0-9]", "[^a-c]"],
    *[
        "[!-/]",
        "[.-9]",
        "[+--]",
        "[ -~]",
        "[A-z]",
        "[_-`]",
        "[5-:]",
        "[%--]",
        "[*-,]",
        "[/-5]",
        "[é-ü]",
        "[a-]",
        "[-a]",
    ],
    *[
        "[]a]",
        "[[]",
        "[a[]",
        "[\\]a]",
        "[a\\-z]",
        "[\\--0]",
        "[+-\\.]",
        "[\\[-\\]]",
        "[\\\\-a]",
        "[\\d]",
        "[\\w-]",
        "[\\s]",
    ],
    *["[{]", "[{2}]", "[a{2,3}]", "[a-c]{1,2}", "a{2}", "\\{2}", "{2}", "[a-c-e]", "[a-c-x-z]", "[a\\]-c]", "[&&]"],
    *[
        "\\d",
        "\\w",
        "\\s",
        "\\D",
        "\\W",
        "\\.",
        "\\-",
        "\\(",
        "\\[",
        "\\]",
        "\\|",
        "\\\\",
        "\\/",
        "\\[a-c]",
        "\\[0-9\\]",
    ],
    *["(?:a|b)", "(a|b)", "(?i)a", "[[:alpha:]]", "\\t", "\\x41", "\\u0041", "\\p{L}"],
]
LETTERS = [chr(code) for code in range(1, 128)] + list("éüñ中１٣\u3000\xa0")


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """A pattern that the schema takes."""
    counts = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,2}", "{1,}", "*?"])
    parts = draw(st.lists(st.tuples(st.sampled_from(ATOMS), counts, st.sampled_from(["", "", "", "|"])), max_size=4))
    return "".join(map("".join, parts))


def is_pattern(pattern: str) -> bool:
    try:
        compile_pattern(pattern)
    except Exception:  # noqa: BLE001 - whatever the engine says: a schema with it is refused
        return False
    return True


@given(pattern=patterns().filter(is_pattern), seed=st.integers(0, 2**32))
@settings(max_examples=examples(400))
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_shapes_match_a_pattern_as_the_engine_does(pattern: str, seed: int) -> None:
    chance = random.Random(seed)
    common = [*"abcxyzABCZ0129-_@:/ ,.{}[]\\^&\n"]
    texts = ["", *LETTERS, *("".join(chance.choices(common, k=chance.randint(1, 5))) for _ in range(60))]
    match = compile_pattern(pattern).fullmatch
    assert find_different_shapes(pattern, texts) == []
    chosen: list[str | None] = [*chance.choices(texts, k=6)] * 40
    if chance.random() < 0.5:
        chosen[3] = None
    column = pa.array(chosen, pa.string())
    others = Matcher(translate_pattern(pattern), find_classes(pattern)).find_others(column)
    found = [False] * len(column) if others is None else others.to_pylist()
    assert found == [text is not None and match(text) is None for text in chosen]


def find_different_shapes(pattern: str, texts: Sequence[str]) -> list[str]:
    """Texts that have a shape in common with another one, of which only one matches."""
    classes, match = find_classes(pattern), compile_pattern(pattern).fullmatch
    if classes is None:
        return []
    known: dict[bytes, bool] = {}
    return [
        text for text in texts if known.setdefault(text.encode().translate(classes), hit := bool(match(text))) != hit
    ]


@pytest.mark.parametrize(
    "pattern", ["[{2}]", "[a{2,3}]", "[0-9{1}]+", "[]{2}]", r"\[a-c]", r"\[a-c\][x]", r"[\d-f]", "[a-c-e]"]
)
def test_what_looks_like_a_count_or_a_range_is_told_from_one(pattern: str) -> None:
    texts = [*LETTERS, *(f"[{letter}-c]" for letter in LETTERS), *(f"[a-c]{letter}" for letter in LETTERS)]
    assert find_different_shapes(pattern, texts) == []


def test_codes_of_one_shape_are_told_apart_by_class_alone() -> None:
    classes = find_classes("[A-Z]{2}[0-9]{6}")
    assert classes is not None
    assert b"AB000001".translate(classes) == b"XY999999".translate(classes)
    assert len({text.translate(classes) for text in (b"AB0", b"Ab0", b"AB-", b"AB ", b"A10", b"A_0", b"A:0")}) == 7


# --- splitting


PIECES = [
    *["a", "b", "1", '"', '""', '"a"', '"a\nb"', '"a,b"', '"\r\n"', '""""', '"a""b"', '"a"b', 'a"b"', 'x"y', "'"],
    *[
        ",",
        ",",
        ",",
        ";",
        "\t",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "中",
        "é",
        " ",
        "\x0b",
        "\u2028",
        "\x85",
        "\ufeff",
        "\0",
    ],
]
CONTENTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@st.composite
def written(draw: st.DrawFn) -> str:
    """What Python writes of some rows, most of which are even."""
    width = draw(st.integers(1, 4))
    cells = st.sampled_from(["a", "", "1", "22", "x,y", 'q"q', "l\nm", "r\r\nn", "中文", "\r", " ", '"'])
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=12))
    rows += draw(st.lists(st.lists(cells, max_size=6), max_size=1))
    text = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    csv.writer(text, lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"])), quoting=quoting).writerows(rows)
    return text.getvalue()


def split_fast(path: Path, dialect: Dialect, width: int, size: int) -> list[list[str]]:
    """All rows in blocks of so many bytes. Raises `NeedsCareError`."""
    source, rows = Source(path, dialect), []
    for block in source.blocks(size):
        records = split_block(block, dialect, width, 0)
        found = [records.read_row(index) for index in range(records.rows)]
        if records.plain is not None:
            assert records.plain.decode() == "".join(f"{','.join(row)}\n" for row in found)
        rows += found
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    return rows


def split_slowly(path: Path, dialect: Dialect, width: int) -> list[list[str]] | None:
    """All rows by the careful reader; None where the file is damaged."""
    rows = []
    for records in split_rows(path, dialect, width, 0):
        if isinstance(records, DecodingFault):
            return None
        rows += [records.read_row(index) for index in range(records.rows)]
    assert rows == list(read_rows(path, dialect))
    return rows


@given(
    text=st.one_of(CONTENTS, written()),
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    delimiter=st.sampled_from(",,;\t"),
    quote=st.sampled_from(['"', '"', None]),
    width=st.integers(1, 4),
    size=st.sampled_from([1, 2, 3, 5, 8, 13, 40, 4096]),
)
@settings(max_examples=examples(800))
def test_blocks_hold_the_rows_that_a_careful_reader_finds_or_ask_for_care(
    text: str, encoding: str, delimiter: str, quote: str | None, width: int, size: int
) -> None:
    dialect = Dialect(delimiter=delimiter, quote_char=quote, encoding=encoding.removesuffix("-sig"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(text.encode(encoding, errors="replace"))
        try:
            found = split_fast(path, dialect, width, size)
        except NeedsCareError:
            return
        assert found == split_slowly(path, dialect, width)


@pytest.mark.parametrize("size", [3, 16, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_what_is_written_well_is_split_fast(size: int, end: str, quoting: int, tmp_path: Path) -> None:
    rows = [["a", "b,c"], ["", 'x "y"'], ["中文", "two\r\nlines"], ["1", "2"]] * 20
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    (tmp_path / "t.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    assert split_fast(tmp_path / "t.csv", Dialect(delimiter=","), 2, size) == rows


DAMAGED = {
    "a quote open at the end, a stray one before it": (b'a,b\n5",2\n3,"x', "unclosed-quote", 3),
    "so with a line end": (b'a,b\n5",2\n3,"x\n', "unclosed-quote", 3),
    "so in the first column": (b'a,b\n5",2\n"3,x\n4,y\n', "unclosed-quote", 3),
    "a quote open alone": (b'a,b\n1,"x\n2,y\n', "unclosed-quote", 2),
    "a NUL": (b"a,b\n1,2\n1,\x00\n", "nul-byte", 3),
    "a byte of no character": (b"a,b\n1,2\n1,\xff\n", "encoding-error", 3),
}


@pytest.mark.parametrize("size", [4, 1 << 20])
@pytest.mark.parametrize(("data", "kind", "row"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_found_where_the_file_is_read_in_blocks(
    size: int, data: bytes, kind: str, row: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", size)
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(NeedsCareError):
        list(TableReader(path, name="t").batches())
    assert [(error["type"], error["rowNumber"]) for error in check_table(path, name="t").task.errors] == [(kind, row)]


# --- whole tables, by blocks and with care


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[str]]]:
    """A schema of one to four fields, and rows that mostly keep to few texts, so that some columns are clean."""
    chosen = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4))
    fields: list[dict[str, Any]] = [{**field, "name": f"c{place}"} for place, field in enumerate(chosen)]
    schema: dict[str, Any] = {"fields": fields}
    keyed = [field["name"] for field in fields if field["type"] not in ("object", "list")]
    if keyed and draw(st.booleans()):
        key = draw(st.lists(st.sampled_from(keyed), min_size=1, unique=True))
        schema |= draw(st.sampled_from([{"primaryKey": key}, {"uniqueKeys": [key]}]))
    texts = st.sampled_from([cell for cell in CELLS if cell is not None])
    pools = [draw(st.lists(texts, min_size=1, max_size=5)) for _ in fields]
    rows = draw(st.lists(st.tuples(*map(st.sampled_from, pools)).map(list), max_size=12))
    if draw(st.integers(0, 3)) == 0:
        rows += [["1"] * draw(st.integers(0, 6))]
    return schema, rows


@given(table=tables(), size=st.sampled_from([30, 200, 1 << 20]))
@settings(max_examples=examples(200))
def test_a_table_is_judged_alike_in_blocks_and_with_care(
    table: tuple[dict[str, Any], list[list[str]]], size: int
) -> None:
    descriptor, rows = table
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("opendata.tables.text.rows.BLOCK_BYTES", size)
        patch.setattr(splitting, "BATCH_CELLS", 1)
        path = Path(folder) / "t.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
            writer.writerow([item["name"] for item in descriptor["fields"]])
            writer.writerows(rows)
        schema = read_schema(descriptor)
        found = [read_whole(path, schema, careful=careful) for careful in (False, True)]
        assert found[0] == found[1]


def read_whole(path: Path, schema: TableSchema, *, careful: bool) -> tuple[dict[str, Any], str]:
    """The report without its seconds, and the rows of a valid table."""
    zones: dict[str, bool] = {}
    while True:
        reader = TableReader(path, name="t", schema=schema, careful=careful, zones=zones)
        try:
            batches = list(reader.batches())
            break
        except NeedsZoneError as found:
            zones.update(found.zones)
    report = reader.task.describe()
    report["stats"].pop("seconds")
    report["opendata"]["counts"].sort(key=str)
    rows = [(batch.typed.to_pylist(), batch.text.to_pylist()) for batch in batches if report["valid"]]
    return report, repr([[row for part in rows for row in part[side]] for side in (0, 1)])


def test_wrong_rows_are_numbered_right_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 1000)
    path = tmp_path / "t.csv"
    lines = [f'{"x" if number % 97 == 5 else number},"two\nlines"\r\n' for number in range(1000)]
    path.write_text("n,t\r\n" + "".join(lines), encoding="utf-8", newline="")
    schema = read_schema({"fields": [{"name": "n", "type": "integer"}, {"name": "t", "type": "string"}]})
    wrong = [number + 2 for number in range(1000) if number % 97 == 5]
    reader = TableReader(path, name="t", schema=schema)
    assert sum(1 for _ in reader.batches()) == 0
    assert [error["rowNumber"] for error in reader.task.errors] == wrong
    assert reader.rows == 1000


# --- keys


KEYS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "string": ({}, ["", "a", "b", "ab", "中", "a ", "x" * 40, "x" * 20 + "y" + "x" * 19, "x" * 20 + "z" + "x" * 19]),
    "integer": ({}, ["", "0", "-0", "1", "01", "+1", "9223372036854775807", "-9223372036854775808"]),
    "number": (
        {},
        [
            *["", "0", "-0", "0.0", "1", "1.0", "1e0", "nan", "NaN", "INF", "-INF", "inf", "0.1", "0.10", "1e23"],
            *["0.1000000000000000001", "0.10000000000000000010", "0.1000000000000000055511151231257827"],
            *["9007199254740992", "9007199254740993", "9007199254740993.0", "100000000000000000000000"],
        ],
    ),
    "scaled": (
        {"type": "number", "opendata": {"scale": 2}},
        ["", "0", "-0", "0.00", "1", "1.0", "1e0", "99999999999999999999.01", "99999999999999999999.02"],
    ),
    "boolean": ({}, ["", "true", "1", "false"]),
    "date": ({}, ["", "2020-01-01", "2020-01-02", "1969-12-31"]),
    "datetime": (
        {},
        [
            *["", "2020-01-01T00:00:00", "2020-01-01 00:00:00", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00"],
            *["2020-01-01T00:00:00.5", "2020-01-01T00:00:00.500", "2020-01-02T00:00:00", "2020-01-01T24:00:00"],
        ],
    ),
    "time": ({}, ["", "10:00:00", "10:00:00Z", "11:00:00+01:00", "10:00:01"]),
    "year": ({}, ["", "2020", "0200", "+200", "1999"]),
    "yearmonth": ({}, ["", "2020-01", "2020-02"]),
    "duration": ({}, ["", "PT1H", "PT60M", "P1D", "PT24H"]),
    "geopoint": ({}, ["", "1,2", "1.0,2", "2,1"]),
}


@st.composite
def keys(draw: st.DrawFn) -> tuple[list[str], str, list[list[list[str]]]]:
    """Kinds of fields, the kind of key, and batches of rows by columns."""
    kinds = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=3))
    kind = draw(st.sampled_from(["unique-key", "primary-key", *(["unique-error"] if len(kinds) == 1 else [])]))
    pools = [draw(st.lists(st.sampled_from(KEYS[name][1]), min_size=1, unique=True)) for name in kinds]
    rows = st.lists(st.tuples(*map(st.sampled_from, pools)), min_size=1, max_size=30)
    batches = draw(st.lists(rows, min_size=1, max_size=4))
    if draw(st.booleans()):
        batches = [sorted(batch) for batch in batches]
    return kinds, kind, [[list(column) for column in zip(*batch, strict=True)] for batch in batches]


def find_expected(kind: str, rows: Sequence[tuple[Any, ...]]) -> tuple[list[tuple[int, int]], list[int]]:
    """Which rows (from 2) repeat which one, and which have no value, by a dictionary."""
    last: dict[tuple[Any, ...], int] = {}
    repeated, empty = [], []
    for row, values in enumerate(rows, start=2):
        missing = [value is None for value in values]
        if kind == "primary-key" and all(missing):
            empty.append(row)
        elif (kind == "primary-key" or not any(missing)) and not any(map(is_nan, values)):
            if values in last:
                repeated.append((row, last[values]))
            last[values] = row
    return repeated, empty


def is_nan(value: Any) -> bool:
    return isinstance(value, Decimal) and value.is_nan()


def hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@given(key=keys(), held=st.sampled_from([0, 300, 10**6]), part=st.sampled_from([40, 300, 10**6]))
@settings(max_examples=examples(300))
def test_repetitions_are_those_a_dictionary_finds(
    key: tuple[list[str], str, list[list[list[str]]]], held: int, part: int
) -> None:
    names, kind, batches = key
    fields = [{"name": f"c{place}", "type": name, **KEYS[name][0]} for place, name in enumerate(names)]
    schema = read_schema({"fields": fields})
    rules = [CellRule(schema, field) for field in schema.fields]
    watch, row, empty = KeyWatch([field["name"] for field in fields], kind), 2, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uniqueness, "HELD_BYTES", held)
        patch.setattr(uniqueness, "PART_BYTES", part)
        for columns in batches:
            numbers = np.arange(row, row := row + len(columns[0]))
            empty += watch.take(list(list_keys(rules, columns)), numbers).tolist()
        found = sorted((item.row, item.previous) for item in watch.find_repetitions())
    values = [
        tuple(hashable(rule.read(cell).value) for rule, cell in zip(rules, cells, strict=True))
        for columns in batches
        for cells in zip(*columns, strict=True)
    ]
    assert (found, empty) == find_expected(kind, values)


def list_keys(rules: Sequence[CellRule], columns: Sequence[Sequence[str]]) -> Iterator[Sequence[pa.Array]]:
    for rule, cells in zip(rules, columns, strict=True):
        screen = ColumnScreen(rule)
        screen.is_key = True
        yield screen.screen(pa.array(cells, pa.string())).keys


def test_many_rows_that_do_not_ascend_are_looked_into_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uniqueness, "HELD_BYTES", 10_000)
    monkeypatch.setattr(uniqueness, "PART_BYTES", 20_000)
    chance = random.Random(7)
    numbers = [chance.randrange(20_000) for _ in range(20_000)]
    watch = KeyWatch(["n"], "unique-error")
    for start in range(0, 20_000, 2_500):
        piece = pa.array(numbers[start : start + 2_500], pa.int64())
        assert not len(watch.take([(piece,)], np.arange(start + 2, start + 2_502)))
    found = sorted((item.row, item.previous) for item in watch.find_repetitions())
    assert len(found) > 1000
    assert found == find_expected("unique-error", [(number,) for number in numbers])[0]
