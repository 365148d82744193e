"""The compiled pass gives what the other way gives, cell by cell, and refuses what isn't plain."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.tables.check.cells import CellRule
from opendata.tables.check.columns import ColumnScreen
from opendata.tables.check.native import SWITCH, NativePass, find_native
from opendata.tables.schema.schema import read_schema
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
        with pytest.raises(NeedsCareError):
            NativePass(screens, dialect).split(block, 1)
        return
    found = NativePass(screens, dialect).split(block, 1)
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
    with contextlib.suppress(NeedsCareError):
        assert NativePass(screens, Dialect()).split(block, 1).casts is None


def test_long_blocks_are_cut_into_pieces():
    schema = read_schema({"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]})
    screens = [ColumnScreen(CellRule(schema, item)) for item in schema.fields]
    block = b"a,b\n" + b"".join(b'%d,"%s"\n' % (n, b"x" * (n % 300)) for n in range(20_000))
    found, plain = NativePass(screens, Dialect()).split(block, 1), split_block(block, Dialect(), 2, 1)
    assert found.casts is not None
    assert all(one.equals(other) for one, other in zip(found.columns, plain.columns, strict=True))
    assert found.casts[0].typed.to_pylist() == list(range(20_000))


@pytest.mark.slow
def test_the_check_is_the_same_without_it():
    environment = {**os.environ, SWITCH: "0"}
    tests = str(Path(__file__).with_name("test_validation.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-m", "not slow", tests]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
