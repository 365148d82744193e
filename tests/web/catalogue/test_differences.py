"""What changed between two versions, by page, document and file; and what is new since a version."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instances import CSV, SCHEMA, publish
from tests.web.conftest import PASSWORD, SAMPLE, Portal, make_portal

NEW = "code,name,level,measured\nA003,南湖,3.00,2026-02-02\nA001,东湖,13.75,2026-01-31\n"
PLACE = "/datasets/reservoirs/diff/1.0.0...1.1.0"


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A dataset with two versions: one row came, one went, one changed; and the same rows without a key."""
    with make_portal(tmp_path_factory.mktemp("lakes")) as portal:
        services = portal.services
        services.accounts.create_user("mei", PASSWORD, "maintainer", None)
        actor = services.accounts.sign_in("mei", PASSWORD)[0]
        loose = {"fields": SCHEMA["fields"]}
        for identifier, schema in (("reservoirs", SCHEMA), ("loose", loose)):
            services.datasets.create(actor, {**SAMPLE, "id": identifier, "publisher": "water-bureau"})
            for text in (CSV, NEW):
                publish(services, actor, text, dataset=identifier, schema=schema)
        yield portal


def test_the_document_counts_what_changed(lakes: Portal) -> None:
    found = lakes.client().get(f"{PLACE}.json").json
    assert (found["dataset"], found["old"], found["new"], found["bump"]) == ("reservoirs", "1.0.0", "1.1.0", "minor")
    assert found["resources"] == [
        {
            "name": "levels",
            "change": "changed",
            "key": ["code"],
            "rows": {"added": 1, "removed": 1, "changed": 1, "unchanged": 0},
            "cells": {"level": 1},
            "reordered": False,
        }
    ]
    assert found["reasons"] == ["levels: rows added: 1", "levels: rows removed: 1", "levels: rows changed: 1"]
    assert found["note"]["zh"] == "levels：新增 1 行；levels：删除 1 行；levels：修改 1 行"
    accepting = lakes.client().get(PLACE, headers={"Accept": "application/json"})
    assert accepting.json == found


def test_the_changed_rows_are_files(lakes: Portal) -> None:
    client = lakes.client()
    answer = client.get(f"{PLACE}/levels.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["_change"], row["code"], row["level"]) for row in rows] == [
        ("added", "A003", "3"),
        ("before", "A001", "12.5"),
        ("after", "A001", "13.75"),
        ("removed", "A002", ""),
    ]
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    lines = [json.loads(line) for line in client.get(f"{PLACE}/levels.jsonl").text.splitlines()]
    assert [line["_change"] for line in lines] == [row["_change"] for row in rows]
    assert client.get(f"{PLACE}/levels.daff.csv").text.splitlines()[:3] == [
        "@@,code,name,level,measured",
        "+++,A003,南湖,3,2026-02-02",
        "->,A001,东湖,12.5->13.75,2026-01-31",
    ]


def test_since_gives_what_to_do_to_an_old_copy(lakes: Portal) -> None:
    client = lakes.client()
    answer = client.get("/datasets/reservoirs/latest/levels.csv?since=1.0.0", follow_redirects=True)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["_change"], row["code"]) for row in rows] == [
        ("added", "A003"),
        ("after", "A001"),
        ("removed", "A002"),
    ]
    again = client.get("/datasets/reservoirs/1.1.0/levels.jsonl?since=1.1.0")
    assert (again.status_code, again.text) == (200, "")


def test_since_asks_for_a_key_and_says_what_to_do_without(lakes: Portal) -> None:
    answer = lakes.client().get("/datasets/loose/1.1.0/levels.csv?since=1.0.0", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert "/datasets/loose/diff/1.0.0...1.1.0/levels.csv" in answer.json["detail"]
    assert lakes.client().get("/datasets/loose/diff/1.0.0...1.1.0/levels.csv").status_code == 200
    assert lakes.client().get("/datasets/reservoirs/1.1.0/levels.parquet?since=1.0.0").status_code == 404
    assert lakes.client().get("/datasets/reservoirs/1.1.0/levels.csv?since=9.0.0").status_code == 404


def test_a_table_without_a_key_is_compared_as_a_multiset(lakes: Portal) -> None:
    found = lakes.client().get("/datasets/loose/diff/1.0.0...1.1.0.json").json["resources"][0]
    assert found["key"] is None
    assert found["rows"] == {"added": 2, "removed": 2, "changed": 0, "unchanged": 0}


def test_the_page_says_it_in_words_and_shows_the_rows(lakes: Portal) -> None:
    english, chinese = lakes.client("en").get(PLACE), lakes.client().get(PLACE)
    assert "1 row added" in english.text
    assert "<mark>13.75</mark>" in english.text
    assert "新增 1 行" in chinese.text
    page = lakes.client("en").get("/datasets/reservoirs/1.1.0/").text
    assert f'href="{PLACE}"' in page


def test_the_newest_version_and_versions_chosen_in_a_form_are_led_to(lakes: Portal) -> None:
    client = lakes.client()
    assert client.get("/datasets/reservoirs/diff/1.0.0...latest").location == PLACE
    assert client.get("/datasets/reservoirs/diff/1.0.0...latest.json").location == f"{PLACE}.json"
    chosen = client.get("/datasets/reservoirs/diff/?old=1.0.0&new=1.1.0")
    assert (chosen.status_code, chosen.location) == (303, PLACE)


@pytest.mark.parametrize(
    "path",
    ["9.9.9...1.0.0", "1.0.0...9.9.9", "x...y", "1.0.0...1.1.0/other.csv", "1.0.0...1.1.0/levels.xlsx"],
)
def test_what_is_not_there_is_not_found(lakes: Portal, path: str) -> None:
    assert lakes.client().get(f"/datasets/reservoirs/diff/{path}").status_code == 404


def test_nothing_changed_from_a_version_to_itself(lakes: Portal) -> None:
    found = lakes.client().get("/datasets/reservoirs/diff/1.0.0...1.0.0.json").json
    assert (found["bump"], found["reasons"]) == (None, [])
    assert found["resources"][0]["rows"] == {"added": 0, "removed": 0, "changed": 0, "unchanged": 2}


def test_a_version_that_was_taken_down_is_compared_with_nothing(tmp_path: Path) -> None:
    with make_portal(tmp_path) as portal:
        services = portal.services
        services.accounts.create_user("mei", PASSWORD, "maintainer", None)
        actor = services.accounts.sign_in("mei", PASSWORD)[0]
        services.datasets.create(actor, {**SAMPLE, "id": "reservoirs", "publisher": "water-bureau"})
        for text in (CSV, NEW):
            publish(services, actor, text)
        client = portal.client()
        assert client.get(f"{PLACE}/levels.csv").status_code == 200
        services.withdrawals.withdraw(actor, "reservoirs", "1.0.0", reason="wrong", legal_basis="the law", erase=True)
        for path in (
            PLACE,
            f"{PLACE}.json",
            f"{PLACE}/levels.csv",
            "/datasets/reservoirs/1.1.0/levels.csv?since=1.0.0",
        ):
            assert client.get(path).status_code == 410
        assert not any(
            "-diff-" in path.name or "-rows" in path.name for path in services.settings.derived_folder.iterdir()
        )
