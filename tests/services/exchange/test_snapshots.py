"""The catalogue as a Data Package: one snapshot for all tables, made again where something has changed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from opendata.db.models import CatalogueSnapshot, SnapshotTurn
from opendata.domain.catalogue.entries import Portal
from opendata.errors import NotFoundError
from opendata.exchange.tables.definitions import TABLES
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.exchange.catalogue_rows import FRESH, CatalogueRows
from opendata.services.exchange.guide import Guide
from opendata.services.exchange.snapshot_shelf import LASTS, MOST_KEPT, SnapshotFile
from opendata.services.exchange.snapshots import Snapshots
from opendata.storage.store import blob_key
from opendata.wiring import Services, build_context
from tests.instances import CSV, DATASET, SCHEMA, make_actor, publish
from tests.nodes.pair import add_machine

PORTAL = Portal(names={"zh": "示例", "en": "Example"}, organiser={"zh": "示例"}, languages=("zh", "en"))


@pytest.fixture
def times() -> list[datetime]:
    return [datetime.now(UTC) + timedelta(seconds=30)]


@pytest.fixture
def snapshots(services: Services, times: list[datetime]) -> Snapshots:
    context = build_context(services.settings, clock=lambda: times[0])
    return Snapshots(context, services.entries, CatalogueRows(context, services.entries, services.schemas))


def read_file(file: SnapshotFile) -> bytes:
    with file.open() as opened:
        return opened.read()


def delete_files(services: Services) -> None:
    """Delete the files of all snapshots from the store."""
    with services.database.unit() as session:
        blobs = list(session.scalars(select(CatalogueSnapshot.blob)))
    for blob in blobs:
        (services.settings.public_folder / blob_key(blob)).unlink()


def count_blobs(services: Services) -> int:
    return len(list(services.settings.public_folder.glob("blobs/sha256/*/*")))


def read(snapshots: Snapshots) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read_file(snapshots.get(PORTAL)))
    return found


def read_rows(snapshots: Snapshots, found: dict[str, Any], table: str) -> list[dict[str, str]]:
    data = read_file(snapshots.find(found["opendata"]["snapshot"], table, "csv", PORTAL))
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_an_empty_portal_has_all_tables(snapshots: Snapshots) -> None:
    found = read(snapshots)
    assert [item["name"] for item in found["resources"]] == list(TABLES)
    assert [item["opendata"]["rows"] for item in found["resources"]] == [0, 0, 0, 1, 0, 0, 0]
    assert found["title"] == "示例：目录"


def test_every_form_has_the_same_rows_and_the_digest_that_is_told(
    services: Services, snapshots: Snapshots, editor: Actor, times: list[datetime]
) -> None:
    services.schemas.add(SYSTEM, "reservoir", "1.0.0", {**SCHEMA, "title": "水库表"})
    publish(services, editor, schema="reservoir@1.0.0")
    services.measuring.run_due(lambda: False)
    services.downloads.count("reservoirs", "", "zip")
    services.downloads.flush()
    assert read_rows(snapshots, read(snapshots), "usage") == []  # the day isn't over
    times[0] += timedelta(days=1)
    found = read(snapshots)
    counts = {}
    for item in found["resources"]:
        name, forms = item["name"], {"csv": item, **{form: item["opendata"][form] for form in ("parquet", "jsonl")}}
        for form, told in forms.items():
            file = snapshots.find(found["opendata"]["snapshot"], name, form, PORTAL)
            data = read_file(file)
            assert (told["bytes"], told["hash"]) == (len(data), "sha256:" + hashlib.sha256(data).hexdigest())
            assert told["path"] == f"catalog/{found['opendata']['snapshot']}/{name}.{form}"
        rows = read_rows(snapshots, found, name)
        files = {form: snapshots.find(found["opendata"]["snapshot"], name, form, PORTAL) for form in forms}
        lines = read_file(files["jsonl"]).decode().splitlines()
        table = pq.read_table(files["parquet"].open())
        assert len(rows) == len(lines) == table.num_rows == item["opendata"]["rows"]
        assert table.column_names == [field["name"] for field in item["schema"]["fields"]]
        counts[name] = len(rows)
    assert counts == {
        **{"datasets": 1, "resources": 1, "columns": 4, "publishers": 1, "schemas": 1, "quality": 1, "usage": 1}
    }
    assert read_rows(snapshots, found, "usage")[0]["resource"] == "*"
    assert read_rows(snapshots, found, "resources")[0]["schema"] == "reservoir@1.0.0"


def test_a_snapshot_is_made_again_where_the_catalogue_has_changed_and_some_minutes_have_passed(
    services: Services, snapshots: Snapshots, editor: Actor, times: list[datetime]
) -> None:
    publish(services, editor)
    first = read(snapshots)
    publish(services, editor, CSV + "A003,三号,3,2026-02-02\n")
    assert read(snapshots) == first
    times[0] += FRESH
    second = read(snapshots)
    assert second["opendata"]["snapshot"] != first["opendata"]["snapshot"]
    assert read_rows(snapshots, second, "datasets")[0]["versions"] == "2"
    assert read_rows(snapshots, first, "datasets")[0]["versions"] == "1"
    times[0] += FRESH
    assert read(snapshots) == second
    times[0] += timedelta(minutes=1)
    assert read(snapshots) == second


@pytest.mark.slow
def test_what_was_deleted_is_made_again_as_it_was(services: Services, snapshots: Snapshots, editor: Actor) -> None:
    publish(services, editor)
    found = read(snapshots)
    before = read_rows(snapshots, found, "columns")
    delete_files(services)
    assert read_rows(snapshots, found, "columns") == before
    assert read(snapshots) == found
    for snapshot, table, form in (("../x", "columns", "csv"), ("x", "other", "csv"), ("x", "columns", "json")):
        with pytest.raises(NotFoundError):
            snapshots.find(snapshot, table, form, PORTAL)


@pytest.mark.slow
def test_an_old_snapshot_is_gone_once_it_was_deleted(services: Services, snapshots: Snapshots, editor: Actor) -> None:
    publish(services, editor)
    old = read(snapshots)["opendata"]["snapshot"]
    publish(services, editor, CSV + "A003,三号,3,2026-02-02\n")
    delete_files(services)
    with pytest.raises(NotFoundError, match="gone"):
        snapshots.find(old, "columns", "csv", PORTAL)


def test_what_is_closed_has_its_entry_alone(services: Services, snapshots: Snapshots, editor: Actor) -> None:
    publish(services, editor)
    services.downloads.count("reservoirs", "", "zip")
    services.downloads.flush()
    boss = make_actor(services, "boss", role="maintainer")
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="有误")
    services.datasets.create(editor, {**DATASET, "id": "hidden"})
    found = read(snapshots)
    assert [row["id"] for row in read_rows(snapshots, found, "datasets")] == ["reservoirs"]
    assert read_rows(snapshots, found, "resources") == read_rows(snapshots, found, "columns") == []


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.slow
def test_frictionless_finds_the_package_valid(
    services: Services, editor: Actor, client: FlaskClient, tmp_path: Path
) -> None:
    publish(services, editor)
    services.measuring.run_due(lambda: False)
    answer = client.get("/datapackage.json")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=300")
    descriptor = json.loads(answer.data)
    for item in descriptor["resources"]:
        for place in (item["path"], item["opendata"]["parquet"]["path"], item["opendata"]["jsonl"]["path"]):
            file = client.get(f"/{place}")
            assert file.status_code == 200
            target = tmp_path / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.data)
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    from frictionless import Package

    report = Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])
    assert client.get("/catalog/0123456789abcdef/datasets.csv").status_code == 404
    assert client.get("/catalog/x.y/datasets.csv").status_code == 404


def test_the_workbook_of_the_guide_is_made_again_where_the_catalogue_has_changed(
    services: Services, editor: Actor, times: list[datetime]
) -> None:
    context = build_context(services.settings, clock=lambda: times[0])
    guide = Guide(context, services.entries, CatalogueRows(context, services.entries, services.schemas))
    first = guide.get("zh")
    assert guide.get("zh") == first
    publish(services, editor)
    assert guide.get("zh") == first
    times[0] += FRESH
    second = guide.get("zh")
    assert second.sha256 != first.sha256
    times[0] += FRESH
    assert guide.get("zh") == second


def test_all_machines_give_the_same_snapshot_and_one_of_them_makes_it(
    services: Services, snapshots: Snapshots, editor: Actor, times: list[datetime], tmp_path: Path
) -> None:
    other = add_machine(services, tmp_path / "other", database_url=services.settings.database)
    context = build_context(other.settings, clock=lambda: times[0])
    second = Snapshots(context, other.entries, CatalogueRows(context, other.entries, other.schemas))
    found = read(snapshots)
    name = found["opendata"]["snapshot"]
    assert read(second) == found
    assert read_rows(second, found, "publishers") == read_rows(snapshots, found, "publishers")
    services.datasets.create(editor, {**DATASET, "id": "levels"})
    times[0] += FRESH
    with services.database.unit(write=True) as session:  # a third machine is at the next one
        turn = session.get(SnapshotTurn, 1)
        assert turn is not None
        turn.owner, turn.held_until = "third", times[0] + LASTS
    assert read(second) == read(snapshots) == found
    times[0] += LASTS  # it has died
    newer = read(second)
    assert newer["opendata"]["snapshot"] != name
    assert read(snapshots) == newer
    other.database.dispose()


@pytest.mark.slow
def test_old_snapshots_go_with_their_files_and_nothing_else_goes(
    services: Services, snapshots: Snapshots, editor: Actor, times: list[datetime]
) -> None:
    first = read(snapshots)
    for number in range(MOST_KEPT):
        services.datasets.create(editor, {**DATASET, "id": f"levels-{number}"})
        times[0] += FRESH
        last = read(snapshots)
    with pytest.raises(NotFoundError):
        read_rows(snapshots, first, "publishers")
    assert count_blobs(services) == MOST_KEPT
    services.collecting.run()
    times[0] += timedelta(days=2)
    snapshots.tidy()
    assert read_rows(snapshots, last, "publishers")
    assert count_blobs(services) == 1
