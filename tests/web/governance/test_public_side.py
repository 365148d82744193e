"""The public side on its pages: header and footer, the disclosure column, the simple version, leaving, re-uses."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from html import unescape

import pytest

from opendata.domain.site.kinds import PageKind
from opendata.services.uploads.upload_values import UploadedFile
from opendata.web.governance.site.person import make_stamp
from tests.instances import DATASET, publish
from tests.web.conftest import PASSWORD, Portal, find_token, make_portal, send
from tests.web.site_fill import GUIDE, IDENTITY, LOGO, REUSE, fill_site


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal whose public side is filled."""
    with make_portal(tmp_path_factory.mktemp("side")) as portal:
        clerk = portal.services.accounts.sign_in("clerk", PASSWORD)[0]
        portal.services.datasets.create(clerk, {**DATASET, "keywords": ["水"], "homepage": "https://other.example/x"})
        publish(portal.services, clerk)
        fill_site(portal.services, portal.services.accounts.sign_in("boss", PASSWORD)[0], "reservoirs")
        yield portal


FIELDS = ("organiser", "operator", "telephone", "address", "siteCode", "icp", "police", "policeLink", "markLink")


def test_the_footer_shows_all_that_is_filled_in_on_all_pages(side: Portal) -> None:
    for path in ("/", "/status", "/nothing", "/datasets/reservoirs"):
        text = unescape(side.client().get(path).text)
        for name in (*FIELDS, "errorLink", "copyright"):
            assert IDENTITY[name] in text, (path, name)
        assert "本网站支持IPv6" in text
        assert f"<span>{IDENTITY['name']}</span>" in text
    english = side.client("en").get("/").text
    assert "Open Data of Donghu" in english
    assert "General Office of Donghu" in english


def test_an_empty_field_leaves_nothing_behind(portal: Portal) -> None:
    text = portal.client().get("/").text
    for word in ("主办单位", "承办单位", "网站标识码", "ICP备", "党政机关", "找错", "IPv6", "版权与隐私"):
        assert word not in text, word


def test_a_maintainer_fills_in_the_footer_and_others_cannot(side: Portal) -> None:
    path = "/workspace/site/identity/site"
    assert side.signed_in("clerk").get(path).status_code == 403
    assert side.client().get(path).status_code == 303
    boss = side.signed_in("boss")
    wrong = send(boss, path, {"name": "某市开放数据", "siteCode": "12", "name-en": "x" * 101})
    assert wrong.status_code == 422
    assert 'id="siteCode-error"' in wrong.text
    assert 'id="name-en-error"' in wrong.text
    assert 'value="某市开放数据"' in wrong.text
    values = {name: value for name, value in IDENTITY.items() if isinstance(value, str)}
    sent = {**values, "name-en": "Open Data of Donghu", "organiser-en": "General Office of Donghu", "ipv6": "1"}
    saved = send(boss, path, {**sent, "logo": (io.BytesIO(LOGO), "新.svg")})
    assert saved.status_code == 303
    picture = re.search(r'class="logo" src="([^"]+)"', side.client().get("/").text)
    assert picture
    answer = side.client().get(picture[1])
    assert (answer.mimetype, "script" in answer.text) == ("image/svg+xml", False)
    assert "immutable" in answer.headers["Cache-Control"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_column_has_its_parts_and_hides_empty_ones(side: Portal) -> None:
    page = side.client().get("/disclosure").text
    assert 'href="/disclosure/guide"' in page
    assert 'href="/disclosure/rules"' not in page
    assert side.client().get("/disclosure/rules").status_code == 404
    assert 'href="/disclosure/rules"' in side.signed_in("boss").get("/disclosure").text
    home = side.client().get("/").text
    assert 'href="/disclosure/guide"' in home
    assert 'href="/columns/budgets"' in home
    guide = side.client().get("/disclosure/guide").text
    assert "更新日期：" in guide
    file = re.search(r'href="(/site/files/[^"]+)"', guide)
    assert file
    assert side.client().get(file[1]).headers["Content-Disposition"].startswith("attachment")
    history = side.client().get("/disclosure/guide/guide/history").text
    assert "revision=1" in history
    assert "旧的内容" in side.client().get("/disclosure/guide/guide?revision=1").text
    assert side.client().get("/disclosure/guide/guide?revision=9").status_code == 404
    assert "水库" in side.client().get("/columns/budgets").text


@pytest.mark.slow
def test_saving_a_page_by_its_form_keeps_files_that_are_not_taken_off(side: Portal) -> None:
    boss = side.signed_in("boss")
    pdf = (io.BytesIO(b"%PDF-1.4\n%%EOF"), "报告.pdf")
    form = {"title": "新的报告", "body": "见附件", "public": "1", "position": "7", "files": pdf}
    assert send(boss, "/workspace/site/report/new", form).status_code == 303
    pages = side.services.pages
    page = next(item for item in pages.list(None, PageKind.REPORT) if item.title == "新的报告")
    path = f"/workspace/site/report/{page.id}"
    kept = {"title": "新的报告", "public": "1", "files-keep": page.files[0]["sha256"]}
    assert send(boss, path, kept).status_code == 303
    assert len(pages.get(None, PageKind.REPORT, page.id).files) == 1
    bad = send(boss, path, {**kept, "files": (io.BytesIO(b"<p>"), "a.html")})
    assert bad.status_code == 400
    assert "既不是 PDF" in bad.text
    assert send(boss, path, {"title": "新的报告"}).status_code == 303
    assert (pages.find(PageKind.REPORT, page.id), boss.get("/workspace/site/nothing").status_code) == (None, 404)
    assert send(boss, f"{path}/delete", {}, form=path).status_code == 303
    assert boss.get(path).status_code == 404


def test_the_simple_version_stays_with_cookies_and_without(side: Portal) -> None:
    reader = side.client()
    assert "data-care" not in reader.get("/").text
    assert 'data-care="2"' in reader.get("/disclosure?care=2").text
    page = reader.get("/datasets").text
    assert 'data-care="2"' in page
    assert len(re.findall(r'href="[^"]*care=', page)) == 4  # the links that change the size
    assert "data-care" not in reader.get("/?care=0").text
    assert "data-care" not in reader.get("/datasets").text
    bare = side.app.test_client(use_cookies=False)
    page = bare.get("/datasets?care=3", headers={"Accept-Language": "zh"}).text
    assert 'data-care="3"' in page
    for address in ("/disclosure?care=3", "/publishers?care=3", "/datasets/reservoirs?care=3"):
        assert f'href="{address}"' in page, address
    assert '<input type="hidden" name="care" value="3">' in page
    assert re.search(r'src="/site/files/[^"?]+"', page)
    assert re.search(r'href="/static/style.css\?v=\w+"', page)
    assert "data-care" not in bare.get("/?care=9").text
    cookie = side.client().get("/?care=1").headers["Set-Cookie"]
    assert "opendata_care=1;" in cookie
    assert "HttpOnly" in cookie


@pytest.mark.slow
def test_nothing_reloads_in_the_simple_version(side: Portal) -> None:
    clerk = side.services.accounts.sign_in("clerk", PASSWORD)[0]
    draft = side.services.drafts.create(clerk, "reservoirs", [UploadedFile("a.csv", io.BytesIO(b"a\n1\n"))])[0].id
    browser = side.signed_in("clerk")
    plain = browser.get(f"/workspace/drafts/{draft}").text
    assert "http-equiv" in plain
    calm = browser.get(f"/workspace/drafts/{draft}?care=1").text
    assert "http-equiv" not in calm
    assert "progress.js" not in calm


def test_a_link_to_another_site_leads_past_the_notice(side: Portal) -> None:
    client = side.client()
    page = client.get("/disclosure/guide").text
    assert 'href="https://www.gov.cn/"' in page
    assert 'href="https://other.example' not in page
    for text in (page, client.get("/datasets/reservoirs").text, client.get("/reuses").text):
        link = re.search(r'href="(/leave\?[^"]+)"', text)
        if link is None:
            continue
        notice = client.get(unescape(link[1]))
        assert notice.status_code == 200
        assert 'href="https://other.example/' in notice.text
        assert "http-equiv" not in notice.text
    for forged in (
        "/leave?to=https://evil.example/",
        "/leave",
        unescape(link[1]).replace("other.example", "evil.example") if link else "/leave?to=x",
        "/leave?to=javascript:alert(1)&sign=x",
    ):
        assert client.get(forged).status_code == 400, forged


def submit(side: Portal, *, age: int = 10, **changes: str) -> int:
    client = side.client()
    page = client.get("/reuses/new").text
    opened = re.search(r'name="opened" value="([^"]+)"', page)
    assert opened
    with side.app.test_request_context():
        stamp = make_stamp(int(time.time()) - age)
    form = {**REUSE, "datasets": "http://localhost/datasets/reservoirs?x=1", "opened": stamp, **changes}
    return client.post("/reuses/new", data={"csrf_token": find_token(page), **form}).status_code


def test_a_re_use_is_sent_by_a_person_and_decided_by_a_maintainer(side: Portal) -> None:
    assert submit(side, age=1) == 400
    assert submit(side, website="https://spam.example/") == 400
    assert submit(side, opened="1.x") == 400
    assert submit(side, url="nowhere") == 422
    assert submit(side, title="水位曲线", contact="a@example.org", call="contest") == 303
    boss = side.signed_in("boss")
    page = boss.get("/workspace/site/reuses").text
    assert "水位曲线" in page
    assert "a@example.org" in page
    waiting = side.services.reuses.list(side.services.accounts.get_actor("boss"), state=None).items
    assert "水位曲线" not in [item.title for item in waiting]
    identifier = re.search(r"/workspace/site/reuses/(\w+)/decide", page[page.index("水位曲线") :])
    assert identifier
    decide = f"/workspace/site/reuses/{identifier[1]}/decide"
    refused = send(boss, decide, {"decision": "refuse"}, form="/workspace/site/reuses")
    assert refused.status_code == 422
    assert send(boss, decide, {"decision": "approve"}, form="/workspace/site/reuses").status_code == 303
    for path in ("/reuses", "/datasets/reservoirs", "/calls/contest", "/reuses.atom", "/api/v1/reuses"):
        text = side.client().get(path).text
        assert "水位曲线" in text or "\\u6c34" in text, path
        assert "a@example.org" not in text, path
    assert side.client().get("/reuses.json").headers["Location"] == "/api/v1/reuses"
    assert side.client().get("/status.json").headers["Location"] == "/api/v1/status"
    events = side.client().get("/api/v1/audit").status_code
    assert events == 401


@pytest.mark.slow
def test_the_site_maps_have_the_pages_of_the_site(side: Portal) -> None:
    document = side.client().get("/sitemap.xml").text
    for path in ("/disclosure/guide/guide", "/columns/all", "/calls/contest", "/reuses", "/status", "/sitemap"):
        assert f"http://localhost{path}</loc>" in document, path
    assert "draft" not in document
    page = side.client().get("/sitemap").text
    for path in ("/disclosure/guide", "/columns/all", "/status", "/sitemap.xml", "/publishers/water-bureau"):
        assert f'href="{path}"' in page, path


@pytest.mark.slow
def test_calls_say_where_they_are(side: Portal) -> None:
    page = side.client().get("/calls").text
    assert page.index("数据创新大赛") < page.index("去年的大赛")
    assert "结果已公布" in page
    past = side.client().get("/calls/past").text
    assert "一等奖：甲。" in past
    assert "我要参加" not in past


@pytest.mark.slow
def test_the_status_page_names_incidents_and_parts(side: Portal) -> None:
    answer = side.client().get("/status")
    assert answer.headers["Cache-Control"] == "no-store"
    for text in ("数据库", "下载缓慢", "尚未结束", "2026年3月1日 11:30"):
        assert text in answer.text, text


def test_rest_gives_what_pages_show_and_lets_maintainers_change_it(side: Portal) -> None:
    token, _ = side.services.accounts.create_token("boss")
    clerk, _ = side.services.accounts.create_token("clerk")
    client, boss = side.client(), {"Authorization": f"Bearer {token}"}
    kinds = {kind: len(client.get(f"/api/v1/site/{kind}").json["items"]) for kind in PageKind}
    assert kinds["guide"] == 1
    assert kinds["rules"] == 0
    assert client.get("/api/v1/site/nothing").status_code == 404
    assert client.get("/api/v1/site/guide?colour=1").status_code == 422
    body = {"data": {"title": "条例", "body": "全文"}, "public": False}
    assert client.put("/api/v1/site/rules/law", json=body).status_code == 401
    refused = client.put("/api/v1/site/rules/law", json=body, headers={"Authorization": f"Bearer {clerk}"})
    assert refused.status_code == 403
    assert client.put("/api/v1/site/rules/law", json=body, headers=boss).json["public"] is False
    assert client.get("/api/v1/site/rules/law").status_code == 404
    assert client.put("/api/v1/site/rules/Law!", json=body, headers=boss).status_code == 422
    assert client.put("/api/v1/site/rules/law", json={"data": {"titel": "x"}}, headers=boss).status_code == 422
    shown = client.put("/api/v1/site/rules/law", json={"data": body["data"]}, headers=boss).json
    assert (shown["public"], shown["revision"]) == (True, 2)
    assert len(client.get("/api/v1/site/rules/law/versions").json["items"]) == 1
    assert client.delete("/api/v1/site/rules/law", headers=boss).status_code == 204
    column = client.get("/api/v1/columns/all/datasets").json
    assert (column["total"], column["groups"][0]["datasets"]) == (1, ["reservoirs"])
    assert client.get("/api/v1/reuses?state=waiting").status_code == 401
    waiting = client.get("/api/v1/reuses?state=waiting", headers=boss).json["items"]
    assert [item["title"] for item in waiting] == ["水位提醒"]
    decision = {"approve": False, "reason": "重复"}
    path = f"/api/v1/reuses/{waiting[0]['id']}/decision"
    assert client.post(path, json=decision, headers=boss).json["state"] == "refused"
    assert client.post(path, json=decision, headers=boss).status_code == 409
    added = client.post("/api/v1/reuses", json={**REUSE, "title": "第三个"}, headers=boss)
    assert added.status_code == 201
    assert client.get(added.headers["Location"]).json["title"] == "第三个"
    page = client.get("/api/v1/reuses?limit=1").json
    assert page["items"][0]["contact"] == ""
    further = client.get(f"/api/v1/reuses?limit=100&cursor={page['next']}").json["items"]
    assert page["items"][0]["id"] not in [item["id"] for item in further]
    assert client.get("/api/v1/reuses?cursor=nonsense").status_code == 400
    assert {part["name"] for part in client.get("/api/v1/status").json["parts"]} >= {"database", "worker"}
    assert GUIDE["title"] == client.get("/api/v1/site/guide/guide").json["data"]["title"]
