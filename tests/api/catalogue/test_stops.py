"""The emergency stop over REST."""

from __future__ import annotations

from tests.api.conftest import Caller, problem

ONE = "/datasets/reservoirs/versions/1.0.0"
STOP = {"reason": "含有个人信息"}


def test_an_editor_stops_and_a_maintainer_releases(
    editor: Caller, gardener: Caller, maintainer: Caller, stranger: Caller
) -> None:
    editor.publish()
    problem(stranger.post(f"{ONE}/suspend", json=STOP), 401)
    problem(gardener.post(f"{ONE}/suspend", json=STOP), 403)
    problem(editor.post(f"{ONE}/suspend", json={}), 422)
    stopped = editor.post(f"{ONE}/suspend", json=STOP)
    assert (stopped.status_code, stopped.json["suspension"]["reason"]) == (200, STOP["reason"])
    assert problem(stranger.get(ONE), 410, "suspended")["suspension"]["suspended"] is True
    assert stranger.get("/datasets/reservoirs").json["latest"] is None
    assert stranger.get("/datasets/reservoirs/versions").json["items"][0]["suspension"]["reason"] == STOP["reason"]
    problem(editor.post(f"{ONE}/suspend", json=STOP), 409)
    problem(stranger.get("/stops"), 401)
    assert [item["version"] for item in maintainer.get("/stops").json["items"]] == ["1.0.0"]
    assert gardener.get("/stops").json["items"] == []
    problem(editor.post(f"{ONE}/release", json=STOP), 403)
    assert maintainer.post(f"{ONE}/release", json={"reason": "误报"}).json["suspension"] is None
    assert stranger.get(ONE).status_code == 200
