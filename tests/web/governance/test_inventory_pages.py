"""The inventory by page: what anyone sees, what its office does, and a table that is sent, mended and imported."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect

from opendata.services.core.actors import SYSTEM
from tests.web.conftest import OWN_CHECKS, PASSWORD, Portal, find_token, send
from tests.web.test_browser import serve

GROUNDS = {"attribute": "closed", "reason": "涉及商业秘密", "legalBasis": "《条例》第十五条"}


def test_an_office_fills_its_inventory_and_only_what_a_draft_published_is_public(desk: Portal) -> None:
    clerk, reader = desk.signed_in("clerk"), desk.client()
    upload = "/workspace/inventory/upload"
    text = "标题,开放属性,理由,法律依据,计划开放日期,更新周期\n水井台账,是,,,2099-09-30,\n"
    text += "取水许可,否,涉及商业秘密,,,\n雨量,是,,,,隔三差五\n"
    answer = send(clerk, upload, {"file": (io.BytesIO(text.encode("gbk")), "清单.csv")})
    shown = clerk.get(answer.location)
    assert re.findall(r'<th scope="row" class="nowrap">([A-Z]+[0-9]+)</th>', shown.text) == ["D3", "F4"]
    assert "realtime" not in shown.text
    assert "不定期" in shown.text  # what the cell can have is named as people call it
    assert "法律依据" in shown.text
    assert "只导入正确的 1 行" in shown.text
    token = find_token(shown.text)
    clerk.post(answer.location, data={"csrf_token": token, "rows": "valid"})
    listed = clerk.get("/workspace/inventory")
    assert "水井台账" in listed.text
    assert "取水许可" not in listed.text
    item = re.search(r'href="(/workspace/inventory/items/[a-z0-9-]+)"', listed.text)[1]  # type: ignore[index]
    assert send(clerk, f"{item}/plan", {"opens": "很快"}, form=item).status_code == 422
    assert send(clerk, f"{item}/plan", {"opens": "2098-01-01"}, form=item).status_code == 422
    moved = send(clerk, f"{item}/plan", {"opens": "2098-01-01", "opensReason": "提前完成"}, form=item)
    assert moved.status_code == 303
    assert "提前完成" in clerk.get(item).text
    for path in ("/inventory", "/inventory.csv", "/inventory/plan", "/inventory/plan.csv", "/api/v1/opening-plan"):
        page = reader.get(path)
        assert page.status_code == 200, path
        assert "水井台账" not in page.text, path
    draft = send(clerk, f"{item}/entry", {}, form=item).location
    desk.work()
    send(clerk, f"{urlsplit(draft).path}/submit", OWN_CHECKS, form=draft)
    desk.work()
    for path in ("/inventory", "/inventory.csv", "/inventory/plan", "/inventory/plan.csv"):
        assert "水井台账" in reader.get(path).text, path
    assert "提前完成" in reader.get("/inventory/plan").text
    assert "提前完成" in reader.get("/inventory/plan.csv").text
    assert "clerk" not in reader.get("/inventory/plan").text
    assert desk.signed_in("stranger").get(item).status_code in (200, 404)
    for path in ("/inventory?state=x", "/inventory?cursor=x", "/inventory/plan?outcome=x", "/inventory/plan?cursor=x"):
        assert reader.get(path).status_code == 400, path
    assert reader.get("/workspace/inventory").status_code == 303
    for suffix in ("xlsx", "csv"):
        for query in ("", "?blank=1"):
            assert clerk.get(f"/workspace/inventory/template.{suffix}{query}").status_code == 200


@pytest.mark.slow
def test_a_department_downloads_the_table_fills_it_in_mends_three_cells_and_imports_it(
    tmp_path: Path, desk: Portal, browser: Browser
) -> None:
    desk.services.datasets.create(SYSTEM, {"id": "old", "title": "老台账", "publisher": "water-bureau"})
    with serve(desk) as address:
        page = browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/sign-in")
        page.fill("[name=name]", "clerk")
        page.fill("[name=password]", PASSWORD)
        page.click("main form button[type=submit]")
        page.goto(f"{address}/workspace/inventory")
        page.get_by_role("link", name="用表格填报").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="带本数据提供方已有事项（Excel）").click()
        table = tmp_path / "清单.xlsx"
        download.value.save_as(table)
        book = load_workbook(table)
        sheet = book.worksheets[0]
        places = {str(cell.value).strip("*"): cell.column for cell in sheet[1]}
        for row, cells in enumerate(
            (
                {"标题": "水井台账", "开放属性": "无条件开放", "更新周期": "隔三差五"},
                {"标题": "取水许可", "开放属性": "不予开放", "理由（非主动公开时）": "涉及商业秘密"},
                {"标题": "雨量站", "开放属性": "是", "计划开放日期": "明年"},
            ),
            start=3,
        ):
            for name, value in cells.items():
                sheet.cell(row, places[name], value)
        book.save(table)
        _send_table(page, table)
        expect(page.get_by_role("heading", name="需要改正的单元格")).to_be_visible()
        assert page.locator("section[aria-labelledby=faults] tbody tr").count() == 3
        sheet.cell(3, places["更新周期"], "每年")
        sheet.cell(4, places["法律依据（非主动公开时）"], "《条例》第十五条")
        sheet.cell(5, places["计划开放日期"], "2099年6月30日")
        book.save(table)
        page.get_by_role("link", name="上传另一个文件").first.click()
        _send_table(page, table)
        page.get_by_role("button", name="导入全部 3 行").click()
        expect(page.get_by_text("新增 3 项，修改 0 项")).to_be_visible()
        for title in ("老台账", "水井台账", "取水许可", "雨量站"):
            expect(page.get_by_role("link", name=title)).to_be_visible()
        page.goto(f"{address}/inventory")
        expect(page.get_by_text("没有这样的事项")).to_be_visible()
        page.close()


def _send_table(page: object, table: Path) -> None:
    page.set_input_files("#file", table)  # type: ignore[attr-defined]
    page.get_by_role("button", name="检查表格").click()  # type: ignore[attr-defined]
