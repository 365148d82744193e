"""A clerk mends a table by pages alone: wrong cells, steps, and the types of columns nobody gave a schema for."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

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
    place = upload(client, "levels", f"name,value\n{numbers}").headers["Location"]
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "12 个单元格中有 11 个可以读作“整数”" in page
    assert "status good" not in page
    assert "state good" not in page
    assert "第 11 行是“…”" in page
    send(client, f"{place}/resources/levels/types", {"type_0": "missing"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "校验通过" in page
    assert "可以读作" not in page
    assert "“value”列中的“…”表示缺失值" in page


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
