"""`opendata config` tells what is in force and why."""

from __future__ import annotations

from opendata.settings import list_settings


def read(run_json, **options):
    return {item["variable"]: item for item in run_json("config", **options)["settings"]}


def test_every_setting_is_listed_with_its_sentence(run, run_json) -> None:
    found = read(run_json)
    assert list(found) == [item.variable for item in list_settings()]
    assert all(item["about"] for item in found.values())
    shown = run("config").stdout
    assert all(variable in shown for variable in found)


def test_a_value_says_where_it_comes_from(run_json, instance) -> None:
    found = read(run_json, env={"OPENDATA_REPORT_LIMIT": "50"})
    assert (found["OPENDATA_REPORT_LIMIT"]["value"], found["OPENDATA_REPORT_LIMIT"]["source"]) == ("50", "environment")
    assert found["OPENDATA_REVIEW"]["value"] == "none"
    assert found["OPENDATA_REVIEW"]["source"] == str(instance / "opendata.env")
    assert (found["OPENDATA_TIMEZONE"]["value"], found["OPENDATA_TIMEZONE"]["source"]) == ("Asia/Shanghai", "default")
    assert found["OPENDATA_STORE"]["value"] == str(instance / "store")


def test_secrets_are_masked(run, run_json) -> None:
    env = {
        "OPENDATA_SECRET_KEY": "a secret nobody may see",
        "OPENDATA_DATABASE_URL": "postgresql://opendata:hunter2@db/opendata",
    }
    found = read(run_json, env=env)
    assert found["OPENDATA_SECRET_KEY"]["value"] == "*****"
    assert found["OPENDATA_DATABASE_URL"]["value"] == "postgresql://opendata:*****@db/opendata"
    shown = run("config", env=env).stdout
    assert "nobody may see" not in shown
    assert "hunter2" not in shown
