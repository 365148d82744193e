"""Data contracts: the least, everything, what isn't open, and the standard's own schema."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.schema import TableSchema
from opendata.exchange.odcs.document import write_contract
from opendata.exchange.odcs.tables import identify_columns
from tests.exchange.samples import ADDRESSES, ALL, ARCHIVED, BASE, CLOSED, CONDITIONAL, FULL, LEAST, PORTAL
from tests.servers import CHECKOUT


def write(entry: CatalogueEntry) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(write_contract(entry, ADDRESSES, PORTAL))
    return found


def test_the_least_dataset_is_a_contract_without_tables() -> None:
    assert write(LEAST) == {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "name": "roads",
        "version": "0.0.0",
        "status": "proposed",
        "tenant": "示例市政务公开办公室",
        "dataProduct": "道路",
        "authoritativeDefinitions": [{"url": f"{BASE}/datasets/roads", "type": "canonicalUrl"}],
        "team": {"name": "道路局"},
        "customProperties": [{"property": "accessLevel", "value": "public"}],
    }


def test_a_version_promises_its_columns_keys_and_rules() -> None:
    found = write(FULL)
    assert (found["version"], found["status"]) == ("2.0.0", "active")
    stations, levels = found["schema"]
    code = stations["properties"][0]
    assert (code["id"], code["name"], code["primaryKey"], code["primaryKeyPosition"]) == ("column-1", "站码", True, 1)
    assert code["logicalTypeOptions"] == {"pattern": "^(?:[0-9]{8})$"}
    assert code["synonyms"] == [{"synonym": "Code", "locale": "en"}]
    assert [rule["metric"] for rule in code["quality"]] == ["nullValues", "duplicateValues", "invalidValues"]
    kinds = {item["name"]: item["logicalType"] for item in levels["properties"]}
    assert (kinds["time"], kinds["level"], kinds["year"], kinds["note"]) == ("timestamp", "number", "integer", "string")
    state = next(item for item in levels["properties"] if item["name"] == "state")
    assert state["enum"] == [{"value": "1", "label": "正常"}, {"value": "2", "label": "超警"}]
    assert levels["relationships"] == [
        {
            "type": "foreignKey",
            "from": "schema/levels/properties/station",
            "to": "schema/stations/properties/column-1",
        }
    ]
    assert levels["quality"][0]["arguments"] == {"properties": ["station", "time"]}
    assert levels["quality"][-1] == {
        "id": "rowCount",
        "metric": "rowCount",
        "mustBe": 5000,
        "dimension": "completeness",
    }


def test_a_version_says_how_often_it_is_updated_and_whom_to_ask() -> None:
    found = write(FULL)
    assert found["slaProperties"][0] == {"property": "frequency", "value": 1, "unit": "month", "description": "每月"}
    assert [item["url"] for item in found["support"]] == ["mailto:data@example.org", "tel:0371-00000000"]
    assert {"property": "manifest", "value": "sha256:" + "a" * 64} in found["customProperties"]
    assert write(ARCHIVED)["status"] == "deprecated"
    assert write(ARCHIVED)["slaProperties"][-1] == {"property": "endOfSupport", "value": "2026-03-01T00:00:00Z"}


def test_what_is_not_open_shows_the_tables_that_anybody_may_have() -> None:
    found = write(CONDITIONAL)
    assert [table["name"] for table in found["schema"]] == ["stations"]
    assert found["description"]["limitations"] == "涉及商业秘密\n政府信息公开条例第十五条"
    found = write(CLOSED)
    assert (found["status"], "schema" in found, "servers" in found) == ("retired", False, False)


def test_ids_of_columns_are_theirs_alone() -> None:
    schema = TableSchema({"fields": [{"name": "站"}, {"name": "column-1"}, {"name": "a b"}, {"name": "ok_1"}]})
    found = identify_columns(schema)
    assert found == {"站": "column-1_", "column-1": "column-1", "a b": "column-3", "ok_1": "ok_1"}


def test_the_schema_of_the_standard_accepts_every_contract() -> None:
    folder = Path(os.environ.get("OPENDATA_STANDARDS") or CHECKOUT.parent / "shared" / "standards")
    file = folder / "odcs-3.2.0" / "odcs-json-schema-v3.2.0.json"
    if not file.exists():
        pytest.skip(f"{file} isn't there")
    validator = Draft201909Validator(json.loads(file.read_text(encoding="utf-8")))
    for entry in ALL:
        assert [error.message for error in validator.iter_errors(write(entry))] == []
