"""A clerk's way by forms alone: from a new dataset to a published version, and everything that may go wrong on it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.instances import SCHEMA
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import OWN_CHECKS, Portal, send

METADATA = {
    "title_zh": "水库水位",
    "title_en": "Reservoir levels",
    "description_zh": "每日水位。",
    "keywords_zh": "水库，水位、 每日",
    "id": "levels",
    "license": "CC-BY-4.0",
    "update_cycle": "daily",
    "disclosure": "open",
    "source_title_0": "水文站",
    "source_path_0": "https://example.org/",
}
RIGHT = "code,name,level,measured\nA001,东湖,12.50,2026-01-31\n"
WRONG = "code,name,level,measured\nA001,东湖,很高,2026-01-31\nA001,西湖,1,31.1.2026\n,南湖,-3,2026-02-01\n"


def upload(
    client: FlaskClient, dataset: str, text: str | bytes, name: str = "levels.csv", **fields: Any
) -> TestResponse:
    data = text.encode() if isinstance(text, str) else text
    return send(
        client,
        f"/workspace/datasets/{dataset}/upload",
        {"file_0": (io.BytesIO(data), name), "schema_0": "last", **fields},
    )


def own_schema() -> dict[str, str]:
    return {"schema_0": "own", "own_0": json.dumps(SCHEMA)}


def make_dataset(client: FlaskClient, **fields: str) -> TestResponse:
    return send(client, "/workspace/datasets/new", {**METADATA, **fields})


def test_a_clerk_gets_a_file_published(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    made = make_dataset(client)
    assert made.headers["Location"] == "/workspace/datasets/levels/upload"
    assert "尚未发布" in client.get("/workspace").text
    assert desk.client().get("/datasets/levels").status_code == 404

    place = upload(client, "levels", WRONG, **own_schema()).headers["Location"]
    waiting = client.get(place).text
    assert '<meta http-equiv="refresh" content="2">' in waiting
    assert "已收到" in waiting
    desk.work()
    report = client.get(place).text
    check_page(report)
    assert "校验未通过" in report
    assert "“很高”不是“数字”" in report
    assert "“-3”小于 0" in report
    assert "日期请写成 年-月-日" in report
    assert "单元格为空" in report
    assert 'http-equiv="refresh"' not in report
    assert desk.client().get("/datasets/levels").status_code == 404

    place = upload(client, "levels", RIGHT, **own_schema(), notes="首次发布").headers["Location"]
    desk.work()
    assert "校验通过" in client.get(place).text
    assert send(client, f"{place}/submit", {"notes": "首次发布", **OWN_CHECKS}, form=place).headers["Location"] == place
    desk.work()
    assert "/datasets/levels/1.0.0/" in client.get(place).text

    reader = desk.client()
    page = reader.get("/datasets/levels").text
    assert "首次发布" in page
    assert "水文站" in page
    assert "每日" in page
    assert reader.get("/datasets/levels/latest/levels.csv", follow_redirects=True).text == RIGHT


def test_a_table_without_schema_gets_one_proposed_and_takes_it(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    place = upload(client, "levels", RIGHT).headers["Location"]
    desk.work()
    page = client.get(place).text
    assert "采用此数据标准并重新校验" in page
    send(client, f"{place}/resources/levels/proposed-schema", {}, form=place)
    desk.work()
    send(client, f"{place}/submit", OWN_CHECKS, form=place)
    desk.work()
    fields = desk.client().get("/datasets/levels/1.0.0/levels.schema.json").json["fields"]
    assert [item["type"] for item in fields] == ["string", "string", "number", "date"]


def test_a_new_file_replaces_a_table_by_the_same_schema_and_others_stay(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    second = {"file_1": (io.BytesIO(b"a;b\n1;2\n"), "other.csv"), "title_1": "其他"}
    for fields in ({**own_schema(), **second}, {"table_0": "levels"}):
        place = upload(client, "levels", RIGHT.replace("12.50", str(len(fields))), **fields).headers["Location"]
        desk.work()
        send(client, f"{place}/submit", OWN_CHECKS, form=place)
        desk.work()
    manifest = desk.client().get("/datasets/levels/1.0.1/datapackage.json").json
    assert [item["name"] for item in manifest["resources"]] == ["levels", "other"]
    assert manifest["resources"][0]["schema"]["primaryKey"] == ["code"]
    assert manifest["resources"][1]["title"] == "其他"
    assert "替换“levels”" in client.get("/workspace/datasets/levels/upload").text


def test_a_corrected_file_is_sent_again_by_the_same_choices(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    fields = {**own_schema(), "name_0": "first-table", "title_0": "水位表", "delimiter_0": ";", "notes": "第一版"}
    place = upload(client, "levels", WRONG.replace(",", ";"), **fields).headers["Location"]
    desk.work()
    again = f"/workspace/datasets/levels/upload?draft={place.rsplit('/', 1)[-1]}"
    assert again in client.get(place).text
    form = client.get(again).text
    check_page(form)
    for text in ('value="first-table"', 'value="水位表"', "第一版", "&#34;primaryKey&#34;", 'value="own" checked'):
        assert text in form
    assert '<option value=";" selected>' in form


def test_a_table_is_left_out_and_a_draft_discarded(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    place = upload(client, "levels", RIGHT, file_1=(io.BytesIO(b"a,b\n1,2\n"), "other.csv")).headers["Location"]
    desk.work()
    send(client, f"{place}/resources/other/drop", {}, form=place)
    desk.work()
    assert "other.csv" not in client.get(place).text
    last = client.post(f"{place}/resources/levels/drop", data=token_of(client, place), follow_redirects=True)
    assert "请改为放弃草稿" in last.text
    asked = client.post(f"{place}/discard", data=token_of(client, place))
    assert (asked.status_code, asked.headers["Location"]) == (303, f"{place}/discard")
    assert "levels.csv" in client.get(f"{place}/discard").text
    assert "已放弃" not in client.get(place).text
    send(client, f"{place}/discard", {"confirm": "1"}, form=f"{place}/discard")
    assert client.get(f"{place}/discard").headers["Location"] == place
    assert "已放弃" in client.get(place).text


def token_of(client: FlaskClient, place: str) -> dict[str, str]:
    from tests.web.conftest import find_token

    return {"csrf_token": find_token(client.get(place).text)}


def test_a_step_the_state_does_not_allow_is_told_on_the_page(desk: Portal) -> None:
    client = desk.signed_in("clerk", "en")
    make_dataset(client)
    place = upload(client, "levels", WRONG, **own_schema()).headers["Location"]
    desk.work()
    answer = client.post(f"{place}/submit", data=token_of(client, place), follow_redirects=True)
    assert "This draft is “invalid”" in answer.text
    stale = client.post(
        f"{place}/discard", data={**token_of(client, place), "revision": "1", "confirm": "1"}, follow_redirects=True
    )
    assert "has changed since you read it" in stale.text


def test_two_persons_publish(office: Portal) -> None:
    client, boss = office.signed_in("clerk", "en"), office.signed_in("boss", "en")
    make_dataset(client)
    place = upload(client, "levels", RIGHT).headers["Location"]
    office.work()
    assert f'href="{place}/check"' in client.get(place).text
    assert "Submit for review" in client.get(f"{place}/check").text
    send(client, f"{place}/submit", {"notes": "first", **OWN_CHECKS}, form=place)
    own = client.get(place).text
    assert "You uploaded, changed or submitted this draft, so someone else must approve it" in own
    assert "/approve" not in own
    assert client.post(f"{place}/approve", data=token_of(client, place)).status_code == 403
    empty = boss.post(f"{place}/return", data={**token_of(boss, place), "comment": " "}, follow_redirects=True)
    assert "Say why you are returning the draft" in empty.text
    send(boss, f"{place}/return", {"comment": "单位不明"}, form=place)
    assert "单位不明" in client.get(place).text
    send(client, f"{place}/submit", OWN_CHECKS, form=place)
    assert 'http-equiv="refresh"' not in boss.get(place).text
    send(boss, f"{place}/approve", {}, form=place)
    published = send(boss, f"{place}/publish", {}, form=place)
    assert 'http-equiv="refresh"' in boss.get(published.headers["Location"]).text
    office.work()
    assert "See version 1.0.0" in boss.get(place).text
    assert office.client().get("/datasets/levels/1.0.0/levels.csv").text == RIGHT


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title_zh": " "}, "请填写标题"),
        ({"disclosure": "closed"}, "不是无条件开放的数据须写明理由和法律依据"),
        ({"id": "水"}, "“水”不是合规的标识"),
        ({"source_path_0": "ftp://x"}, "“ftp://x”不是网址"),
        ({"homepage": "javascript:alert(1)"}, "不是网址"),
        ({"update_cycle": "hourly"}, "“hourly”不在可选值之内"),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_typed_is_lost(
    desk: Portal, fields: dict[str, str], words: str
) -> None:
    client = desk.signed_in("clerk")
    answer = make_dataset(client, **fields)
    assert answer.status_code == 422
    outline = check_page(answer.text)
    assert words in answer.text
    for text in ("Reservoir levels", "每日水位。", "水库，水位、 每日", "水文站"):
        assert text in answer.text
    name = next(iter(fields)) if "disclosure" not in fields else "reason"
    assert f'id="{name}-error"' in answer.text
    assert name in outline.ids


def test_a_taken_identifier_is_told_in_the_form(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    answer = make_dataset(client)
    assert answer.status_code == 409
    assert "数据集“levels”已存在" in answer.text
    assert "Reservoir levels" in answer.text


def test_metadata_is_changed_and_published_as_a_version(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    place = upload(client, "levels", RIGHT).headers["Location"]
    desk.work()
    send(client, f"{place}/submit", OWN_CHECKS, form=place)
    desk.work()
    edit = "/workspace/datasets/levels/edit"
    form = client.get(edit).text
    check_page(form)
    for text in ("水库水位", "Reservoir levels", "每日水位。", "水库，水位，每日", 'value="CC-BY-4.0" selected'):
        assert text in form
    revision = str(desk.services.datasets.get("levels").revision)
    changed = {**METADATA, "title_zh": "水库日水位", "license": "", "revision": revision, "new_version": "1"}
    place = send(client, edit, changed).headers["Location"]
    assert place.startswith("/workspace/drafts/")
    desk.work()
    send(client, f"{place}/submit", OWN_CHECKS, form=place)
    desk.work()
    manifest = desk.client().get("/datasets/levels/1.0.1/datapackage.json").json
    assert manifest["title"] == "水库日水位"
    assert "licenses" not in manifest
    stale = send(client, edit, {**changed, "title_en": "typed meanwhile"})
    assert stale.status_code == 412
    assert "typed meanwhile" in stale.text


def test_what_the_form_has_no_field_for_stays(desk: Portal) -> None:
    client, boss = desk.signed_in("clerk"), desk.services.accounts.sign_in("boss", "a long password")[0]
    make_dataset(client)
    kept = {
        "contributors": [{"title": "水文处", "roles": ["contact"]}],
        "licenses": [{"name": "own-terms", "path": "https://example.org/own-terms", "title": "自有条款"}],
        "i18n": {"en": {"title": "Levels", "summary": "kept"}, "fr": {"title": "Niveaux"}},
    }
    desk.services.datasets.update(boss, "levels", kept)
    assert "保持现状：自有条款" in client.get("/workspace/datasets/levels/edit").text
    send(client, "/workspace/datasets/levels/edit", {**METADATA, "license": "keep"})
    found = desk.services.datasets.get("levels", boss)
    assert list(found.contributors) == kept["contributors"]
    assert list(found.licenses) == kept["licenses"]
    assert found.i18n["fr"] == {"title": "Niveaux"}
    assert found.i18n["en"] == {"title": "Reservoir levels", "summary": "kept"}


@pytest.mark.parametrize(
    ("data", "fields", "status", "words"),
    [
        (b"\xff\xd8\xff\xe0 a picture", {}, 415, "JPEG 图片"),
        (RIGHT.encode(), {"schema_0": "own", "own_0": "{"}, 422, "这不是 JSON"),
        (RIGHT.encode(), {"schema_0": "own", "own_0": "[1]"}, 422, "数据标准是含“fields”列表的 JSON 对象"),
        (RIGHT.encode(), {"schema_0": "own", "own_0": '{"fields": []}'}, 422, "至少含一个字段"),
        (RIGHT.encode(), {"schema_0": "library", "library_0": "none@1.0.0"}, 422, "标准库中没有“none@1.0.0”"),
        (RIGHT.encode(), {"name_0": "Größe"}, 422, "不是合规的标识"),
    ],
)
def test_an_upload_that_cannot_be_used_says_why(
    desk: Portal, data: bytes, fields: dict[str, str], status: int, words: str
) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    answer = upload(client, "levels", data, **fields, notes="meine Notiz")
    assert answer.status_code == status
    check_page(answer.text)
    assert words in answer.text
    assert "meine Notiz" in answer.text


def test_an_upload_without_a_file_says_so(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    answer = send(client, "/workspace/datasets/levels/upload", {"schema_0": "last"})
    assert answer.status_code == 422
    assert "请选择文件" in answer.text


@pytest.mark.parametrize("path", ["edit", "upload"])
def test_editors_act_for_their_own_publisher_only(portal: Portal, path: str) -> None:
    stranger = portal.signed_in("stranger", "en")
    place = f"/workspace/datasets/reservoirs/{path}"
    assert stranger.get(place).status_code == 403
    token = token_of(stranger, "/workspace/datasets/new")
    assert stranger.post(place, data={**token, **METADATA}).status_code == 403
    draft = portal.services.drafts.list(portal.services.accounts.sign_in("boss", "a long password")[0]).items[0]
    assert stranger.get(f"/workspace/drafts/{draft.id}").status_code == 403
    assert stranger.post(f"/workspace/drafts/{draft.id}/discard", data={**token, "confirm": "1"}).status_code == 403
    assert draft.id not in stranger.get("/workspace").text


def test_a_maintainer_chooses_the_publisher(desk: Portal) -> None:
    boss = desk.signed_in("boss")
    assert "道路局" in boss.get("/workspace/datasets/new").text
    assert make_dataset(boss, publisher="road-bureau").status_code == 303
    assert desk.services.datasets.get(
        "levels", desk.services.accounts.sign_in("boss", "a long password")[0]
    ).publisher.id == ("road-bureau")
    assert make_dataset(boss, id="none", publisher="").status_code == 422


def test_findings_about_personal_data_are_shown(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    place = upload(client, "levels", "name,phone\n张三,13812345678\n").headers["Location"]
    desk.work()
    page = client.get(place).text
    assert '<code>phone</code></td><td data-label="发现">手机号码：1' in page
    assert "<code>138********</code>" in page
    assert "13812345678" not in page


def test_a_hostile_file_name_and_cell_stay_text(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    fields = {"schema_0": "own", "own_0": json.dumps({"fields": [{"name": "<b>x</b>", "type": "integer"}]})}
    text = '"<b>x</b>"\n<img src=x onerror=alert(1)>\n'
    place = upload(client, "levels", text, "<i>a</i>.csv", name_0="table", **fields).headers["Location"]
    desk.work()
    page = client.get(place).text
    assert "<img src=x" not in page
    assert "<b>x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_dataset_never_published_is_deleted_and_finished_drafts_are_put_away(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    make_dataset(client)
    place = upload(client, "levels", RIGHT).headers["Location"]
    desk.work()
    page = client.get("/workspace").text
    assert place in page
    assert place not in client.get("/workspace?ended=1").text
    send(client, f"{place}/discard", {"confirm": "1"}, form=f"{place}/discard")
    assert place not in client.get("/workspace").text
    assert place in client.get("/workspace?ended=1").text
    gone = "/workspace/datasets/levels/delete"
    assert gone in client.get("/datasets/levels").text
    page = client.get(gone).text
    check_page(page)
    assert "1 份草稿" in page
    assert send(client, gone, {}, form=gone).headers["Location"] == gone
    assert send(client, gone, {"confirm": "1", "revision": "99"}, form=gone).status_code == 412
    assert send(client, gone, {"confirm": "1"}, form=gone).headers["Location"] == "/workspace"
    assert client.get("/datasets/levels").status_code == 404
