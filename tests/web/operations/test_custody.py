"""Pages and addresses of versions that were taken back, corrected or renamed."""

from __future__ import annotations

import json

import pytest

from opendata.services.core.actors import SYSTEM
from tests.instances import CSV, DATASET, publish
from tests.web.conftest import PASSWORD, Portal, send

FORM = "/workspace/datasets/reservoirs/versions/1.0.0/withdraw"
ADDRESSES = (
    "",
    "datapackage.json",
    "datapackage.json.sig",
    "levels.csv",
    "levels.parquet",
    "levels.schema.json",
    "levels.report.json",
)


@pytest.fixture
def desk(desk: Portal) -> Portal:
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    desk.services.datasets.create(boss, DATASET)
    publish(desk.services, boss)
    publish(desk.services, boss, CSV + "A003,南湖,3,2026-02-02\n")
    return desk


def test_a_maintainer_takes_a_version_down_on_a_page(desk: Portal) -> None:
    boss = desk.signed_in("boss", "en")
    assert FORM in boss.get("/datasets/reservoirs/1.0.0/").text
    answer = send(boss, FORM, {"reason": " ", "confirm": "1"})
    assert answer.status_code == 422
    assert "Give a reason" in answer.text
    said = {"reason": "含<错误>", "legalBasis": "条例", "successor": "1.1.0"}
    unconfirmed = send(boss, FORM, said)
    assert unconfirmed.status_code == 422
    assert "Confirm that you want to withdraw the version" in unconfirmed.text
    assert "含&lt;错误&gt;" in unconfirmed.text
    assert "rows: 2, tables and files: 1" in unconfirmed.text
    assert "withdrawn" not in boss.get("/datasets/reservoirs").text
    answer = send(boss, FORM, {**said, "confirm": "1"})
    assert answer.status_code == 303
    page = boss.get("/datasets/reservoirs").text
    assert "withdrawn" in page
    assert "含&lt;错误&gt;" in page


def test_every_address_of_a_withdrawn_version_says_so(desk: Portal) -> None:
    desk.services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="数据有误", successor="1.1.0")
    for name in ADDRESSES:
        address = f"/datasets/reservoirs/1.0.0/{name}"
        for method in ("GET", "HEAD"):
            assert desk.client().open(address, method=method).status_code == 410, address
        page = desk.client("zh").get(address).text
        assert "数据有误" in page, address
        assert "/datasets/reservoirs/1.1.0/" in page, address
        problem = desk.client().get(address, headers={"Accept": "application/json"})
        assert problem.content_type == "application/problem+json", address
        assert (problem.json or {})["tombstone"]["successor"] == "1.1.0", address
        assert problem.headers["Cache-Control"] == "no-store", address


def test_the_tombstone_has_an_address_of_its_own(desk: Portal) -> None:
    assert desk.client().get("/datasets/reservoirs/1.0.0/withdrawal.json").status_code == 404
    desk.services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x")
    answer = desk.client().get("/datasets/reservoirs/1.0.0/withdrawal.json")
    assert json.loads(answer.data)["reason"] == "x"
    assert desk.client().get("/datasets/reservoirs/1.0.0/withdrawal.json.sig").status_code == 200


def test_latest_leads_to_the_newest_that_stands(desk: Portal) -> None:
    desk.services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.1.0", reason="x")
    assert (
        desk.client().get("/datasets/reservoirs/latest/levels.csv").location == "/datasets/reservoirs/1.0.0/levels.csv"
    )
    desk.services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x")
    assert desk.client().get("/datasets/reservoirs/latest/levels.csv").status_code == 410
    page = desk.client("en").get("/datasets/reservoirs")
    assert page.status_code == 200
    assert "All versions of this dataset were withdrawn" in page.text


def test_a_correction_stands_on_both_versions(desk: Portal) -> None:
    boss = desk.signed_in("boss", "en")
    path = "/workspace/datasets/reservoirs/versions/1.0.0/errata"
    answer = send(boss, path, {"text": "单位是米", "corrected": "1.1.0"}, form=FORM)
    assert answer.status_code == 303
    for version in ("1.0.0", "1.1.0"):
        assert "单位是米" in desk.client().get(f"/datasets/reservoirs/{version}/").text
    assert "单位是米" in desk.client().get("/datasets/reservoirs").text


def test_an_editor_restores_but_does_not_withdraw(desk: Portal) -> None:
    clerk = desk.signed_in("clerk", "en")
    page = clerk.get("/datasets/reservoirs/1.0.0/").text
    assert FORM not in page
    assert clerk.get(FORM).status_code == 403
    path = "/workspace/datasets/reservoirs/versions/1.0.0/restore"
    answer = send(clerk, path, {}, form="/datasets/reservoirs/1.0.0/")
    assert answer.status_code == 303
    desk.work()
    assert "1.0.0" in clerk.get(answer.location).text


def test_addresses_of_a_renamed_dataset_lead_on(desk: Portal) -> None:
    desk.services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    client = desk.client()
    for old, new in (
        ("/datasets/reservoirs", "/datasets/lakes"),
        ("/datasets/reservoirs/1.0.0/levels.csv?x=%E6%B0%B4", "/datasets/lakes/1.0.0/levels.csv?x=%E6%B0%B4"),
        ("/datasets/reservoirs/latest/levels.csv", "/datasets/lakes/latest/levels.csv"),
        ("/api/v1/datasets/reservoirs/versions", "/api/v1/datasets/lakes/versions"),
    ):
        answer = client.get(old)
        assert (answer.status_code, answer.location) == (308, new)
    assert client.get("/datasets/lakes/1.0.0/levels.csv").data == CSV.encode()


def test_tables_chosen_without_erasing_are_a_question(desk: Portal) -> None:
    boss = desk.signed_in("boss", "en")
    answer = send(boss, FORM, {"reason": "x", "resources": "levels", "confirm": "1"})
    assert answer.status_code == 422
    assert "A version is withdrawn as a whole" in answer.text
    assert 'value="levels" checked' in answer.text


def test_a_withdrawn_dataset_is_nowhere_called_unpublished(desk: Portal) -> None:
    boss = desk.signed_in("boss", "en")
    for version in ("1.0.0", "1.1.0"):
        desk.services.withdrawals.withdraw(SYSTEM, "reservoirs", version, reason="数据有误")
    for path in ("/workspace", "/datasets", "/publishers/water-bureau", "/", "/datasets/reservoirs"):
        page = boss.get(path).text
        assert "Not published yet" not in page, path
        assert "ithdrawn" in page, path
    (draft,) = [item for item in desk.services.drafts.list(SYSTEM).items if item.version == "1.1.0"]
    page = boss.get(f"/workspace/drafts/{draft.id}").text
    assert "which was withdrawn since" in page
    assert "everyone can see" not in page
