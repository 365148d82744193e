"""Where the table lies is found among titles, units and notes; an ordinary table is left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.intake.grid import Span
from opendata.intake.layout.footnotes import find_footnotes
from opendata.intake.layout.layout import find_layout, join_header
from opendata.intake.text.delimited import find_dialect, read_ends
from opendata.intake.text.encodings import find_encoding
from opendata.intake.understanding import CAREFUL, Decision, Layout
from tests.intake.real_files import list_real_files, list_short_and_long

BODY = [["北京", "1", "2.5"], ["上海", "3", "4.5"], ["重庆", "5", "6.5"], ["天津", "7", ""]]
HEADER = ["地区", "人口", "增长"]
ORDINARY = Layout()


def rules(decisions: Sequence[Decision]) -> list[str]:
    for decision in decisions:
        decision.describe()
    return [decision.rule for decision in decisions]


def end_of(
    table: Sequence[Sequence[str]], layout: Layout = ORDINARY
) -> tuple[int | None, tuple[str, ...], list[Decision]]:
    return find_footnotes(list(enumerate(table, 1))[-60:], layout, table[layout.first_row - 1 :])


def names(table: Sequence[Sequence[str]], layout: Layout, merges: Sequence[Span] = ()) -> list[str]:
    return [" ".join(filter(None, column)) for column in zip(*join_header(table, layout, merges), strict=True)]


# --- ordinary tables -------------------------------------------------------------------------------------------------

labels = st.text("abcde甲乙丙_ ", min_size=1, max_size=12).map(str.strip).filter(bool)
cells = (
    st.text("abcdefgh甲乙丙丁。，:： *#-", max_size=40)
    | st.integers().map(str)
    | st.decimals(0, 1000, places=2).map(str)
    | st.dates().map(str)
    | st.sampled_from(["", "", "-", "N/A", "NC", "…", "合计", "单位", "(x)", "2024", "true", "注", "note"])
)


@given(data=st.data())
def test_an_ordinary_table_is_left_alone(data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 7))
    header = data.draw(st.lists(labels, min_size=width, max_size=width, unique=True))
    row = st.lists(cells, min_size=width, max_size=width).filter(lambda row: width == 1 or any(map(str.strip, row)))
    body = data.draw(st.lists(row, max_size=12))
    layout, decisions = find_layout([header, *body])
    assert layout == Layout()
    assert rules(decisions) in ([], ["header"] if width == 1 else [])
    last, notes, reasons = end_of([header, *body])
    assert (last, notes) == (None, ())
    assert set(rules(reasons)) <= {"total-row"}


@pytest.mark.parametrize(
    "table",
    [
        [],
        [[]],
        [["a"]],
        [["a", "b"]],
        [["name"], ["x"], [""], ["注：y"]],
        [["country", ""], ["France", "Paris"], ["Italy", "Rome"]],
        [["", "name", "n"], ["0", "x", "1"], ["1", "y", "2"]],
        [["region", "2019", "2020"], ["x", "1", "2"], ["y", "3", "4"]],
        [["region", "1", "2", "3"], ["x", "10", "20", "30"], ["y", "11", "21", "31"]],
        [["id", "name", "note"], ["1", "x", ""], ["2", "", ""], ["3", "", ""]],
        [["名称", "city"], ["Name", "Rome"], ["甲", "Paris"], ["乙", "Milan"]],
        [["code", "n", "m"], ["", "n/a", "NC"], ["b", "1", "2"], ["c", "3", "4"]],
    ],
)
def test_a_table_that_may_look_odd_is_left_alone(table: list[list[str]]) -> None:
    assert find_layout(table)[0] == Layout()
    assert end_of(table)[:2] == (None, ())


# --- headers ---------------------------------------------------------------------------------------------------------


def test_titles_unit_and_blank_rows_stand_above_the_header() -> None:
    table = [["2020年人口", "", ""], ["", "", ""], ["单位：万人", "", ""], HEADER, *BODY]
    layout, decisions = find_layout(table)
    assert (layout.header_rows, layout.first_row) == ((4,), 5)
    assert layout.titles == ("2020年人口", "单位：万人")
    assert rules(decisions) == ["titles", "units", "header"]
    assert "单位：万人" in decisions[1].describe()["text"]


@pytest.mark.parametrize("unit", ["单位：万元", "单 位:元", "(单位：%)", "Unit: km", "計量單位：公頃", "(man-year)"])
def test_a_unit_is_told_however_it_is_written(unit: str) -> None:
    assert "units" in rules(find_layout([[unit], HEADER, *BODY])[1])


def test_merged_cells_give_a_header_of_two_rows() -> None:
    table = [
        ["级别", "描述", "2023", "", "2022", ""],
        ["", "", "数量", "同比", "数量", "同比"],
        *[[str(n), "省", "31", "", "31", "5"] for n in range(5)],
    ]
    merges = [Span(1, 2, 1, 1), Span(1, 2, 2, 2), Span(1, 1, 3, 4), Span(1, 1, 5, 6)]
    for spans in (merges, []):
        layout, decisions = find_layout(table, merges=spans)
        assert layout.header_rows == (1, 2)
        assert rules(decisions) == ["header"]
        assert names(table, layout, spans) == ["级别", "描述", "2023 数量", "2023 同比", "2022 数量", "2022 同比"]


def test_a_header_whose_gaps_the_second_row_fills_is_one() -> None:
    table = [["表1-4", "", "", ""], ["地区", "总\n计", "", ""], ["", "", "甲", "乙"], *[["x", "1", "2", "3"]] * 4]
    layout, _ = find_layout(table)
    assert layout.header_rows == (2, 3)
    assert names(table, layout) == ["地区", "总 计", "甲", "乙"]


def test_names_of_groups_above_the_header_belong_to_it() -> None:
    table = [
        ["", "2019", "", "2020", ""],
        ["area", "count", "growth", "count", "growth"],
        *[["x", "1", "2", "3", "4"]] * 4,
    ]
    layout, _ = find_layout(table)
    assert layout.header_rows == (1, 2)
    assert names(table, layout)[1:] == ["2019 count", "2019 growth", "2020 count", "2020 growth"]


def test_a_second_header_row_in_another_language_is_header() -> None:
    table = [["鄉鎮", "面積", "日期"], ["district", "area", "date"], *[["文山區", "23.1", "1081111"]] * 4]
    assert find_layout(table)[0].header_rows == (1, 2)


def test_a_title_merged_across_the_table_needs_no_other_sign() -> None:
    table = [["名录", "", ""], ["甲", "乙", "丙"], *[["x", "y", "z"]] * 4]
    assert find_layout(table, merges=[Span(1, 1, 1, 3)])[0].header_rows == (2,)
    assert find_layout(table)[0] == Layout()


def test_cells_merged_beyond_the_rows_at_hand_do_no_harm() -> None:
    merges = [Span(1, 4, 1, 1), Span(2, 9, 2, 9)]
    layout, _ = find_layout([["甲", "乙"], ["", "丙"]], merges=merges)
    assert layout.header_rows == (1, 2)
    assert names([["甲", "乙"], ["", "丙"]], layout, merges) == ["甲", "乙 丙"]


def test_a_merged_row_inside_the_table_is_data() -> None:
    table = [["序号", "学校", "代码"], ["北京市（92所）", "", ""], ["1", "甲", "4111010001"], ["2", "乙", "4111010002"]]
    assert find_layout(table, merges=[Span(2, 2, 1, 3)])[0] == Layout()


def test_names_that_a_schema_expects_are_the_header() -> None:
    table = [["来自", "某", "处"], ["x", "y", "z"], ["Code", "Na me", "n"], ["a", "b", "c"]]
    layout, decisions = find_layout(table, known=["code", "name", "n", "more"])
    assert (layout.header_rows, layout.titles) == ((3,), ("来自 某 处", "x y z"))
    assert decisions[-1].sure == 1.0
    assert find_layout(table, known=["other"])[0] == Layout()


def test_a_table_without_header_is_seen_only_for_sure() -> None:
    table = [["甲", "12.5", "110101001"], ["乙", "13.5", "110101002"], *[["丙", "1.5", "110101003"]] * 4]
    layout, decisions = find_layout(table)
    assert (layout.header_rows, layout.first_row) == ((), 1)
    assert decisions[0].sure < 0.9
    assert not decisions[0].asks
    layout, (question,) = find_layout(table[:3])
    assert (layout.header_rows, layout.first_row, question.asks) == ((), 1, True)


def test_blank_columns_at_the_sides_are_left_out() -> None:
    table = [["", *HEADER, ""], *[["", *row, " "] for row in BODY]]
    layout, decisions = find_layout(table)
    assert (layout.first_column, layout.last_column) == (2, 4)
    assert layout.header_rows == (1,)
    assert rules(decisions) == ["blank-columns"]
    assert decisions[0].details["columns"] == "1, 5"


# --- footnotes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "notes",
    [
        ["数据来源：国家统计局"],
        ["注：1.抽样数据。", "　　　2.合计与各分项相加略有误差。", "数据来源：国家统计局"],
        ["Source: the office"],
        ["摘编自《统计年鉴2021》"],
        ["Notes: a", "b and more words"],
        ["* 不含港澳台地区数据"],
        ["本表数据为初步核算数，最终数据以统计年鉴公布的为准，使用时请注意口径变化并注明出处。"],
    ],
)
@pytest.mark.parametrize("gap", [0, 2])
def test_notes_end_the_table(notes: list[str], gap: int) -> None:
    blank = [["", "", ""]]
    table = [HEADER, *BODY * 5, *blank * gap, *[[note, "", ""] for note in notes], *blank]
    body = list(enumerate(table, 1))
    last, found, decisions = find_footnotes(body[-10:], Layout(), table[1:15])
    assert last == 21
    assert found == tuple(" ".join(note.split()) for note in notes)
    assert "footnotes" in rules(decisions)


def test_a_note_among_rows_with_missing_cells_does_not_take_them_along() -> None:
    sparse = [["id", "a", "b"], ["1", "x", ""], ["2", "", ""], ["note: 3", "", ""], ["4", "", ""], ["5", "", ""]]
    assert end_of(sparse)[0] is None
    full = [HEADER, *BODY, ["注：甲", "", ""], ["4", "", ""]]
    assert end_of(full)[0] is None


def test_totals_are_kept_and_told() -> None:
    last, _, decisions = end_of([HEADER, *BODY, ["合 计", "16", "13.5"], ["注：初步数", "", ""]])
    assert last == 6
    assert rules(decisions) == ["footnotes", "total-row"]
    assert decisions[1].details["rows"] == "6"


def test_blank_rows_at_the_end_are_left_out() -> None:
    assert end_of([HEADER, *BODY, ["", "", ""], []])[0] == 5
    assert end_of([["a"], ["x"], [""]])[0] is None


words = st.sampled_from(["甲地", "乙地", "丙地", "north", "south"])


@given(data=st.data())
def test_what_surrounds_a_table_is_found_again(data: st.DataObject) -> None:
    width = data.draw(st.integers(3, 8))
    titles = data.draw(st.lists(st.sampled_from(["表1 各地区人口", "时间：2020年", "单位：万人", ""]), max_size=4))
    notes = data.draw(st.lists(st.sampled_from(["注：初步核算数。", "数据来源：统计局", "Source: office"]), max_size=3))
    row = st.tuples(words, *[st.integers(0, 10**6).map(str)] * (width - 1)).map(list)
    body = data.draw(st.lists(row, min_size=3, max_size=30))
    header = ["地区", *[f"指标{n}" for n in range(1, width)]]
    pad = data.draw(st.booleans())

    def line(text: str) -> list[str]:
        return [text, *[""] * (width - 1)] if pad else [text]

    above = [line(title) for title in titles]
    table = [*above, header, *body, *map(line, notes)]
    layout, decisions = find_layout(table)
    assert layout.titles == tuple(filter(None, titles)) or not any(titles)
    assert layout.header_rows == (len(above) + 1,)
    assert layout.first_row == len(above) + 2
    last, found, reasons = end_of(table, layout)
    assert found == tuple(notes)
    assert last == (len(above) + 1 + len(body) if notes else None)
    rules([*decisions, *reasons])


spans = st.builds(
    lambda row, column, down, across: Span(row, row + down, column, column + across),
    *[st.integers(1, 6)] * 2,
    *[st.integers(0, 4)] * 2,
)


@given(
    table=st.lists(st.lists(cells | labels, max_size=6), max_size=12),
    merges=st.lists(spans, max_size=3),
    known=st.lists(labels, max_size=3),
)
def test_any_rows_have_a_layout_inside_them(table: list[list[str]], merges: list[Span], known: list[str]) -> None:
    layout, decisions = find_layout(table, merges=merges, known=known)
    assert all(row <= max(1, len(table)) for row in layout.header_rows)
    assert layout.first_row > max(layout.header_rows, default=0)
    joined = join_header(table, layout, merges)
    assert len(joined) == len(layout.header_rows)
    assert len({len(row) for row in joined}) <= 1
    last, _, reasons = end_of(table, layout)
    assert last is None or layout.first_row - 1 <= last < len(table)
    rules([*decisions, *reasons])


def test_cells_of_megabytes_cost_no_time() -> None:
    hostile = ["1" + " " * 10**6 + "x", "注" + " " * 10**6, "." * 10**6 + " " * 10**6 + "x"]
    table = [hostile, *[hostile] * 20, [hostile[1], "", ""], [hostile[2], "", ""]]
    assert find_layout(table)[0] == Layout()
    assert end_of(table)[0] is None


# --- real files ------------------------------------------------------------------------------------------------------


def test_real_text_files_are_laid_out_as_a_careful_person_would(realdata: Path) -> None:
    check_text_files(list_short_and_long(realdata, ".csv")[0])


@pytest.mark.slow
def test_long_real_text_files_are_laid_out_so_too(realdata: Path) -> None:
    check_text_files(list_short_and_long(realdata, ".csv")[1])


def check_text_files(paths: Sequence[Path]) -> None:
    assert len(paths) >= 5
    expected: dict[str, tuple[tuple[int, ...], int | None, int | None]] = {
        "cpi/分省月度数据.csv": ((4,), 35, None),
        "cpi/各省份数据-医疗保健.csv": ((1,), None, 49),
        "gdp-1993-2017/分省年度数据.csv": ((4,), 35, None),
        "nbs-gbk/分省年度数据.csv": ((4,), 35, None),
        "nbs-gbk/分省年度数据 (1).csv": ((4,), 35, None),
        "nbs-gbk/分省年度数据 (5).csv": ((4,), 35, None),
        "a_lvr_land_a.bom-two-headers.csv": ((1, 2), None, None),
    }
    for path in paths:
        wanted = next((value for name, value in expected.items() if str(path).endswith(name)), ((1,), None, None))
        encoding = find_encoding(path).encoding
        dialect, _ = find_dialect(path, encoding, None)
        ends = read_ends(path, encoding, dialect)
        layout, _ = find_layout(ends.head)
        last, notes, _ = find_footnotes(ends.tail, layout, ends.head[layout.first_row - 1 :])
        assert (path.name, layout.header_rows, last, layout.last_column) == (path.name, *wanted)
        assert layout.first_row == layout.header_rows[-1] + 1
        assert bool(notes) == (last is not None)


def test_real_workbooks_are_laid_out_as_a_careful_person_would(realdata: Path) -> None:
    calamine = pytest.importorskip("python_calamine")
    expected: dict[str, tuple[tuple[int, ...], int, int | None]] = {
        "总统计": ((1, 2), 3, None),
        "raw-2020-base": ((3,), 4, 35),
        "全国普通高等学校名单": ((3,), 4, None),
        "全国成人高等学校名单": ((3,), 4, None),
        "7-6-分地区一般公共预算支出-2021.xlsx": ((4,), 7, 44),
        "openxlsx-wrong-dimension-RD人员全时当量-2018.xlsx": ((5, 6), 7, None),
    }
    unread = ("encrypted", "html-saved")
    paths = list_real_files(realdata, ".xls", ".xlsx")
    for path in (path for path in paths if not any(word in path.name for word in unread)):
        book = calamine.load_workbook(str(path))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            rows = [[str(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            merges = [Span(a[0] + 1, b[0] + 1, a[1] + 1, b[1] + 1) for a, b in sheet.merged_cell_ranges or []]
            layout, _ = find_layout(rows[:200], merges=merges)
            last, _, _ = find_footnotes(list(enumerate(rows, 1))[-60:], layout, rows[layout.first_row - 1 : 200])
            wanted = expected.get(path.name, expected.get(name, ((1,), 2, None)))
            assert (path.name, name, layout.header_rows, layout.first_row, last) == (path.name, name, *wanted)


@pytest.mark.parametrize(
    ("rows", "doubted"),
    [
        (["Autocars", "Citernes", "Bennes", "Taxis"], True),
        (["名称", "东湖", "西湖", "南湖"], True),
        (["vehicle_usage", "Autocars", "Citernes", "Bennes"], False),
        (["Level", "1", "2", "3"], False),
        (["Autocars", "Citernes"], False),
    ],
)
def test_the_name_of_a_list_of_words_is_doubted(rows: list[str], doubted: bool) -> None:
    layout, decisions = find_layout([[row] for row in rows])
    assert layout.header_rows == (1,)
    assert [item.rule for item in decisions if item.sure < CAREFUL] == (["header"] if doubted else [])
    assert find_layout([[row] for row in rows], known=[rows[0]])[1] == []


def test_notes_below_a_table_of_few_rows_are_not_rows() -> None:
    table = [
        *BODY[:3],
        ["合计", "6", "1.5"],
        ["注：1. “…”表示不足。"],
        ["2. 数据来源：统计局。"],
        ["填表人：甲  审核人：乙"],
    ]
    table = [HEADER, *([*row, *[""] * (3 - len(row))] for row in table)]
    last, found, _ = end_of(table)
    assert (last, len(found)) == (5, 3)
