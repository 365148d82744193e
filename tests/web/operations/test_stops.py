"""Pages of the emergency stop: an editor pulls it, readers see why, a maintainer decides."""

from __future__ import annotations

import pytest

from tests.instances import CSV, DATASET, publish
from tests.web.conftest import PASSWORD, Portal, send

ONE = "/workspace/datasets/reservoirs/versions/1.1.0"
REASON = "含有个人信息"


@pytest.fixture
def shown(desk: Portal) -> Portal:
    """A portal with two versions, and a feed and pages that were looked at."""
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    publish(desk.services, clerk)
    publish(desk.services, clerk, CSV + "A003,暗湖,3,2026-02-02\n")
    assert "暗湖" in desk.client().get("/datasets/reservoirs/1.1.0/").text
    return desk


def test_an_editor_stops_a_version_and_readers_see_why(shown: Portal) -> None:
    clerk = shown.signed_in("clerk")
    assert f"{ONE}/stop" in clerk.get("/datasets/reservoirs/1.1.0/").text
    assert send(clerk, f"{ONE}/stop", {"reason": ""}).status_code == 422
    assert send(clerk, f"{ONE}/stop", {"reason": REASON}).headers["Location"] == "/workspace/stops"
    for name in ("", "levels.csv", "levels.xlsx", "levels.report.json", "datapackage.json", "datapackage.zip"):
        answer = shown.client().get(f"/datasets/reservoirs/1.1.0/{name}")
        assert (answer.status_code, REASON in answer.text) == (410, True), name
        assert "暗湖" not in answer.text
    problem = shown.client("en").get("/datasets/reservoirs/1.1.0/levels.csv", headers={"Accept": "application/json"})
    assert problem.json["type"] == "/problems/suspended"
    assert problem.json["suspension"]["reason"] == REASON
    assert shown.client().get("/problems/suspended").status_code == 200
    assert shown.client().get("/datasets/reservoirs/latest/levels.csv").headers["Location"].endswith("1.0.0/levels.csv")
    record = shown.client().get("/datasets/reservoirs/1.1.0/suspension.json")
    assert (record.json["suspended"], record.headers["Cache-Control"]) == (True, "no-cache")
    assert shown.client().get("/datasets/reservoirs/1.1.0/suspension.json.sig").status_code == 200
    assert shown.client().get("/datasets/reservoirs/1.0.0/suspension.json").status_code == 404
    assert "已停止" in shown.client().get("/datasets/reservoirs/versions").text
    assert "suspended" in shown.client().get("/feed.atom").text
    assert shown.client().get("/datasets/reservoirs/diff/1.0.0...1.1.0").status_code == 410


def test_a_maintainer_makes_it_public_again_or_withdraws_it(shown: Portal) -> None:
    clerk, boss = shown.signed_in("clerk"), shown.signed_in("boss")
    send(clerk, f"{ONE}/stop", {"reason": REASON})
    page = clerk.get("/workspace/stops").text
    assert REASON in page
    assert "由管理员决定" in page
    assert send(clerk, f"{ONE}/release", {"reason": "x"}, form="/workspace/stops").status_code == 403
    assert "停止的版本" in boss.get("/workspace").text
    assert send(boss, f"{ONE}/release", {"reason": ""}, form="/workspace/stops").status_code == 422
    assert send(boss, f"{ONE}/release", {"reason": "误报"}, form="/workspace/stops").status_code == 303
    assert "暗湖" in shown.client().get("/datasets/reservoirs/1.1.0/").text
    send(clerk, f"{ONE}/stop", {"reason": REASON})
    assert "levels" in boss.get(f"{ONE}/withdraw").text
    values = {"reason": REASON, "legalBasis": "个人信息保护法", "erase": "1", "confirm": "1"}
    assert send(boss, f"{ONE}/withdraw", values).status_code == 303
    assert "没有停止的版本" in boss.get("/workspace/stops").text


def test_a_stranger_stops_nothing(shown: Portal) -> None:
    assert shown.client().get(f"{ONE}/stop").status_code == 303
    assert shown.signed_in("stranger").get(f"{ONE}/stop").status_code == 403
    assert "1.1.0" not in shown.signed_in("stranger").get("/workspace/stops").text
