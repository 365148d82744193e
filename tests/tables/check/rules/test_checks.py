"""Checks of whole rows: what a schema may declare, and which rows break it, told for whole columns at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain import findings
from opendata.domain.schema import Field
from opendata.tables.check.rules.checks import RowCheck, build_checks, find_check_faults
from opendata.tables.schema.check_faults import DEFAULT_STRENGTHS, MAX_CHECKS, MAX_CODES
from opendata.tables.schema.condition_faults import MAX_CONDITIONS, MAX_DEPTH, MAX_LISTED
from opendata.tables.schema.schema_faults import MAX_PATTERN_LENGTH
from opendata.tables.types.registry import TYPES, arrow_type
from opendata.wording.notes import write_note

pytestmark = pytest.mark.usefixtures("table_pass")

FIELDS: Sequence[dict[str, Any]] = [
    *({"name": name, "type": name} for name in sorted(TYPES)),
    {"name": "other", "type": "string"},
    {"name": "day", "type": "date"},
    {"name": "last", "type": "date"},
    {"name": "money", "type": "number", "opendata": {"scale": 2}},
    {"name": "fine", "type": "number", "opendata": {"scale": 37}},
    {"name": "n", "type": "integer"},
    {"name": "m", "type": "integer"},
    {"name": "x", "type": "number"},
    {"name": "y", "type": "number"},
]
BY_NAME = {field["name"]: field for field in FIELDS}


def describe(*checks: object) -> dict[str, Any]:
    return {"fields": FIELDS, "opendata": {"checks": list(checks)}}


def find_faults(*checks: object) -> list[tuple[str, str]]:
    return [(found.pointer, found.text) for found in find_check_faults(describe(*checks))]


def build(**check: Any) -> RowCheck:
    check = {"name": "c", **check}
    assert find_faults(check) == []
    (built,) = build_checks(describe(check))
    return built


def make_column(name: str, values: Sequence[Any]) -> pa.Array:
    """A typed column as the engine makes it, here as a slice, so that offsets count."""
    kind = arrow_type(Field.from_json(BY_NAME[name]))
    filler: Any = None if not values else values[0]
    return pa.array([filler, *values, filler], kind)[1:-1]


def find_broken(check: RowCheck, **columns: Sequence[Any]) -> list[bool]:
    broken = check.find_broken({name: make_column(name, values) for name, values in columns.items()})
    assert broken.type == pa.bool_()
    assert broken.null_count == 0
    found: list[bool] = broken.to_pylist()
    return found


# --- check characters

CREDIT_CODES = (
    "91350100M000100Y43",  # the worked example that goes with GB 32100
    "91110000600037341L",
    "91110108551385082Q",
    "91512081MA62K0260E",
    "11332500MB1601924J",
    "11341702486344515H",
)
NO_CREDIT_CODES = (
    "91350100M000100Y4Z",  # the wrong one of the same example
    "91350100M0001TGQXM",  # legal, although it fails
    "91350211M0000XUF46",
    "000000000000000000",
    "00000000000000000X",
    "91110000600037341l",
    "9111000060003734L",
    "91110000600037341L ",
    "9111A000600037341L",
    "９1110000600037341L",
    "",
)
RESIDENTS = ("11010519491231002X", "11010519491231002x", "440524188001010014")
"""The examples of GB 11643-1999 itself."""


def test_published_credit_codes_pass_and_others_do_not() -> None:
    check = build(type="uscc", field="string")
    assert find_broken(check, string=[*CREDIT_CODES, None]) == [False] * (len(CREDIT_CODES) + 1)
    assert find_broken(check, string=[*NO_CREDIT_CODES]) == [True] * len(NO_CREDIT_CODES)


@pytest.mark.parametrize("code", CREDIT_CODES)
def test_only_one_last_character_makes_a_credit_code(code: str) -> None:
    codes = [code[:17] + character for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    broken = find_broken(build(type="uscc", field="string"), string=codes)
    assert [found for found, wrong in zip(codes, broken, strict=True) if not wrong] == [code]


def write_resident(region: str, day: str, sequence: str) -> str:
    body = region + day + sequence
    remainder = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body)) % 11
    return body + "10X98765432"[remainder]


def test_resident_numbers_have_a_region_a_day_and_a_check_character() -> None:
    check = build(type="resident-id", field="any")
    assert find_broken(check, any=[*RESIDENTS, None]) == [False] * 4
    made_up = {
        write_resident("110000", "20000229", "001"): False,
        write_resident("830000", "20240229", "001"): False,
        write_resident("650000", "20991231", "999"): False,
        write_resident("110000", "19000229", "001"): True,
        write_resident("110000", "20230229", "001"): True,
        write_resident("110000", "20230431", "001"): True,
        write_resident("110000", "20230001", "001"): True,
        write_resident("110000", "20231301", "001"): True,
        write_resident("110000", "20230100", "001"): True,
        write_resident("110000", "17991231", "001"): True,
        write_resident("110000", "21000101", "001"): True,
        write_resident("100000", "20000101", "001"): True,
        write_resident("990000", "20000101", "001"): True,
        write_resident("911156", "20000101", "001"): True,  # of a foreign permanent resident: no citizen's
        "110105491231002": True,
        "1101051949123100２": True,
        "X" * 18: True,
    }
    assert find_broken(check, any=list(made_up)) == list(made_up.values())


@given(st.sampled_from(["11", "37", "82"]), st.dates(date(1800, 1, 1), date(2099, 12, 31)), st.integers(0, 999))
def test_every_day_of_the_calendar_makes_a_resident_number_with_one_last_character(
    province: str, day: date, sequence: int
) -> None:
    right = write_resident(f"{province}0101", day.strftime("%Y%m%d").zfill(8), f"{sequence:03}")
    numbers = [right[:17] + character for character in "0123456789X"]
    broken = find_broken(build(type="resident-id", field="string"), string=numbers)
    assert [number for number, wrong in zip(numbers, broken, strict=True) if not wrong] == [right]


def test_numbers_kept_as_whole_numbers_are_checked_too() -> None:
    number = write_resident("110000", "20000229", "002")
    assert number.isdigit()
    assert find_broken(build(type="resident-id", field="n"), n=[int(number), int(number) + 1, None]) == [
        False,
        True,
        False,
    ]
    assert find_broken(build(type="luhn", field="n"), n=[79927398713, 79927398710, -18, None]) == [
        False,
        True,
        True,
        False,
    ]


def has_luhn(text: str) -> bool:
    if not re.fullmatch("[0-9]{2,64}", text):
        return False
    digits = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(text))]
    return sum(sum(map(int, str(digit))) for digit in digits) % 10 == 0


def test_well_known_luhn_numbers_pass() -> None:
    known = ["79927398713", "4111111111111111", "378282246310005", "490154203237518"]
    assert find_broken(build(type="luhn", field="string"), string=[*known, "6217001234567890"]) == [False] * 4 + [True]


@given(
    st.lists(
        st.none()
        | st.text("0123456789", max_size=20)
        | st.text("0123456789 -x万", max_size=8)
        | st.text("05", min_size=60, max_size=70),
        min_size=1,
    )
)
def test_luhn_is_as_a_slow_reader_finds_it(texts: list[str | None]) -> None:
    broken = find_broken(build(type="luhn", field="string"), string=texts)
    assert broken == [text is not None and not has_luhn(text) for text in texts]


# --- order

DAYS = st.dates() | st.dates(date(2024, 1, 1), date(2024, 1, 3))
ZONES = st.sampled_from(["", "Z", "+08:00", "-03:30"])
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "date": DAYS,
    "datetime": st.datetimes() | st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 1)),  # noqa: DTZ001
    "time": st.builds(lambda found, zone: found.isoformat() + zone, st.times(), ZONES),
    "year": st.integers(0, 9999) | st.sampled_from([2023, 2024]),
    "yearmonth": st.builds("{:04}-{:02}".format, st.integers(0, 9999), st.integers(1, 12)),
}


def since_midnight(text: str) -> timedelta:
    found = time.fromisoformat(text)
    plain = datetime.combine(date.min, found.replace(tzinfo=None)) - datetime.combine(date.min, time())
    return plain - (found.utcoffset() or timedelta())


def read(kind: str, value: Any) -> Any:
    return since_midnight(value) if kind == "time" else value


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data(), strict=st.booleans())
def test_later_values_are_not_before_earlier_ones(kind: str, data: st.DataObject, strict: bool) -> None:
    rows = data.draw(st.lists(st.tuples(*[st.none() | VALUES[kind]] * 3), min_size=1))
    fields = [{"name": name, "type": kind} for name in "abc"]
    rule = {"name": "c", "type": "date-order", "fields": ["a", "b", "c"], "strict": strict}
    (check,) = build_checks({"fields": fields, "opendata": {"checks": [rule]}})
    columns = zip(*rows, strict=True)
    wanted = [
        None not in row
        and any(
            read(kind, second) < read(kind, first) or (strict and read(kind, second) == read(kind, first))
            for first, second in [row[:2], row[1:]]
        )
        for row in rows
    ]
    typed = {
        name: pa.array(column, arrow_type(Field.from_json(fields[0])))
        for name, column in zip("abc", columns, strict=True)
    }
    assert check.find_broken(typed).to_pylist() == wanted


def test_texts_that_are_no_year_are_passed_over() -> None:
    fields = [{"name": name, "type": "year"} for name in "ab"]
    rule = {"name": "c", "type": "date-order", "fields": ["a", "b"]}
    (check,) = build_checks({"fields": fields, "opendata": {"checks": [rule]}})
    columns = {"a": pa.array(["2024", "x", "2024"]), "b": pa.array(["x", "2023", "2023"])}
    assert check.find_broken(columns).to_pylist() == [False, False, True]


# --- sums

WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-10, 10)
CENTS = st.decimals(-(10**35), 10**35, places=2) | st.decimals(-3, 3, places=2)
FINE = st.decimals(-9, 9, places=37) | st.decimals(-9, 9, places=1)
WRITTEN = st.decimals(-1000, 1000, places=2).map(float) | st.floats(-2, 2) | st.floats() | st.sampled_from([0.1, 0.2])
NUMBERS: Mapping[str, st.SearchStrategy[Any]] = {
    "n": WHOLE,
    "m": WHOLE,
    "money": CENTS,
    "fine": FINE,
    "x": WRITTEN,
    "y": WRITTEN,
}


def is_wrong_sum(total: Any, parts: Sequence[Any], tolerance: float) -> bool:
    try:
        exact = [Fraction(repr(value) if isinstance(value, float) else value) for value in (total, *parts)]
    except ValueError:  # NaN and infinities
        return float(total) != sum(map(float, parts))
    return abs(exact[0] - sum(exact[1:])) > Fraction(repr(tolerance))


@given(st.data(), st.lists(st.sampled_from(sorted(NUMBERS)), min_size=2, max_size=4, unique=True), st.booleans())
def test_sums_are_exact_in_decimals(data: st.DataObject, names: list[str], zero: bool) -> None:
    tolerance = data.draw(st.sampled_from([0, 0.01, 0.5, 1e300, 10**300]))
    rows = data.draw(st.lists(st.tuples(*(st.none() | NUMBERS[name] for name in names)), min_size=1, max_size=8))
    total_too = data.draw(st.booleans())
    if total_too:  # so that many sums are right, or nearly
        rows = [(_nearest(names[0], row[1:]), *row[1:]) for row in rows]
    check = build(type="sum", field=names[0], fields=names[1:], tolerance=tolerance, nulls="zero" if zero else "skip")
    wanted = []
    for total, *parts in rows:
        given_parts = [0 if part is None and zero else part for part in parts]
        is_known = total is not None and None not in given_parts
        wanted.append(is_known and is_wrong_sum(total, given_parts, tolerance))
    columns = zip(*rows, strict=True)
    assert find_broken(check, **dict(zip(names, columns, strict=True))) == wanted


def _nearest(name: str, parts: Sequence[Any]) -> Any:
    """The sum as a value of a field, where it fits."""
    try:
        total = sum(Fraction(repr(part) if isinstance(part, float) else part) for part in parts if part is not None)
        if name in ("x", "y"):
            return float(total)
        if name in ("n", "m"):
            return int(total) if abs(total) < 2**63 else None
        scale = 2 if name == "money" else 37
        whole = round(total * 10**scale)
        return Decimal(whole).scaleb(-scale) if abs(whole) < 10**28 else None
    except (ValueError, OverflowError):
        return None


def test_doubles_add_up_as_they_were_written() -> None:
    check = build(type="sum", field="x", fields=["y", "number"])
    rows = {
        (0.3, 0.1, 0.2): False,
        (0.30000000000000004, 0.1, 0.2): True,
        (1e15, 1e15, 0.001): True,
        (1e300, 1e300, 0.0): False,
        (1e300, 1e300, 1.0): True,
        (float("inf"), float("inf"), 1.0): False,
        (float("nan"), 1.0, 1.0): True,
        (123456789.12, 123456789.0, 0.12): False,
    }
    x, y, number = zip(*rows, strict=True)
    assert find_broken(check, x=x, y=y, number=number) == list(rows.values())


def test_the_tolerance_is_inclusive() -> None:
    check = build(type="sum", field="money", fields=["fine"], tolerance=0.01)
    parts = [Decimal("1.01"), Decimal("1.0100001"), Decimal("0.99"), Decimal("0.98")]
    assert find_broken(check, money=[Decimal(1)] * 4, fine=parts) == [False, True, False, True]


# --- codes


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.none() | DAYS, st.none() | DAYS).filter(
            lambda code: code[1] is None or code[2] is None or code[1] <= code[2]
        ),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.tuples(st.none() | st.sampled_from("abcd"), st.none() | DAYS), min_size=1),
)
def test_codes_are_valid_from_their_first_day_to_their_last(
    codes: list[tuple[str, date | None, date | None]], rows: list[tuple[str | None, date | None]]
) -> None:
    listed = [
        {"value": value, "from": first and first.isoformat(), "to": last and last.isoformat()}
        for value, first, last in codes
    ]

    def is_valid(text: str, day: date) -> bool:
        return any(text == code and (first or day) <= day <= (last or day) for code, first, last in codes)

    texts, days = zip(*rows, strict=True)
    check = build(type="code-list", field="string", on="day", codes=listed)
    assert check.fields == ("string", "day")
    assert find_broken(check, string=texts, day=days) == [
        text is not None and day is not None and not is_valid(text, day) for text, day in rows
    ]
    fixed = build(type="code-list", field="string", date="2024-01-02", codes=listed)
    assert find_broken(fixed, string=texts) == [
        text is not None and not is_valid(text, date(2024, 1, 2)) for text in texts
    ]


def test_codes_may_be_whole_numbers() -> None:
    check = build(type="code-list", field="n", date="2024-01-02", codes=[{"value": 1}, {"value": 11, "to": None}])
    assert find_broken(check, n=[1, 11, 111, -1, None]) == [False, False, True, True, False]


# --- conditions

SIGNS = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
READ: Mapping[str, st.SearchStrategy[Any]] = {
    **NUMBERS,
    **VALUES,
    "day": DAYS,
    "boolean": st.booleans(),
    "string": st.text("aAb万\n", max_size=3),
    "other": st.text("aAb万\n", max_size=3),
}
PAIRS = [("n", "m"), ("n", "money"), ("money", "fine"), ("n", "x"), ("x", "fine"), ("x", "y"), ("day", "date")]
PATTERNS = ["a", "[aA]+", "a|b", ".*万", "a$", "(?i)a", r"\w{2,}", r"\Qa", ""]


def write_constant(name: str, value: Any) -> Any:
    match value:
        case Decimal():
            return float(value)
        case datetime() | date():
            return value.isoformat()
    return int(value) if name == "year" else value


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    form = draw(st.sampled_from(["constant", "field", "in", "is", "matches", "text"]))
    if form == "is":
        return {"field": draw(st.sampled_from(sorted(READ))), "is": draw(st.sampled_from(["given", "missing"]))}
    if form == "matches":
        return {"field": "string", "matches": draw(st.sampled_from(PATTERNS))}
    if form == "field":
        pair = draw(st.sampled_from(PAIRS).flatmap(st.permutations))
        return {"field": pair[0], draw(st.sampled_from(list(SIGNS))): {"field": pair[1]}}
    if form == "text":
        return {"field": "string", draw(st.sampled_from(["=", "!="])): {"field": "other"}}
    name = draw(st.sampled_from(sorted(READ)))
    constants = READ[name].map(lambda value: write_constant(name, value)).filter(is_constant)
    if name in NUMBERS:
        constants |= st.sampled_from([0, 0.5, 0.125, -0.005, 2**70, 1e300, 5e-324])
    if form == "in":
        return {"field": name, "in": draw(st.lists(constants, min_size=1, max_size=4))}
    signs = ["=", "!="] if name in ("string", "other", "boolean") else list(SIGNS)
    return {"field": name, draw(st.sampled_from(signs)): draw(constants)}


def is_constant(value: Any) -> bool:
    return not isinstance(value, float) or value - value == 0


CONDITIONS = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda word, parts: {word: parts}, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1)),
    ),
    max_leaves=6,
)


def judge(condition: Mapping[str, Any], row: Mapping[str, Any]) -> bool | None:
    """The same, one row at a time: None is unknown."""
    if "not" in condition:
        found = judge(condition["not"], row)
        return None if found is None else not found
    if "all" in condition or "any" in condition:
        wanted = "any" in condition
        parts = [judge(part, row) for part in condition.get("any", condition.get("all"))]
        return wanted if wanted in parts else None if None in parts else not wanted
    name = condition["field"]
    ((word, operand),) = [item for item in condition.items() if item[0] != "field"]
    value = row[name]
    if word == "is":
        return (value is None) == (operand == "missing")
    other = row[operand["field"]] if isinstance(operand, Mapping) else operand
    if value is None or other is None:
        return None
    if word == "matches":
        wide = {r"\Qa": "a", "a$": r"a\Z", ".*万": r"[^\n]*万"}
        return re.fullmatch(wide.get(other, other), value) is not None
    if word == "in":
        return any(stands("=", name, value, each, is_float=False) for each in other)
    is_float = isinstance(operand, Mapping) and (isinstance(value, float) or isinstance(other, float))
    return stands(word, name, value, other, is_float=is_float)


def stands(sign: str, name: str, value: Any, other: Any, *, is_float: bool) -> bool:
    kind = BY_NAME[name]["type"]
    if is_float or (kind == "number" and isinstance(value, float)):
        value, other = float(value), float(other)
    elif kind in ("integer", "number"):
        value, other = Fraction(value), Fraction(repr(other)) if isinstance(other, float) else Fraction(other)
    elif kind == "time":
        value, other = since_midnight(value), since_midnight(other)
    elif kind == "year":
        value, other = int(value), int(other)
    elif kind == "datetime" and isinstance(other, str):
        other = datetime.fromisoformat(other)
    elif kind == "date" and isinstance(other, str):
        other = date.fromisoformat(other)
    return bool(SIGNS[sign](value, other))


def list_names(condition: Any) -> set[str]:
    if isinstance(condition, list):
        return {name for part in condition for name in list_names(part)}
    if not isinstance(condition, Mapping):
        return set()
    own = {condition["field"]} if "field" in condition else set()
    return own.union(*(list_names(part) for part in condition.values()))


@given(st.data(), st.none() | CONDITIONS, CONDITIONS)
def test_conditions_are_judged_as_row_by_row(
    data: st.DataObject, premise: dict[str, Any] | None, demand: dict[str, Any]
) -> None:
    check = build(type="condition", then=demand, **({} if premise is None else {"if": premise}))
    assert set(check.fields) == list_names([premise, demand])
    assert check.field in list_names(demand)
    row = st.fixed_dictionaries({name: st.none() | READ[name] for name in check.fields})
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    columns = {name: [found[name] for found in rows] for name in check.fields}
    assert find_broken(check, **columns) == [
        (premise is None or judge(premise, found) is True) and judge(demand, found) is False for found in rows
    ]


def test_a_condition_may_ask_for_what_is_missing() -> None:
    check = build(
        type="condition",
        **{"if": {"field": "string", "in": ["A"]}},
        then={"all": [{"field": "last", "is": "given"}, {"field": "last", ">=": {"field": "day"}}]},
    )
    assert check.fields == ("last", "day", "string")
    days = [date(2024, 1, 1)] * 5
    lasts = [None, date(2023, 1, 1), date(2024, 1, 1), None, None]
    broken = find_broken(check, string=["A", "A", "A", "B", None], day=days, last=lasts)
    assert broken == [True, True, False, False, False]
    assert note_of(check) == 'where “string” in ["A"], it must be that (“last” is given) and (“last” >= “day”)'


def test_whole_numbers_are_compared_up_to_the_last_of_64_bits_and_beyond() -> None:
    last = 2**63 - 1
    check = build(type="condition", then={"field": "n", "in": [0, -last - 1, last, last + 1, 10**30]})
    assert find_broken(check, n=[0, -last - 1, -last, last, last - 1]) == [False, False, True, False, True]
    check = build(type="condition", then={"field": "n", "<": last + 1})
    assert find_broken(check, n=[last, -last - 1]) == [False, False]


@pytest.mark.parametrize("name", ["n", "money", "x"])
@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("bound", [-0.5, 0.5, 1, 1.005])
def test_bounds_may_lie_between_the_values_of_a_field(name: str, sign: str, bound: float) -> None:
    values = [-1, 0, 1, 2]
    check = build(type="condition", then={"field": name, sign: bound})
    assert find_broken(check, **{name: values}) == [not SIGNS[sign](value, bound) for value in values]


def test_moments_with_a_zone_are_compared_in_utc() -> None:
    check = build(type="condition", then={"field": "datetime", "<": "2024-01-01T08:00:00+08:00"})
    moments = [datetime(2023, 12, 31, 23, 59), datetime(2024, 1, 1)]  # noqa: DTZ001 - typed moments have no zone
    assert find_broken(check, datetime=moments) == [False, True]


def test_a_pattern_just_too_large_for_arrow_is_matched_all_the_same() -> None:
    check = build(type="condition", then={"field": "string", "matches": r"\Qa(b"})
    assert find_broken(check, string=["a(b", "a(b)\\z", None, ""]) == [False, True, False, True]
    assert find_broken(check, string=[None, None]) == [False, False]


# --- what all have in common

EXAMPLES: Mapping[str, dict[str, Any]] = {
    "uscc": {"field": "string"},
    "resident-id": {"field": "string"},
    "luhn": {"field": "string"},
    "date-order": {"fields": ["day", "last"]},
    "sum": {"field": "n", "fields": ["m", "x"]},
    "code-list": {"field": "string", "on": "day", "codes": [{"value": "1101"}]},
    "condition": {"then": {"field": "string", "matches": "[a-z]+"}},
}


def test_there_is_an_example_of_every_type() -> None:
    assert list(EXAMPLES) == list(DEFAULT_STRENGTHS)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_no_rows_and_rows_without_values_break_nothing(kind: str) -> None:
    check = build(type=kind, **EXAMPLES[kind])
    for count in (0, 1, 9):
        columns = {name: pa.nulls(count, arrow_type(Field.from_json(BY_NAME[name]))) for name in check.fields}
        assert check.find_broken(columns).to_pylist() == [False] * count
        columns = {name: pa.array([None] * count, arrow_type(Field.from_json(BY_NAME[name]))) for name in check.fields}
        assert check.find_broken(columns).to_pylist() == [False] * count


@pytest.mark.parametrize("kind", EXAMPLES)
def test_check_characters_warn_and_all_else_is_an_error_unless_told(kind: str) -> None:
    default = "warning" if kind in ("uscc", "resident-id", "luhn") else "error"
    assert build(type=kind, **EXAMPLES[kind]).problem.strength == default
    check = build(type=kind, **EXAMPLES[kind], strength="note", title="T", i18n={"zh": {"title": "题"}})
    assert (check.problem.rule, check.type, check.problem.strength) == ("c", kind, "note")
    assert check.field == check.fields[0]


def test_a_schema_without_checks_has_none() -> None:
    for descriptor in ({"fields": FIELDS}, {"fields": FIELDS, "opendata": {}}, {"fields": FIELDS, "opendata": None}):
        assert list(find_check_faults(descriptor)) == []
        assert build_checks(descriptor) == []


def note_of(check: RowCheck) -> str:
    return write_note(check.problem.code, check.problem.params)


def test_what_a_check_requires_is_a_code_with_all_its_parameters() -> None:
    checks = [build(type=kind, **example) for kind, example in EXAMPLES.items()]
    near = build(type="sum", field="n", fields=["m"], tolerance=0.5)
    strict = build(type="date-order", fields=["day", "last"], strict=True)
    for check in (*checks, near, strict):
        assert set(check.problem.params) == set(findings.CODES[check.problem.code].params), check.problem
        assert "%(" not in note_of(check)
    assert note_of(near) == "“n” must be the sum of “m”, give or take 0.5"
    assert note_of(strict) == "“day”, “last” must be in ascending order, and no two of them the same"


def test_notes_stay_short_whatever_the_schema_says() -> None:
    check = build(type="condition", then={"field": "string", "in": ["x" * 5000]})
    assert len(note_of(check)) < 400


# --- hostile schemas


def nest(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"field": "n", "=": 1}
    for _ in range(depth - 1):
        found = {"not": found}
    return found


def then(condition: Any) -> dict[str, Any]:
    return {"type": "condition", "then": condition}


CODES = [{"value": "1101"}]
HOSTILE: Mapping[str, tuple[Any, str]] = {
    "a check that is a text": ("uscc", ""),
    "a check that is null": (None, ""),
    "no type": ({}, "/type"),
    "an unknown type": ({"type": "python", "field": "n"}, "/type"),
    "a type that is a list": ({"type": ["uscc"]}, "/type"),
    "an unknown property": ({"type": "uscc", "field": "string", "a/b~": 1}, "/a~1b~0"),
    "an unknown strength": ({"type": "uscc", "field": "string", "strength": "fatal"}, "/strength"),
    "a strength that is a list": ({"type": "uscc", "field": "string", "strength": ["error"]}, "/strength"),
    "a title that is a number": ({"type": "uscc", "field": "string", "title": 5}, "/title"),
    "translations that are a list": ({"type": "uscc", "field": "string", "i18n": []}, "/i18n"),
    "a translation that is a text": ({"type": "uscc", "field": "string", "i18n": {"zh": "x"}}, "/i18n/zh"),
    "an empty name": ({"name": " ", "type": "uscc", "field": "string"}, "/name"),
    "a name that is a list": ({"name": [], "type": "uscc", "field": "string"}, "/name"),
    "a very long name": ({"name": "x" * 101, "type": "uscc", "field": "string"}, "/name"),
    "a name that is no text": ({"name": "\ud800", "type": "uscc", "field": "string"}, "/name"),
    "no field": ({"type": "luhn"}, "/field"),
    "an unknown field": ({"type": "luhn", "field": "nowhere"}, "/field"),
    "a field that is a list": ({"type": "luhn", "field": ["string"]}, "/field"),
    "a field of another type": ({"type": "luhn", "field": "x"}, "/field"),
    "a credit code in numbers": ({"type": "uscc", "field": "n"}, "/field"),
    "no fields": ({"type": "date-order"}, "/fields"),
    "one field": ({"type": "date-order", "fields": ["day"]}, "/fields"),
    "fields that are a text": ({"type": "date-order", "fields": "day"}, "/fields"),
    "an unknown field in a list": ({"type": "date-order", "fields": ["day", "nowhere"]}, "/fields/1"),
    "an object in a list": ({"type": "date-order", "fields": [{}, "day"]}, "/fields/0"),
    "a field twice": ({"type": "date-order", "fields": ["day", "last", "day"]}, "/fields/2"),
    "fields of several types": ({"type": "date-order", "fields": ["day", "datetime"]}, "/fields"),
    "an order of texts": ({"type": "date-order", "fields": ["day", "other"]}, "/fields/1"),
    "strict that is a text": ({"type": "date-order", "fields": ["day", "last"], "strict": "no"}, "/strict"),
    "too many fields": ({"type": "sum", "field": "n", "fields": ["m"] * 101}, "/fields"),
    "a total that is a date": ({"type": "sum", "field": "day", "fields": ["n"]}, "/field"),
    "parts that are texts": ({"type": "sum", "field": "n", "fields": ["string"]}, "/fields/0"),
    "a total of itself": ({"type": "sum", "field": "n", "fields": ["m", "n"]}, "/fields/1"),
    "a tolerance below zero": ({"type": "sum", "field": "n", "fields": ["m"], "tolerance": -1}, "/tolerance"),
    "a tolerance that is a text": ({"type": "sum", "field": "n", "fields": ["m"], "tolerance": "1"}, "/tolerance"),
    "a tolerance without end": (
        {"type": "sum", "field": "n", "fields": ["m"], "tolerance": float("inf")},
        "/tolerance",
    ),
    "other nulls": ({"type": "sum", "field": "n", "fields": ["m"], "nulls": ["zero"]}, "/nulls"),
    "no day for codes": ({"type": "code-list", "field": "string", "codes": CODES}, ""),
    "two days for codes": (
        {"type": "code-list", "field": "string", "codes": CODES, "on": "day", "date": "2024-01-01"},
        "",
    ),
    "a day that is none": (
        {"type": "code-list", "field": "string", "codes": CODES, "date": "2024-02-30"},
        "/date",
    ),
    "a day in another form": ({"type": "code-list", "field": "string", "codes": CODES, "date": "20240101"}, "/date"),
    "days in a text": ({"type": "code-list", "field": "string", "codes": CODES, "on": "other"}, "/on"),
    "no codes": ({"type": "code-list", "field": "string", "codes": [], "on": "day"}, "/codes"),
    "codes as an object": ({"type": "code-list", "field": "string", "codes": {}, "on": "day"}, "/codes"),
    "too many codes": (
        {"type": "code-list", "field": "string", "codes": CODES * (MAX_CODES + 1), "on": "day"},
        "/codes",
    ),
    "a code that is a text": (
        {"type": "code-list", "field": "string", "codes": [*CODES, "1"], "on": "day"},
        "/codes/1",
    ),
    "a code with more to it": (
        {"type": "code-list", "field": "string", "codes": [{"value": "1", "till": None}], "on": "day"},
        "/codes/0",
    ),
    "a code that is a number": (
        {"type": "code-list", "field": "string", "codes": [{"value": 1}], "on": "day"},
        "/codes/0/value",
    ),
    "a code that is true": (
        {"type": "code-list", "field": "n", "codes": [{"value": True}], "on": "day"},
        "/codes/0/value",
    ),
    "a code from no day": (
        {"type": "code-list", "field": "string", "codes": [{"value": "1", "from": "1980"}], "on": "day"},
        "/codes/0/from",
    ),
    "a code that ends before it begins": (
        {
            "type": "code-list",
            "field": "string",
            "codes": [{"value": "1", "from": "2024-01-02", "to": "2024-01-01"}],
            "on": "day",
        },
        "/codes/0",
    ),
    "no demand": ({"type": "condition", "if": {"field": "n", "=": 1}}, "/then"),
    "a condition that is a text": (then("n > 1"), "/then"),
    "an empty condition": (then({}), "/then"),
    "a condition in a list": (then([{"field": "n", "=": 1}]), "/then"),
    "an operator without field": (then({"=": 1}), "/then"),
    "a field without operator": (then({"field": "n"}), "/then"),
    "two operators": (then({"field": "n", ">": 1, "<": 3}), "/then"),
    "an unknown operator": (then({"field": "n", "eval": "1"}), "/then"),
    "a condition on an unknown field": (then({"field": "nowhere", "=": 1}), "/then/field"),
    "a condition on a list": (then({"field": ["n"], "=": 1}), "/then/field"),
    "a join beside an operator": (then({"field": "n", "all": []}), "/then"),
    "two joins": (then({"all": [], "any": []}), "/then"),
    "a join of nothing": (then({"any": []}), "/then/any"),
    "a join of one object": (then({"all": {"field": "n", "=": 1}}), "/then/all"),
    "a wrong part": (then({"any": [{"not": {"field": "n", "=": "1"}}]}), "/then/any/0/not/="),
    "a premise that is wrong": ({**then({"field": "n", "=": 1}), "if": 5}, "/if"),
    "an is of its own": (then({"field": "n", "is": "null"}), "/then/is"),
    "an order of text": (then({"field": "string", "<": "b"}), "/then/<"),
    "an order of booleans": (then({"field": "boolean", ">": False}), "/then/>"),
    "an equal list": (then({"field": "array", "=": "[]"}), "/then/="),
    "a pattern on numbers": (then({"field": "n", "matches": "1"}), "/then/matches"),
    "a pattern that is a number": (then({"field": "string", "matches": 1}), "/then/matches"),
    "a pattern that goes back": (then({"field": "string", "matches": r"(a)\1"}), "/then/matches"),
    "a pattern that looks ahead": (then({"field": "string", "matches": "a(?=b)"}), "/then/matches"),
    "a pattern that needs gigabytes": (
        then({"field": "string", "matches": "((a{1000}){1000}){1000}"}),
        "/then/matches",
    ),
    "a pattern that is no text": (then({"field": "string", "matches": "\ud800"}), "/then/matches"),
    "a very long pattern": (then({"field": "string", "matches": "a" * (MAX_PATTERN_LENGTH + 1)}), "/then/matches"),
    "an empty in": (then({"field": "n", "in": []}), "/then/in"),
    "an in that is a text": (then({"field": "string", "in": "abc"}), "/then/in"),
    "too many values": (then({"field": "n", "in": [1] * (MAX_LISTED + 1)}), "/then/in"),
    "a value of another type": (then({"field": "n", "in": [1, "2"]}), "/then/in/1"),
    "a text that is no text": (then({"field": "string", "=": "\ud800"}), "/then/="),
    "a number that is true": (then({"field": "n", "=": True}), "/then/="),
    "a number that is none": (then({"field": "x", "<": float("nan")}), "/then/<"),
    "a number beyond all doubles": (then({"field": "n", "<": 10**400}), "/then/<"),
    "a year beyond all years": (then({"field": "year", "<": 10000}), "/then/<"),
    "a month that is none": (then({"field": "yearmonth", "<": "2024-13"}), "/then/<"),
    "a time that is none": (then({"field": "time", "<": "24:00:01"}), "/then/<"),
    "a moment before all moments": (then({"field": "datetime", "<": "0001-01-01T00:00:00+08:00"}), "/then/<"),
    "a constant that is null": (then({"field": "n", "=": None}), "/then/="),
    "an unknown other field": (then({"field": "n", "<": {"field": "nowhere"}}), "/then/</field"),
    "another field with more": (then({"field": "n", "<": {"field": "m", "plus": 1}}), "/then/</field"),
    "another field of another type": (then({"field": "n", "<": {"field": "day"}}), "/then/</field"),
    "too deep": (then(nest(MAX_DEPTH + 1)), "/then"),
    "far too deep": (then(nest(500)), "/then"),
    "too many parts": (then({"all": [{"field": "n", "=": 1}] * MAX_CONDITIONS}), "/then"),
}


@pytest.mark.parametrize(("check", "pointer"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_wrong_with_a_check_is_told_at_its_place(check: Any, pointer: str) -> None:
    found = {"name": "c", **check} if isinstance(check, Mapping) else check
    good = {"name": "good", "type": "uscc", "field": "string"}
    assert [place for place, _ in find_faults(good, found)] == [f"/opendata/checks/1{pointer}"]


def test_conditions_at_the_limits_are_taken() -> None:
    assert find_broken(build(**then(nest(MAX_DEPTH))), n=[1, 2]) == [True, False]
    many = {"any": [{"field": "n", "=": number} for number in range(MAX_CONDITIONS - 1)]}
    assert find_broken(build(**then(many)), n=[98, 99]) == [False, True]
    assert find_broken(build(**then({"field": "n", "in": list(range(MAX_LISTED))})), n=[999, 1000]) == [False, True]


def test_the_checks_are_a_list_of_so_many_with_names_of_their_own() -> None:
    assert [item.pointer for item in find_check_faults({"fields": FIELDS, "opendata": {"checks": {}}})] == [
        "/opendata/checks"
    ]
    one = {"name": "c", "type": "luhn", "field": "string"}
    assert [place for place, _ in find_faults(*[one] * (MAX_CHECKS + 1))] == ["/opendata/checks"]
    assert find_faults(one, {"name": "d", "type": "luhn", "field": "string"}, one) == [
        ("/opendata/checks/2/name", "Two checks have the same name “c”")
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(sorted(BY_NAME)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "type", "field", "fields", "if", "then", "all", "not", "in", "=", "<", "matches", "on"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(list(EXAMPLES)), st.dictionaries(st.sampled_from(["field", "fields", "if", "then"]), JSON), JSON)
def test_whatever_a_schema_declares_is_refused_or_can_be_built(kind: str, own: dict[str, Any], other: Any) -> None:
    check = {"name": "c", "type": kind, **EXAMPLES[kind], **own}
    assert isinstance(find_faults(other), list)
    if not find_faults(check):
        (built,) = build_checks(describe(check))
        columns = {name: pa.nulls(2, arrow_type(Field.from_json(BY_NAME[name]))) for name in built.fields}
        assert len(built.find_broken(columns)) == 2


# --- the reference


def test_the_reference_describes_every_type_and_its_examples_hold() -> None:
    text = (Path(__file__).resolve().parents[4] / "docs/reference/checks.md").read_text(encoding="utf-8")
    assert re.findall(r"^## `(.+)`$", text, re.M) == list(DEFAULT_STRENGTHS)
    schema, *checks = [json.loads(found) for found in re.findall(r"```json\n(.*?)```", text, re.S)]
    schema["fields"] += [{"name": name, "type": "number"} for name in ("all", "men", "women")]
    assert [check["type"] for check in checks] == list(DEFAULT_STRENGTHS)
    assert list(find_check_faults(schema)) == []
    schema["opendata"]["checks"] = checks
    assert list(find_check_faults(schema)) == []
    for check, section in zip(build_checks(schema), re.split(r"^## `.+`$", text, flags=re.M)[1:], strict=True):
        assert f"Strength: `{DEFAULT_STRENGTHS[check.type]}`" in section
