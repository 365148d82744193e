"""What people read published data with, against a served portal: frictionless, pandas, DuckDB, plain HTTP."""

from __future__ import annotations

import io
import json
import random
import re
from datetime import UTC, datetime
from typing import Any

import duckdb
import frictionless
import pandas as pd
import pyarrow.csv
import pyarrow.parquet
import pytest
import requests
from fsspec.implementations.http import HTTPFileSystem

from tests.clients.conftest import PACKAGES, Portal

DATASETS = {"doacoes-covid-19-mg": "doacoes-covid-19"}
TABLES = [(DATASETS.get(package, package), table) for package, tables in PACKAGES.items() for table in tables]
ROWS = {(DATASETS.get(p, p), table): rows for p, tables in PACKAGES.items() for table, rows in tables.items()}


@pytest.mark.parametrize(
    "package",
    [item if number == 1 else pytest.param(item, marks=pytest.mark.slow) for number, item in enumerate(PACKAGES)],
)
def test_frictionless_finds_every_served_version_valid(portal: Portal, package: str) -> None:
    dataset = DATASETS.get(package, package)
    report = frictionless.validate(f"{portal.address}/datasets/{dataset}/1.0.0/datapackage.json")
    assert report.valid, report.flatten(["type", "message"])
    assert {task.name: task.stats["rows"] for task in report.tasks} == PACKAGES[package]


@pytest.mark.parametrize(("dataset", "table"), TABLES)
def test_csv_and_parquet_have_equal_rows_and_values(portal: Portal, dataset: str, table: str) -> None:
    base = f"{portal.address}/datasets/{dataset}/1.0.0/{table}"
    typed = pyarrow.parquet.read_table(io.BytesIO(requests.get(f"{base}.parquet", timeout=60).content))
    options = pyarrow.csv.ConvertOptions(
        column_types=typed.schema.remove_metadata(),
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=True,
    )
    text = pyarrow.csv.read_csv(io.BytesIO(requests.get(f"{base}.csv", timeout=60).content), convert_options=options)
    assert typed.num_rows == ROWS[(dataset, table)]
    assert text.column_names == typed.column_names
    for name in typed.column_names:
        assert text.column(name).combine_chunks().equals(typed.column(name).combine_chunks()), name


@pytest.mark.parametrize(("dataset", "table"), TABLES)
def test_pandas_reads_both_addresses(portal: Portal, dataset: str, table: str) -> None:
    base = f"{portal.address}/datasets/{dataset}/latest/{table}"
    parquet = pd.read_parquet(f"{base}.parquet")
    csv = pd.read_csv(f"{base}.csv", keep_default_na=False, na_values=[""], dtype=str)
    assert len(parquet) == len(csv) == ROWS[(dataset, table)]
    assert list(parquet.columns) == list(csv.columns)


class WithModified(HTTPFileSystem):  # type: ignore[misc]
    """DuckDB asks a file system when a file was changed; a version never is."""

    def modified(self, path: str) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        """Read just what is asked for: the stock block of 5 MB would be the whole of a small file."""
        return super()._open(path, mode, **{**kwargs, "block_size": 4096, "cache_type": "none", "cache_options": {}})

    async def _exists(self, path: str, **kwargs: Any) -> bool:  # by HEAD: the stock one opens the whole file
        return bool((await self._info(path, **kwargs))["size"])


def test_a_range_is_answered_with_just_its_bytes(portal: Portal) -> None:
    address = f"{portal.address}/datasets/gdp/1.0.0/gdp.csv"
    whole = requests.get(address, timeout=10)
    part = requests.get(address, headers={"Range": "bytes=100-199"}, timeout=10)
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    assert "immutable" in whole.headers["Cache-Control"]
    again = requests.get(address, headers={"If-None-Match": whole.headers["ETag"]}, timeout=10)
    assert again.status_code == 304


def upload(portal: Portal, dataset: str, data: bytes, **fields: str) -> dict[str, Any]:
    """Upload by REST and wait for the verdict."""
    files = {"file": (f"{dataset}.csv", data)}
    answer = portal.session.post(
        f"{portal.address}/api/v1/datasets/{dataset}/drafts", files=files, data=fields, timeout=60
    )
    assert answer.status_code == 202, answer.text
    return wait_for(portal, f"{portal.address}{answer.headers['Location']}", {"valid", "invalid", "failed"})


def publish(portal: Portal, draft: str) -> dict[str, Any]:
    """Submit and wait for the version."""
    address = f"{portal.address}/api/v1/drafts/{draft}"
    portal.session.post(f"{address}/submit", timeout=60).raise_for_status()
    return wait_for(portal, address, {"published", "invalid", "failed"})


def wait_for(portal: Portal, address: str, ends: set[str]) -> dict[str, Any]:
    session = portal.session
    while (found := session.get(address, timeout=60).json())["status"] not in ends:
        pass
    return dict(found)


@pytest.mark.slow
def test_the_worker_that_serve_starts_publishes_what_rest_uploads(portal: Portal) -> None:
    session = portal.session
    body = {"id": "from-rest", "title": "经接口上传", "publisher": "imported"}
    assert session.post(f"{portal.address}/api/v1/datasets", json=body, timeout=60).status_code == 201
    schema = json.dumps({"fields": [{"name": "n", "type": "integer"}]})
    draft = upload(portal, "from-rest", b"n\n1\n2\n", schema=schema)
    assert draft["status"] == "valid"
    assert publish(portal, draft["id"])["version"] == "1.0.0"
    table = pd.read_parquet(f"{portal.address}/datasets/from-rest/latest/from-rest.parquet")
    assert table["n"].tolist() == [1, 2]


@pytest.mark.slow
def test_an_exported_version_can_be_imported_by_another_instance(portal: Portal, tmp_path: Any) -> None:
    from tests.clients.conftest import run_command

    run_command(tmp_path / "other", "init", "--review", "none")
    address = f"{portal.address}/datasets/currency-codes/latest/datapackage.json"
    found = json.loads(run_command(tmp_path / "other", "import", address, "--json"))
    assert (found["dataset"], found["version"], found["created"]) == ("currency-codes", "1.0.0", True)
    assert found["resources"] == [{"name": "codes-all", "valid": True, "rows": 449, "errors": 0}]


def test_duckdb_reads_the_parquet_file_by_ranges_alone(portal: Portal) -> None:
    chance = random.Random(1)
    rows = 200_000
    text = "n,noise\n" + "".join(f"{n},{chance.getrandbits(128):032x}\n" for n in range(rows))
    body = {"id": "noise", "title": "大表", "publisher": "imported"}
    portal.session.post(f"{portal.address}/api/v1/datasets", json=body, timeout=60).raise_for_status()
    schema = {"fields": [{"name": "n", "type": "integer"}, {"name": "noise", "type": "string"}]}
    draft = upload(portal, "noise", text.encode(), schema=json.dumps(schema))
    publish(portal, draft["id"])
    address = f"{portal.address}/datasets/noise/1.0.0/noise.parquet"
    size = int(requests.head(address, timeout=10).headers["Content-Length"])
    before = len(portal.log.read_text())
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar=false")
    connection.register_filesystem(WithModified())
    total = connection.sql(f"SELECT sum(n) FROM read_parquet('{address}')").fetchall()[0][0]
    assert total == rows * (rows - 1) // 2
    logged = [line for line in portal.log.read_text()[before:].splitlines() if "GET" in line and ".parquet" in line]
    answers = [re.search(r'" (\d{3}) (\d+) ', line).groups() for line in logged]  # type: ignore[union-attr]
    assert {status for status, _ in answers} == {"206"}
    assert sum(int(sent) for _, sent in answers) < size / 2
