"""The compiled pass gives what the other way gives, cell by cell, and refuses what isn't plain."""

from __future__ import annotations

import csv
import io
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.services.packages.validation import check_file
from opendata.tables.arrow.compiled import SWITCH, find_native
from opendata.tables.check.cells import CellRule
from opendata.tables.check.columns import ColumnScreen
from opendata.tables.check.native import NativePass
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.splitting import NeedsCareError, split_block
from tests.selection import examples
from tests.servers import lack

FIELDS = [
    {"name": "i", "type": "integer", "constraints": {"minimum": -500, "exclusiveMaximum": 99999}},
    {"name": "j", "type": "integer", "constraints": {"required": True}},
    {"name": "o", "type": "integer", "constraints": {"enum": [1, 7, 100000]}},
    {"name": "n", "type": "number", "constraints": {"minimum": 0, "maximum": 1.000000000000001}},
    {"name": "m", "type": "number"},
    {"name": "c", "type": "number", "opendata": {"scale": 2}},
    {"name": "d", "type": "date", "constraints": {"minimum": "2000-01-01", "exclusiveMaximum": "2024-02-29"}},
    {"name": "e", "type": "date"},
    {"name": "t", "type": "datetime", "opendata": {"zone": "local"}},
    {"name": "z", "type": "datetime", "opendata": {"zone": "UTC"}},
    {"name": "b", "type": "boolean"},
    {"name": "y", "type": "year", "constraints": {"minimum": 1900}},
    {"name": "h", "type": "time"},
    {"name": "s", "type": "string", "constraints": {"minLength": 2, "maxLength": 5, "required": True}},
    {"name": "p", "type": "string", "constraints": {"pattern": "[A-Z]{2}[0-9]{6}"}},
    {"name": "q", "type": "string", "constraints": {"pattern": r"^(第|共)?[\d一-龥]{1,4}(号|页)?$"}},
    {"name": "l", "type": "string", "constraints": {"pattern": r"(a|b)*a(a|b){12}"}},
    {"name": "k", "type": "string", "constraints": {"enum": ["甲", "乙", "AB"]}},
    {"name": "a", "type": "any"},
]
SEEDS = {
    "i": ["0", "12", "-500", "-501", "99999", "99998", "007", "+5", "-0", "123456789012345678", "9" * 19, " 5", "1e3"],
    "o": ["1", "7", "+7", "07", "100000", "8"],
    "n": ["0", "0.5", "1", "1.0", "00.5", ".5", "5.", "-0.0", "0.1234567890123456", "1.000000000000001", "NaN", "1e-3"],
    "m": ["121.47370000000001", "0.1000000000000000055", "123456789012345678901", "1" * 400, "-0", "-1.5", "1.50"],
    "d": ["2000-01-01", "1999-12-31", "2024-02-29", "2024-02-28", "2023-02-29", "2000-13-01", "0001-01-01", "2000-1-1"],
    "t": ["2000-01-01T00:00:00", "2000-01-01 23:59:59", "2000-01-01T24:00:00", "0001-01-01T00:00:00"],
    "z": ["2000-01-01T00:00:00Z", "2000-01-01T00:00:00+08:00", "2000-02-30T00:00:00Z"],
    "b": ["true", "false", "True", "1", "yes", "tru"],
    "y": ["2000", "0000", "1899", "20000", "２０００"],
    "h": ["10:00:00", "25:00:00"],
    "s": ["ab", "a", "中", "中文中文中", "中文中文中文", "  ", "\u3000\u00a0", "\x1c\x1d", "a,b", 'a"b', "a\nb"],
    "p": ["AB123456", "AB12345", "ab123456"],
    "q": ["第12号", "一二三页", "第号", "12345", "第１号"],
    "l": ["a" * 14, "b" * 14],
    "k": ["甲", "AB", "丙", "甲乙"],
    "a": ["x", "-", "NA", "NA ", "é", "𠀀"],
}  # fmt: skip
ALIAS = {"j": "i", "e": "d", "c": "n"}
MISSING = [[""], ["", "NA"], ["-", "7", "007"], []]
CHARACTERS = '0123456789+-.:TZ eEaAbxyz,"/\n\t中第号\u00e9\u3000\u0660１\u00a0𠀀'


@pytest.fixture(autouse=True)
def _native():
    if find_native() is None:
        lack("native", "the compiled pass is not built (make install)")


def cells_of(name: str) -> st.SearchStrategy[str]:
    seeds = SEEDS[ALIAS.get(name, name)]
    edited = st.tuples(st.sampled_from(seeds), st.integers(0, 9), st.sampled_from(CHARACTERS)).map(
        lambda edit: edit[0][: edit[1]] + edit[2] + edit[0][edit[1] :]
    )
    return st.one_of(st.sampled_from(seeds), st.sampled_from(seeds), edited, st.just(""))


@st.composite
def tables(draw):
    fields = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=5, unique_by=lambda item: item["name"]))
    row = st.tuples(*(cells_of(item["name"]) for item in fields))
    return fields, draw(st.lists(row, min_size=1, max_size=12)), draw(st.sampled_from(MISSING))


def write(rows, *, quoting: int, end: str, delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator=end, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def same(one, other) -> bool:
    if one is None or other is None:
        return one is other
    return bool((one == other).all()) if isinstance(one, np.ndarray) else one.equals(other)


def list_problems(column):
    return [column.problems[code] for code in ([] if column.codes is None else column.codes.tolist())]


@given(
    tables(),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", ";", "\t"]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=examples(600))
def test_both_ways_give_the_same(table, quoting, end, delimiter, wants_values, is_key):
    fields, rows, missing = table
    schema = read_schema({"fields": fields, "missingValues": missing})
    screens = [ColumnScreen(CellRule(schema, item)) for item in schema.fields]
    for screen in screens:
        screen.is_key = is_key
    dialect = Dialect(delimiter=delimiter)
    block = write([[item["name"] for item in fields], *rows], quoting=quoting, end=end, delimiter=delimiter)
    try:
        plain = split_block(block, dialect, len(fields), 1)
    except NeedsCareError:
        assert NativePass(screens, dialect).split(block, 1) is None
        return
    native = NativePass(screens, dialect)
    found = native.split(block, 1)
    if found is None:
        assert not native.knows_columns or b'"' in block or any(not "".join(row) for row in rows)
        return
    assert (found.rows, found.plain) == (plain.rows, plain.plain)
    assert same(found.sizes, plain.sizes)
    casts = found.casts or [None] * len(fields)
    for screen, ours, theirs, cast in zip(screens, found.columns, plain.columns, casts, strict=True):
        assert ours.equals(theirs)
        one = screen.screen(ours, wants_values=wants_values, may_be_odd=False, cast=cast)
        other = screen.screen(theirs, wants_values=wants_values, may_be_odd=False)
        assert same(one.rows, other.rows)
        assert list_problems(one) == list_problems(other)
        assert (one.rounded, one.spaced, one.wrong, one.notes) == (
            other.rounded,
            other.spaced,
            other.wrong,
            other.notes,
        )
        assert one.text.is_null().equals(other.text.is_null())
        assert str([array.to_pylist() for array in one.keys]) == str([array.to_pylist() for array in other.keys])
        if wants_values:
            assert str(one.typed) == str(other.typed)  # so that NaN is NaN
            assert one.text.equals(other.text)


@given(tables(), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(max_examples=examples(400))
def test_a_verdict_is_that_of_the_columns(table, quoting, end, has_key):
    fields, rows, missing = table
    schema = read_schema({"fields": fields, "missingValues": missing})
    screens = [ColumnScreen(CellRule(schema, item)) for item in schema.fields]
    screens[0].is_key = has_key
    block = write([[item["name"] for item in fields], *rows], quoting=quoting, end=end, delimiter=",")
    records = NativePass(screens, Dialect()).split(block, 1, only_verdict=True)
    if records is None:
        return
    plain = split_block(block, Dialect(), len(fields), 1)
    assert [records.read_row(row) for row in range(len(rows))] == [plain.read_row(row) for row in range(len(rows))]
    assert all(map(same, records.columns, plain.columns))
    for screen, judged, cells in zip(screens, records.judged, plain.columns, strict=False):
        if judged is None:
            continue
        one = screen.judge(judged)
        other = screen.screen(cells, wants_values=False, may_be_odd=False)
        assert same(one.rows, other.rows)
        assert list_problems(one) == list_problems(other)
        assert (one.rounded, one.spaced, one.wrong, one.notes) == (
            other.rounded,
            other.spaced,
            other.wrong,
            other.notes,
        )
        assert one.count_values() == len(other.text) - other.text.null_count
        if screen.is_key:
            assert str([array.to_pylist() for array in one.list_keys()]) == str([a.to_pylist() for a in other.keys])


ROWS = st.lists(
    st.tuples(
        st.one_of(st.integers(1, 40).map(str), st.sampled_from(["", "x", "id", "007", "\ufeffid"])),
        st.sampled_from(["甲", "", "name", "合计", "乙,丙", '="1"', "1E+10", "锟斤拷", "\ufffd", "a\tb", "é", "a\nb"]),
        st.sampled_from(["1", "0.5", "", "9", "price", "1e3", "0.1234567890123456"]),
        st.sampled_from(["2024-01-01 10:00:00", "2024-01-01T10:00:00", "2024-01-01T10:00:00Z", "when", ""]),
    ),
    max_size=30,
)


@given(ROWS, st.booleans(), st.sampled_from([None, "id", "name"]), st.booleans(), st.sampled_from([40, 200, 100_000]))
@settings(max_examples=examples(150))
def test_a_table_has_the_same_report_without_it(rows, ascends, key, is_text, size):
    if ascends:
        rows = [(str(number), *row[1:]) for number, row in enumerate(rows)]
    kinds = ["string"] * 4 if is_text else ["integer", "string", "number", "datetime"]
    fields = [{"name": name, "type": kind} for name, kind in zip(["id", "name", "price", "when"], kinds, strict=True)]
    fields[2]["constraints"] = {} if is_text else {"minimum": 1}
    schema = read_schema({"fields": fields, **({"primaryKey": [key]} if key else {})})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(write([["id", "name", "price", "when"], *rows], quoting=0, end="\n", delimiter=","))
        with mock.patch("opendata.tables.text.rows.LENT_BYTES", size):
            ours = check_table(path, name="t", schema=schema).task
        with mock.patch("opendata.tables.check.native.find_native", return_value=None):
            theirs = check_table(path, name="t", schema=schema).task
    ours.seconds = theirs.seconds = 0
    assert ours == theirs


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_many_rows_have_the_same_report_without_it(tmp_path, share):
    chance = random.Random(7)
    plain = {
        "i": "12",
        "m": "-7.25",
        "n": "0.5",
        "d": "2020-02-29",
        "t": "2020-02-29T10:11:12",
        "z": "",
        "b": "true",
        "y": "1999",
    }
    plain |= {
        "h": "10:00:00",
        "s": "中文",
        "p": "AB123456",
        "q": "第12号",
        "l": "a" * 14,
        "k": "乙",
        "a": "-",
        "o": "7",
    }
    names = [ALIAS.get(field["name"], field["name"]) for field in FIELDS]
    rows = [
        [chance.choice(SEEDS[name]) if chance.random() < share and name != "z" else plain[name] for name in names]
        for _ in range(150)
    ]
    path = tmp_path / "t.csv"
    path.write_bytes(write([[field["name"] for field in FIELDS], *rows], quoting=0, end="\n", delimiter=","))
    schema = read_schema({"fields": FIELDS})
    ours = check_table(path, name="t", schema=schema).task
    with mock.patch("opendata.tables.check.native.find_native", return_value=None):
        theirs = check_table(path, name="t", schema=schema).task
    ours.seconds = theirs.seconds = 0
    assert ours == theirs


@pytest.mark.parametrize("size", [0, 1, 63, 64, 1000])
def test_the_compiled_parity_is_that_of_a_count(size):
    block = bytes(random.Random(size).choices(b'"a', k=size + 9))
    assert find_native().is_odd(block, ord('"'), size) == bool(block.count(b'"', 0, size) % 2)
    assert find_native().is_odd(block, ord('"'), -1) is False


@pytest.mark.parametrize("kind", [-1, 8])
def test_a_plan_has_no_columns_of_unknown_kinds(kind):
    column = (kind, False, False, -1, -1, None, False, None, False, (), None, None, False)
    with pytest.raises(ValueError, match="no such kind of column"):
        find_native().make_plan([column], b",", True, 100)


@pytest.mark.parametrize(
    "text", [b"\xff", b"\xed\xa0\x80", b"\xe4\xb8", b"\xc0\x80", b"\xf4\x90\x80\x80"], ids=lambda text: text.hex()
)
def test_bytes_of_no_character_are_found_without_the_compiled_pass(text, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + "中,文\n".encode() * 9 + b"x," + text + b"\n")
    with mock.patch("opendata.tables.check.native.find_native", return_value=None):
        task = check_table(path, name="t", schema=None).task
    assert [(found.problem.type, found.place.row) for found in task.listed] == [("encoding-error", 11)]


def test_a_clean_table_is_checked_without_arrow(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,name\n" + "".join(f"{number},机构{number}\n" for number in range(100_000)))
    program = """
import sys
from pathlib import Path
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
fields = [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]
task = check_table(Path(sys.argv[1]), name="t", schema=read_schema({"fields": fields, "primaryKey": ["id"]})).task
print(task.valid, task.rows, *sorted({"numpy", "pyarrow", "frictionless"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "100000"]


@pytest.mark.parametrize(
    "block",
    [
        b"a,b\n1\n",
        b"a,b\n1,2,3\n",
        b"a,b\n,\n",
        b'a,b\n"",""\n',
        b"a,b\n\n1,2\n",
        b'a,b\n1,x"y\n',
        b'a,b\n1,"x"y\n',
        b'a,b\n1,"x\n',
        b'a,b\n1,"x\n"\n',
        b"a,b\n1,\0\n",
        b"a,b\r1,2\r",
        b"a,b\n1,x\ry\n",
        b"a,b\n1,\xff\n",
        b"a,b\n1,\xed\xa0\x80\n",
        b"a,b\n1,\xc0\x80\n",
        b"a,b\n1,\xf4\x90\x80\x80\n",
        b"a,b\n1,\xe4\xb8",
        b"",
    ],
)
def test_what_is_not_plain_is_refused(block):
    schema = read_schema({"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]})
    screens = [ColumnScreen(CellRule(schema, item)) for item in schema.fields]
    native = NativePass(screens, Dialect())
    assert native.split(block, 1) is None
    assert native.split(block, 1, only_verdict=True) is None


def test_long_blocks_are_cut_into_pieces():
    schema = read_schema({"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]})
    screens = [ColumnScreen(CellRule(schema, item)) for item in schema.fields]
    block = b"a,b\n" + b"".join(b'%d,"%s"\n' % (n, b"x" * (n % 300)) for n in range(20_000))
    found, plain = NativePass(screens, Dialect()).split(block, 1), split_block(block, Dialect(), 2, 1)
    assert found.casts is not None
    assert all(one.equals(other) for one, other in zip(found.columns, plain.columns, strict=True))
    assert found.casts[0].typed.to_pylist() == list(range(20_000))


@pytest.mark.slow
def test_real_files_have_the_same_report_without_it(realdata):
    paths = [path for kind in ("csv", "tsv", "xlsx") for path in realdata.rglob(f"*.{kind}")]
    small = [path for path in paths if path.stat().st_size < 3_000_000]
    assert len(small) > 50
    for path in small:
        with (
            mock.patch("opendata.tables.check.native.find_native", return_value=None),
            mock.patch("opendata.intake.workbook.xlsx_form.find_compiled", return_value=None),
        ):
            theirs = check_file(path)
        ours = check_file(path)
        for report in (ours, theirs):
            for task in report["tasks"]:
                task["stats"].pop("seconds")
            report["stats"].pop("seconds", None)
        assert ours == theirs, path


@pytest.mark.slow
def test_the_check_is_the_same_without_it():
    environment = {**os.environ, SWITCH: "0"}
    tests = str(Path(__file__).with_name("test_validation.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-m", "not slow", tests]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
