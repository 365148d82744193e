"""The pages of the basic catalogue: public ones for everybody, the draft for those who edit it."""

from __future__ import annotations

import io

import pytest

from tests.web.conftest import Portal, find_token, send

LIST = """义务教育领域标准目录
序号,一级事项,二级事项,公开内容,公开依据,公开时限,公开主体,公开渠道和载体,公开方式
1,政策文件,法律法规,标题<b>,条例,3个工作日内,水务局,■政府网站 □公示栏,主动
2,政策文件,招生规划,范围,条例,,水务局,政府网站,主动
"""
ENTRY = {"domain": "health", "matter": "医院<i>", "content": "名称", "time_limit": "按规定", "methods": "proactive"}
WORKSPACE = "/workspace/basic-catalogue"


def test_an_entry_is_written_put_in_force_and_linked(desk: Portal) -> None:
    reader, clerk, boss = desk.client(), desk.signed_in("clerk"), desk.signed_in("boss")
    assert "还没有生效的版本" in reader.get("/disclosure/catalogue").text
    assert reader.get(WORKSPACE).status_code == 303
    wrong = send(clerk, f"{WORKSPACE}/new", {**ENTRY, "matter": ""})
    assert (wrong.status_code, "请填写公开事项" in wrong.text) == (422, True)
    made = send(clerk, f"{WORKSPACE}/new", ENTRY)
    assert made.headers["Location"] == f"{WORKSPACE}/entries/b00001"
    page = clerk.get(made.headers["Location"]).text
    assert "无法把该文字识别为时限" in page
    assert "医院&lt;i&gt;" in page
    # What a form sends replaces all that the entry said.
    saved = send(clerk, f"{WORKSPACE}/entries/b00001", {**ENTRY, "time_limit": "及时", "revision": "1"})
    assert saved.status_code == 303
    stale = send(clerk, f"{WORKSPACE}/entries/b00001", {**ENTRY, "revision": "1"})
    assert stale.status_code == 409
    assert "医院" not in reader.get("/disclosure/catalogue").text
    assert send(clerk, f"{WORKSPACE}/in-force", {"note": "首版"}).status_code == 403
    assert send(boss, f"{WORKSPACE}/in-force", {"note": ""}).status_code == 422
    done = send(boss, f"{WORKSPACE}/in-force", {"note": "首版"})
    assert done.headers["Location"] == "/disclosure/catalogue/versions/1"
    assert "首版" in reader.get("/disclosure/catalogue/versions/1").text
    for address in ("", "?domain=health&state=gap", "?version=1", "?publisher=water-bureau&q=名称"):
        assert "医院&lt;i&gt;" in reader.get(f"/disclosure/catalogue{address}").text, address
    for address in ("?domain=culture", "?publisher=-", "?level=county"):
        assert "没有符合条件的条目" in reader.get(f"/disclosure/catalogue{address}").text, address
    for address in ("?version=9", "/b00009", "/x", "/versions/9", "/versions/x", "/template.xlsx?domain=x"):
        assert reader.get(f"/disclosure/catalogue{address}").status_code == 404, address
    assert "还没有数据集落实" in reader.get("/disclosure/catalogue/b00001").text
    coverage = reader.get("/disclosure/coverage").text
    assert coverage.count('<th scope="row">') >= 27
    assert 'href="/disclosure/catalogue?domain=health&amp;state=gap"' in coverage
    assert reader.get("/disclosure/coverage.csv").text.count("\n") == 1 + 26 + 1
    assert reader.get("/disclosure/catalogue.csv?domain=health").text.count("\n") == 2
    for address in ("catalogue.xlsx", "catalogue/template.xlsx?domain=health"):
        assert reader.get(f"/disclosure/{address}").data[:2] == b"PK"
    sent = reader.get("/disclosure/catalogue.json?domain=health")
    assert sent.headers["Location"] == "/api/v1/basic-catalogue?domain=health"

    assert clerk.get(f"{WORKSPACE}/draft.xlsx").data[:2] == b"PK"
    link = send(clerk, f"{WORKSPACE}/entries/b00001/links", {"dataset": "none"}, form=f"{WORKSPACE}/entries/b00001")
    assert link.status_code == 404
    send(clerk, f"{WORKSPACE}/entries/b00001/remove", {}, form=f"{WORKSPACE}/entries/b00001")
    assert "待移出" in clerk.get(WORKSPACE).text
    assert desk.signed_in("stranger").get(f"{WORKSPACE}/entries/b00001").status_code == 403
    assert "主动公开基本目录" in reader.get("/disclosure").text


@pytest.mark.slow
def test_a_list_is_imported_looked_at_and_taken(desk: Portal) -> None:
    boss = desk.signed_in("boss")
    form = f"{WORKSPACE}/import"
    assert send(boss, form, {}).status_code == 422
    bad = send(boss, form, {"file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv")})
    assert (bad.status_code, "没有带基本目录表头" in bad.text) == (400, True)
    token = find_token(boss.get(form).text)
    big = boss.post(form, data={"csrf_token": token, "file": (io.BytesIO(b"x" * (21 << 20)), "x.csv")})
    assert big.status_code == 413
    sent = send(boss, form, {"file": (io.BytesIO(LIST.encode("gbk")), "list.csv"), "publisher": "", "purpose": ""})
    address = sent.headers["Location"]
    page = boss.get(address).text
    assert "<code>F4</code>" in page
    assert "缺少“公开时限”" in page
    assert desk.signed_in("clerk").get(address).status_code == 404
    send(boss, address, {})
    assert "1 个不完整" in boss.get(WORKSPACE).text
    guide = send(
        boss, form, {"file": (io.BytesIO(LIST.replace("招生规划", "招生").encode()), "g.csv"), "purpose": "guide"}
    )
    kept = send(boss, guide.headers["Location"], {"purpose": "guide"})
    assert kept.headers["Location"].startswith(f"{WORKSPACE}/guides")
    assert "招生" in boss.get(f"{WORKSPACE}/guides").text
    assert send(boss, f"{WORKSPACE}/guides", {"domain": "compulsory-education"}).status_code == 303
    assert "标准指引的全部事项" in boss.get(f"{WORKSPACE}/guides").text


@pytest.mark.slow
def test_the_clerk_links_entries_on_the_page_of_a_dataset(desk: Portal) -> None:
    clerk = desk.signed_in("clerk")
    dataset = {"title_zh": "医院名称", "license": "CC-BY-4.0", "id": "hospitals"}
    assert send(clerk, "/workspace/datasets/new", dataset).status_code == 303
    send(clerk, f"{WORKSPACE}/new", {**ENTRY, "matter": "医院"})
    address = f"{WORKSPACE}/datasets/hospitals"
    assert f'href="{address}"' in clerk.get("/workspace/datasets/hospitals/edit").text
    assert "可能是以下内容" in clerk.get(address).text
    send(clerk, address, {"entry": "b00001"})
    assert "取消关联" in clerk.get(address).text
    assert "hospitals" in clerk.get(f"{WORKSPACE}/entries/b00001").text
    send(clerk, address, {"entry": "b00001", "action": "unlink"})
    assert "取消关联" not in clerk.get(address).text
    assert send(clerk, address, {"entry": "b9"}).status_code == 404
