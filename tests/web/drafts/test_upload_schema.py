"""A schema that somebody chooses or enters on the upload page counts, whichever button is set."""

from __future__ import annotations

import io
import json

import pytest

from opendata.services.core.actors import SYSTEM
from tests.instances import CSV, DATASET, SCHEMA
from tests.web.conftest import OWN_CHECKS, Portal, send

PAGE = "/workspace/datasets/reservoirs/upload"
OWN = json.dumps(SCHEMA)


@pytest.fixture
def desk(desk: Portal) -> Portal:
    desk.services.datasets.create(SYSTEM, {**DATASET, "publisher": "water-bureau"})
    desk.services.schemas.add(SYSTEM, "reservoir", "1.0.0", {**SCHEMA, "title": "水库表"})
    return desk


def upload(desk: Portal, **fields: str) -> tuple[int, str]:
    """The status, and the schema of the draft or the page that refuses."""
    client = desk.signed_in("clerk", "en")
    answer = send(client, PAGE, {"file_0": (io.BytesIO(CSV.encode()), "levels.csv"), **fields})
    if answer.status_code != 303:
        return answer.status_code, answer.text
    desk.work()
    (table,) = desk.services.drafts.get(SYSTEM, answer.headers["Location"].rsplit("/", 1)[-1]).tables
    return 303, table.schema_name or ("own" if table.schema else "")


@pytest.mark.parametrize(
    ("fields", "schema"),
    [
        ({"library_0": "reservoir@1.0.0"}, "reservoir@1.0.0"),
        ({"schema_0": "last", "library_0": "reservoir@1.0.0"}, "reservoir@1.0.0"),
        ({"schema_0": "library", "library_0": "reservoir@1.0.0"}, "reservoir@1.0.0"),
        ({"schema_0": "last", "own_0": OWN}, "own"),
        ({"schema_0": "own", "own_0": OWN}, "own"),
        ({"schema_0": "last"}, ""),
    ],
)
def test_what_is_chosen_counts(desk: Portal, fields: dict[str, str], schema: str) -> None:
    assert upload(desk, **fields) == (303, schema)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"schema_0": "own", "library_0": "reservoir@1.0.0", "own_0": OWN}, "Keep one of them"),
        ({"schema_0": "library"}, "Choose a schema"),
        ({"schema_0": "own"}, "Enter your Table Schema"),
        ({"own_0": "{"}, "isn&#39;t valid JSON"),
        ({"table_0": "levels", "name_0": "rain"}, "a name for a new one. Keep one of them"),
    ],
)
def test_what_contradicts_itself_comes_back(desk: Portal, fields: dict[str, str], text: str) -> None:
    status, page = upload(desk, **fields)
    assert (status, text in page) == (422, True)


def test_notes_without_a_new_version_come_back(desk: Portal) -> None:
    client = desk.signed_in("clerk", "en")
    draft = send(client, PAGE, {"file_0": (io.BytesIO(CSV.encode()), "levels.csv")}).headers["Location"]
    desk.work()
    send(client, f"{draft}/submit", OWN_CHECKS, form=draft)
    desk.work()
    edit = "/workspace/datasets/reservoirs/edit"
    answer = send(client, edit, {"title_zh": "水库", "license": "CC-BY-4.0", "notes": "更正"})
    assert answer.status_code == 422
    assert "only with a new version" in answer.text
    assert 'value="更正"' in answer.text
