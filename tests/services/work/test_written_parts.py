"""A table that a cluster wrote in parts becomes the version that one machine makes. The cluster is this process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from opendata.domain.drafts import DraftState
from opendata.outside import cluster
from opendata.services.core.actors import Actor
from opendata.storage.local import LocalStore
from opendata.tables.pieces import joining
from opendata.tables.pieces.running import LocalRunner
from opendata.tables.text import rows
from opendata.wiring import Services
from tests.instances import hire_editor, make_services, publish, upload

ROWS = 100
HEADER = "code,name,level,measured\n"
CSV = HEADER + "".join(
    f'A{number:03d},"湖,{number}",{number}.50,2026-01-{number % 28 + 1:02d}\n' for number in range(ROWS)
)


@pytest.fixture(autouse=True)
def _pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few rows, worked on in this process."""

    @contextmanager
    def open_here(url: str, options: object = None) -> Iterator[LocalRunner]:
        yield LocalRunner()

    monkeypatch.setattr(cluster, "open_cluster", open_here)
    monkeypatch.setattr(cluster, "ClusterTables", partial(cluster.ClusterTables, piece_bytes=800))
    monkeypatch.setattr(rows, "BLOCK_BYTES", 200)
    monkeypatch.setattr(joining, "BLOCK_BYTES", 200)


def make(home: Path, **settings: object) -> tuple[Services, Actor]:
    services = make_services(home, prepare=hire_editor, **settings)
    return services, services.accounts.get_actor("editor")


def read_version(services: Services, version: str) -> dict[str, Any]:
    """What a reader has of the table, but for how it lies in the store."""
    table = services.versions.get_table("reservoirs", version, "levels")
    found = services.versions
    with found.find_file("reservoirs", version, "levels", "csv").open() as file:
        csv = file.read()
    with found.find_file("reservoirs", version, "levels", "parquet").open() as file:
        parquet = pq.read_table(file)
    document = table.to_json()
    del document["opendata"]["parquet"]
    document["opendata"].pop("parts", None)
    return {"csv": csv, "parquet": parquet, "document": document}


def check_equal(one: Services, many: Services, version: str) -> None:
    found, wanted = read_version(many, version), read_version(one, version)
    assert found["csv"] == wanted["csv"]
    assert found["parquet"].equals(wanted["parquet"])
    # The footer of the file names the dataset by its UUID, which each instance mints.
    assert found["parquet"].schema.metadata.keys() == wanted["parquet"].schema.metadata.keys()
    assert found["document"] == wanted["document"]
    assert many.checking.run(full=True).findings == []


def test_a_table_in_parts_is_that_of_one_machine(tmp_path: Path) -> None:
    one, editor = make(tmp_path / "one", part_rows=30)
    many, other = make(tmp_path / "many", part_rows=30, spark_url="spark://here", spark_bytes=1)
    for services, actor in ((one, editor), (many, other)):
        assert publish(services, actor, CSV).version == "1.0.0"
    check_equal(one, many, "1.0.0")
    table = many.versions.get_table("reservoirs", "1.0.0", "levels")
    assert len(table.file.parts) == len(table.parquet.parts) >= 3
    assert all(part.rows <= 30 for part in table.file.parts)
    private = LocalStore(many.settings.private_folder)
    assert not private.has_blob(table.parquet.sha256)
    for part in table.parquet.parts:
        with LocalStore(many.settings.public_folder).open_blob(part.sha256) as file:
            assert pq.read_table(io.BytesIO(file.read())).num_rows == part.rows
    assert not [*tmp_path.glob("many/private/work/*")]


@pytest.mark.slow
@pytest.mark.parametrize("part_rows", [0, 1000, 7])
def test_parts_are_as_large_as_the_setting_says(tmp_path: Path, part_rows: int) -> None:
    one, editor = make(tmp_path / "one", part_rows=part_rows)
    many, other = make(tmp_path / "many", part_rows=part_rows, spark_url="spark://here", spark_bytes=1)
    for services, actor in ((one, editor), (many, other)):
        publish(services, actor, CSV)
    check_equal(one, many, "1.0.0")
    table = many.versions.get_table("reservoirs", "1.0.0", "levels")
    assert bool(table.file.parts) is (part_rows == 7)
    assert not part_rows or table.file.sha256 == one.versions.get_table("reservoirs", "1.0.0", "levels").file.sha256


@pytest.mark.slow
def test_the_next_version_without_a_schema_and_rows_that_are_added(tmp_path: Path) -> None:
    one, editor = make(tmp_path / "one", part_rows=30)
    many, other = make(tmp_path / "many", part_rows=30, spark_url="spark://here", spark_bytes=1)
    more = HEADER + "".join(f"B{number:03d},河,{number},2026-02-01\n" for number in range(30))
    for services, actor in ((one, editor), (many, other)):
        publish(services, actor, CSV)
        publish(services, actor, CSV.replace("A001", "A777"))
        assert publish(services, actor, more, mode="append").version == "1.2.0"
        assert publish(services, actor, more, name="other", schema=None).version == "1.3.0"
    check_equal(one, many, "1.1.0")
    check_equal(one, many, "1.2.0")
    views = [services.versions.get_table("reservoirs", "1.3.0", "other").to_json() for services in (one, many)]
    assert views[0]["schema"] == views[1]["schema"]
    assert views[0]["hash"] == views[1]["hash"]


@pytest.mark.slow
def test_personal_data_stops_it_and_what_is_decided_is_done(tmp_path: Path) -> None:
    lines = [f"A{number:03d},138{number * 1_234_567 % 10**8:08d},{number},2026-01-01\n" for number in range(ROWS)]
    drafts = []
    for name, settings in (("one", {}), ("many", {"spark_url": "spark://here", "spark_bytes": 1})):
        services, actor = make(tmp_path / name, part_rows=30, **settings)
        view = upload(services, actor, HEADER + "".join(lines))
        assert view.status is DraftState.VALID
        drafts.append(view)
        decided = {"columns": [{"field": "name", "kind": "mobile-number", "treatment": "mask"}]}
        services.drafts.change_resource(actor, view.id, "levels", {"decisions": decided})
        services.work.run_to_end(view.id)
        view = services.drafts.get(actor, view.id)
        assert view.resources[0].treated is not None
    assert drafts[0].privacy == drafts[1].privacy
    assert drafts[0].privacy


@pytest.mark.slow
def test_a_wrong_table_has_the_same_report_and_no_files(tmp_path: Path) -> None:
    wrong = CSV.replace("A030", "030").replace("2026-01-05", "5.1.2026")
    reports = []
    for name, settings in (("one", {}), ("many", {"spark_url": "spark://here", "spark_bytes": 1})):
        services, actor = make(tmp_path / name, **settings)
        view = upload(services, actor, wrong)
        assert view.status is DraftState.INVALID
        reports.append({**view.report, "stats": 0, "tasks": [{**t, "stats": 0} for t in view.report["tasks"]]})
    assert reports[0] == reports[1]
