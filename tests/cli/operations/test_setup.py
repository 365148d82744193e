"""Making an instance, and filling one with the samples."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from opendata.errors import StateError
from opendata.services.core.instance import create_instance
from opendata.services.packages.demo import fill_demo
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.servers import CHECKOUT


def read_tree(home: Path) -> dict[str, bytes]:
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and "sqlite" not in path.name
    }


def test_init_makes_an_instance_whose_secrets_are_its_owners_alone(run, home) -> None:
    ended = run("init")
    assert ended.exit_code == 0
    assert str(home) in ended.stderr
    for name in ("keys", "private"):
        assert (home / name).stat().st_mode & 0o777 == 0o700
    for name in ("keys/signing.key", "keys/session.secret", "opendata.env", "opendata.sqlite"):
        assert (home / name).stat().st_mode & 0o777 == 0o600
    assert (home / "opendata.env").read_text() == "OPENDATA_REVIEW=two-person\n"
    assert run("token", "list").exit_code == 0


def test_init_again_changes_nothing(run, home) -> None:
    run("init", "--review", "none")
    before = read_tree(home)
    ended = run("init", "--review", "two-person")
    assert ended.exit_code == 0
    assert read_tree(home) == before
    assert "none" in ended.stderr
    assert "OPENDATA_REVIEW" in ended.stderr


def test_init_brings_an_old_database_up_to_date(run, instance) -> None:
    for path in instance.glob("opendata.sqlite*"):
        path.unlink()
    assert run("init").exit_code == 0
    assert run("token", "list").exit_code == 0


def test_init_can_make_the_first_maintainer(run, home, run_json) -> None:
    ended = run("init", "--maintainer", "wang")
    assert ended.exit_code == 0
    assert len(ended.stdout.strip()) >= 22, "128 bits"
    assert [(item["name"], item["role"]) for item in run_json("user", "list")] == [("wang", "maintainer")]


def test_init_on_postgresql_makes_the_tables_there(run, home, postgresql_database) -> None:
    env = {"OPENDATA_DATABASE_URL": postgresql_database}
    assert run("init", env=env).exit_code == 0
    assert run("publisher", "create", "water-bureau", "水务局", env=env).exit_code == 0
    assert "water-bureau" in run("publisher", "list", env=env).stdout
    assert not (home / "opendata.sqlite").exists()


def test_a_database_out_of_reach_is_named(run, home) -> None:
    ended = run("init", env={"OPENDATA_DATABASE_URL": f"sqlite:///{home}/nowhere/x.sqlite"})
    assert ended.exit_code == 2
    assert "unable to open database file" in ended.stderr


def test_every_file_of_an_unfinished_instance_is_completed(home) -> None:
    create_instance(Settings(home=home))
    (home / "keys" / "signing.key").unlink()
    assert create_instance(Settings(home=home)) is True
    assert (home / "keys" / "signing.key").exists()


@pytest.mark.slow
def test_demo_publishes_every_sample_and_the_second_time_none(run, home, run_json, demo) -> None:
    first = demo(home)
    assert first.exit_code == 0
    samples = len(list((CHECKOUT / "datasets").glob("*/*/datapackage.json")))
    assert f"{samples} sample datasets are public, {samples} of them" in first.stderr
    assert sum(item["datasets"] for item in run_json("publisher", "list")) == samples
    before = read_tree(home)
    second = run("demo", "--no-serve")
    assert f"{samples} sample datasets are public, 0 of them" in second.stderr
    assert second.stdout == first.stdout
    assert read_tree(home) == before

    path = home / "keys" / "sign-in.json"
    assert path.stat().st_mode & 0o777 == 0o600
    passwords = [item["password"] for item in json.loads(path.read_text()).values()]
    assert len(set(passwords)) == 2
    assert all(password in first.stdout for password in passwords)
    accounts = {(item["role"], item["publisher"]) for item in run_json("user", "list")}
    assert accounts == {("editor", "data-bureau-demo"), ("maintainer", None)}


@pytest.mark.slow
def test_a_sample_that_changed_gets_its_next_version_and_no_other(home, tmp_path) -> None:
    samples = tmp_path / "datasets"
    for name in ("sac/ethnic-groups", "data-bureau-demo/update-cycles"):
        shutil.copytree(CHECKOUT / "datasets" / name, samples / name)
    create_instance(Settings(home=home), review="none")
    services = build_services(Settings(home=home))
    heard: list[tuple[int, int, str]] = []

    def fill() -> int:
        return fill_demo(services, CHECKOUT / "schemas", samples, lambda *words: heard.append(words)).published

    assert (fill(), fill()) == (2, 0)
    assert heard[:2] == [(0, 2, "data-bureau-demo/update-cycles"), (1, 2, "sac/ethnic-groups")]
    table = samples / "sac/ethnic-groups/groups.csv"
    table.write_text("".join(table.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert fill() == 1
    assert services.datasets.get("ethnic-groups").latest == "1.1.0"
    assert services.datasets.get("update-cycles").latest == "1.0.0"
    table.write_text("not,the,columns\n1,2,3\n", encoding="utf-8")
    with pytest.raises(StateError, match="ethnic-groups/groups"):
        fill()
    services.database.dispose()
