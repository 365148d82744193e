"""The form for metadata as the profile has it: every property by forms alone, and proposals that lose nothing typed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from opendata.metadata.properties import reading
from opendata.services.core.actors import SYSTEM
from tests.instances import publish
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import OWN_CHECKS, PASSWORD, Portal, send

EDIT = "/workspace/datasets/levels/edit"
FILLED = {
    "title_zh": "河南省水库水位",
    "keywords_zh": "水库，水位",
    "license": "CC-BY-4.0",
    "license_title": "某省公共数据利用协议",
    "industry": "N",
    "keyDomain": "welfare",
    "languages_0": "zh",
    "indexNumber": "000014349/2017-00110",
    "temporal": "2020/2024",
    "spatial_code": "410100",
    "contactPoint_name": "信息中心",
    "contactPoint_telephone": "0371-65500000",
    "contactPoint_email": "data@example.gov.cn",
    "basis": "《防洪法》",
    "disclosure": "open",
}
STATED = {
    "industry": "N",
    "keyDomain": "welfare",
    "languages": ["zh"],
    "indexNumber": "000014349/2017-00110",
    "temporal": "2020/2024",
    "spatial": {"code": "410100"},
    "contactPoint": {"name": "信息中心", "telephone": "0371-65500000", "email": "data@example.gov.cn"},
    "basis": "《防洪法》",
}
CODES = "division_code,measured\n410105,2020-01-31\n410122,2024-06-30\n"
SCHEMA = {"fields": [{"name": "division_code", "type": "string"}, {"name": "measured", "type": "date"}]}


def make(desk: Portal, **metadata: Any) -> None:
    desk.services.datasets.create(
        SYSTEM, {"id": "levels", "title": "水库水位", "publisher": "water-bureau", **metadata}
    )


def test_every_property_is_stated_by_the_form_shown_and_answered_by_rest(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    made = send(client, "/workspace/datasets/new", {**FILLED, "id": "levels"})
    assert made.status_code == 303
    rest: dict[str, Any] = client.get("/api/v1/datasets/levels").get_json()
    assert {name: rest.get(name) for name in STATED} == STATED
    assert "themes" not in rest
    assert [item["name"] for item in rest["licenses"]] == ["CC-BY-4.0", "other"]
    assert rest["licenses"][1] == {"name": "other", "title": "某省公共数据利用协议"}
    form = client.get(EDIT).text
    check_page(form)
    for value in ("000014349/2017-00110", "2020/2024", "410100", "0371-65500000", "《防洪法》", "某省公共数据利用协议"):
        assert f'value="{value}"' in form or f"\n{value}</textarea>" in form
    for language, words in (
        ("zh", ["基本信息", "覆盖范围", "2020年至2024年", "河南省 郑州市 410100", "数据提供方", "N 水利、环境"]),
        ("en", ["Coverage", "Period covered", "2020 to 2024", "Basis and rights", "N Management of water", "Chinese"]),
    ):
        page = desk.signed_in("clerk", language).get("/datasets/levels").text
        check_page(page)
        assert [word for word in words if word not in page] == []
        assert '<a href="mailto:data@example.gov.cn">' in page


def test_a_feed_has_the_themes_of_the_dataset(desk: Portal) -> None:
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    make(desk, themes=["生态环保"])
    publish(desk.services, boss, CODES, dataset="levels", schema=SCHEMA)
    assert '<category term="生态环保"/>' in desk.client().get("/datasets/levels/feed.atom").text


@pytest.mark.parametrize("publisher", ["", "water-bureau", "x" * 5000, "a\0b"])
def test_proposals_of_a_new_dataset_come_from_what_is_typed(desk: Portal, publisher: str) -> None:
    contact = {"name": "信息中心"}
    make(desk, contactPoint=contact)
    typed = {"title_zh": "郑州市水库", "publisher": publisher, "take": "spatial"}
    answer = send(desk.signed_in("boss"), "/workspace/datasets/new", typed)
    assert answer.status_code == 200
    check_page(answer.text)
    assert 'value="410100"' in answer.text
    assert "建议填写：生态环保" in answer.text
    assert ("建议填写：信息中心" in answer.text) == (publisher == "water-bureau")


def test_a_fault_in_a_part_stands_beside_its_field(desk: Portal) -> None:
    wrong = {"temporal": "2025/2024", "spatial_code": "999999", "contactPoint_email": "x", "license_path": "ftp://x"}
    answer = send(desk.signed_in("clerk"), "/workspace/datasets/new", {**FILLED, **wrong})
    assert answer.status_code == 422
    assert set(wrong) <= set(check_page(answer.text).ids)
    for name in wrong:
        assert f'id="{name}-error"' in answer.text
    assert "“2025/2024”不是" in answer.text


def test_proposals_tell_their_reason_and_one_is_taken_without_losing_what_is_typed(desk: Portal) -> None:
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    make(desk)
    publish(desk.services, boss, CODES, dataset="levels", schema=SCHEMA)
    contact = {"name": "信息中心", "telephone": "0371-65500000"}
    desk.services.datasets.create(
        SYSTEM, {"id": "rivers", "title": "河流", "publisher": "water-bureau", "contactPoint": contact}
    )
    client = desk.signed_in("clerk")
    form = client.get(EDIT).text
    for text in (
        "建议填写：2020-01-31/2024-06-30。理由：“measured”列的日期从 2020-01-31 到 2024-06-30",
        "建议填写：河南省 郑州市 410100。理由：“division_code”列的代码都以 4101 开头",
        "建议填写：信息中心 · 0371-65500000。理由：同一数据提供方的数据集“河流”用的是它",
        "建议填写：生态环保。理由：标题或关键词里有“水库”",
    ):
        assert text in form, text
    typed = {"title_zh": "打了一半", "basis": "《水法》", "contactPoint_name": "办公室", "revision": "1"}
    answer = send(client, EDIT, {**typed, "take": "temporal"}, form=EDIT)
    assert answer.status_code == 200
    check_page(answer.text)
    for value in ("打了一半", "2020-01-31/2024-06-30", "办公室"):
        assert f'value="{value}"' in answer.text
    assert "《水法》</textarea>" in answer.text
    assert 'name="take" value="temporal"' not in answer.text  # taken, so not proposed again
    assert 'name="take" value="contactPoint"' not in answer.text  # filled in, so not proposed
    again = send(client, EDIT, {**typed, "take": ""}, form=EDIT).text
    assert re.search(r"字段旁显示了 \d+ 条建议：", again)
    assert desk.services.datasets.get("levels").title == "水库水位"


def test_a_change_of_a_published_dataset_goes_through_a_draft(desk: Portal) -> None:
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    make(desk)
    publish(desk.services, boss, CODES, dataset="levels", schema=SCHEMA)
    client = desk.signed_in("clerk")
    revision = str(desk.services.datasets.get("levels").revision)
    fields = {"title_zh": "水库水位", "basis": "《水法》", "contactPoint_telephone": "13812345678"}
    place = send(client, EDIT, {**fields, "revision": revision, "new_version": "1"}, form=EDIT).headers["Location"]
    assert "basis" not in client.get("/api/v1/datasets/levels").get_json()
    desk.work()
    page = client.get(place).text
    assert "编制依据" in page
    assert "联系方式" in page
    refused = send(client, f"{place}/submit", OWN_CHECKS, form=place)
    assert "数据集信息（联系方式）可能含有个人信息" in refused.text  # a mobile number
    send(client, f"{place}/submit", {**OWN_CHECKS, "reason": "值班手机"}, form=place)
    desk.work()
    manifest = desk.client().get("/datasets/levels/1.0.1/datapackage.json").get_json()
    assert manifest["opendata"]["metadata"] == {"contactPoint": {"telephone": "13812345678"}, "basis": "《水法》"}


@pytest.mark.parametrize("contact", [{"telephone": "0371-65500000"}, {"email": "data@example.gov.cn"}])
def test_the_contact_of_an_office_is_not_personal(desk: Portal, contact: dict[str, str]) -> None:
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    make(desk, contactPoint=contact)
    publish(desk.services, boss, CODES, dataset="levels", schema=SCHEMA)
    assert desk.services.datasets.get("levels").further == {"contactPoint": contact}


def test_an_entry_in_the_file_is_a_field_of_the_form(
    desk: Portal, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads(reading.FILE.read_text(encoding="utf-8"))
    entry = {
        "name": "accuracy",
        "type": "text",
        "group": "coverage",
        "label": {"zh": "精度", "en": "Accuracy"},
        "explanation": {"zh": "数据有多准。例如：1 厘米", "en": "How exact it is. Example: 1 cm"},
    }
    file = tmp_path / "profile.json"
    file.write_text(json.dumps({**document, "properties": [*document["properties"], entry]}), encoding="utf-8")
    monkeypatch.setattr(reading, "FILE", file)
    reading.load_profile.cache_clear()
    try:
        client = desk.signed_in("clerk")
        assert "数据有多准。例如：1 厘米" in client.get("/workspace/datasets/new").text
        send(client, "/workspace/datasets/new", {**FILLED, "id": "levels", "accuracy": "1 厘米"})
        page = client.get("/datasets/levels").text
        assert "<dt>精度</dt><dd>1 厘米</dd>" in page
    finally:
        reading.load_profile.cache_clear()
