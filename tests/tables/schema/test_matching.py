"""Columns are matched with fields by what they are called, surely or less so; a wrong pairing is worse than none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.schema import TableSchema
from opendata.tables.schema.folding import TO_SIMPLIFIED, fold, is_near, list_near
from opendata.tables.schema.matching import ColumnMatch, match_columns, rank_schemas
from opendata.tables.schema.schema import read_schema

LIBRARY = Path(__file__).parents[3] / "schemas"
RESERVOIR = {
    "fields": [
        {"name": "code", "type": "string", "title": "编号"},
        {"name": "name", "type": "string", "title": "水库名称", "opendata": {"i18n": {"en": {"title": "Reservoir"}}}},
        {"name": "level", "type": "number", "title": "水位（米）", "opendata": {"aliases": ["库水位", "WL"]}},
        {"name": "measured", "type": "date", "title": "测量日期", "constraints": {"required": True}},
    ],
    "primaryKey": "code",
}


def make_schema(*fields: str | dict[str, Any], **options: Any) -> TableSchema:
    found = [
        {"name": item, "type": "string"} if isinstance(item, str) else {"type": "string", **item} for item in fields
    ]
    return read_schema({"fields": found, **options})


def find_how(label: str, field: str | dict[str, Any]) -> str | None:
    """How a label is matched with the only field there is."""
    found = match_columns([label], make_schema(field)).pairings
    return found[0].how if found else None


def pairs(match: ColumnMatch) -> dict[str, str]:
    return {pairing.label: pairing.field for pairing in match.pairings}


def test_a_label_is_a_field_by_its_name_its_title_in_any_language_or_an_alias() -> None:
    labels = ["WL", "Reservoir", "code", "测量日期"]
    match = match_columns(labels, read_schema(RESERVOIR))
    assert [(item.label, item.field, item.how) for item in match.pairings] == [
        ("code", "code", "name"),
        ("Reservoir", "name", "title"),
        ("WL", "level", "alias"),
        ("测量日期", "measured", "title"),
    ]
    assert [item.label for item in match.renamed] == ["Reservoir", "WL", "测量日期"]
    assert match.reordered
    sure = [item.sure for item in match.pairings]
    assert sure[0] == 1
    assert 0.9 < sure[2] < sure[1] < 1


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("ＣＯＤＥ", "code"),
        ("Code", "code"),
        (" reservoir  name", "reservoir_name"),
        ("reservoirName", "reservoir_name"),
        ("Reservoir-Name:", "reservoir.name"),
        ("金額", "金额"),
        ("編號", "编号"),
        ("* 名称", "名称"),
        ("名 称", "名称"),
        ("名\u200b称\n", "名称"),
        ("Année", "annee"),
        ("水位(米)", "水位（米）"),
        ("水位[单位：米]", "水位（米）"),
        ("面積（畝）", "面积(畝)"),
        ("PM2.5", "ＰＭ２．５"),
        ("面积（㎡）", "面积（m2）"),
        ("（一）", "一"),
        ("水位（米）", "水位"),
        ("金额", "金额（万元）"),
        ("Amount [kg]", "amount"),
    ],
)
def test_the_same_name_written_in_another_way_is_recognised(label: str, word: str) -> None:
    assert find_how(label, word) == "folded"
    assert find_how(label, {"name": "x", "title": word}) == "folded"


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("adress", "address"),
        ("adress_line", "address_line"),
        ("recieved", "received"),
        ("prices", "price"),
        ("reservior_name", "reservoir_name"),
        ("年末人口数", "年末人口"),
        ("水库的名称", "水库名称"),
        ("进口与出口总额", "进口和出口总额"),
    ],
)
def test_a_slip_is_recognised_in_a_long_name(label: str, word: str) -> None:
    assert find_how(label, word) == "near"
    assert find_how(word, label) == "near"


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("面积（亩）", "面积（公顷）"),
        ("amount(m)", "amount(km)"),
        ("PM2.5", "PM10"),
        ("PM2.5", "PM25"),
        ("2019年产值", "2020年产值"),
        ("第一季度产值", "第二季度产值"),
        ("男性人口数", "女性人口数"),
        ("农业人口数量", "非农业人口数量"),
        ("进口总额", "出口总额"),
        ("增长", "增长%"),
        ("series_a", "series_b"),
        ("reservoir_nane", "reservoir_name"),
        ("xcoordinate", "ycoordinate"),
        ("value_a_mean", "value_b_mean"),
        ("inflow", "outflow"),
        ("import_value", "export_value"),
        ("minimum", "maximum"),
        ("male", "female"),
        ("column1", "column2"),
        ("price1", "price"),
        ("人数", "人"),
        ("水量", "水"),
        ("a" * 300, "A" * 300),
        ("（）", "【】"),
        ("-", "_"),
    ],
)
def test_names_that_mean_something_else_are_kept_apart(label: str, word: str) -> None:
    assert find_how(label, word) is None
    assert find_how(word, label) is None


def test_the_surest_pairing_comes_first() -> None:
    schema = make_schema({"name": "title", "title": "name"}, {"name": "Name"}, {"name": "name", "title": "title"})
    match = match_columns(["NAME", "name", "title"], schema)
    assert pairs(match) == {"name": "name", "title": "title", "NAME": "Name"}


def test_columns_that_differ_in_their_unit_alone_find_each_its_own() -> None:
    schema = make_schema({"name": "hectares", "title": "面积（公顷）"}, {"name": "acres", "title": "面积（亩）"})
    assert pairs(match_columns(["面积（亩）", "面积(公顷)"], schema)) == {
        "面积（亩）": "acres",
        "面积(公顷)": "hectares",
    }


def test_missing_fields_are_told_with_those_required_first_and_extra_columns_too() -> None:
    match = match_columns(["备注", "水库名称"], read_schema(RESERVOIR))
    assert match.missing == ["code", "measured", "level"]
    assert match.extra == ["备注"]
    assert not match.reordered


def test_columns_with_one_label_are_told_apart() -> None:
    schema = make_schema({"name": "a", "title": "值"}, {"name": "b", "title": "值"}, "field3")
    match = match_columns(["值", "值", ""], schema)
    assert pairs(match) == {"值": "a", "值2": "b"}
    assert match.columns == {"值": "a", "值2": "b"}
    assert match.extra == ["field3"]
    assert match_columns(["a", "a"], make_schema("a", "a2")).extra == ["a2"]


def test_nothing_is_to_be_chosen_where_the_header_is_right_as_it_is() -> None:
    schema = read_schema(RESERVOIR)
    assert match_columns(schema.names, schema).columns == {}
    assert match_columns(schema.names, schema).score == 1
    swapped = match_columns(["name", "code", "level", "measured"], schema)
    assert swapped.columns == {name: name for name in schema.names}
    assert swapped.score == 1
    assert match_columns([], schema).columns == {}


def test_what_a_schema_lets_pass_costs_less() -> None:
    labels = ["a", "b", "x"]
    strict = match_columns(labels, make_schema("a", "b")).score
    assert strict < match_columns(labels, make_schema("a", "b", fieldsMatch="subset")).score < 1
    fewer = match_columns(["a"], make_schema("a", "b")).score
    assert fewer < match_columns(["a"], make_schema("a", "b", fieldsMatch="superset")).score < 1
    needed = make_schema("a", {"name": "b", "constraints": {"required": True}}, fieldsMatch="superset")
    assert match_columns(["a"], needed).score == fewer


def test_schemas_are_ranked_by_how_much_of_them_is_there() -> None:
    candidates = [
        ("other", make_schema("x", "y")),
        ("wide", make_schema("a", "b", "c", "d", "e")),
        ("right", make_schema("A", "b", "c")),
        ("exact", make_schema("a", "b", "c")),
        ("same", make_schema("c", "b", "a")),
    ]
    found = rank_schemas(["a", "b", "c"], candidates)
    assert [item.ref for item in found] == ["exact", "same", "right", "wide"]
    assert [(len(item.match.pairings), item.fields) for item in found][-1] == (3, 5)
    assert rank_schemas([], candidates) == []


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*/*/schema.json")), ids=lambda path: path.parts[-3])
@pytest.mark.parametrize("language", ["name", "title", "en"])
def test_a_table_with_the_titles_of_a_schema_of_the_library_finds_that_schema(path: Path, language: str) -> None:
    schemas = {item: TableSchema(json.loads(item.read_text("utf-8"))) for item in LIBRARY.glob("*/*/schema.json")}
    labels = [
        str(item.i18n["en"]["title"] if language == "en" else item.descriptor[language])
        for item in schemas[path].fields
    ]
    best = rank_schemas(labels, schemas.items())
    assert path in [item.ref for item in best if item.score == best[0].score]
    match = next(item.match for item in best if item.ref == path)
    assert (list(match.missing), list(match.extra), match.reordered) == ([], [], False)


def test_what_nobody_checked_in_a_field_does_no_harm() -> None:
    own = {"i18n": {"en": {"title": 3}, "fr": None}, "aliases": [None, 1, " ", "b"]}
    assert find_how("b", {"name": "a", "opendata": own}) == "alias"
    for odd in ({"i18n": [1], "aliases": "b"}, {"i18n": {"en": ["b"]}, "aliases": {"b": 1}}, {}):
        assert find_how("b", {"name": "a", "opendata": odd}) is None


def test_a_word_that_many_fields_share_tells_nothing_of_the_others() -> None:
    names = [f"reservoir_level_{number:04}" for number in range(3000)]
    schema = TableSchema({"fields": [{"name": name, "title": "同一个标题"} for name in names]})
    assert len(match_columns(names[::-1], schema).pairings) == len(names)
    assert len(match_columns(["同一个标题"] * len(names), schema).pairings) == 16
    slips = [name.replace("reservoir", "reservior") for name in names]
    assert len(match_columns(slips, schema).pairings) == len(names)


def test_every_traditional_character_of_the_table_is_one_and_has_a_simplified_form() -> None:
    for old, new in TO_SIMPLIFIED.items():
        assert old.encode("big5hkscs") != new.encode("gb2312")
        assert new not in TO_SIMPLIFIED


WORDS = st.sampled_from(
    [
        "code",
        "Code",
        "code ",
        "名称",
        "名 称",
        "水位",
        "水位（米）",
        "水位(厘米)",
        "address",
        "adress",
        "level",
        "",
        "x_1",
        "x1",
    ]
)
FIELDS = st.lists(st.tuples(WORDS.filter(bool), WORDS), max_size=8, unique_by=lambda pair: pair[0])


@given(labels=st.lists(WORDS, max_size=8), fields=FIELDS.filter(bool), mode=st.sampled_from(["exact", "partial"]))
def test_a_match_is_one_to_one_and_complete(labels: Sequence[str], fields: list[tuple[str, str]], mode: str) -> None:
    schema = make_schema(*({"name": name, "title": title} for name, title in fields), fieldsMatch=mode)
    match = match_columns(labels, schema)
    used = [item.field for item in match.pairings]
    columns = [item.label for item in match.pairings]
    assert len(set(used)) == len(used)
    assert len(set(columns)) == len(columns)
    assert sorted([*used, *match.missing]) == sorted(schema.names)
    assert len(columns) + len(match.extra) == len(labels)
    assert set(columns).isdisjoint(match.extra)
    assert used == [name for name in schema.names if name in used]
    assert 0 <= match.score <= 1
    assert (match.score == 1) == (not match.renamed and not match.missing and not match.extra)
    assert match == match_columns(labels, schema)


@given(labels=st.lists(WORDS, max_size=8), fields=FIELDS.filter(bool))
def test_no_column_and_field_left_over_or_paired_less_surely_would_rather_have_each_other(
    labels: Sequence[str], fields: list[tuple[str, str]]
) -> None:
    schema = make_schema(*({"name": name, "title": title} for name, title in fields))
    match = match_columns(labels, schema)
    of_label = {item.label: item.sure for item in match.pairings}
    of_field = {item.field: item.sure for item in match.pairings}
    names = match_columns(labels, make_schema("\ufffe")).extra  # all of them
    for label, name in zip(labels, names, strict=True):
        for field in schema.fields:
            for alone in match_columns([label], TableSchema({"fields": [field.descriptor]})).pairings:
                assert max(of_label.get(name, 0), of_field.get(field.name, 0)) >= alone.sure


@given(word=st.text(max_size=30))
def test_a_name_in_common_form_is_in_common_form(word: str) -> None:
    folded = fold(word)
    assert fold(folded.core).core == folded.core
    assert not is_near(folded, folded)


@given(
    word=st.text("abcdefgh", min_size=6, max_size=12),
    place=st.integers(1, 11),
    letter=st.sampled_from("xyz"),
    kind=st.integers(0, 3),
)
def test_every_slip_within_a_word_is_found(word: str, place: int, letter: str, kind: int) -> None:
    place = min(place, len(word) - 2)
    other = (
        word[:place] + letter + word[place:],
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place + 1 :],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    )[kind]
    if other != word:
        one, two = fold(word), fold(other)
        assert is_near(one, two)
        assert is_near(two, one)
        assert set(list_near(one)) & set(list_near(two))
        assert find_how(other, word) == "near"
