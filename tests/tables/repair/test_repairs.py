"""A wrong cell becomes what it plainly means, in the form the strict rule asks for; a right one is never touched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from opendata.domain.recipes import REPAIR, Recipe, Step
from opendata.domain.schema import Field
from opendata.errors import InvalidMetadataError
from opendata.recipes.recipe import describe_recipe, read_recipe
from opendata.tables.check.cells import CellRule
from opendata.tables.repair.repairs import REPAIRS, Proposal, Repaired, Repairer, propose_repairs
from opendata.tables.schema.schema import read_schema

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}

CODE = {"type": "string", "constraints": {"minLength": 6, "maxLength": 6, "pattern": "[0-9]+"}}
INSEE = {"type": "string", "constraints": {"pattern": r"^([013-9]\d|2[AB1-9])\d{3}$"}}
FRENCH_DATE = {"type": "date", "format": "%d/%m/%Y"}
COUNTER = {"type": "string", "constraints": {"enum": ["REMOTE TRANSMISSION", "MANUAL"]}}
ACCESS = {"type": "string", "constraints": {"enum": ["Accès libre", "Accès réservé"]}}
OPENNESS = {
    "type": "string",
    "categories": [{"value": "主动公开", "label": "A"}, {"value": "依申请公开", "label": "B"}],
}
URI = {"type": "string", "format": "uri"}
OUI = {"type": "boolean", "trueValues": ["oui", "1"], "falseValues": ["non", "0"]}

FIELDS = [
    *({"type": kind} for kind in ("integer", "number", "date", "datetime", "year", "yearmonth", "boolean")),
    *(CODE, INSEE, FRENCH_DATE, COUNTER, ACCESS, OPENNESS, OUI),
    URI,
    {"type": "integer", "constraints": {"required": True, "minimum": 0}},
    {"type": "number", "decimalChar": ",", "groupChar": "."},
    {"type": "datetime", "format": "%Y/%m/%d %H:%M"},
    {"type": "array"},
    {"type": "time"},
]
PIECES = st.one_of(
    st.sampled_from("10/-.,，年月日T:１٣Y无é% 　\u200b"),
    st.sampled_from(["12", "2018", "05", "43227", ".0", "000", "oui", "N/A", "MANUAL", "manuel", "公开", "http://"]),
)
CELLS = st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=12))
INTEGER = Field.from_json({"name": "n", "type": "integer"})
KINDS = st.sets(st.sampled_from(list(REPAIRS)))


def build_reads(field: Mapping[str, Any], nulls: Collection[str] = ("",)) -> Callable[[str | None], bool]:
    schema = read_schema({"fields": [{"name": "f", **field}], "missingValues": list(nulls)})
    rule = CellRule(schema, schema.fields[0])
    return lambda text: not rule.read(text).problems


def read_field(field: Mapping[str, Any]) -> Field:
    return Field.from_json({"name": "f", **field})


def repair(field: Mapping[str, Any], cell: str, *kinds: str, nulls: Collection[str] = ("",)) -> Repaired | None:
    return Repairer(
        Field.from_json({"name": "f", **field}), list(nulls), kinds or REPAIRS, build_reads(field, nulls)
    ).repair(cell)


READERS = [(field, build_reads(field)) for field in FIELDS]


@pytest.mark.parametrize(
    ("kind", "field", "cell", "text"),
    [
        ("trim-blanks", {"type": "integer"}, " \u00a0\u300012\ufeff\u200b\t", "12"),
        ("trim-blanks", {"type": "integer"}, "   ", ""),
        ("full-width", {"type": "integer"}, "－１２", "-12"),
        ("full-width", {"type": "number"}, "٣.٥", "3.5"),
        ("full-width", INSEE, "２Ａ００４", "2A004"),
        ("full-width", URI, "http：／／gov.cn／a", "http://gov.cn/a"),
        ("thousands-separators", {"type": "integer"}, "1,234,567", "1234567"),
        ("thousands-separators", {"type": "number"}, "-12 345.50", "-12345.50"),
        ("thousands-separators", {"type": "integer"}, "1，234", "1234"),
        ("thousands-separators", {"type": "number", "decimalChar": ","}, "1\u202f234,5", "1234,5"),
        ("number-text", {"type": "integer"}, "4111010001.0", "4111010001"),
        ("number-text", {"type": "string", "constraints": {"pattern": "[0-9]{10}"}}, "4111010001.0", "4111010001"),
        ("number-text", {"type": "year"}, "2018.00", "2018"),
        ("number-text", OUI, "1.0", "1"),
        ("date-form", {"type": "date"}, "2018/5/7", "2018-05-07"),
        ("date-form", {"type": "date"}, "2018.5.7", "2018-05-07"),
        ("date-form", {"type": "date"}, "2018-5-7", "2018-05-07"),
        ("date-form", {"type": "date"}, "2018年5月7日", "2018-05-07"),
        ("date-form", {"type": "date"}, "2018 年 5 月 7 日", "2018-05-07"),
        ("date-form", {"type": "date"}, "20180507", "2018-05-07"),
        ("date-form", {"type": "date"}, "2018-05-07 00:00:00.0000000", "2018-05-07"),
        ("date-form", {"type": "date"}, "2018/5/7 0:00", "2018-05-07"),
        ("date-form", {"type": "date"}, "2018-05-07T00:00:00Z", "2018-05-07"),
        ("date-form", {"type": "date"}, "24-06-2019", "2019-06-24"),
        ("date-form", {"type": "date"}, "07/07/2014 00:00", "2014-07-07"),
        ("date-form", FRENCH_DATE, "2018-05-07", "07/05/2018"),
        ("date-form", FRENCH_DATE, "24-06-2019", "24/06/2019"),
        ("date-form", {"type": "yearmonth"}, "2018年5月", "2018-05"),
        ("date-form", {"type": "yearmonth"}, "201805", "2018-05"),
        ("date-form", {"type": "yearmonth"}, "2018/5", "2018-05"),
        ("date-form", {"type": "yearmonth"}, "2016.03", "2016-03"),
        ("date-form", {"type": "year"}, "2018年", "2018"),
        ("date-form", {"type": "datetime"}, "2018/5/7 8:05", "2018-05-07T08:05:00"),
        ("date-form", {"type": "datetime"}, "2018年5月7日 8时5分9秒", "2018-05-07T08:05:09"),
        ("date-form", {"type": "datetime"}, "2018-5-7 08:05:09.5+0800", "2018-05-07T08:05:09.500000+08:00"),
        ("date-form", {"type": "datetime", "format": "%Y/%m/%d %H:%M"}, "2018-05-07T08:05:00", "2018/05/07 08:05"),
        ("excel-date", {"type": "date"}, "43227", "2018-05-07"),
        ("excel-date", {"type": "date"}, "43227.0", "2018-05-07"),
        ("excel-date", FRENCH_DATE, "43227", "07/05/2018"),
        ("excel-date", {"type": "date"}, "1", "1900-01-01"),
        ("excel-date", {"type": "date"}, "59", "1900-02-28"),
        ("excel-date", {"type": "date"}, "61", "1900-03-01"),
        ("excel-date", {"type": "date"}, "2958465", "9999-12-31"),
        ("excel-date", {"type": "datetime"}, "43227.5", "2018-05-07T12:00:00"),
        ("excel-date", {"type": "datetime"}, "43227.520833333336", "2018-05-07T12:30:00"),
        ("leading-zeros", CODE, "1001", "001001"),
        ("leading-zeros", INSEE, "1004", "01004"),
        ("leading-zeros", {"type": "string", "constraints": {"enum": ["01", "02"]}}, "1", "01"),
        ("boolean-word", {"type": "boolean"}, "是", "true"),
        ("boolean-word", {"type": "boolean"}, "tRUE", "true"),
        ("boolean-word", OUI, "NO", "non"),
        ("boolean-word", OUI, "TRUE", "oui"),
        ("enum-near-miss", COUNTER, "remote  transmission", "REMOTE TRANSMISSION"),
        ("enum-near-miss", COUNTER, "Manual", "MANUAL"),
        ("enum-near-miss", ACCESS, "Acces libre", "Accès libre"),
        ("enum-near-miss", ACCESS, "Accès réservée", "Accès réservé"),
        ("enum-near-miss", OPENNESS, "主动 公开", "主动公开"),
        ("uri-escape", URI, "http://gov.cn/a b/公开?q=%20", "http://gov.cn/a%20b/%E5%85%AC%E5%BC%80?q=%20"),
        ("missing-mark", {"type": "integer"}, "——", None),
        ("missing-mark", {"type": "date"}, "／", None),
        ("missing-mark", COUNTER, "n/a", None),
        ("missing-mark", {"type": "integer"}, "null", None),
        ("missing-mark", {"type": "number"}, "无", None),
    ],
)  # fmt: skip
def test_a_cell_is_repaired_by_one_kind_alone(kind: str, field: Mapping[str, Any], cell: str, text: str | None) -> None:
    assert repair(field, cell, kind) == Repaired(text, (kind,))


@pytest.mark.parametrize(
    ("field", "cell", "text", "kinds"),
    [
        ({"type": "date"}, "　２０１８年５月７日 ", "2018-05-07", ("full-width", "trim-blanks", "date-form")),
        ({"type": "integer"}, "1,234.0", "1234", ("thousands-separators", "number-text")),
        (INSEE, "1004.0", "01004", ("number-text", "leading-zeros")),
        ({"type": "date"}, "20180507.0", "2018-05-07", ("number-text", "date-form")),
        ({"type": "integer"}, " - ", None, ("trim-blanks", "missing-mark")),
        ({"type": "integer"}, "Ｎ／Ａ", None, ("full-width", "missing-mark")),
        (URI, " http://gov.cn/公 ", "http://gov.cn/%E5%85%AC", ("trim-blanks", "uri-escape")),
    ],
)  # fmt: skip
def test_several_kinds_work_on_one_cell_in_their_order(
    field: Mapping[str, Any], cell: str, text: str | None, kinds: tuple[str, ...]
) -> None:
    assert repair(field, cell) == Repaired(text, kinds)
    assert all(repair(field, cell, *(set(REPAIRS) - {kind})) is None for kind in kinds)


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ({"type": "integer"}, "1,23"),
        ({"type": "integer"}, "1,234 567"),
        ({"type": "number"}, "0,123"),
        ({"type": "number"}, "12.5%"),
        ({"type": "number", "decimalChar": ","}, "1,234,567"),
        ({"type": "integer"}, "1.5"),
        ({"type": "date"}, "05/07/2018"),
        (FRENCH_DATE, "05-07-2018"),
        ({"type": "date"}, "2018/2/30"),
        ({"type": "date"}, "2018/5-7"),
        ({"type": "date"}, "2018-05-07 12:30:00"),
        ({"type": "datetime"}, "2018/5/7"),
        ({"type": "datetime"}, "2018/5/7 25:00"),
        ({"type": "datetime", "format": "%Y/%m/%d %H:%M"}, "2018-05-07T08:05:09"),
        ({"type": "date", "format": "%y-%m-%d"}, "1918-05-07"),
        ({"type": "yearmonth"}, "2016.1"),
        ({"type": "yearmonth"}, "201813"),
        ({"type": "date"}, "0"),
        ({"type": "date"}, "60"),
        ({"type": "date"}, "2958466"),
        ({"type": "date"}, "43227.5"),
        ({"type": "date"}, "2018"),
        ({"type": "date"}, "201805"),
        ({"type": "date"}, "1081111"),
        ({"type": "date"}, "180507"),
        ({"type": "datetime"}, "43227.52"),
        (CODE, "0"),
        (CODE, "000"),
        (CODE, "12A"),
        ({"type": "string", "constraints": {"pattern": r"\d{5}|\d{9}"}}, "1234"),
        ({"type": "string", "constraints": {"minLength": 5}}, "1234"),
        ({"type": "string", "constraints": {"pattern": r"\d{21,}"}}, "1234"),
        ({"type": "string", "constraints": {"pattern": r"[1-4](\.[1-9])*"}}, "1.0"),
        ({"type": "boolean"}, "有"),
        ({"type": "string", "constraints": {"enum": ["parking", "parkings"]}}, "parkingr"),
        ({"type": "string", "constraints": {"enum": ["AB", "ab"]}}, "Ab"),
        ({"type": "string", "constraints": {"enum": ["bus", "tram"]}}, "bun"),
        ({"type": "string", "constraints": {"enum": ["110101", "440103"]}}, "110109"),
        (OPENNESS, "不主动公开"),
        (OPENNESS, "被动公开"),
        (URI, "http://a.cn/甲；http://b.cn/乙"),
        (URI, "www.gov.cn 官网"),
        (URI, "http://www.gov.cn 官网"),
        (URI, "http://gov.cn/a\nb"),
        ({"type": "integer", "constraints": {"required": True}}, "-"),
        ({"type": "integer"}, "not known"),
    ],
)  # fmt: skip
def test_a_cell_that_could_mean_two_things_is_left_alone(field: Mapping[str, Any], cell: str) -> None:
    assert not build_reads(field)(cell)
    assert repair(field, cell) is None


@pytest.mark.parametrize(
    ("field", "cell"),
    [({"type": "boolean"}, "TRUE"), ({"type": "integer"}, ""), ({"type": "string"}, " ２０１８/5/7 "), (URI, "a:b%20")],
)
def test_a_right_cell_stays_as_it_is(field: Mapping[str, Any], cell: str) -> None:
    assert repair(field, cell) is None


def test_a_blank_around_an_address_is_no_part_of_it() -> None:
    assert repair(URI, "http://gov.cn/a ", "uri-escape") is None
    assert repair(URI, "http://gov.cn/a ") == Repaired("http://gov.cn/a", ("trim-blanks",))


def test_a_mark_becomes_a_missing_value_only_where_nothing_else_helps() -> None:
    assert repair({"type": "string", "constraints": {"enum": ["none", "some"]}}, "NONE") == Repaired(
        "none", ("enum-near-miss",)
    )


def test_a_text_of_a_missing_value_comes_only_from_blanks_and_width() -> None:
    nulls = ["9999", "-"]
    assert repair({"type": "integer"}, " 9999", nulls=nulls) == Repaired("9999", ("trim-blanks",))
    assert repair({"type": "integer"}, "－", nulls=nulls) == Repaired("-", ("full-width",))
    assert repair({"type": "integer"}, "9,999", nulls=nulls) is None


@given(reader=st.sampled_from(READERS), cell=CELLS, kinds=KINDS)
def test_a_repaired_cell_is_right_and_a_right_one_is_never_touched(
    reader: tuple[Any, Any], cell: str, kinds: set[str]
) -> None:
    field, reads = reader
    repairer = Repairer(read_field(field), [""], kinds, reads)
    repaired = repairer.repair(cell)
    if reads(cell):
        assert repaired is None
    elif repaired is not None:
        assert reads(repaired.text)
        assert repaired.text != cell
        assert set(repaired.kinds) <= kinds
        assert list(repaired.kinds) == [kind for kind in REPAIRS if kind in repaired.kinds]
        assert repaired.text is None or repairer.repair(repaired.text) is None
        assert repairer.repair(cell) == repaired
        assert (repaired.text is None) == ("missing-mark" in repaired.kinds)


@given(reader=st.sampled_from(READERS), cell=CELLS, kinds=KINDS)
def test_no_fewer_kinds_would_do(reader: tuple[Any, Any], cell: str, kinds: set[str]) -> None:
    field, reads = reader
    repaired = Repairer(read_field(field), [""], kinds, reads).repair(cell)
    for left_out in repaired.kinds if repaired else ():
        fewer = [kind for kind in repaired.kinds if kind != left_out] if repaired else []
        assert Repairer(read_field(field), [""], fewer, reads).repair(cell) is None


DAY_FORMS = [
    lambda day: f"{day.year:04}/{day.month}/{day.day}",
    lambda day: f"{day.year:04}.{day.month}.{day.day}",
    lambda day: f"{day.year:04}-{day.month}-{day.day}",
    lambda day: f"{day.year:04}年{day.month}月{day.day}日",
    lambda day: f"{day.year:04}{day.month:02}{day.day:02}",
    lambda day: f"{day.isoformat()} 00:00:00",
    lambda day: f"{day.year:04}/{day.month}/{day.day} 0:00:00",
    lambda day: f"　{day.isoformat()}\u200b",
    lambda day: day.isoformat().translate(FULL_WIDTH),
    lambda day: f"{day.year:04}年{day.month:02}月{day.day:02}日".translate(FULL_WIDTH) + " ",
]


@given(day=st.dates(), form=st.sampled_from(DAY_FORMS), field=st.sampled_from([{"type": "date"}, FRENCH_DATE]))
@example(day=date(1, 1, 1), form=DAY_FORMS[0], field=FRENCH_DATE)
def test_a_day_comes_back_from_every_messy_form(day: date, form: Any, field: Mapping[str, Any]) -> None:
    right = day.isoformat() if "format" not in field else f"{day.day:02}/{day.month:02}/{day.year:04}"
    messy = form(day)
    assume(messy != right)
    repaired = repair(field, messy)
    if repaired is None:
        assert build_reads(field)(messy)
    else:
        assert repaired.text == right


@given(
    moment=st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
    form=st.sampled_from(DAY_FORMS[:5]),
    zone=st.sampled_from(["", "Z", "+08:00", "-0330"]),
)
def test_a_moment_comes_back_from_every_messy_form(moment: datetime, form: Any, zone: str) -> None:
    messy = f"{form(moment.date())} {moment.hour}:{moment.minute:02}:{moment.second:02}{zone}"
    right = datetime.fromisoformat(moment.isoformat() + zone)
    repaired = repair({"type": "datetime"}, messy)
    if repaired is None:
        assert build_reads({"type": "datetime"})(messy)
    else:
        assert repaired.text is not None
        assert datetime.fromisoformat(repaired.text) == right


@given(day=st.dates(date(1900, 3, 1), date(2173, 10, 13)), seconds=st.integers(0, 86399))
def test_a_serial_number_is_the_moment_that_a_spreadsheet_shows(day: date, seconds: int) -> None:
    number = (day - date(1899, 12, 30)).days
    assume(number >= 2200)  # below, a number may be a year
    assert repair({"type": "date"}, str(number)) == Repaired(day.isoformat(), ("excel-date",))
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None) + timedelta(seconds=seconds)
    repaired = repair({"type": "datetime"}, f"{number + seconds / 86400:.11f}")
    assert repaired is not None
    assert repaired.text == moment.isoformat()


@given(day=st.dates(), order=st.sampled_from(["{0.day}/{0.month}/{1}", "{0.month:02}-{0.day:02}-{1}"]))
def test_the_order_of_day_and_month_is_never_guessed(day: date, order: str) -> None:
    repaired = repair({"type": "date"}, order.format(day, f"{day.year:04}"))
    if day.day <= 12 and day.day != day.month:
        assert repaired is None
    else:
        assert repaired == Repaired(day.isoformat(), ("date-form",))


@given(number=st.integers(), mark=st.sampled_from([",", "，", " ", "\u00a0", "\u202f"]))
def test_groups_of_thousands_are_the_number_without_them(number: int, mark: str) -> None:
    assume(abs(number) < 2**63)
    repaired = repair({"type": "integer"}, f"{number:,}".replace(",", mark))
    assert repaired is None if abs(number) < 1000 else repaired == Repaired(str(number), ("thousands-separators",))


# --- proposals


def test_repairs_are_proposed_with_exact_counts_and_the_commonest_cells() -> None:
    wrong = {"2018/5/7": 3, " 2018-05-08": 4, "2018/5/9 ": 2, "-": 7, "next week": 5, "05/07/2018": 1}
    field = {"name": "day", "type": "date"}
    assert propose_repairs(Field.from_json(field), [""], wrong, build_reads({"type": "date"})) == [
        Proposal("trim-blanks", "day", 6, ((" 2018-05-08", "2018-05-08"), ("2018/5/9 ", "2018-05-09"))),
        Proposal("date-form", "day", 5, (("2018/5/7", "2018-05-07"), ("2018/5/9 ", "2018-05-09"))),
        Proposal("missing-mark", "day", 7, (("-", None),)),
    ]


def test_five_examples_are_shown_whatever_order_the_cells_come_in() -> None:
    wrong = {f" {number}": number for number in range(1, 2001)}
    reads = build_reads({"type": "integer"})
    (proposal,) = propose_repairs(INTEGER, [""], wrong, reads)
    assert proposal.count == 2000 * 2001 // 2
    assert proposal.examples == tuple((f" {number}", str(number)) for number in range(2000, 1995, -1))
    backwards = dict(reversed(wrong.items()))
    assert propose_repairs(INTEGER, [""], backwards, reads) == [proposal]


def test_nothing_is_proposed_for_right_cells() -> None:
    assert propose_repairs(INTEGER, [""], {"1": 9}, build_reads({"type": "integer"})) == []


def test_a_field_with_thousands_of_choices_is_repaired_quickly() -> None:
    choices = [f"street {number:04}" for number in range(5000)]
    field = {"name": "s", "type": "string", "constraints": {"enum": choices}}
    known = set(choices)
    wrong = {f"stret {number:04}": 1 for number in range(5000)}
    (proposal,) = propose_repairs(Field.from_json(field), [""], wrong, lambda text: text in known)
    assert (proposal.kind, proposal.count) == ("enum-near-miss", 5000)


# --- recipes


def test_a_recipe_is_written_and_read_back() -> None:
    chosen = (("day", "trim-blanks"), ("day", "date-form"), ("code", "leading-zeros"))
    recipe = Recipe(tuple(Step(REPAIR, name, {"kind": kind}) for name, kind in chosen))
    assert describe_recipe(recipe)["steps"][0] == {"verb": "repair", "field": "day", "kind": "trim-blanks"}
    assert read_recipe(describe_recipe(recipe)) == recipe


def test_a_recipe_has_its_kinds_in_the_order_of_work_and_once() -> None:
    named = [{"fieldName": "day", "kind": kind} for kind in ("date-form", "trim-blanks", "date-form")]
    assert read_recipe({"repairs": named}).repairs == {"day": ["trim-blanks", "date-form"]}
    assert read_recipe({"repairs": []}).repairs == {}


@pytest.mark.parametrize(
    ("source", "pointers"),
    [
        (None, [""]),
        ([], [""]),
        ({}, [""]),
        ({"repairs": [], "more": 1}, [""]),
        ({"repairs": {"day": "date-form"}}, ["/repairs"]),
        ({"repairs": [{}] * 100_000}, ["/repairs"]),
        ({"repairs": ["date-form", {"fieldName": "day"}]}, ["/repairs/0", "/repairs/1"]),
        ({"repairs": [{"fieldName": "a", "kind": "date-form", "to": 1}]}, ["/repairs/0"]),
        ({"repairs": [{"fieldName": "", "kind": "drop"}]}, ["/repairs/0/fieldName", "/repairs/0/kind"]),
        ({"repairs": [{"fieldName": "\ud800", "kind": ["date-form"]}]}, ["/repairs/0/fieldName", "/repairs/0/kind"]),
        ({"repairs": [{"fieldName": "a\0", "kind": "date-form"}]}, ["/repairs/0/fieldName"]),
    ],
)
def test_a_hostile_recipe_is_refused_point_by_point(source: object, pointers: list[str]) -> None:
    with pytest.raises(InvalidMetadataError) as refused:
        read_recipe(source)
    assert [item.pointer for item in refused.value.faults] == pointers
    assert str(refused.value)
