"""The number of a version is MAJOR whenever a reader of the version before fails on it.

A reader checks the new CSV by the old schema, with its own `fieldsMatch`; or takes the columns it knows from the new
Parquet file by their names, and casts them to the types it knows.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from frictionless import Dialect, Resource, Schema
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from opendata.domain.manifest import Manifest
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.resources import StoredFile, TableResource
from opendata.domain.schema import TableSchema
from opendata.metadata.versions import compare_manifests
from opendata.services.catalogue.row_changes import TableFiles, count_changes
from opendata.tables.schema.schema import publish_schema, read_schema
from opendata.tables.table import prepare_table
from tests.selection import examples

NAMES = ("code", "name", "size", "day")
CELLS: Mapping[str, st.SearchStrategy[str]] = {
    "string": st.sampled_from(["", "a", "bb", "ccc", "-", "7"]),
    "integer": st.sampled_from(["", "1", "20", "300"]),
    "number": st.sampled_from(["", "1", "2.5", "30.25"]),
    "date": st.sampled_from(["", "2026-01-01", "2026-12-31"]),
}
CONSTRAINTS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "string": ({"required": True}, {"maxLength": 2}, {"minLength": 1}, {"enum": ["a", "bb"]}, {"pattern": "[a-c]+"}),
    "integer": ({"required": True}, {"minimum": 2}, {"maximum": 20}, {"unique": True}),
    "number": ({"required": True}, {"minimum": 2}, {"maximum": 3}),
    "date": ({"required": True}, {"minimum": "2026-06-01"}),
}


@dataclass(frozen=True)
class Edition:
    """A table of one version, as it was published."""

    files: TableFiles
    manifest: Manifest


@st.composite
def fields(draw: st.DrawFn, name: str) -> dict[str, Any]:
    kind = draw(st.sampled_from([*CELLS]))
    found: dict[str, Any] = {"name": name, "type": kind}
    if draw(st.booleans()):
        found["constraints"] = draw(st.sampled_from(CONSTRAINTS[kind]))
    return found


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {"fields": [draw(fields(name)) for name in NAMES[: draw(st.integers(1, 3))]]}
    if draw(st.booleans()):
        found["fieldsMatch"] = draw(st.sampled_from(["exact", "equal", "subset", "superset", "partial"]))
    if draw(st.booleans()):
        found["missingValues"] = draw(st.sampled_from([["", "-"], ["-"], [""]]))
    return found


@st.composite
def later_schemas(draw: st.DrawFn, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with few things changed."""
    found = copy.deepcopy(schema)
    items = found["fields"]
    for change in draw(st.lists(st.sampled_from(["constraint", "type", "add", "drop", "move", "missing"]), max_size=2)):
        place = draw(st.integers(0, len(items) - 1))
        match change:
            case "constraint":
                items[place].pop("constraints", None)
                if draw(st.booleans()):
                    items[place]["constraints"] = draw(st.sampled_from(CONSTRAINTS[items[place]["type"]]))
            case "type":
                items[place] = draw(fields(items[place]["name"]))
            case "add" if len(items) < len(NAMES):
                name = next(name for name in NAMES if name not in [item["name"] for item in items])
                items.insert(place, draw(fields(name)))
            case "drop" if len(items) > 1:
                items.pop(place)
            case "move":
                items.append(items.pop(place))
            case "missing":
                found["missingValues"] = draw(st.sampled_from([["", "-"], ["-"], [""]]))
    return found


def prepare(folder: Path, schema: dict[str, Any], rows: list[list[str]]) -> Edition | None:
    """The table as it is published, None where it does not pass."""
    folder.mkdir()
    source = folder / "source.csv"
    lines = [",".join(item["name"] for item in schema["fields"]), *(",".join(row) for row in rows)]
    source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    checked = read_schema(schema)
    found = prepare_table(source, folder, name="t", schema=checked)
    if not found.task.valid:
        return None
    published = TableSchema(publish_schema(checked))
    table = TableResource(
        name="t",
        file=StoredFile(found.csv.read_bytes().hex(), 0),
        parquet=StoredFile("", 0),
        source=StoredFile("", 0),
        rows=found.rows,
        schema=published,
    )
    manifest = Manifest(
        name="t",
        version="1.0.0",
        created=datetime(2026, 1, 1, tzinfo=UTC),
        uuid="",
        publisher={"id": "water"},
        metadata=DatasetMetadata(title="t"),
        previous=None,
        resources=[table],
    )
    return Edition(TableFiles(found.csv, found.parquet, published), manifest)


def passes(old: Mapping[str, Any], csv: Path) -> bool:
    """Whether frictionless finds the new CSV to follow the old schema, as that matches columns."""
    schema = Schema.from_descriptor({key: value for key, value in old.items() if key != "$schema"})
    labels = csv.read_text("utf-8").split("\n", 1)[0].split(",")
    known = [item["name"] for item in old["fields"]]
    match old.get("fieldsMatch", "exact"):
        case "exact":
            fits = labels == known
        case "equal":
            fits = sorted(labels) == sorted(known)
        case "subset":
            fits = set(known) <= set(labels)
        case "superset":
            fits = set(labels) <= set(known)
        case _:
            fits = bool(set(labels) & set(known))
    if not fits:
        return False
    taken = [name for name in labels if name in known]
    schema.fields = [schema.get_field(name) for name in taken]
    rows = [line.split(",") for line in csv.read_text("utf-8").splitlines()]
    kept = [[row[labels.index(name)] for name in taken] for row in rows]
    kept = [row for row in kept if any(row)]  # what is blank in these columns alone is no blank row
    with Resource(data=kept, schema=schema, dialect=Dialect(header_rows=[1])) as resource:
        return bool(resource.validate().valid)


def casts(old: Path, new: Path) -> bool:
    """Whether the columns of the old Parquet file are in the new one, and fit its types."""
    wanted = pq.read_schema(old)
    try:
        pq.read_table(new, columns=wanted.names).select(wanted.names).cast(pa.schema(wanted))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError):
        return False
    return True


@settings(max_examples=examples(80))
@given(st.data())
def test_what_a_reader_of_the_version_before_cannot_read_is_major(data: st.DataObject) -> None:
    first = data.draw(schemas())
    second = data.draw(later_schemas(first))
    with TemporaryDirectory() as name:
        editions = []
        for place, schema in enumerate((first, second)):
            row = st.tuples(*(CELLS[item["type"]] for item in schema["fields"])).map(list)
            rows = data.draw(st.lists(row, min_size=1, max_size=4))
            edition = prepare(Path(name) / str(place), schema, [item for item in rows if any(item)])
            assume(edition is not None)
            editions.append(edition)
        old, new = editions
        assert old is not None
        assert new is not None
        folder = Path(name) / "work"
        folder.mkdir()
        changes, _ = count_changes("t", old.files, new.files, folder)
        bump = compare_manifests(old.manifest, new.manifest, {"t": changes}).bump
        fails = not (passes(old.files.schema.descriptor, new.files.csv) and casts(old.files.parquet, new.files.parquet))
        event(f"fails: {fails}, {bump}")
        assert bump == "major" or not fails
