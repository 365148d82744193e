"""What describes a table in parts to other systems: engines get the parts, catalogues the whole."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import fastavro
import pytest
from flask.testing import FlaskClient

from opendata.exchange.iceberg.places import Places
from opendata.services.core.actors import Actor
from opendata.wiring import Services
from tests.instances import lend_app, make_services, publish
from tests.services.delivery.test_parts import CSV, PLACE, ROWS, STORES, copy_public, find_place, make

pytestmark = pytest.mark.slow

BASE = "https://data.example.org"
PARTS = [f"/datasets/reservoirs/1.0.0/parts/levels.0000{number}.parquet" for number in (1, 2, 3)]


@pytest.fixture(scope="module", params=STORES)
def parted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Services, Actor]:
    return make(tmp_path_factory.mktemp("parted"), find_place(request), part_rows=3)


@pytest.fixture
def client(parted: tuple[Services, Actor]) -> Iterator[FlaskClient]:
    with lend_app(parted[0]) as app:
        yield app.test_client()


def test_a_ducklake_has_the_parts_as_data_files(parted: tuple[Services, Actor]) -> None:
    services = parted[0]
    path = services.ducklakes.find(services.ducklakes.find_name(BASE), BASE).path
    with duckdb.connect(str(path), read_only=True) as lake:
        query = "SELECT path, record_count, row_id_start FROM ducklake_data_file ORDER BY data_file_id"
        found = lake.execute(query).fetchall()
        (stats,) = lake.execute("SELECT record_count, next_row_id FROM ducklake_table_stats").fetchall()
    assert found == [
        (BASE + place, rows, 3 * number) for number, (place, rows) in enumerate(zip(PARTS, (3, 3, 2), strict=True))
    ]
    assert stats == (8, 8)


def test_an_iceberg_table_has_the_parts_as_data_files(parted: tuple[Services, Actor]) -> None:
    tables, places = parted[0].iceberg, Places()
    metadata = json.loads(tables.load("reservoirs", "levels", places).file.path.read_bytes())
    (snapshot,) = metadata["snapshots"]

    def read(address: str) -> list[dict[str, object]]:
        name = address.rpartition("/")[2]
        file = tables.find_avro("reservoirs", "1.0.0", "levels", name, places)
        return list(fastavro.reader(io.BytesIO(file.path.read_bytes())))  # type: ignore[arg-type]

    (listed,) = read(snapshot["manifest-list"])
    assert (listed["added_files_count"], listed["added_rows_count"]) == (3, 8)
    files = [entry["data_file"] for entry in read(str(listed["manifest_path"]))]
    table = parted[0].versions.get_table("reservoirs", "1.0.0", "levels")
    expected = [(f"s3:/{place}", part.rows, part.bytes) for place, part in zip(PARTS, table.parquet.parts, strict=True)]
    assert [(f["file_path"], f["record_count"], f["file_size_in_bytes"]) for f in files] == expected  # type: ignore[index]


def test_every_vocabulary_describes_the_whole_file_which_is_there(client: FlaskClient) -> None:
    digest = hashlib.sha256(CSV.encode()).hexdigest()
    for path in ("croissant.json", "dcat.ttl", "dcat.jsonld"):
        answer = client.get(f"{PLACE}/{path}")
        assert answer.status_code == 200, path
        assert digest in answer.text, path
    found = client.get("/api/3/action/package_show?id=reservoirs").json
    assert digest in json.dumps(found)
    for path in (f"{PLACE}/levels.csv-metadata.json", "/datapackage.json", "/data.json", "/catalog.ttl"):
        assert client.get(path).status_code == 200, path


def test_changes_between_versions_are_those_of_files_in_one(tmp_path: Path) -> None:
    changed = CSV.replace("5.50", "9.50").replace(ROWS[6], "")
    found = []
    for rows in (3, 2, 8, 0):
        services, actor = make(tmp_path / str(rows), part_rows=rows)
        view = publish(services, actor, changed)
        with lend_app(services) as app:
            client = app.test_client()
            place = f"/datasets/reservoirs/diff/1.0.0...{view.version}"
            said = client.get(f"{place}.json").json
            found.append((view.version, said["bump"], said["resources"], client.get(f"{place}/levels.csv").text))
    for item in found:
        assert item == found[0]
    assert found[0][2][0]["rows"]["removed"] == 1


def test_a_store_alone_restores_a_version_in_parts(parted: tuple[Services, Actor], tmp_path: Path) -> None:
    services = parted[0]
    other = make_services(tmp_path / "other")
    shutil.rmtree(other.settings.public_folder)
    copy_public(services, other.settings.public_folder)
    other.rebuilding.run()
    with other.versions.find_file("reservoirs", "1.0.0", "levels", "csv").open() as file:
        assert file.read().decode() == CSV
    assert len(other.versions.read_rows("reservoirs", "1.0.0", "levels", 8)) == 8
