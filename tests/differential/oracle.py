"""What frictionless 5.21 says of a table: the same file, header rows and dialect stated, errors without limit."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"
_RULE = re.compile(r'constraint "(\w+)"')


class Finding(NamedTuple):
    """One error: the row (None: of header or file), its type, the column (0: none), the constraint (`""`: none)."""

    row: int | None
    type: str
    number: int = 0
    rule: str = ""


class Answer(NamedTuple):
    """The findings in their order, the labels; or the exception that frictionless broke off with."""

    findings: list[Finding]
    labels: list[str]
    raised: str = ""


def ask(path: Path, schema: Mapping[str, Any], dialect: Mapping[str, Any], encoding: str = "utf-8") -> Answer:
    """Frictionless' report on a file. Raises `FrictionlessException` where it does not take the schema."""
    from frictionless import Resource

    options = {key: value for key, value in dialect.items() if key not in ("headerRows", "header", "csv")}
    nested = dialect.get("csv")
    options |= nested if isinstance(nested, Mapping) else {}
    csv = {"delimiter": ",", "quoteChar": '"', "skipInitialSpace": False, "doubleQuote": True, **options}
    comments = {key: csv.pop(key) for key in ("commentChar", "commentRows") if key in csv}
    rows = dialect.get("headerRows", [1]) if dialect.get("header", True) else []
    descriptor = {
        "$schema": RESOURCE_PROFILE,
        "name": "t",
        "path": path.name,
        "format": "csv",
        "encoding": encoding,
        "dialect": {"header": bool(rows), "headerRows": rows, "csv": csv, **comments},
        "schema": plain_schema(schema),
    }
    resource = Resource.from_descriptor(descriptor, basepath=str(path.parent))
    try:
        report = resource.validate(limit_errors=0)
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no verdict to compare with
        return Answer([], [], f"{type(error).__name__}: {error}")
    task = report.tasks[0]
    return Answer([_describe(error) for error in task.errors], list(task.labels))


def plain_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without what frictionless has no notion of."""
    plain = copy.deepcopy(dict(schema))
    for name in ("uniqueKeys", "foreignKeys", "opendata"):
        plain.pop(name, None)
    for item in plain["fields"]:
        for name in ("categories", "categoriesOrdered", "opendata", "example"):
            item.pop(name, None)
        (item.get("constraints") or {}).pop("jsonSchema", None)
    return plain


class Reader:
    """What frictionless reads out of single cells: the value that keys and uniqueness compare."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        from frictionless import Schema

        built = Schema.from_descriptor({**plain_schema(schema), "$schema": schema.get("$schema")})
        self._readers = {field.name: field.create_value_reader() for field in built.fields}

    def read(self, name: str, text: str) -> Any:
        """The value, None where there is none."""
        return self._readers[name](text)


def _describe(error: Any) -> Finding:
    rule = _RULE.search(error.note) if error.type == "constraint-error" else None
    return Finding(
        getattr(error, "row_number", None),
        error.type,
        getattr(error, "field_number", 0) if hasattr(error, "field_number") else 0,
        rule[1] if rule else "",
    )
