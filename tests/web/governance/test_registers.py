"""Registration and disclosure from end to end: on pages, in files, over REST, in every form of the catalogue."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from opendata.services.core.actors import SYSTEM
from opendata.wiring import build_services
from tests.instances import CSV, DATASET, lend_app, make_actor, make_services, publish
from tests.mail_office import Clock
from tests.web.conftest import Portal, find_token, send

WELLS = {
    **DATASET,
    "id": "wells",
    "title": "水井",
    "description": "全市水井台账",
    "themes": ["生态环保"],
    "industry": "N",
    "updateCycle": "irregular",
    "basis": "水法第十二条",
    "sources": [{"title": "水井登记"}],
    "authorisedOperation": {"mode": "scenario", "implementingBody": "市数据局", "operator": "某某数据公司"},
}
CODE = "410100-2026-000001"


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[tuple[Portal, Clock]]:
    """A portal with a dataset under authorised operation, on 1 December 2026."""
    first = make_services(tmp_path / "desk")
    first.database.dispose()
    clock = Clock()
    clock.now = datetime(2026, 12, 1, 2, tzinfo=UTC)
    services = build_services(first.settings, clock=clock)
    for name, role, publisher in (
        ("clerk", "editor", "water-bureau"),
        ("boss", "maintainer", None),
        ("watcher", "auditor", None),
    ):
        make_actor(services, name, role, publisher)
    clerk = services.accounts.get_actor("clerk")
    services.datasets.create(clerk, WELLS)
    publish(services, clerk, CSV, dataset="wells")
    services.duty_rules.use(SYSTEM, "operation-disclosure", is_off=False, publishers=["water-bureau"])
    with lend_app(services) as app:
        app.config["PROPAGATE_EXCEPTIONS"] = False
        yield Portal(services, app), clock
    services.database.dispose()


def follow(portal: Portal) -> None:
    while portal.services.duty_keeping.follow():
        pass


def step(clerk: FlaskClient, page: str, name: str, day: str, **values: str) -> None:
    answer = send(clerk, f"{page}/steps", {"step": name, "day": day, **values}, form=page)
    assert answer.status_code == 303, answer.text


def prepare(clerk: FlaskClient) -> str:
    """An application is begun, is missing something, and is complete in the end; its page."""
    page = send(clerk, "/workspace/registrations/new/wells", {"kind": "initial"}).location
    assert "申请还不完整" in clerk.get(page).text
    assert 'href="/workspace/publishers/water-bureau"' in clerk.get(page).text
    wrong = send(clerk, page, {"revision": "1", "document_name": "a", "document_kind": "other", "agentCode": "1"})
    assert wrong.status_code == 422
    assert "统一社会信用代码" in wrong.text
    said = {
        "storagePlace": "市政务云",
        "evidenceWay": "SHA-256",
        "document_kind": "commitment",
        "file": (io.BytesIO(b"%PDF-1.4 x"), "承诺书.pdf"),
        "revision": "1",
    }
    assert send(clerk, page, said).status_code == 303
    assert send(clerk, page, {**said, "file": (io.BytesIO(b""), "")}).status_code == 412
    return page


@pytest.mark.slow
def test_a_dataset_is_registered_changed_and_disclosed(bureau: tuple[Portal, Clock]) -> None:
    portal, clock = bureau
    follow(portal)
    clerk, reader = portal.signed_in("clerk"), portal.client()
    assert "申请登记授权运营的公共数据资源" in clerk.get("/workspace/duties").text
    assert "必须登记" in clerk.get("/workspace/control").text
    page = prepare(clerk)
    form = json.loads(clerk.get(f"{page}/form.json").data)
    assert set(form["missing"]) <= {"publisherCode", "publisherTelephone"}
    assert form["documents"][0]["name"] == "承诺书.pdf"
    book = zipfile.ZipFile(io.BytesIO(clerk.get(f"{page}/form.xlsx").data))
    assert "请勿就此提交" in book.read("xl/worksheets/sheet1.xml").decode()
    step(clerk, page, "submit", "2026-12-01")
    assert send(clerk, f"{page}/steps", {"step": "register", "day": "2026-12-01"}, form=page).status_code == 409
    assert send(clerk, f"{page}/steps", {"step": "return", "day": "2026-12-01"}, form=page).status_code == 422
    step(clerk, page, "return", "2026-12-01", note="请补充来源")
    assert "请补充来源" in clerk.get(page).text
    clock.now = datetime(2026, 12, 2, 2, tzinfo=UTC)
    clerk = portal.signed_in("clerk")
    step(clerk, page, "submit", "2026-12-02")
    step(clerk, page, "accept", "2026-12-02")
    assert "以登记机构规定为准" in clerk.get(page).text
    step(clerk, page, "notice", "2026-12-02")
    assert portal.signed_in("watcher").get(page).status_code == 200
    clock.now = datetime(2026, 12, 16, 2, tzinfo=UTC)
    clerk = portal.signed_in("clerk")
    assert "公示已结束" in clerk.get("/workspace/control").text
    step(clerk, page, "register", "2026-12-16", code=CODE)
    for path in (
        "/datasets/wells",
        "/datasets/wells/1.0.0/",
        "/datasets/wells.ttl",
        "/datasets/wells/1.0.0/dcat.ttl",
        "/api/v1/datasets/wells",
        "/api/v1/datasets/wells/versions/1.0.0",
        "/datasets/wells.gb.json",
    ):
        assert CODE in reader.get(path, follow_redirects=True).text, path
    follow(portal)
    publish(
        portal.services, portal.services.accounts.get_actor("clerk"), CSV + "A009,北湖,9,2026-03-02\n", dataset="wells"
    )
    follow(portal)
    assert "办理公共数据资源变更登记" in clerk.get("/workspace/duties").text
    assert "请办理变更登记" in clerk.get(page).text
    assert CODE in reader.get("/datasets/wells/1.0.0/").text
    assert CODE not in reader.get("/datasets/wells/1.1.0/").text
    disclose(portal, clock, clerk, reader)


def disclose(portal: Portal, clock: Clock, clerk: FlaskClient, reader: FlaskClient) -> None:
    """The report of the year is prefilled, refused, filled in by a workbook and by the form, published."""
    clock.now = datetime(2027, 3, 2, 2, tzinfo=UTC)
    follow(portal)
    clerk = portal.signed_in("clerk")
    report = "/workspace/operation-reports/2026/water-bureau"
    assert "水务局" in clerk.get("/workspace/operation-reports?year=2026").text
    assert "某某数据公司" in clerk.get(report).text
    refused = send(clerk, report, {"roles": "operator", "revision": "0", "do": "publish"})
    assert refused.status_code == 422
    assert "已纳入授权运营，但不在此表中" in refused.text
    assert clerk.get(f"{report}/tables.xlsx").status_code == 200
    wrong = {"file": (io.BytesIO("product,kind,description\n甲,东西,查询\n".encode()), "a.csv")}
    assert "B2" in send(clerk, f"{report}/tables", wrong, form=report).text
    right = {"file": (io.BytesIO("产品或服务名称,产品还是服务,说明\n水井查询,数据服务,查询\n".encode()), "a.csv")}
    tried = send(clerk, f"{report}/tables", right, form=report).text
    assert "采用这些表" in tried
    rows = json.dumps({"products": [{"product": "水井查询", "kind": "service", "description": "查询"}]})
    assert send(clerk, f"{report}/tables", {"rows": rows, "revision": "1"}, form=report).status_code == 303
    filled = {
        "roles": "operator",
        "operator.count": "1",
        "operator.0.name": "水务局",
        "operator.0.creditCode": "X",
        "operator.0.telephone": "0371-00000000",
        "resources.count": "1",
        "resources.0.title": "水井",
        "resources.0.provider": "水务局",
        "resources.0.dataset": "wells",
        "resources.0.registration": CODE,
        "fees.note": "本年度不收费",
        "revision": "2",
        "do": "publish",
    }
    done = send(clerk, report, filled)
    assert done.location == "/disclosure/operation/2026/water-bureau", done.text
    shown = reader.get(done.location).text
    assert CODE in shown
    assert "本年度不收费" in shown
    assert 'href="/datasets/wells"' in shown
    assert "水井查询" in reader.get("/disclosure/operation/cells.csv").text
    assert zipfile.ZipFile(io.BytesIO(reader.get(f"{done.location}.xlsx").data)).testzip() is None
    assert "/disclosure/operation" in reader.get("/disclosure").text
    assert "公共数据授权运营" in reader.get("/disclosure/report").text
    found = reader.get("/api/v1/publishers/water-bureau/operation-reports/2026/published").get_json()
    assert found["tables"]["rows"]["products"][0]["kind"] == "service"
    duties = clerk.get("/workspace/duties?state=done").text
    assert "披露上一年度公共数据资源授权运营情况" in duties
    token = {"X-CSRFToken": find_token(clerk.get("/account").text)}
    saved = clerk.put(
        "/api/v1/publishers/water-bureau/operation-reports/2026", json={"roles": ["operator"]}, headers=token
    ).get_json()
    assert saved["changed"]
    assert saved["gaps"]


@pytest.mark.slow
def test_codes_are_entered_by_a_sheet_and_over_rest(bureau: tuple[Portal, Clock]) -> None:
    portal, _ = bureau
    clerk, reader = portal.signed_in("clerk"), portal.client()
    assert clerk.get("/workspace/registrations/results.xlsx").status_code == 200
    lines = f"dataset,version,code,day,until\nwells,1.0.0,{CODE},2026-11-02,\nnone,,X,2026-11-02,\n"
    address = "/workspace/registrations/results"
    tried = send(clerk, address, {"file": (io.BytesIO(lines.encode()), "a.csv")}).text
    assert "没有数据集“none”" in tried or "none" in tried
    assert "只录入正确的 1 行" in tried
    assert CODE not in reader.get("/datasets/wells").text
    kept = tried.partition('<textarea name="rows" hidden>')[2].partition("</textarea>")[0]
    assert send(clerk, address, {"rows": kept}).status_code == 303
    assert CODE in reader.get("/datasets/wells").text
    assert CODE in clerk.get("/workspace/registrations").text
    assert send(clerk, address, {}).status_code == 422
    token = {"X-CSRFToken": find_token(clerk.get("/account").text)}
    begun = clerk.post("/api/v1/datasets/wells/registrations", json={"kind": "cancellation"}, headers=token)
    assert begun.status_code == 201, begun.text
    one = f"/api/v1/registrations/{begun.get_json()['id']}"
    for name in ("submit", "accept", "register"):
        answer = clerk.post(f"{one}/steps", json={"step": name}, headers=token)
        assert answer.status_code == 200, answer.text
    assert [item["step"] for item in clerk.get(f"{one}/steps").get_json()["items"]] == ["submit", "accept", "register"]
    assert clerk.get(f"{one}/form").get_json()["kind"] == "cancellation"
    assert clerk.get("/api/v1/registration-forms").get_json() == {"complete": True, "items": []}
    assert CODE not in reader.get("/datasets/wells").text
    file = {"file": (io.BytesIO(b"a,b\n1,2\n"), "a.csv")}
    refused = clerk.post("/api/v1/registration-results", data=file, headers=token, content_type="multipart/form-data")
    assert refused.status_code == 422
    data = {"file": (io.BytesIO(lines.encode()), "a.csv"), "dryRun": "true"}
    tried_again = clerk.post(
        "/api/v1/registration-results", data=data, headers=token, content_type="multipart/form-data"
    )
    assert (tried_again.get_json()["new"], tried_again.get_json()["wrong"]) == (1, 1)
