"""Engines that attach a served portal: pyiceberg, and DuckDB with its packaged extensions, also by its DuckLake."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
import requests
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import ForbiddenError, NoSuchNamespaceError, NoSuchTableError
from werkzeug.serving import make_server

from tests.foreign import FOLDER, run_foreign
from tests.instances import DATASET, lend_app, make_actor, make_services, publish

pytestmark = pytest.mark.slow

"""The newest version of DuckDB that has its extensions in packages."""

TABLE = "every_kind.all_types"
EXTENSIONS = ("avro", "httpfs", "iceberg", "ducklake")

ICEBERG = "ATTACH '' AS portal (TYPE iceberg, ENDPOINT '{}/iceberg', AUTHORIZATION_TYPE 'none')"
DUCKLAKE = "ATTACH 'ducklake:{}/portal.ducklake' AS portal (READ_ONLY)"

_READ = """
import glob, json, sys
import duckdb
attach, folder, extensions = sys.argv[1:]
engine = duckdb.connect()
engine.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
for name in extensions.split(","):
    path, = glob.glob(f"{folder}/lib/python*/site-packages/**/{name}.duckdb_extension", recursive=True)
    engine.execute(f"LOAD '{path}'")
engine.execute(attach)
json.dump([engine.execute(query).fetchall() for query in json.load(sys.stdin)], sys.stdout)
"""


KINDS: dict[str, dict[str, Any]] = {
    "id": {"type": "integer"},
    "amount": {"type": "number", "opendata": {"scale": 2}},
    "ratio": {"type": "number"},
    "day": {"type": "date"},
    "at": {"type": "datetime", "opendata": {"zone": "UTC"}},
    "local": {"type": "datetime", "opendata": {"zone": "local"}},
    "year": {"type": "year"},
    "ok": {"type": "boolean"},
    "名称": {"type": "string"},
    'note "x".1': {"type": "any"},
    "clock": {"type": "time"},
    "month": {"type": "yearmonth"},
    "span": {"type": "duration"},
    "place": {"type": "geopoint"},
    "tags": {"type": "list"},
    "several": {"type": "array"},
    "what": {"type": "object"},
    "shape": {"type": "geojson"},
}
"""A column of each type."""

FULL = {
    "id": ("9007199254740993", "-1"),
    "amount": ("12345678901234567890.10", "-0.50"),
    "ratio": ("0.5", "0.1"),
    "day": ("2026-01-31", "1899-12-31"),
    "at": ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00.123456Z"),
    "local": ("2026-01-31T08:00:00", "1999-12-31T23:59:59.500000"),
    "year": ("2026", "1999"),
    "ok": ("true", "false"),
    "名称": ("东湖" * 12, ""),
    'note "x".1': ('a, "b"\nc', "x"),
    "clock": ("08:30:00", "23:59:59"),
    "month": ("2026-01", "1999-12"),
    "span": ("P1D", "PT1H"),
    "place": ("121.5,31.2", "-1.5,2.25"),
    "tags": ("a,b", ""),
    "several": ("[1,2]", "[]"),
    "what": ('{"k":1}', "{}"),
    "shape": ('{"type":"Point","coordinates":[1,2]}', '{"type":"Point","coordinates":[0,0]}'),
}
ROWS = ([first for first, _ in FULL.values()], ["1", *[""] * 17], [last for _, last in FULL.values()])


def write_csv(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows as a file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def make_schema(kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A schema of these columns."""
    return {"fields": [{"name": name, **kind} for name, kind in kinds.items()], "primaryKey": ["id"]}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served portal: a table of all types with two versions, the second wider; one by grant; one withdrawn."""
    services = make_services(tmp_path_factory.mktemp("iceberg") / "instance", requests_per_minute=0)
    editor, boss = make_actor(services, "clerk"), make_actor(services, "boss", role="maintainer")
    for name in ("every-kind", "granted", "withdrawn"):
        services.datasets.create(editor, {**DATASET, "id": name, "title": f"表 {name}"})
    disclosure = {"attribute": "conditional", "reason": "r", "legalBasis": "b"}
    services.datasets.update(editor, "granted", {"disclosure": disclosure})
    later = {**KINDS, "year": {"type": "integer"}, "new": {"type": "string"}}
    for kinds, rows in ((KINDS, ROWS), (later, [[*row, "y"] for row in ROWS[:2]])):
        text = write_csv(kinds, rows)
        publish(services, editor, text, dataset="every-kind", name="all-types", schema=make_schema(kinds))
    publish(services, editor, dataset="granted")
    publish(services, editor, dataset="withdrawn")
    services.withdrawals.withdraw(boss, "withdrawn", "1.0.0", reason="数据有误")
    with lend_app(services) as app:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()
    services.database.dispose()


@pytest.fixture(scope="module")
def catalog(office: str) -> Catalog:
    """The portal, attached as any user of pyiceberg attaches a catalogue."""
    return load_catalog("portal", uri=f"{office}/iceberg")


def ask_duckdb(attach: str, *queries: str) -> list[list[list[Any]]]:
    """What DuckDB answers in a process of its own, which loads nothing but the files of its packages."""
    found: list[list[list[Any]]] = run_foreign(_READ, queries, attach, str(FOLDER), ",".join(EXTENSIONS))
    return found


def read_csv(office: str, version: str) -> list[list[str | None]]:
    """The rows of the published CSV file, each value as its text."""
    data = requests.get(f"{office}/datasets/every-kind/{version}/all-types.csv", timeout=60).content
    rows = csv.reader(io.StringIO(data.decode(), newline=""))
    next(rows)
    return [[value or None for value in row] for row in rows]


def write_texts(table: pa.Table) -> list[list[str | None]]:
    """The rows of an answer, each value as canonical CSV writes it."""
    return [[None if value is None else write_text(value) for value in row.values()] for row in table.to_pylist()]


def write_text(value: object) -> str:
    """A value as canonical CSV writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def test_pyiceberg_lists_what_anybody_may_have(catalog: Catalog) -> None:
    assert catalog.list_namespaces() == [("every_kind",)]
    assert catalog.list_tables("every_kind") == [("every_kind", "all_types")]
    assert catalog.load_namespace_properties("every_kind")["opendata.dataset"] == "every-kind"
    assert catalog.namespace_exists("every_kind")
    assert catalog.table_exists(TABLE)
    assert not catalog.table_exists("every_kind.nothing")
    with pytest.raises(NoSuchTableError):
        catalog.load_table("every_kind.nothing")
    for name in ("granted", "withdrawn", "nothing"):
        with pytest.raises(NoSuchNamespaceError):
            catalog.list_tables(name)


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_pyiceberg_reads_the_rows_of_the_csv_cell_by_cell(catalog: Catalog, office: str, version: str) -> None:
    table = catalog.load_table(TABLE)
    snapshot = table.snapshot_by_name(f"v{version}")
    assert snapshot is not None
    found = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
    assert write_texts(found) == read_csv(office, version)


def test_pyiceberg_reads_the_newest_version_unless_told_otherwise(catalog: Catalog, office: str) -> None:
    table = catalog.load_table(TABLE)
    assert write_texts(table.scan().to_arrow()) == read_csv(office, "2.0.0")
    assert [item.summary["total-records"] for item in table.snapshots() if item.summary] == ["3", "2"]


def test_pyiceberg_leaves_out_files_by_their_bounds(catalog: Catalog) -> None:
    table = catalog.load_table(TABLE)
    assert len(list(table.scan(row_filter="id = 1").plan_files())) == 1
    assert table.scan(row_filter="id = 1", selected_fields=("id", "new")).to_arrow().to_pylist() == [
        {"id": 1, "new": "y"}
    ]
    first = table.snapshot_by_name("v1.0.0")
    assert first is not None
    for condition in (
        "id < -1",
        "\"名称\" > '西'",
        "year > 3000",
        "day < '1800-01-01'",
        "amount < -1",
        "ratio < 0",
    ):
        found = table.scan(row_filter=condition, snapshot_id=first.snapshot_id)
        assert list(found.plan_files()) == [], condition


def test_pyiceberg_is_refused_what_changes_something(catalog: Catalog, office: str) -> None:
    answer = requests.post(f"{office}/iceberg/v1/namespaces", json={"namespace": ["mine"]}, timeout=60)
    assert answer.status_code == 403
    with pytest.raises((ForbiddenError, NotImplementedError)):
        catalog.create_namespace("mine")


def test_duckdb_reads_both_versions_cell_by_cell(office: str) -> None:
    table, chosen = f"portal.{TABLE}", "CAST(COLUMNS(*) AS VARCHAR)"
    listed, newest, snapshots, few = ask_duckdb(
        ICEBERG.format(office),
        "SELECT table_schema, table_name FROM information_schema.tables",
        f"SELECT {chosen} FROM {table}",
        f"SELECT snapshot_id FROM iceberg_snapshots({table}) ORDER BY sequence_number",
        f"SELECT id FROM {table} WHERE id = 1",
    )
    assert listed == [["every_kind", "all_types"]]
    assert few == [[1]]
    assert unify(newest) == read_csv(office, "2.0.0")
    (older,) = ask_duckdb(ICEBERG.format(office), f"SELECT {chosen} FROM {table} AT (VERSION => {snapshots[0][0]})")
    assert unify(older) == read_csv(office, "1.0.0")


def test_duckdb_reads_the_newest_versions_from_the_frozen_ducklake(office: str) -> None:
    table, chosen = f"portal.{TABLE}", "CAST(COLUMNS(*) AS VARCHAR)"
    listed, newest, few = ask_duckdb(
        DUCKLAKE.format(office),
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'portal'",
        f"SELECT {chosen} FROM {table}",
        f"SELECT id FROM {table} WHERE id = 1 AND new = 'y'",
    )
    assert listed == [["every_kind", "all_types"]]
    assert few == [[1]]
    assert unify(newest) == read_csv(office, "2.0.0")


def unify(rows: list[list[str | None]]) -> list[list[str | None]]:
    """Moments in the notation of CSV: DuckDB writes a space for the T, `+00` for the Z, and no final zeros."""
    found = [list(row) for row in rows]
    for row in found:
        for index in (4, 5):
            text = (row[index] or "").replace(" ", "T").replace("+00", "Z")
            row[index] = text.replace(".5", ".500000") or None if text.endswith(".5") else text or None
    return found
