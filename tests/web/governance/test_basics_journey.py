"""A maintainer in a browser: a messy workbook with two wrong rows, mended, in force, linked; a gap is seen."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, expect

from tests.instances import CSV, DATASET, publish
from tests.web.conftest import PASSWORD, Portal
from tests.web.test_browser import open_page, serve

HEAD = [
    ["义务教育领域基层政务公开标准目录"],
    [
        "序号",
        "公开事项",
        None,
        "公开内容（要素）",
        "公开时限",
        "公开主体",
        "公开渠道和载体",
        "公开对象",
        None,
        "公开方式",
        None,
    ],
    [None, "一级事项", "二级事项", None, None, None, None, "全社会", "特定群体", "主动", "依申请"],
]
ROWS = [
    [
        1,
        "政策文件",
        "教育法律法规",
        "标题、文号",
        "信息形成或者变更之日起20个工作日内",
        "水务局",
        "■政府网站 □公示栏",
        "√",
        "□",
        "t",
        None,
    ],
    [2, None, "招生规划", "范围、时间", None, "同上", "政府网站", "√", None, "√", "口"],
    [3, "学校情况", "学校概况", "校名、地址", "及时", "水务局", "政府网站", "√", None, None, None],
]


def make_book(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (*HEAD, *ROWS):
        sheet.append(row)
    for area in ("A1:K1", "A2:A3", "B2:C2", "D2:D3", "E2:E3", "F2:F3", "G2:G3", "H2:I2", "J2:K2", "B4:B5"):
        sheet.merge_cells(area)
    book.save(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 360])
def test_a_maintainer_brings_a_domain_into_force(browser: Browser, desk: Portal, tmp_path: Path, width: int) -> None:
    complaints: list[str] = []
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    desk.services.datasets.create(boss, {**DATASET, "title": "教育法律法规"})
    publish(desk.services, boss, CSV)
    desk.services.basic_drafts.create(
        boss,
        {
            "domain": "health",
            "matter": "医院",
            "content": "名称",
            "timeLimit": "及时",
            "body": "卫健委",
            "methods": ["proactive"],
        },
    )
    while desk.services.indexing.follow():
        pass
    with serve(desk) as address:
        page = open_page(browser, complaints, viewport={"width": width, "height": 900})
        page.goto(f"{address}/workspace/control")
        page.get_by_label("名称").fill("boss")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.get_by_role("link", name="基本目录").click()
        page.get_by_role("link", name="导入清单").click()
        page.locator("#file").set_input_files(make_book(tmp_path / "目录.xlsx"))
        page.get_by_role("button", name="读取文件").click()
        expect(page.get_by_text("有 2 个单元格有误或缺失")).to_be_visible()
        for cell, text in (("E5", "公开时限"), ("J6", "公开方式")):
            expect(page.get_by_role("row").filter(has=page.get_by_text(cell, exact=True))).to_contain_text(text)
        page.get_by_role("button", name="导入草稿").click()
        page.get_by_role("link", name="2 个不完整").click()
        page.get_by_role("link", name="招生规划").click()
        page.locator("#time_limit").fill("及时")
        page.get_by_role("button", name="保存到草稿").click()
        page.get_by_role("link", name="返回草稿").click()
        page.get_by_role("link", name="学校概况").click()
        page.get_by_role("checkbox", name="主动公开").check()
        page.get_by_role("button", name="保存到草稿").click()
        page.get_by_role("link", name="返回草稿").click()
        page.get_by_role("link", name="教育法律法规").click()
        page.locator("#datasets").locator("..").get_by_role("button", name="关联: 教育法律法规").click()
        expect(page.get_by_text("数据集已与条目关联")).to_be_visible()
        page.get_by_role("link", name="返回草稿").click()
        page.get_by_role("link", name="施行", exact=True).click()
        page.get_by_label("本版变化说明").fill("首版：义务教育、医疗卫生")
        page.get_by_role("button", name="施行", exact=True).click()
        expect(page.get_by_text("基本目录第 1 版已生效")).to_be_visible()
        page.goto(f"{address}/disclosure/coverage")
        education = page.get_by_role("row").filter(has_text="义务教育").first
        expect(education).to_contain_text("公共服务")
        assert [int(text) for text in education.locator("td.number").all_inner_texts()] == [3, 1, 0, 2, 0]
        health = page.get_by_role("row").filter(has_text="医疗卫生").first
        health.locator("td.number").nth(3).get_by_role("link").click()
        expect(page.get_by_role("link", name="医院")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        page.context.close()
    assert not complaints
