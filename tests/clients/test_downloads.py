"""The forms of a served version in the hands of programs that never heard of us: curl, pandas, frictionless."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import time
import zipfile
from pathlib import Path

import frictionless
import pandas as pd
import pytest
import requests
from frictionless import system
from urllib3 import connection_from_url

from tests.clients.conftest import PACKAGES, Portal
from tests.servers import require

CITIES = "datasets/world-cities/1.0.0"
FORMS = ("world-cities.csv", "world-cities.parquet", "world-cities.json", "world-cities.xlsx", "datapackage.zip")


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_curl_goes_on_where_it_was_cut_off(portal: Portal, tmp_path: Path, name: str) -> None:
    require("curl")
    address, target = f"{portal.address}/{CITIES}/{name}", tmp_path / name
    whole = requests.get(address, headers={"Accept-Encoding": "identity"}, timeout=60).content
    target.write_bytes(whole[: len(whole) // 3])
    before = len(portal.log.read_text())
    command = ["curl", "-sS", "--fail", "-C", "-", "-o", str(target), address]
    subprocess.run(command, check=True, timeout=60)
    assert target.read_bytes() == whole
    line, deadline = f'" 206 {len(whole) - len(whole) // 3} "bytes={len(whole) // 3}-"', time.monotonic() + 60
    while line not in (log := portal.log.read_text()[before:]):  # another process writes it
        assert time.monotonic() < deadline, log


@pytest.mark.parametrize(
    "package",
    [
        "country-codes",
        pytest.param("gdp", marks=pytest.mark.slow),
        pytest.param("world-cities", marks=pytest.mark.slow),
    ],
)
def test_frictionless_finds_the_unpacked_archive_valid(portal: Portal, tmp_path: Path, package: str) -> None:
    data = requests.get(f"{portal.address}/datasets/{package}/1.0.0/datapackage.zip", timeout=60).content
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    with system.use_context(trusted=True):
        report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    assert {task.name: task.stats["rows"] for task in report.tasks} == PACKAGES[package]
    sums = [line.split("  ") for line in (tmp_path / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    assert {path for _, path in sums} == {path.name for path in tmp_path.iterdir()} - {"SHA256SUMS"}
    assert all(hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() == digest for digest, path in sums)


def test_pandas_reads_the_same_from_every_form(portal: Portal) -> None:
    base = f"{portal.address}/{CITIES}/world-cities"
    parquet = pd.read_parquet(f"{base}.parquet")
    book = io.BytesIO(requests.get(f"{base}.xlsx", timeout=60).content)
    others = {
        "csv": pd.read_csv(f"{base}.csv", keep_default_na=False, na_values=[""]),
        "excel": pd.read_csv(f"{base}.csv?excel=1", keep_default_na=False, na_values=[""], encoding="utf-8-sig"),
        "json": pd.read_json(f"{base}.json"),
        "jsonl": pd.read_json(f"{base}.jsonl", lines=True),
        "xlsx": pd.read_excel(book, sheet_name=0, engine="openpyxl", keep_default_na=False, na_values=[""]),
    }
    assert len(parquet) == 34032
    for name, table in others.items():
        for column in parquet.columns:
            texts = parquet[column].astype(str).where(parquet[column].notna(), "")
            found = table[column].astype(str).where(table[column].notna(), "")
            if name == "excel":
                found = found.str.removeprefix("'")
                texts = texts.str.removeprefix("'")
            assert found.tolist() == texts.tolist(), (name, column)


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize("name", FORMS)
def test_the_digests_are_those_of_the_bytes_on_the_wire(portal: Portal, name: str, coding: str) -> None:
    headers = {
        "Accept-Encoding": coding,
        "Want-Repr-Digest": "sha-512=1, sha-256=1",
        "Want-Content-Digest": "sha-512=2",
    }
    wanted = coding if name.endswith((".csv", ".json")) else "identity"
    found, deadline = "", time.monotonic() + 60
    while found != wanted:  # what is large is coded in the background, while it is sent as it is
        assert time.monotonic() < deadline, found
        with requests.get(f"{portal.address}/{CITIES}/{name}", headers=headers, stream=True, timeout=60) as answer:
            data = answer.raw.read(decode_content=False)
        found = answer.headers.get("Content-Encoding", "identity")
        assert found in (wanted, "identity")
        digests = {kind: base64.b64encode(hashlib.new(kind, data).digest()).decode() for kind in ("sha256", "sha512")}
        assert answer.headers["Repr-Digest"] == f"sha-256=:{digests['sha256']}:"
        assert answer.headers["Content-Digest"] == f"sha-512=:{digests['sha512']}:"


def test_ranges_one_after_the_other_use_one_connection(portal: Portal) -> None:
    """The server sends them itself: one that it gives up half-way would close the connection."""
    path = f"/{CITIES}/world-cities.csv"
    with connection_from_url(portal.address) as pool:
        whole = pool.request("GET", path).data
        for start in range(0, len(whole), len(whole) // 7):
            answer = pool.request("GET", path, headers={"Range": f"bytes={start}-{start + 4999}"})
            assert answer.data == whole[start : start + 5000]
            assert answer.headers["Connection"] == "keep-alive"
        assert pool.num_connections == 1
