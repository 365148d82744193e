"""What a file says about itself, on the draft's page: seen, corrected by forms alone, and then where readers are."""

from __future__ import annotations

import html
import io
import re
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from tests.services.drafts.test_meanings import FOOT, make_workbook
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import OWN_CHECKS, Portal, send
from tests.web.drafts.test_clerk import make_dataset

NAME = "chan-zhi"


def upload(client: FlaskClient, month: str, **options: str) -> str:
    data = {"file_0": (io.BytesIO(make_workbook(month, foot=FOOT, **options)), f"产值{month}.xlsx"), "schema_0": "last"}
    return send(client, "/workspace/datasets/output/upload", data).headers["Location"]


def read_form(page: str, action: str) -> dict[str, str]:
    """The fields of a form as a browser would send them unchanged."""
    form = re.search(rf'<form[^>]*action="[^"]*{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form is not None, action
    inputs = re.findall(r'<input type="(?:text|hidden)"[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form[1])
    areas = re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', form[1], re.DOTALL)
    return {name: html.unescape(value) for name, value in [*inputs, *areas] if name != "csrf_token"}


def test_a_clerk_looks_once_and_readers_learn_what_the_numbers_mean(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client, id="output", title_zh="工业产值", update_cycle="monthly")
    place = upload(client, "2098年9月").partition("?")[0]
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "文件里写明的信息" in page
    assert "来自表格上方：“安平县规模以上工业总产值（2098年9月）”" in page
    assert "张三" not in page
    assert "请核对后保存" not in page

    fields = read_form(page, f"/resources/{NAME}/meaning")
    assert fields[f"{NAME}-period"] == "2098-09"
    sent = {**fields, f"{NAME}-title": "工业总产值", f"{NAME}-period": "九月", f"{NAME}-notes": "快报数\n未经审计"}
    refused = send(client, f"{place}/resources/{NAME}/meaning", sent, form=place)
    check_page(refused.text)
    assert "“九月”不是时期" in refused.text
    assert "未经审计" in refused.text
    kept = send(client, f"{place}/resources/{NAME}/meaning", {**sent, f"{NAME}-period": "2098年9月"}, form=place)
    assert kept.status_code == 303
    assert "校验通过" in client.get(place).text

    assert "未经审计" in client.get(f"{place}/check").text
    send(client, f"{place}/submit", {"notes": "首次发布", **OWN_CHECKS}, form=place)
    desk.work()
    reader = desk.client()
    version = reader.get("/datasets/output/1.0.0/").text
    check_page(version)
    for text in ("时期：2098年9月", "单位：万元", "未经审计", "来源: 安平县统计局", "编制单位: 县工业和信息化局"):
        assert text in version, text
    assert "# 工业总产值 · 2098-09 · 万元" in html.unescape(version)
    assert "工业产值：2098-09[DS/OL]" in html.unescape(version)
    entry = reader.get("/datasets/output").text
    check_page(entry)
    assert "2098年9月 · 版本 1.0.0" in entry
    assert "下一期（2098年10月）预计在 2098年11月30日 前发布" in entry
    feed = reader.get("/datasets/output/feed.atom").text
    assert "<subtitle>下一期（2098年10月）预计在 2098年11月30日 前发布。</subtitle>" in feed
    rest = reader.get("/api/v1/datasets/output").get_json()
    assert rest["nextExpected"] == {"period": "2098-10", "by": "2098-11-30", "editions": 0}

    csv = reader.get(f"/datasets/output/1.0.0/{NAME}.csv").headers["Content-Disposition"]
    assert "filename=output-1.0.0-chan-zhi.csv" in csv
    assert unquote(csv).endswith("filename*=UTF-8''工业总产值-2098-09.csv")
    excel = reader.get(f"/datasets/output/1.0.0/{NAME}.csv?excel=1").headers["Content-Disposition"]
    assert unquote(excel).endswith("工业总产值-2098-09-excel.csv")

    again = upload(client, "2098年10月", unit="元").partition("?")[0]
    desk.work()
    asked = client.get(again).text
    check_page(asked)
    assert "上一期是“万元”" in asked
    assert 'value="工业总产值"' in asked
    assert "而上一期是 万元" in client.get(f"{again}/check").text


@pytest.mark.slow
def test_the_period_of_an_edition_and_the_short_name_are_changed_by_forms(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client, id="output", title_zh="工业产值")
    place = upload(client, "2098年9月").partition("?")[0]
    desk.work()
    assert send(client, f"{place}/period", {"period": "2098年8月"}, form=place).status_code == 303
    assert 'name="period" value="2098-08"' in client.get(place).text
    send(client, f"{place}/period", {"period": "soon"}, form=place)
    assert "“soon”不是时期" in html.unescape(client.get(place).text)
    fields = read_form(client.get(place).text, f"/resources/{NAME}/meaning")
    send(client, f"{place}/resources/{NAME}/meaning", {**fields, f"{NAME}-name": "output"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "<code>output</code>" in page
    forgotten = {"forget": "1", "revision": read_form(page, "/resources/output/meaning")["revision"]}
    assert send(client, f"{place}/resources/output/meaning", forgotten, form=place).status_code == 303
    assert client.get(f"{place}/resources/output/meaning").status_code == 200
    assert client.get(f"{place}/resources/other/meaning").status_code == 404
