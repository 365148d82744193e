"""Clients of CKAN against a portal that is served: ckanapi's own command line, and what harvesters send."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from opendata.db.models import Dataset
from tests.clients.conftest import Portal, start_server
from tests.exchange.ckan.test_packages import MOMENT
from tests.instances import DATASET, make_actor, make_services, publish

pytestmark = pytest.mark.slow

DATASETS, TABLES = 250, 50
"""So many datasets, of which each fiftieth has a table."""

SMALL = "code,name,level,measured\nA001,东湖,1.00,2026-01-31\n"


def describe(number: int) -> dict[str, Any]:
    """One of the datasets."""
    return {"id": f"set-{number:03}", "title": f"数据集 {number}", "keywords": ["水位", f"标签{number % 7}"]}


def list_closed() -> Iterator[Dataset]:
    """Those that are entries alone, as they are in the database."""
    disclosure = {"attribute": "closed", "reason": "涉密", "legalBasis": "第十四条"}
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for number in range(DATASETS):
        if number % TABLES:
            meta: Any = {**describe(number), "disclosure": disclosure}
            name, changed = meta.pop("id"), start + timedelta(minutes=number // 3)
            yield Dataset(
                id=name,
                uuid=str(uuid4()),
                publisher_id="water-bureau",
                meta=meta,
                editions=1,
                created=start,
                modified=changed,
            )


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a served portal with 250 datasets: most of them entries alone, some with a table."""
    home = tmp_path_factory.mktemp("harvested") / "instance"
    services = make_services(home, requests_per_minute=0)
    editor = make_actor(services, "editor")
    for number in range(0, DATASETS, TABLES):
        services.datasets.create(editor, {**DATASET, **describe(number)})
        publish(services, editor, SMALL, dataset=f"set-{number:03}", title="水位")
    with services.database.unit(write=True) as session:
        session.add_all(list_closed())
    services.indexing.rebuild()
    services.queries.close()
    services.database.dispose()
    process, address = start_server(home, home.with_name("log"))
    with process:
        yield address
        process.terminate()
        process.wait(timeout=60)


def call(address: str, name: str, **parameters: Any) -> Any:
    answer = requests.get(f"{address}/api/3/action/{name}", params=parameters, timeout=60, allow_redirects=False)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["success"]
    return found["result"]


def run_ckanapi(address: str, *words: str, folder: Path) -> str:
    """Run ckanapi's command; its standard output."""
    programs = Path(sys.executable).parent
    command = [str(programs / "ckanapi"), *words, "-r", address]
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"  # it starts itself again by its bare name
    environment = {**os.environ, "LANG": "C.UTF-8", "PYTHONWARNINGS": "ignore", "PATH": path}
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=folder, env=environment, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def harvest(address: str, **parameters: Any) -> list[dict[str, Any]]:
    """Ask as the CKAN harvester of ckanext-harvest does: page after page, until one is empty."""
    found: list[dict[str, Any]] = []
    while True:
        page = call(address, "package_search", rows=100, start=len(found), sort="id asc", **parameters)["results"]
        if not page:
            return found
        found += page


def test_a_full_harvest_has_each_dataset_once_in_order(harvested: str) -> None:
    found = harvest(harvested)
    ids = [item["id"] for item in found]
    assert len(ids) == len({*ids}) == DATASETS
    assert ids == sorted(ids)
    assert [item["id"] for item in harvest(harvested)] == ids
    assert {item["name"] for item in found} == {*call(harvested, "package_list")}
    for package in found:
        assert MOMENT.fullmatch(package["metadata_modified"])
    for name in {item["organization"]["id"] for item in found}:
        assert call(harvested, "organization_show", id=name)["name"] == "water-bureau"


def test_an_incremental_harvest_has_what_changed_since(harvested: str) -> None:
    found = harvest(harvested)
    moments = sorted(item["metadata_modified"] for item in found)
    since = moments[DATASETS // 2]
    newer = harvest(harvested, fq=f"metadata_modified:[{since}Z TO *]")
    assert {item["id"] for item in newer} == {item["id"] for item in found if item["metadata_modified"] >= since}
    assert harvest(harvested, fq=f"metadata_modified:{{{moments[-1]}Z TO *]") == []
    assert len(harvest(harvested, fq="-organization:water-bureau")) == 0
    assert len(harvest(harvested, fq="organization:water-bureau OR organization:other")) == DATASETS
    tagged = call(harvested, "package_search", q="organization:water-bureau AND tags:标签3", rows=1000)
    assert tagged["count"] == len(tagged["results"]) == len(range(3, DATASETS, 7))


def test_ckanapi_searches_shows_and_dumps(harvested: str, tmp_path: Path) -> None:
    lines = run_ckanapi(harvested, "search", "datasets", "q=水位", folder=tmp_path).splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == DATASETS
    shown = json.loads(run_ckanapi(harvested, "action", "package_show", "id=set-000", folder=tmp_path))
    assert shown["name"] == "set-000"
    dumped = run_ckanapi(harvested, "dump", "datasets", "--all", folder=tmp_path).splitlines()
    assert [json.loads(line)["name"] for line in dumped] == [f"set-{number:03}" for number in range(DATASETS)]
    run_ckanapi(harvested, "dump", "datasets", "set-000", "--datapackages=.", folder=tmp_path)
    package = json.loads((tmp_path / "set-000" / "datapackage.json").read_text())
    assert [item["format"] for item in package["resources"]] == ["CSV", "Parquet"]
    for item in package["resources"]:  # version 4.11 saves the last file under each name
        assert (tmp_path / "set-000" / item["path"]).stat().st_size == shown["resources"][-1]["size"]
    fields = json.loads(run_ckanapi(harvested, "dump", "datasets", "set-000", "--datastore-fields", folder=tmp_path))
    assert [item["id"] for item in fields["resources"][0]["datastore_fields"]] == [
        "_id",
        "code",
        "name",
        "level",
        "measured",
    ]
    for kind in ("organizations", "groups"):
        assert run_ckanapi(harvested, "dump", kind, "--all", folder=tmp_path)


def test_queries_of_an_assistant_find_what_they_mean(harvested: str) -> None:
    """What an assistant's tools for CKAN send: facets as JSON, exists, sums of dates, words with wrong letters."""
    whole = call(harvested, "package_search", q="*:*", rows=0, **{"facet.field": '["organization"]', "facet.limit": 50})
    assert whole["facets"] == {"organization": {"water-bureau": DATASETS}}
    for query, count in (
        ("organization:* AND num_resources:[1 TO *]", DATASETS // TABLES),
        ("metadata_modified:[NOW-6MONTHS TO *]", DATASETS),
        ('notes:"open data"~3', 0),
        ("title:reservoir~2", 0),
        ("title:数据集^2 OR notes:climate", DATASETS),
        ("text:(数据集 OR dati)", DATASETS),
        ('extras_disclosure:("closed" OR "conditional")', DATASETS - DATASETS // TABLES),
    ):
        assert call(harvested, "package_search", q=query, rows=0)["count"] == count, query


def wait_for_index(address: str, count: int) -> None:
    """The worker of the server makes the index; until it has, searches say so."""
    ends = time.monotonic() + 60
    while True:
        answer = requests.get(f"{address}/api/3/action/package_search?rows=0", timeout=60)
        if answer.status_code == 200 and answer.json()["result"]["count"] == count:
            return
        assert answer.status_code in (200, 409)
        assert time.monotonic() < ends
        time.sleep(0.5)


def test_real_packages_are_read_by_ckanapi(portal: Portal, tmp_path: Path) -> None:
    names = call(portal.address, "package_list")
    assert len(names) > 5
    wait_for_index(portal.address, len(names))
    for name in names:
        package = call(portal.address, "package_show", id=name)
        for resource in package["resources"]:
            head = requests.head(resource["url"], headers={"Accept-Encoding": "identity"}, timeout=60)
            assert head.status_code == 200
            assert int(head.headers["Content-Length"]) == resource["size"]
            if resource["datastore_active"]:
                found = call(portal.address, "datastore_search", resource_id=resource["id"], limit=2)
                assert [item["_id"] for item in found["records"]] == [1, 2]
                dump = requests.get(f"{portal.address}/datastore/dump/{resource['id']}?limit=5", timeout=60)
                assert len(dump.text.splitlines()) >= 6
    run_ckanapi(portal.address, "dump", "datasets", "--all", "-O", "all.jsonl", folder=tmp_path)
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == len(names)
