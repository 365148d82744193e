"""Every cell is looked at: each kind of personal data is found, and what only looks like it isn't."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pyarrow as pa
import pytest

from opendata.domain.privacy import Certainty, Evidence, Kind
from tests.privacy import corpora
from tests.privacy.corpora import NAMED, NEGATIVES, POSITIVES, make_corpus, score_corpus
from tests.privacy.numbers import complete_resident_id
from tests.privacy.screening import count_kinds, screen_columns

SEED = 20260101
SPACES = "\u00a0\u2009\u202f\u3000"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
INVISIBLE = "\u200b\u200c\u200d\ufeff"
ID = complete_resident_id("11010519491231002")


def make(kind: Kind, rows: int = 60, seed: int = 1) -> list[str]:
    random = Random(seed)
    return [POSITIVES[kind][1](random) for _ in range(rows)]


@pytest.mark.parametrize("kind", POSITIVES)
def test_a_column_is_known_by_its_cells_alone(kind: Kind) -> None:
    found = screen_columns({"A": make(kind)})
    assert [(item.field, item.kind) for item in found] == [("A", kind)]
    assert found[0].count >= 57
    assert found[0].share > 0.9
    assert found[0].evidence


@pytest.mark.parametrize("kind", NAMED)
def test_a_column_is_known_by_its_name_and_its_cells(kind: Kind) -> None:
    name, make_cell = NAMED[kind]
    random = Random(2)
    cells = [make_cell(random) for _ in range(40)]
    found = {item.kind: item for item in screen_columns({name: cells})}
    assert found[kind].count == 40
    assert found[kind].evidence[0].code is Evidence.COLUMN_NAME
    assert kind not in {item.kind for item in screen_columns({name: ["", "不详", "无"]})}


@pytest.mark.parametrize("name", NEGATIVES)
def test_what_only_looks_personal_is_left_alone(name: str) -> None:
    random = Random(3)
    cells = [NEGATIVES[name](random) for _ in range(300)]
    assert screen_columns({"A": cells}) == []


@pytest.mark.parametrize("kind", [kind for kind in POSITIVES if kind not in (Kind.NAME, Kind.ADDRESS)])
def test_a_few_cells_among_missing_ones_are_found(kind: Kind) -> None:
    cells = [*make(kind, 3), *[None] * 500]
    assert count_kinds(cells) == {kind: 3}


def test_numbers_stored_as_numbers_are_found() -> None:
    numbers = [cell for cell in make(Kind.RESIDENT_ID, 50) if "X" not in cell]
    assert count_kinds(pa.array(list(map(int, numbers)), pa.int64())) == {Kind.RESIDENT_ID: len(numbers)}
    random = Random(4)
    phones = [random.randrange(13_000_000_000, 20_000_000_000) for _ in range(50)]
    assert count_kinds(pa.array([*phones, None], pa.int64())) == {Kind.MOBILE: 50}
    assert count_kinds(pa.array(list(map(float, phones)), pa.float64())) == {Kind.MOBILE: 50}
    assert count_kinds(pa.array(list(range(5000)), pa.int64())) == {}
    assert count_kinds(pa.array([0.5, float("nan"), float("inf")], pa.float64())) == {}


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (f"当事人{ID}，男", Kind.RESIDENT_ID),
        (f"{ID[:6]} {ID[6:14]} {ID[14:]}", Kind.RESIDENT_ID),
        ("".join(chr(ord(digit) + 0xFEE0) for digit in ID[:17]) + "Ｘ", Kind.RESIDENT_ID),
        (ID.lower(), Kind.RESIDENT_ID),
        ("请拨打138 1234 5678", Kind.MOBILE),
        ("138-1234-5678", Kind.MOBILE),
        ("+86 13812345678", Kind.MOBILE),
        ("+8613812345678", Kind.MOBILE),
        ("008613812345678", Kind.MOBILE),
        ("１３８１２３４５６７８", Kind.MOBILE),
        *((f"联系138{space}1234{space}5601", Kind.MOBILE) for space in SPACES + DASHES + INVISIBLE),
        *((f"{ID[:6]}{space}{ID[6:14]}{space}{ID[14:]}", Kind.RESIDENT_ID) for space in SPACES + INVISIBLE),
        (f"{ID[:6]}\u00a0{ID[6:10]}\u00a0{ID[10:14]}\u00a0{ID[14:]}", Kind.RESIDENT_ID),
        *((f"4111{space}1111{space}1111{space}1111", Kind.BANK_CARD) for space in SPACES + DASHES + INVISIBLE),
        ("0731\u201384123456", Kind.LANDLINE),
        ("\u200b".join("13812345601"), Kind.MOBILE),
        ("\u200b".join(ID), Kind.RESIDENT_ID),
        (f"ID{ID}号", Kind.RESIDENT_ID),
        (f"No.{ID}", Kind.RESIDENT_ID),
        (f"id_{ID}", Kind.RESIDENT_ID),
        ("13812345601.0", Kind.MOBILE),
        ("+86-138-1234-5601", Kind.MOBILE),
        ("+86 138 1234 5601", Kind.MOBILE),
        ("+86\u00a0138\u00a01234\u00a05601", Kind.MOBILE),
        ("86-138-1234-5601", Kind.MOBILE),
        ("(+86)138-1234-5601", Kind.MOBILE),
        ("0086 138-1234-5601", Kind.MOBILE),
        ("(010)62345678", Kind.LANDLINE),
        ("（0731）84123456", Kind.LANDLINE),
        ("0731-84123456-8001", Kind.LANDLINE),
        ("卡号4111 1111 1111 1111。", Kind.BANK_CARD),
        ("投诉人邮箱someone@mail.example.com。", Kind.EMAIL),
        ("违停车辆湘A12345，", Kind.PLATE),
        ("湘A·D12345", Kind.PLATE),
        ("京A1234警", Kind.PLATE),
        ("加我微信：abc_12345", Kind.SOCIAL),
        ("QQ号：123456789", Kind.SOCIAL),
    ],
)
def test_every_notation_is_found_also_within_a_text(cell: str, kind: Kind) -> None:
    assert count_kinds([cell, "无", None]) == {kind: 1}


@pytest.mark.parametrize(
    "cell",
    [
        "118.13912345678",
        "ZZ13812345678",
        "138****5678",
        f"{ID[:6]}********{ID[14:]}",
        "2024-13812345678",
        "张*",
        "978-7-302-12345-6",
        "13,812,345,601",
        "13812345601.5",
        "13812345601.0.1",
        "138.1234.5601",
        "192.168.138.123",
        "116.407526,39.904030",
        "2.138.1234.5601",
        "2024.01.15",
        "2010—2015",
        f"ID{ID[:-1]}{(int(ID[-1], 11) + 1) % 10 if ID[-1] != 'X' else 0}",
        "第3组",
        "湖南省长沙市岳麓区麓山路99号",
        "某区创业大厦A座1203室",
        "user at example dot com",
        "3栋教学楼改造工程",
    ],
)
def test_what_is_part_of_something_else_is_left_alone(cell: str) -> None:
    assert count_kinds([cell] * 3) == {}


PHONES = (
    "138-12345601",
    "1381234 5601",
    "138.1234.5601",
    "13,812,345,601",
    "13,812,345,601.00",
    "13812345601.00",
    "张三：138.1234.5601。",
)


@pytest.mark.parametrize("cell", PHONES)
@pytest.mark.parametrize("name", ["电话", "手机号", "phone"])
def test_a_mobile_number_written_like_another_number_needs_the_name_of_its_column(cell: str, name: str) -> None:
    for cells in ([cell], [cell] * 30, [cell, "无", None]):
        assert count_kinds(cells, name) == {Kind.MOBILE: len(cells) if "无" not in cells else 1}
    assert "5601" not in screen_columns({name: [cell]})[0].examples[0]


def test_cells_of_one_shape_are_told_apart_by_their_digits() -> None:
    for mark, other in (("-", "010-62345678"), (" ", "010 62345678"), (" ", "8412345 8001")):
        mobile = "1381234 5601" if other.startswith("8") else f"138{mark}12345601"
        assert count_kinds([other, mobile, other], "手机")[Kind.MOBILE] == 1
    assert count_kinds(["038.1234.5601", "138.1234.5601", "038.1234.5601"], "手机") == {Kind.MOBILE: 1}


def test_an_invisible_character_between_two_numbers_keeps_them_apart() -> None:
    assert count_kinds(["\u200b".join(["13812345601", "13912345678", "13712345678"])]) == {Kind.MOBILE: 1}


def test_a_column_of_nothing_but_dotted_mobile_numbers_needs_no_name() -> None:
    random = Random(12)
    cells = [
        f"1{random.randrange(30, 100)}.{random.randrange(10**4):04}.{random.randrange(10**4):04}" for _ in "a" * 30
    ]
    assert count_kinds(cells) == {Kind.MOBILE: 30}
    assert count_kinds([*cells, *["12.5"] * 30]) == {}


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("金额", "13,812,345,601"),
        ("金额", "13,812,345,601.00"),
        ("金额", "13812345601.25"),
        ("IP地址", "138.123.45.160"),
        ("坐标", "138.1234,35.5601"),
        ("经度", "138.12345601"),
        ("版本", "1.38.1234.5601"),
        ("日期", "2024.01.15"),
        ("年份", "2010—2015"),
        ("电话", "138.12345601"),
        ("电话", "13,812,345"),
        ("运单号", "131-12345675"),
        ("电话", "0131-12345675"),
    ],
)
def test_amounts_addresses_and_versions_are_no_telephone_numbers(name: str, cell: str) -> None:
    assert Kind.MOBILE not in count_kinds([cell] * 30, name)


def test_numbers_without_the_right_check_digit_are_case_numbers() -> None:
    random = Random(5)
    cases = [corpora.make_case_number(random) for _ in range(300)]
    assert count_kinds(cases) == {}
    people = [corpora.make_resident_id(random) for _ in range(100)]
    assert count_kinds([*cases, *people])[Kind.RESIDENT_ID] >= 100


def test_the_old_form_needs_a_share() -> None:
    random = Random(6)
    old = [corpora.make_old_id(random) for _ in range(20)]
    assert count_kinds(old) == {Kind.RESIDENT_ID: 20}
    assert count_kinds([f"{random.randrange(10**15):015}" for _ in range(200)]) == {}


def test_names_of_minorities_and_of_two_characters_are_names() -> None:
    cells = ["买买提·吐尔逊", "古丽·努尔", "扎西·才让", "欧阳明", "司马文", "李伟", "王芳", "张敏", "刘洋", "陈静"]
    assert count_kinds(cells) == {Kind.NAME: 10}


def test_dates_beside_persons_are_births_if_they_span_a_lifetime() -> None:
    random = Random(7)
    births = [corpora.make_birth(random) for _ in range(200)]
    recent = [date(2024, 1, 1) + timedelta(days=random.randrange(300)) for _ in births]
    table = {"A": make(Kind.NAME, 200), "B": pa.array(births, pa.date32()), "C": pa.array(recent, pa.date32())}
    found = {(item.field, item.kind): item for item in screen_columns(table)}
    assert found[("B", Kind.BIRTH_DATE)].certainty is Certainty.POSSIBLE
    assert ("C", Kind.BIRTH_DATE) not in found
    del table["A"]
    assert screen_columns(table) == []
    texts = [f"{day:%Y-%m-%d}" for day in births]
    numbers = pa.array([int(f"{day:%Y%m%d}") for day in births], pa.int64())
    beside = screen_columns({"A": make(Kind.NAME, 200), "B": texts, "C": numbers})
    assert [item.field for item in beside if item.kind is Kind.BIRTH_DATE] == ["B", "C"]
    assert count_kinds([f"{day:%Y年%m月%d日}" for day in births], "出生日期") == {Kind.BIRTH_DATE: 200}


def test_tracks_move_and_stations_do_not() -> None:
    random = Random(8)
    track = corpora.make_track_table(random, 240)
    typed = {
        "A": track.columns["设备"].cells,
        "B": pa.array([datetime.fromisoformat(cell) for cell in track.columns["时间"].cells], pa.timestamp("us")),
        "C": pa.array([float(cell) for cell in track.columns["经度"].cells], pa.float64()),
        "D": pa.array([float(cell) for cell in track.columns["纬度"].cells], pa.float64()),
    }
    assert [(item.field, item.kind) for item in screen_columns(typed)] == [("C", Kind.TRACK), ("D", Kind.TRACK)]
    for seed in range(10):
        stations = corpora.make_station_table(Random(seed), 240).hide_names()
        assert screen_columns({name: column.cells for name, column in stations.columns.items()}) == []


def test_a_finding_has_no_value_in_it() -> None:
    for table in make_corpus(9, 20):
        cells = {name: [cell or None for cell in column.cells] for name, column in table.columns.items()}
        for item in screen_columns(cells):
            said = json.dumps(item.describe(), ensure_ascii=False)
            values = {cell for cell in table.columns[item.field].cells if len(cell) > 3}
            assert not [cell for cell in values if cell in said]
            assert len(item.examples) <= 3
            assert all("*" in example for example in item.examples)
            assert all(sum(character.isdigit() for character in example) <= 4 for example in item.examples)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_how_rows_are_cut_into_batches_changes_nothing(size: int) -> None:
    for table in make_corpus(10, 6):
        cells = {name: [cell or None for cell in column.cells] for name, column in table.columns.items()}
        found, whole = screen_columns(cells, size=size), screen_columns(cells)
        assert [replace(item, examples=()) for item in found] == [replace(item, examples=()) for item in whole]


def test_a_table_without_rows_or_values_has_no_findings() -> None:
    assert screen_columns({"A": [], "B": []}) == []
    assert screen_columns({"A": [None, ""], "身份证号": [None, None]}) == []
    assert (
        screen_columns({"A": pa.array([None, None], pa.int64()), "B": pa.array([None], pa.date32()).take([0, 0])}) == []
    )


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [True, False])
def test_recall_and_precision_hold_on_made_tables(hidden: bool) -> None:
    corpus = make_corpus(SEED, 80)
    scores = score_corpus([table.hide_names() for table in corpus] if hidden else corpus)
    for kind in (Kind.RESIDENT_ID, Kind.BANK_CARD, Kind.MOBILE, Kind.LANDLINE):
        assert scores[kind].recall >= 0.99, scores[kind].missed
    assert scores[Kind.NAME].recall >= 0.95, scores[Kind.NAME].missed
    assert scores[Kind.ADDRESS].recall >= 0.90, scores[Kind.ADDRESS].missed
    for kind, score in scores.items():
        assert score.precision >= 0.97, (kind, score.false)
        assert score.columns > 0 or kind not in POSITIVES
