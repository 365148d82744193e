"""The schema of a draft's table as its steps change what it is for, and what is to be said and asked about that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Any

from opendata.db.models import DraftResource
from opendata.domain.recipes import Recipe
from opendata.domain.schema import find_own
from opendata.errors import N_
from opendata.intake.meaning.units import code_unit
from opendata.intake.tables import OpenedTable
from opendata.recipes.columns import YEARS
from opendata.recipes.following import find_broken, follow_columns, loosen
from opendata.recipes.plan import doubt_units, make_plan
from opendata.recipes.sentences import describe_doubts
from opendata.recipes.verbs import UNPIVOT
from opendata.services.drafts.fixing.recipes import read_steps
from opendata.tables.check.column_notes import list_start
from opendata.tables.schema.header import make_distinct, read_labels
from opendata.tables.schema.origins import BY_STEP, PROPOSED, STEPS, list_unsettled
from opendata.tables.schema.proposal import propose_schema
from opendata.tables.table import PreparedTable
from opendata.tables.text.decoding import read_rows

RULE = "columns"
"""The rule of what is asked of columns that steps changed, among the questions about how a file is read."""

_KEY_GONE = N_("The steps take away a column of the key (%(key)s), so rows are no longer checked by it. Is that right?")


def follow_steps(resource: DraftResource, opened: OpenedTable, prepared: PreparedTable) -> dict[str, Any] | None:
    """The schema of a checked table once it follows the steps: to be checked by again. None where it does already.

    Columns that steps made are proposed, first as text and then by their values. Rules that were only proposed, and
    that steps make false, are dropped. A schema with a name is a standard: it never follows.
    """
    schema = resource.schema
    if not schema or resource.schema_name or not (resource.recipe or STEPS in find_own(schema)):
        return None
    recipe = read_steps(resource)
    if prepared.task.valid:
        return _propose_types(schema, recipe, prepared)
    found = _follow(schema, recipe, resource, opened, prepared)
    if found is not None:
        return found
    broken = [(tally.field, tally.rule) for tally in prepared.task.tallies if tally.strength == "error"]
    rules = [(name, rule) for name, rule, is_proposed in find_broken(schema, recipe, broken) if is_proposed]
    return loosen(schema, rules) if rules else None


def _follow(
    schema: Mapping[str, Any], recipe: Recipe, resource: DraftResource, opened: OpenedTable, prepared: PreparedTable
) -> dict[str, Any] | None:
    plan = make_plan(recipe)
    dialect = prepared.dialect
    if not dialect.header_rows:
        return None
    with closing(read_rows(opened.path, dialect)) as rows:
        head = list(islice(rows, max(dialect.header_rows)))
        start = list_start(rows)
    given = (resource.choices or {}).get("columns") or {}
    labels = read_labels(head, dialect)
    labels = tuple(given.get(name, label) for name, label in zip(make_distinct(labels), labels, strict=True))
    kept = [row for at, row in enumerate(start, start=prepared.first_row) if at not in dialect.comment_rows]
    columns = labels if plan is None else plan.begin(labels, kept, first_row=prepared.first_row, marks={}).labels
    return follow_columns(schema, recipe, labels, make_distinct(columns))


def _propose_types(schema: Mapping[str, Any], recipe: Recipe, prepared: PreparedTable) -> dict[str, Any] | None:
    """The schema with types for the columns that steps made; None where they stay text."""
    names = list_unsettled(schema)
    if not names:
        return None
    types = {item["name"]: item["type"] for item in propose_schema(prepared.parquet, names)["fields"]}
    years = {step.params["name"] for step in recipe.steps if step.verb == UNPIVOT and step.params["columns"] == YEARS}
    types |= {name: "year" for name, kind in types.items() if name in years and kind == "integer"}
    fields = [{**item, "type": types[item["name"]]} if item["name"] in names else item for item in schema["fields"]]
    return {**schema, "fields": fields} if fields != schema["fields"] else None


def ask_of_steps(
    reading: Mapping[str, Any], prepared: PreparedTable, schema: Mapping[str, Any] | None
) -> dict[str, Any]:
    """How a file is read, with the questions about steps that don't fit it, and about keys that fell with a column."""
    asked = [
        question
        for applied in doubt_units(prepared.applied, prepared.schema, code_unit)
        for question in describe_doubts(applied)
    ]
    for key in (find_own(schema or {}).get(STEPS) or {}).get("keys", ()):
        details = {"key": ", ".join(key["fields"])}
        asked.append(
            {"rule": RULE, "text": _KEY_GONE % details, "template": _KEY_GONE, "sure": 0.3, "details": details}
            | {"asks": True}
        )
    return {**reading, "decisions": [*reading["decisions"], *asked]}


def list_followed(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What became of a schema by its steps: a message and its details, for each field."""
    kept = find_own(schema).get(STEPS) or {}
    for item in schema.get("fields", ()):
        if find_own(item).get(PROPOSED) == BY_STEP:
            yield _NEW, {"column": item["name"], "type": item.get("type", "string")}
    for item in kept.get("gone", ()):
        yield _GONE, {"column": item["name"]}
    for name, rules in (kept.get("loosened") or {}).items():
        for rule in rules:
            yield (_MISSING if rule == "required" else _LOOSENED), {"column": name, "rule": rule}


_NEW = N_("The column “%(column)s” is new. Its type is proposed from its values: %(type)s")
_GONE = N_("The column “%(column)s” isn't there any more, so it was left out of the schema")
_MISSING = N_("Cells of “%(column)s” have no value now, so the proposed rule that each must have one was dropped")
_LOOSENED = N_("Cells of “%(column)s” break the proposed rule “%(rule)s” now, so it was dropped")
