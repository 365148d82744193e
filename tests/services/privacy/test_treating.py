"""What a manifest says of hidden columns: how many cells, and of their rules nothing; what is kept of old decisions."""

from __future__ import annotations

from typing import Any

import pytest

from opendata.domain.schema import TableSchema
from opendata.services.core.actors import Actor
from opendata.services.privacy.treating import hide_decided, keep_fitting
from opendata.wiring import Services
from tests.services.work.test_privacy_gate import DECISIONS, ROLL, begin, decide, publish, read

NAMES = [line.split(",")[0] for line in ROLL.splitlines()[1:]]
PATTERN = "110101[0-9]{11}[0-9X]"
TOWNS = ["甲镇", "乙镇", "丙镇"]
FIELDS: dict[str, dict[str, Any]] = {
    "姓名": {"name": "姓名", "type": "string", "title": "户主", "constraints": {"enum": NAMES}},
    "id": {"name": "id", "type": "string", "constraints": {"pattern": PATTERN}},
    "phone": {"name": "phone", "type": "string", "constraints": {"minLength": 11}},
    "town": {"name": "town", "type": "string", "constraints": {"enum": TOWNS}},
    "amount": {"name": "amount", "type": "number", "constraints": {"minimum": 0}},
}
SHOWN = {"name": "by town", "type": "condition", "then": {"field": "town", "in": TOWNS}}
CHECKS = [{"name": "by name", "type": "condition", "then": {"field": "姓名", "in": NAMES}}, SHOWN]
COUNTED = {"columns": [], "aggregate": {"by": ["town"], "sum": ["amount"], "threshold": 3}}
"""Counts in place of persons: nothing is decided about the columns that fall."""


def describe() -> dict[str, Any]:
    """The schema of the roll, whose rules say what the rows have."""
    return {"fields": list(FIELDS.values()), "opendata": {"checks": CHECKS}}


def test_the_record_counts_the_cells_that_had_a_value(services: Services, editor: Actor) -> None:
    lines = ROLL.splitlines()
    cells = lines[1].split(",")
    text = "\n".join([lines[0], ",".join([cells[0], cells[1], "", *cells[3:]]), *lines[2:]]) + "\n"
    publish(services, editor, decide(services, editor, begin(services, editor, text).id).id)
    record = services.versions.get_table("reservoirs", "1.0.0", "roll").privacy or {}
    assert {item["field"]: item["count"] for item in record["columns"]} == {"姓名": 6, "id": 6, "phone": 5}


@pytest.mark.parametrize("decisions", [DECISIONS, COUNTED], ids=["columns", "counts"])
def test_the_schema_of_the_source_has_no_rules_for_hidden_columns(decisions: dict[str, Any]) -> None:
    found = hide_decided(describe(), decisions)
    fields = {item["name"]: item for item in found["fields"]}
    assert fields == {
        **FIELDS,
        "姓名": {"name": "姓名", "type": "string"},
        "id": {"name": "id", "type": "string"},
        "phone": {"name": "phone", "type": "string"},
    }
    assert found["opendata"]["checks"] == [SHOWN]


DROPPED = {"columns": [{"field": "phone", "treatment": "drop"}], "aggregate": COUNTED["aggregate"]}
"""Counts, with a decision about a column that the schema lacks."""


@pytest.mark.parametrize("decisions", [DECISIONS, DROPPED], ids=["columns", "counts"])
def test_a_schema_that_lacks_decided_columns_has_no_rules_for_the_others_either(decisions: dict[str, Any]) -> None:
    source = {**describe(), "fields": [FIELDS[name] for name in ("姓名", "town", "amount")]}
    found = hide_decided(source, decisions)
    assert found["fields"] == [{"name": "姓名", "type": "string"}, FIELDS["town"], FIELDS["amount"]]
    assert found["opendata"]["checks"] == [SHOWN]


def test_a_schema_that_decisions_do_not_fit_has_no_rules_at_all() -> None:
    unfit = {"columns": [{"field": "姓名", "treatment": "generalise", "to": "range", "width": 10}]}
    bare = [{"name": name, "type": item["type"]} for name, item in FIELDS.items()]
    assert hide_decided(describe(), unfit) == {"fields": bare}


@pytest.mark.parametrize("decisions", [DECISIONS, DROPPED], ids=["columns", "counts"])
def test_columns_that_the_schema_lacks_are_asked_about_and_decided(
    services: Services, editor: Actor, decisions: dict[str, Any]
) -> None:
    schema = {**describe(), "fields": [FIELDS[name] for name in ("姓名", "town", "amount")], "fieldsMatch": "subset"}
    draft = begin(services, editor, schema=schema)
    assert {item["field"] for item in draft.undecided} == {"姓名", "id", "phone"}
    assert publish(services, editor, decide(services, editor, draft.id, decisions).id).status == "published"
    manifest = services.versions.read_manifest("reservoirs", "1.0.0").decode()
    assert not any(name in manifest + read(services) for name in NAMES)
    again = begin(services, editor, ROLL.replace(",100.50", ",150.50"), schema)
    assert publish(services, editor, again.id).status == "published"


@pytest.mark.parametrize("decisions", [DECISIONS, COUNTED], ids=["columns", "counts"])
def test_no_rule_of_a_hidden_column_is_published(services: Services, editor: Actor, decisions: dict[str, Any]) -> None:
    draft = decide(services, editor, begin(services, editor, schema=describe()).id, decisions)
    assert publish(services, editor, draft.id).status == "published"
    manifest = services.versions.read_manifest("reservoirs", "1.0.0").decode()
    assert "sourceSchema" in manifest
    assert not any(text in manifest for text in [*NAMES, PATTERN])


def test_what_is_decided_about_columns_that_are_left_is_kept() -> None:
    notes = {"by": "clerk", "restored": True, "seen": {"phone": ["mobile-number"]}, "quasi": ["town"]}
    schema = TableSchema({"fields": [FIELDS[name] for name in FIELDS if name != "phone"]})
    kept = keep_fitting({**DECISIONS, **notes}, schema)
    assert kept == {**notes, "columns": DECISIONS["columns"][:2]}


@pytest.mark.parametrize(
    "unfit",
    [
        {"columns": [{"field": "town", "treatment": "generalise", "to": "range", "width": 10}]},
        {"columns": DECISIONS["columns"], "aggregate": {"by": ["village"]}},
    ],
)
def test_decisions_that_fit_no_longer_are_asked_again_but_not_who_decided(unfit: dict[str, Any]) -> None:
    schema = TableSchema(describe())
    assert keep_fitting({**unfit, "quasi": ["town"], "seen": {}}, schema) == {"columns": []}
    kept = keep_fitting({**unfit, "by": "clerk", "restored": True}, schema)
    assert kept == {"columns": [], "by": "clerk", "restored": True}
