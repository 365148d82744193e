"""The lines around a table, the names of its columns, and periods and units in them, each from a table made by hand."""

from __future__ import annotations

import pytest

from opendata.domain.meaning.table_meaning import CERTAIN
from opendata.intake.meaning.finding import describe_names, find_meaning
from opendata.intake.meaning.periods import find_period, strip_period
from opendata.intake.meaning.units import code_unit, find_unit

PERIODS = [
    ("安平县规模以上工业总产值2026年9月", "2026-09", "安平县规模以上工业总产值"),
    ("2026年1-10月固定资产投资", "2026-01/2026-10", "固定资产投资"),
    ("财政收入（二〇二六年三季度）", "2026-Q3", "财政收入"),
    ("2026年前三季度生产总值", "2026-01/2026-09", "生产总值"),
    ("2026年上半年运行情况", "2026-H1", "运行情况"),
    ("二〇二五年十二月报表", "2025-12", "报表"),
    ("义务教育学校名录 2025-2026学年", "2025-09/2026-08", "义务教育学校名录"),
    ("2025财年决算", "2025", "决算"),
    ("快报202609", "2026-09", "快报"),
    ("排放量_2026Q3", "2026-Q3", "排放量"),
    ("水质周报2026年第40周", "2026-W40", "水质周报"),
    ("名单（截至2025年6月20日）", "2025-06-20", "名单"),
    ("2026年1月1日至3月31日检查结果", "2026-01-01/2026-03-31", "检查结果"),
    ("GDP 1993-2017", "1993/2017", "GDP"),
    ("Output, September 2026", "2026-09", "Output"),
    ("GB-4754-2017", None, "GB-4754-2017"),
    ("联系电话13812026091", None, "联系电话13812026091"),
    ("最近20年", None, "最近20年"),
    ("2004年以前", None, "2004年以前"),
    ("编号201813", None, "编号201813"),
]


@pytest.mark.parametrize(("text", "period", "rest"), PERIODS)
def test_a_period_is_read_as_people_write_it_and_taken_out(text, period, rest):
    found = find_period(text)
    assert (found.period.text if found else None, strip_period(text)) == (period, rest)


UNITS = [
    ("总产值（万元）", "万元"),
    ("增长%", "%"),
    ("面积 [km2]", "km2"),
    ("产值/万元", "万元"),
    ("人口数(人口抽样调查)(人)", "人"),
    ("工业总产值（万元） 增长%", "%"),
    ("单价（元/吨）", "元/吨"),
    ("指数(上年同月=100)", ""),
    ("投资(不含农户)", ""),
    ("男/女", ""),
    ("%", ""),
    ("备注（页）", ""),
]


@pytest.mark.parametrize(("label", "unit"), UNITS)
def test_a_unit_in_the_name_of_a_column_is_read_only_where_it_is_one(label, unit):
    assert find_unit(label) == unit


@pytest.mark.parametrize(
    ("text", "code"),
    [("吨", "t"), ("平方米", "m2"), ("微克每立方米", "ug/m3"), ("℃", "Cel"), ("万元", "万元"), ("人", "人")],
)
def test_a_unit_has_its_ucum_code_where_that_is_certain(text, code):
    assert code_unit(text) == code


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("7-6 分地区支出（2021年）", "分地区支出"),
        ("附件1：工业总产值2026年9月", "工业总产值"),
        ("2026年9月", "2026年9月"),
        ("表3-2 粮食产量-2025", "粮食产量"),
        ("stations", "stations"),
        ("分省年度数据 (1)", "分省年度数据"),
        ("产值 2026-09 - 副本", "产值"),
    ],
)
def test_a_table_is_named_without_its_period_and_number(file, name):
    assert describe_names(file) == name


def test_a_form_is_taken_apart_and_persons_are_left_out():
    found = find_meaning(
        file="报表",
        sheet="Sheet1",
        above=["规模以上工业总产值", "填报单位：县工信局　　2026年9月　　计量单位：万元、%"],
        below=[
            "注：①快报数。",
            "资料来源：县统计局。",
            "单位负责人：张三　填表人：李四　联系电话：0318-1234567　报出日期：2026年10月8日",
        ],
        labels=["乡镇", "总产值①"],
    ).describe()
    assert {name: item["value"] for name, item in found.items() if "value" in item} == {
        "title": "规模以上工业总产值",
        "unit": "万元、%",
        "period": "2026-09",
        "source": "县统计局",
        "compiledBy": "县工信局",
    }
    assert found["footnotes"] == [{"text": "快报数。", "mark": "①", "columns": ["总产值①"]}]
    assert "张三" not in str(found)
    assert "李四" not in str(found)


@pytest.mark.parametrize(
    ("line", "office"), [("制表：县统计局", "县统计局"), ("制表：王小明", None), ("单位：县财政局", "县财政局")]
)
def test_whether_a_form_names_an_office_or_a_person_shows_in_the_name(line, office):
    found = find_meaning(file="a", sheet=None, above=["标题", line], below=(), labels=()).describe()
    assert found.get("compiledBy", {}).get("value") == office
    assert "unit" not in found


@pytest.mark.parametrize(
    ("title", "file", "period", "is_sure"),
    [
        ("产值（2026年9月）", "产值2026年9月", "2026-09", True),
        ("产值（2026年9月）", "产值", "2026-09", True),
        ("产值（2026年9月）", "产值2026年10月", "2026-09", False),
        ("产值（2026年1-9月）", "产值2026年9月", "2026-01/2026-09", True),
        ("产值（2026年）", "产值2026年9月", "2026-09", False),
        ("产值", "产值2026年9月", "2026-09", False),
        ("产值", "产值", None, False),
    ],
)
def test_where_title_and_file_differ_about_the_period_somebody_is_asked(title, file, period, is_sure):
    found = find_meaning(file=file, sheet=None, above=[title], below=(), labels=()).describe().get("period")
    assert (found["value"] if found else None, bool(found) and found["sure"] >= CERTAIN) == (period, is_sure)


@pytest.mark.parametrize(
    ("columns", "period"),
    [
        ([("date", "2026-09-01", "2026-09-30")], "2026-09"),
        ([("date", "2026-09-01", "2026-10-05")], "2026-09-01/2026-10-05"),
        ([("year", 2015, 2025)], "2015/2025"),
        ([("year", 2015, 2025), ("date", "2026-09-01", "2026-09-30")], None),
        ([("integer", 2015, 2025)], None),
    ],
)
def test_a_single_column_of_days_or_years_is_a_question_about_the_period(columns, period):
    profile = [{"name": "c", "type": kind, "least": least, "greatest": most} for kind, least, most in columns]
    found = find_meaning(file="a", sheet=None, above=(), below=(), labels=(), profile=profile).describe().get("period")
    assert (found["value"] if found else None) == period
    assert not found or found["sure"] < CERTAIN
