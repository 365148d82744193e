"""The annual report as a form, as a public page of the disclosure column, as files and over REST."""

from __future__ import annotations

import csv
import io
import zipfile

from opendata.domain.reports.annual import CODES
from tests.web.conftest import Portal, find_token, send

FORM = "/workspace/annual-reports/2025/water-bureau"


def test_a_report_goes_from_the_form_to_the_disclosure_column(office: Portal) -> None:
    browser = office.signed_in("clerk")
    assert f'href="{FORM}">' in browser.get("/workspace/annual-reports?year=2025").text
    page = browser.get(FORM).text
    assert "**（一）主动公开**。2025年" in page
    assert "【待填写】" in page
    numbers = {code.replace("/", "."): "1" for code in CODES if not code.startswith("added")}
    texts = {f"{part}.zh": f"本年度{part}" for part in ("general", "problems", "other")}
    wrong = send(browser, FORM, {**numbers, "disputes.review.other": "很多", "revision": "0"})
    assert wrong.status_code == 422
    assert 'href="#disputes.review.other">请填写不小于 0 的整数' in wrong.text
    partly = send(browser, FORM, {**numbers, "general.zh": "甲", "do": "publish", "revision": "0"})
    assert partly.status_code == 422
    assert 'href="#problems.zh">请填写这一部分' in partly.text
    assert send(browser, FORM, {**texts, "revision": "0"}).status_code == 412
    done = send(browser, FORM, {**numbers, **texts, "do": "publish", "revision": "1"})
    assert done.location == "/disclosure/reports/2025/water-bureau"
    reader = office.client()
    shown = reader.get(done.location).text
    assert "四、政府信息公开行政复议、行政诉讼情况" in shown
    assert "本年度problems" in shown
    assert "/disclosure/report" in reader.get("/disclosure").text
    assert "按数据提供方和年度查看" in reader.get("/disclosure/report").text
    assert "水务局" in reader.get("/disclosure/reports?year=2025").text
    lines = list(csv.reader(io.StringIO(reader.get("/disclosure/reports/numbers.csv").text.lstrip("\ufeff"))))
    assert ["2025", "water-bureau", "4", "review", "total", "4"] in lines
    assert len(lines) == 201
    book = zipfile.ZipFile(io.BytesIO(reader.get(f"{done.location}.xlsx").data))
    assert "现行有效件数" in book.read("xl/worksheets/sheet1.xml").decode()
    found = reader.get("/api/v1/publishers/water-bureau/annual-reports/2025/published").get_json()
    assert {"table": "2", "row": "fees", "column": "charged", "value": "1"} in found["cells"]
    assert reader.get("/disclosure/reports/2024").status_code == 404
    boss = office.signed_in("boss", "en")
    whole = boss.get("/workspace/annual-reports/2025").text
    assert "1 of 2 publishers have begun" in whole
    assert 'placeholder="1"' in whole
    token = {"X-CSRFToken": find_token(boss.get("/account").text)}
    saved = boss.put("/api/v1/annual-reports/2025", json={"numbers": {"disclosed/fees/charged": 2}}, headers=token)
    assert saved.get_json()["numbers"] == {"disclosed/fees/charged": "2"}
    refused = boss.post("/api/v1/annual-reports/2025/publish", headers=token).get_json()
    assert [item["pointer"] for item in refused["errors"]] == [
        f"/texts/zh/{part}" for part in ("general", "problems", "other")
    ]
