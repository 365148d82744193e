"""A clerk mends a table by pages alone: wrong cells, steps, and the types of columns nobody gave a schema for."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from opendata.services.core.actors import SYSTEM
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import Portal, make_portal, send
from tests.web.drafts.test_clerk import make_dataset, own_schema, upload

ROWS = (
    "code,name,level,measured\nA001,东湖,12.50,2026-01-31\nA002,西湖,1O,2026-01-31\n"
    "A003,南湖,待定,2026-02-30\nA004,北湖,待定,2026-02-01\n合计,,14.5,2026-02-01\n"
)


def find_values(page: str, name: str) -> list[str]:
    """The values of the fields of this name."""
    return [html.unescape(text) for text in re.findall(rf'name="{name}" value="([^"]*)"', page)]


def test_wrong_cells_are_corrected_on_a_page_of_their_own(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    place = upload(client, "levels", ROWS, **own_schema()).headers["Location"]
    desk.work()
    page = client.get(place).text
    check_page(page)
    fix = f"{place}/resources/levels/fix"
    assert fix in page
    grid = client.get(fix).text
    check_page(grid)
    assert "文件第 3 行" in grid
    assert "本列中这样写的全部 2 个单元格" in grid
    cells = [find_values(grid, f"cell_{number}") for number in range(6)]
    known = {(item["row"], item["field"]): number for number, item in enumerate(_read(cells))}
    changes = {f"cell_{number}": values[0] for number, values in enumerate(cells) if values}
    changes |= {f"new_{number}": item["old"] for number, item in enumerate(_read(cells))}
    changes[f"new_{known[3, 'level']}"] = "10"
    changes[f"new_{known[4, 'level']}"] = "7.5"
    changes[f"all_{known[4, 'level']}"] = "1"
    changes[f"new_{known[4, 'measured']}"] = "2026-02-28"
    assert send(client, fix, changes, form=fix).headers["Location"] == place
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "在文件第 3 行的“level”列，“1O”改为“10”" in page
    assert "“level”列中的每个“待定”都改为“7.5”" in page
    left = {"verb": "leave-out", "what": "totals", "field": "code"}
    send(client, f"{place}/resources/levels/steps", left, form=place)
    desk.work()
    page = client.get(place).text
    assert "校验通过" in page
    answers = client.get(f"{place}/check").text
    assert "“level”列中的每个“待定”都改为“7.5”" in answers
    assert "/steps/undo" not in answers
    undo = next(value for value in find_values(page, "step") if "1O" in value)
    send(client, f"{place}/resources/levels/steps/undo", {"step": undo}, form=place)
    desk.work()
    assert "校验未通过" in client.get(place).text
    nothing = send(client, fix, {"cell_0": "[]"}, form=fix)
    assert nothing.headers["Location"] == fix


@pytest.mark.slow
def test_wrong_cells_are_corrected_without_their_rows_where_finding_those_takes_too_long(tmp_path: Path) -> None:
    with make_portal(tmp_path / "desk", preview_seconds=0) as desk:
        client = desk.signed_in("clerk")
        make_dataset(client)
        place = upload(client, "levels", ROWS, **own_schema()).headers["Location"]
        desk.work()
        fix = f"{place}/resources/levels/fix"
        grid = client.get(fix).text
        check_page(grid)
        assert "超过了 0 秒，因此只显示有错的单元格" in grid
        assert '<th scope="row">3</th>' not in grid
        (wrong,) = (value for value in find_values(grid, "cell_0"))
        assert send(client, fix, {"cell_0": wrong, "new_0": "10"}, form=fix).headers["Location"] == place
        desk.work()
        assert "“1O”改为“10”" in client.get(place).text


def _read(cells: list[list[str]]) -> list[dict[str, object]]:
    return [json.loads(values[0]) for values in cells if values]


def test_a_column_nearly_all_of_numbers_is_asked_about(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    numbers = "".join(f"x{number},{'…' if number == 9 else number}\n" for number in range(12))
    place = upload(client, "levels", f"单位：吨\nname,value\n{numbers}").headers["Location"]
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "12 个单元格中有 11 个可以读作“整数”" in page
    assert "status good" not in page
    assert "state good" not in page
    assert "第 12 行是“…”" in page
    send(client, f"{place}/resources/levels/types", {"type_0": "type", "marks_0": "1"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "校验通过" in page
    assert "可以读作" not in page
    assert "“value”列中的“…”表示缺失值" in page
    (table,) = desk.services.drafts.get(SYSTEM, place.rsplit("/", 1)[-1]).tables
    assert table.schema is not None
    assert table.schema["fields"][1]["opendata"]["unit"] == "t"
    assert ">缺失（文件中为 … 或空白）</td>" in client.get(f"{place}/check").text


def test_odd_cells_of_several_kinds_are_mended_by_one_button(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    days = ["2026-08-01", "2026/8/2", "2026年8月3日", "46238", "8月31日", "8月32日", "…"]
    cells = ["1", "2", "3", "8人", "5", "6", "—"]
    rows = "".join(f"x{number},{day},{cell}\n" for number, (day, cell) in enumerate(zip(days, cells, strict=True)))
    place = upload(client, "levels", f"名称,日期,人数\n{rows}", name="登记表2026年8月.csv").headers["Location"]
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "8月32日 读不出确定的一天" in page
    assert "文件似乎是 2026 年的数据" in page
    assert find_values(page, "year_0") == ["2026"]
    assert "去掉“人”，例如 8人" in page
    (address,) = re.findall(r'action="([^"]*/types)"', page)
    chosen = {f"{name}_{number}": "1" for name in ("marks", "unit", "year_of") for number in (0, 1)}
    chosen |= {"type_0": "type", "type_1": "type"}
    refused = send(client, address, {**chosen, "year_0": "26"}, form=place).headers["Location"]
    assert "四位数字" in client.get(refused).text
    send(client, address, {**chosen, "year_0": "2026"}, form=place)
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "“日期”列中没有年份的日期属于 2026 年" in page
    assert "校验未通过" in page
    fix = f"{address.removesuffix('/types')}/fix"
    (cell,) = find_values(client.get(fix).text, "cell_0")
    assert json.loads(cell)["old"] == "8月32日"
    send(client, fix, {"cell_0": cell, "new_0": "2026-08-30"}, form=fix)
    desk.work()
    assert "校验通过" in client.get(place).text


@pytest.mark.slow
def test_each_step_can_be_added_by_its_form(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    table = "地区,产量,2018年,2019年,备注\n郑州,12万吨,1,2,\n,3万吨,3,4,x\n"
    place = upload(client, "levels", table).headers["Location"]
    desk.work()
    add = f"{place}/resources/levels/steps"
    for step in (
        {"verb": "drop", "field": "备注"},
        {"verb": "rename", "field": "地区", "to": "area"},
        {"verb": "fill-down", "field": "area"},
        {"verb": "unpivot", "columns": "years", "name": "year", "value": "value"},
        {"verb": "split-unit", "field": "产量", "unit": "万吨", "to": ""},
        {"verb": "reorder", "fields": "year\nvalue\narea\n产量"},
    ):
        send(client, add, step, form=place)
        desk.work()
    page = client.get(place).text
    check_page(page)
    assert "以年份命名的列改为行" in page
    assert "“产量”列的数值后面的单位“万吨”被去掉" in page
    assert "year\nvalue\narea\n产量</textarea>" in page
    assert page.count("改动：0") == 0
    refused = send(client, add, {"verb": "drop", "field": ""}, form=place).headers["Location"]
    assert "“field”必须是列名" in client.get(refused).text
    fields = [{"name": "地区"}, {"name": "year", "type": "year"}, {"name": "gdp", "type": "number"}]
    own = {"schema_0": "own", "own_0": json.dumps({"fields": fields})}
    place = upload(client, "levels", "地区,2018年,2019年\n郑州,1,2\n", name="years.csv", **own).headers["Location"]
    desk.work()
    (turned,) = (value for value in find_values(client.get(place).text, "repair") if "unpivot" in value)
    send(client, f"{place}/resources/years/repairs", {"repair": turned}, form=place)
    desk.work()
    assert "校验通过" in client.get(place).text
    joined = "地区,人口\n名称,万人\n郑州,2\n开封,3\n"
    place = upload(client, "levels", joined, name="people.csv").headers["Location"]
    desk.work()
    send(client, f"{place}/resources/people/steps", {"verb": "join-headers"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "地区 名称\n人口 万人</textarea>" in page
    assert "已不是" not in page


def test_a_table_with_months_across_is_turned_by_one_question(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    place = upload(client, "levels", ",1月,2月,3月\n粮食,1,2,3\n棉花,4,5,6\n", name="cross.csv").headers["Location"]
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "各月改为行吗" in page
    assert "<tr><td>粮食</td><td>2</td><td>2</td></tr>" in page
    send(client, f"{place}/resources/cross/turn", {"name": "月份", "value": "产量"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "校验通过" in page
    assert "以月份命名的列改为行：“月份”存放月份，“产量”存放数值" in page
    assert "各月改为行吗" not in page
    assert "status good" not in page  # numbers that are kept as text, and nobody has said so
    assert "state good" not in page
    send(client, f"{place}/resources/cross/proposed-schema", {"text": "1"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "status good" in page
    assert "state good" in page


@pytest.mark.slow
def test_a_rule_that_a_step_makes_false_is_dropped_by_one_button(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    fields = [{"name": "name"}, {"name": "n", "type": "integer", "constraints": {"required": True}}]
    own = {"schema_0": "own", "own_0": json.dumps({"fields": fields})}
    place = upload(client, "levels", "name,n\na,1\nb,…\n", **own).headers["Location"]
    desk.work()
    send(client, f"{place}/resources/levels/steps", {"verb": "missing", "field": "n", "texts": "…"}, form=place)
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "处理步骤与“n”列的规则相矛盾" in page
    assert "没有值的单元格有 1 个" in page
    send(client, f"{place}/resources/levels/rules", {"column": "n", "rule": "required"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "校验通过" in page
    assert "相矛盾" not in page


@pytest.mark.slow
def test_columns_that_a_step_made_are_told_and_asked_about(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    fields = [{"name": name, "title": name} for name in ("地区", "2018年", "2019年")]
    own = {"schema_0": "own", "own_0": json.dumps({"fields": fields})}
    rows = "".join(f"区{number},{number},{number}.5\n" for number in range(1, 6))
    place = upload(client, "levels", f"地区,2018年,2019年\n{rows}区6,…,8人\n", **own).headers["Location"]
    desk.work()
    step = {"verb": "unpivot", "columns": "years", "name": "年份", "value": "数值"}
    send(client, f"{place}/resources/levels/steps", step, form=place)
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "“年份”是新增的列。根据其中的值建议类型：年" in page
    assert "“2018年”列已不存在" in page
    assert "这些列是由处理步骤产生的" in page
    chosen = {"type_0": "type", "marks_0": "1", "unit_0": "1"}
    send(client, f"{place}/resources/levels/types", chosen, form=place)
    desk.work()
    page = client.get(place).text
    assert "校验通过" in page
    assert "“数值”是新增的列" not in page


def test_totals_between_rows_are_left_out_with_one_button(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    place = upload(client, "levels", "name,value\na,1\n合计,1\nb,2\n合计,2\n").headers["Location"]
    desk.work()
    steps = f"{place}/resources/levels/steps"
    send(client, steps, {"verb": "leave-out", "what": "totals", "field": "name"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "是合计，去掉这些行" in page
    send(client, f"{steps}/confirm", {"step": find_values(page, "step")[0]}, form=place)
    desk.work()
    page = client.get(place).text
    assert "是合计，去掉这些行" not in page
    assert "改动：2" in page


def test_a_year_that_is_chosen_answers_for_the_step_of_the_file_before(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    fields = [{"name": "name"}, {"name": "day", "type": "date"}]
    own = {"schema_0": "own", "own_0": json.dumps({"fields": fields})}
    table = "name,day\na,8月31日\nb,2026-08-01\n"
    place = upload(client, "levels", table, **own).headers["Location"]
    desk.work()
    steps = f"{place}/resources/levels"
    year = {"verb": "add-year", "field": "day", "year": "2026"}
    draft = place.rsplit("/", 1)[-1]
    desk.services.drafts.change_resource(SYSTEM, draft, "levels", {"recipe": {"steps": [{**year, "again": True}]}})
    desk.work()
    assert "这次还是吗" in client.get(place).text
    send(client, f"{steps}/repairs", {"repair": json.dumps(year)}, form=place)
    desk.work()
    page = client.get(place).text
    assert "这次还是吗" not in page
    assert len(find_values(page, "step")) == 1
