"""The OpenAPI document of a table is valid, deterministic, and true of the rows."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import schemathesis
from flask.testing import FlaskClient

from opendata.api.query.asking import PARAMETERS
from opendata.domain.schema import Field
from opendata.query.filters import OPERATORS

_PLACE = "/api/v1/datasets/reservoirs/1.1.0/levels"


def _read(client: FlaskClient, dataset: str = "reservoirs/1.1.0/levels") -> dict[str, Any]:
    answer = client.get(f"/api/v1/datasets/{dataset}/openapi.json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    for schema in found["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return found


def test_a_table_has_a_document_with_its_columns_codes_units_and_examples(client: FlaskClient) -> None:
    found = _read(client)
    assert found["info"]["title"] == "水位表"
    row = found["components"]["schemas"]["Row"]["properties"]
    assert list(row) == ["code", "name", "level", "measured"]
    assert row["code"] == {
        "type": "string",
        "pattern": "^(?:[A-Z][0-9]{3})$",
        "title": "编号",
        "examples": ["A001", "A002", "A003"],
    }
    assert row["name"]["enum"] == ["东湖", "西湖", "南湖", None]
    assert (row["level"]["title"], row["level"]["x-unit"]) == ("水位", "m")
    assert row["level"]["x-titles"] == {"zh": "水位", "en": "Level"}
    assert (row["measured"]["type"], row["measured"]["format"]) == (["string", "null"], "date")
    names = [item["name"] for item in found["paths"][f"{_PLACE}/rows"]["get"]["parameters"]]
    assert {"where", "code__startswith", "level__gte", "measured__lt", "name__in", "level__isnull"} <= set(names)
    assert not {"level__contains", "code__gt"} & set(names)
    assert {name.rpartition("__")[2] for name in names if "__" in name} == set(OPERATORS)
    # a client that reads such documents finds both calls
    assert len(list(schemathesis.openapi.from_dict(found).get_all_operations())) == 2


def test_the_same_version_has_the_same_document_and_what_is_in_hand_is_not_sent(client: FlaskClient) -> None:
    first = client.get(f"{_PLACE}/openapi.json")
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    again = client.get(f"{_PLACE}/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    newest = client.get("/api/v1/datasets/reservoirs/latest/levels/openapi.json")
    assert (newest.data, newest.headers["Cache-Control"]) == (first.data, "no-cache")
    for missing in ("reservoirs/1.1.0/nothing", "reservoirs/9.0.0/levels", "stations/latest/levels"):
        assert client.get(f"/api/v1/datasets/{missing}/openapi.json").status_code == 404


def test_every_row_and_every_example_of_a_filter_is_as_the_document_says(client: FlaskClient) -> None:
    found = _read(client)
    validator = jsonschema.Draft202012Validator(found["components"]["schemas"]["Row"])
    answer = client.get(f"{_PLACE}/rows").json
    rows = answer["items"]
    assert len(rows) == 3
    assert set(answer) == set(found["components"]["schemas"]["Page"]["properties"])
    described = {item["name"] for item in found["paths"][f"{_PLACE}/rows"]["get"]["parameters"]}
    assert set(PARAMETERS) <= described
    for row in rows:
        validator.validate(row)
    operation = found["paths"][f"{_PLACE}/rows"]["get"]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    assert (example["items"], example["total"]) == (rows, 3)
    for suffix in found["paths"][f"{_PLACE}/rows.{{suffix}}"]["get"]["parameters"][0]["schema"]["enum"]:
        assert client.get(f"{_PLACE}/rows.{suffix}").status_code == 200, suffix
    tried = 0
    for item in operation["parameters"]:
        _, mark, _ = item["name"].rpartition("__")
        if not mark or "example" not in item:
            continue
        jsonschema.validate(item["example"], item["schema"])
        filtered = client.get(f"{_PLACE}/rows", query_string={item["name"]: item["example"]}).json
        assert filtered["total"], item["name"]
        tried += 1
    assert tried == 8


def test_rows_that_are_not_public_give_no_examples(client: FlaskClient) -> None:
    found = _read(client, "wells/1.0.0/depths")
    text = json.dumps(found, ensure_ascii=False)
    assert "A001" not in text
    assert "12.5" not in text
    assert '"example' not in text.replace('"example": "\\"code', "")
    assert found["components"]["schemas"]["Row"]["properties"]["level"]["type"] == ["number", "string", "null"]


def test_every_type_of_field_has_a_schema_and_filters() -> None:
    from opendata.api.document.columns import SAYS, describe_column, list_operators
    from opendata.tables.types.registry import TYPES

    assert set(SAYS) == set(OPERATORS)
    for name in TYPES:
        field = Field.from_json({"name": "x", "type": name, "categories": [{"value": "1", "label": "one"}]})
        for wide in (True, False, None):
            described = describe_column(field, [None], ["zh"], is_wide=wide, has_zone=True)
            jsonschema.Draft202012Validator.check_schema(described)
            jsonschema.validate(None, described)
        assert set(list_operators(field)) <= set(OPERATORS)
