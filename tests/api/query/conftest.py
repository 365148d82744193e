"""A portal with tables to ask: one with every type and names of every kind, one that isn't for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from opendata.wiring import Services
from tests.api.conftest import Caller
from tests.instances import DATASET, lend_app, make_actor, make_services

ROWS = "/datasets/cities/1.0.0/places/rows"

SCHEMA = {
    "fields": [
        {"name": "城市", "type": "string", "title": "城市名称"},
        {"name": "code", "type": "string"},
        {"name": "gdp", "type": "number", "opendata": {"scale": 2}},
        {"name": "share", "type": "number", "floatNumber": True},
        {"name": "year", "type": "year"},
        {"name": "day", "type": "date"},
        {"name": "capital", "type": "boolean"},
        {"name": "经度", "type": "number"},
        {"name": "纬度", "type": "number"},
        {"name": "a__b c", "type": "integer"},
    ]
}
RECORDS: list[tuple[Any, ...]] = [
    ("杭州", "0571", "1870.50", "0.1", 2024, "2024-01-31", "true", "120.15", "30.28", 12345678901234567),
    ("宁波", "0574", "1640.25", "NaN", 2024, "2024-02-29", "false", "121.55", "29.88", 2),
    ("上海", "021", "", "INF", 2024, "", "true", "", "", ""),
    ("广州", "020", "3035.70", "-INF", 2023, "2023-12-31", "true", "113.26", "23.13", 4),
    ("杭州", "0571", "1805.20", "0.3", 2023, "2023-06-30", "true", "120.15", "30.28", 2),
    ('a,"b"\\', "x", "-1.00", "", "0987", "1999-01-01", "", "0", "0", -7),
]
CSV = ",".join(f'"{field["name"]}"' for field in SCHEMA["fields"]) + "\n"
CSV += "".join(",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) + "\n" for row in RECORDS)


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = make_services(tmp_path_factory.mktemp("portal") / "instance")
    with lend_app(services) as app:
        make_actor(services, "editor")
        editor = Caller(app.test_client(), services, services.accounts.create_token("editor")[0])
        for name, disclosure in (("cities", None), ("closed-cities", CONDITIONAL)):
            dataset = {**DATASET, "id": name, **({"disclosure": disclosure} if disclosure else {})}
            assert editor.post("/datasets", json=dataset).status_code == 201
            editor.publish(CSV, name="places", schema=SCHEMA, dataset=name)
    yield services
    services.queries.close()
    services.database.dispose()


CONDITIONAL = {"attribute": "conditional", "reason": "审核", "legalBasis": "《政府信息公开条例》第十五条"}


@pytest.fixture
def reader(portal: Services) -> Iterator[Caller]:
    """A stranger who asks."""
    with lend_app(portal) as app:
        yield Caller(app.test_client(), portal)


@pytest.fixture
def owner(portal: Services, reader: Caller) -> Caller:
    """An editor of the publisher."""
    return Caller(reader.client, portal, portal.accounts.create_token("editor")[0])
