"""The frozen DuckLake: it lists what anybody may have, and is there as long as that is."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from opendata.errors import NotFoundError
from opendata.services.core.actors import Actor
from opendata.wiring import Services
from tests.instances import CSV, DATASET, make_actor, publish

BASE = "https://data.example.org"

pytestmark = pytest.mark.slow


def read(services: Services, name: str) -> list[tuple[str, str, str]]:
    """Schemas, tables and addresses of a file."""
    path: Path = services.ducklakes.find(name, BASE).path
    with duckdb.connect(str(path), read_only=True) as lake:
        found = lake.execute(
            "SELECT schema_name, table_name, f.path FROM ducklake_schema JOIN ducklake_table USING (schema_id)"
            " JOIN ducklake_data_file f USING (table_id) ORDER BY 1, 2"
        )
        return list(found.fetchall())


def test_a_file_has_the_newest_public_tables_and_stays_while_all_of_them_do(services: Services, editor: Actor) -> None:
    boss = make_actor(services, "boss", role="maintainer")
    for name in ("old-wells", "secret"):
        services.datasets.create(editor, {**DATASET, "id": name})
    disclosure = {"attribute": "conditional", "reason": "r", "legalBasis": "b"}
    services.datasets.update(editor, "secret", {"disclosure": disclosure})
    publish(services, editor)
    publish(services, editor, CSV.replace("12.50", "12.75"))
    publish(services, editor, dataset="secret")
    first = services.ducklakes.find_name(BASE)
    reservoirs = ("reservoirs", "levels", f"{BASE}/datasets/reservoirs/1.0.1/levels.parquet")
    assert read(services, first) == [reservoirs]
    publish(services, editor, dataset="old-wells", name="water-levels")
    second = services.ducklakes.find_name(BASE)
    wells = ("old_wells", "water_levels", f"{BASE}/datasets/old-wells/1.0.0/water-levels.parquet")
    assert read(services, second) == [wells, reservoirs]
    assert read(services, first) == [reservoirs]
    services.stops.suspend(boss, "old-wells", "1.0.0", reason="有误")
    assert read(services, first) == [reservoirs]
    with pytest.raises(NotFoundError):
        read(services, second)
    services.datasets.update(editor, "reservoirs", {"disclosure": disclosure})
    publish(services, editor, CSV.replace("12.50", "13.75"))
    with pytest.raises(NotFoundError):
        read(services, first)
    assert read(services, services.ducklakes.find_name(BASE)) == []


@pytest.mark.parametrize("name", ["nothing", "../x", "0" * 32])
def test_a_name_of_no_file_is_not_found(services: Services, name: str) -> None:
    with pytest.raises(NotFoundError):
        services.ducklakes.find(name, BASE)
