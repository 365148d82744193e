"""An upload that goes through a real cluster is published as that of one machine, whichever way a reader takes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from tests.privacy.corpora import make_mobile
from tests.spark.cluster import find_lack, run_cluster
from tests.spark.portal import Portal, read_forms, run_portal

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(find_lack()), reason=find_lack() or "it can run")]

ROWS, PART_ROWS = 90_000, 60_000
SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"required": True}},
        {"name": "code", "type": "string", "constraints": {"pattern": "[A-Z][0-9]{3}"}},
        {"name": "level", "type": "number", "constraints": {"minimum": 0}},
        {"name": "measured", "type": "date"},
        {"name": "note", "type": "string"},
    ],
    "primaryKey": ["id"],
}
PLACE = "/datasets/reservoirs/1.0.0"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def write_table(path: Path, notes: list[str]) -> None:
    """More than one piece of 64 MB, so that there are parts; `notes` come again and again."""
    drawn = np.random.default_rng(7)
    days = pa.array(drawn.integers(18_000, 20_000, ROWS).astype("int32")).cast(pa.date32())
    table = pa.table(
        {
            "id": drawn.permutation(ROWS),
            "code": [f"A{number:03}" for number in drawn.integers(0, 1000, ROWS).tolist()],
            "level": np.round(drawn.random(ROWS) * 100, 2),
            "measured": days,
            "note": [f"{notes[number % len(notes)]}{drawn.bytes(380).hex()}" for number in range(ROWS)],
        }
    )
    csv.write_csv(table, path, csv.WriteOptions(quoting_style="needed", quoting_header="none"))


def publish(portal: Portal, source: Path) -> dict[str, Any]:
    """All that a reader has of the table, and what verifies and checks it."""
    draft = portal.send(source, SCHEMA, "levels")
    assert draft["status"] == "valid", draft["report"]
    assert portal.publish(draft["id"])["version"] == "1.0.0"
    found = read_forms(portal, PLACE, "levels")
    asked = ("limit=3&order_by=-level", "where=level>99.9", "group_by=code", "offset=70000&limit=2")
    found |= {query: json.loads(portal.fetch(f"/api/v1{PLACE}/levels/rows?{query}"))["items"] for query in asked}
    assert portal.run("verify", "ADDRESS")["findings"] == []
    assert portal.run("fsck", "--full")["findings"] == []
    descriptor = json.loads(portal.fetch(f"{PLACE}/datapackage.json"))
    found["profile"] = draft["resources"][0]["profile"]
    found["table"] = next(item for item in descriptor["resources"] if item["name"] == "levels")
    return found


def test_an_upload_is_published_by_the_cluster_as_by_one_machine(url: str, tmp_path: Path) -> None:
    source, shared = tmp_path / "levels.csv", tmp_path / "shared"
    shared.mkdir()
    write_table(source, ["湖", "a,b ", 'said "no" '])
    cluster = {
        "OPENDATA_SPARK_URL": url,
        "OPENDATA_SPARK_FOLDER": str(shared),
        "OPENDATA_SPARK_BYTES": "1000000",
    }
    found: list[dict[str, Any]] = []
    parts: list[list[int]] = []
    for name, settings in (("one", {}), ("many", cluster)):
        with run_portal(tmp_path / name, {"OPENDATA_PART_ROWS": str(PART_ROWS), **settings}) as portal:
            read = publish(portal, source)
        own = read["table"]["opendata"]
        parts.append([part["rows"] for part in own.pop("parts")])
        assert [part["rows"] for part in own.pop("parquet")["parts"]] == parts[-1]
        found.append(read)
    one, many = found
    assert one.keys() == many.keys()
    for key, value in one.items():
        assert many[key] == value, key
    assert parts[0] == [PART_ROWS, ROWS - PART_ROWS]
    assert len(parts[1]) == 2
    assert parts[1] != parts[0]
    assert sum(parts[1]) == ROWS
    assert not [*shared.iterdir()]
    assert "is checked by this machine" not in (tmp_path / "many.log").read_text()


def test_personal_data_is_found_by_the_cluster_as_by_one_machine(url: str, tmp_path: Path) -> None:
    from random import Random

    random = Random(1)
    source = tmp_path / "levels.csv"
    write_table(source, [f"{make_mobile(random)} " for _ in range(500)])
    found = []
    for name, settings in (("one", {}), ("many", {"OPENDATA_SPARK_URL": url, "OPENDATA_SPARK_BYTES": "1"})):
        with run_portal(tmp_path / name, settings) as portal:
            draft = portal.send(source, SCHEMA, "levels")
        assert draft["status"] == "valid"
        found.append(draft["privacy"])
    assert found[0] == found[1]
    assert found[0]
