"""Grants from a shell."""

from __future__ import annotations

import json

CONDITIONAL = {"attribute": "conditional", "reason": "涉及第三方权益", "legalBasis": "条例第十五条"}


def test_a_grant_is_given_listed_and_ended(run, run_json, instance, tmp_path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "levels.csv").write_text("code\nA001\n")
    package = {"name": "reservoirs", "title": "水库", "resources": [{"name": "levels", "path": "levels.csv"}]}
    package["opendata"] = {"disclosure": CONDITIONAL}
    (tmp_path / "package" / "datapackage.json").write_text(json.dumps(package))
    assert run("import", str(tmp_path / "package")).exit_code == 0
    assert run("export", "reservoirs", str(tmp_path / "out")).exit_code == 2
    assert not (tmp_path / "out").exists()
    run("user", "create", "anna", "--role", "reader")
    said = ("--holder", "甲大学", "--purpose", "研究", "--until", "2030-12-31")
    given = run("grant", "give", "reservoirs", *said, "--account", "anna")
    assert (given.exit_code, given.stdout) == (0, "")
    invited = run("grant", "give", "reservoirs", *said)
    assert invited.stdout.startswith("/invitations/odi_")
    found = {item["account"]: item for item in run_json("grant", "list", "reservoirs")}
    assert {item["state"] for item in found.values()} == {"active", "invited"}
    assert "甲大学" in run("grant", "list", "reservoirs").stdout
    assert run("grant", "end", "reservoirs", found["anna"]["id"], "--reason", "协议终止").exit_code == 0
    assert {item["state"] for item in run_json("grant", "list", "reservoirs")} == {"ended", "invited"}
    assert run("grant", "give", "reservoirs", *said[:-1], "soon").exit_code == 2
