"""One instance for all tests of assistants and of what can be had of a table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, lend_app, make_actor, make_services, publish

STATIONS = {**DATASET, "id": "stations", "title": "水文站"}
GRANTED = {
    **DATASET,
    "id": "wells",
    "title": "水井",
    "disclosure": {"attribute": "conditional", "reason": "安全", "legalBasis": "《条例》第十四条"},
}
DESCRIBED = {
    **SCHEMA,
    "fields": [
        {
            "name": "code",
            "type": "string",
            "title": "编号",
            "constraints": {"required": True, "pattern": "[A-Z][0-9]{3}"},
        },
        {"name": "name", "type": "string", "constraints": {"enum": ["东湖", "西湖", "南湖"]}},
        {
            "name": "level",
            "type": "number",
            "title": "水位",
            "opendata": {"unit": "m", "i18n": {"en": {"title": "Level"}}},
        },
        {"name": "measured", "type": "date"},
    ],
}


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = make_services(tmp_path_factory.mktemp("assistants") / "instance", requests_per_minute=0)
    editor = make_actor(services, "clerk")
    for dataset in (DATASET, STATIONS, GRANTED):
        services.datasets.create(editor, dataset)
    publish(services, editor, CSV, schema=DESCRIBED, title="水位表")
    publish(services, editor, CSV + "A003,南湖,3.25,2026-02-02\n", schema=DESCRIBED, title="水位表")
    publish(services, editor, CSV, dataset="wells", name="depths")
    services.indexing.rebuild()
    yield services
    services.database.dispose()


@pytest.fixture(scope="module")
def client(published: Services) -> Iterator[FlaskClient]:
    with lend_app(published) as app:
        yield app.test_client()
