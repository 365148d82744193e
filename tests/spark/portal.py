"""A whole portal in processes of its own, spoken to by HTTP alone: tables are sent, published and fetched again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import requests

from opendata.instance_file import write_instance_file
from tests.instances import hire_editor, make_services
from tests.servers import free_port

SECONDS = 300
ROOT = Path(__file__).parents[2]


class Portal:
    """A portal that serves, with its worker, and an editor's token."""

    def __init__(self, home: Path, address: str, token: str) -> None:
        self.home = home
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}

    def send(self, source: Path, schema: Mapping[str, Any], name: str) -> dict[str, Any]:
        """A draft with a file as its table, once the worker is done with it."""
        with source.open("rb") as file:
            parts = {"schema": json.dumps(schema), "name": name}
            sent = self._ask("POST", "/datasets/reservoirs/drafts", data=parts, files={"file": (f"{name}.csv", file)})
        return self._wait(sent["id"], {"valid", "invalid"})

    def publish(self, draft: str) -> dict[str, Any]:
        """A draft that is published."""
        self._ask("POST", f"/drafts/{draft}/submit", json={"breaking": "the reason of a test"})
        return self._wait(draft, {"published"})

    def fetch(self, path: str) -> bytes:
        """What anybody gets at an address."""
        answer = requests.get(self._address + path, timeout=SECONDS, headers={"Accept-Language": "en"})
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer.content

    def run(self, *words: str) -> Any:
        """What a command says as JSON; `ADDRESS` is that of the portal."""
        command = [sys.executable, "-m", "opendata", *(self._address if word == "ADDRESS" else word for word in words)]
        ended = subprocess.run(
            [*command, "--json"], env=_environment(self.home), capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, (words, ended.stdout[-2000:], ended.stderr[-2000:])
        return json.loads(ended.stdout)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        answer = requests.request(
            method, f"{self._address}/api/v1{path}", headers=self._headers, timeout=SECONDS, **options
        )
        assert answer.ok, (path, answer.status_code, answer.text[:2000])
        return answer.json()

    def _wait(self, draft: str, wanted: set[str]) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found: dict[str, Any] = self._ask("GET", f"/drafts/{draft}")
            assert found["status"] != "failed", found["error"]
            if found["status"] in wanted:
                return found
            time.sleep(0.5)
        raise TimeoutError(f"the draft is {found['status']}, {found['stage']}")


@contextmanager
def run_portal(home: Path, settings: Mapping[str, str]) -> Iterator[Portal]:
    """A portal with an editor and a dataset. What its processes say is in `log` beside it."""
    services = make_services(home, prepare=hire_editor)
    token = services.accounts.create_token("editor")[0]
    services.database.dispose()
    write_instance_file(home, {"OPENDATA_REVIEW": "none", **settings})
    port = free_port()
    command = [sys.executable, "-m", "opendata", "serve", "--port", str(port)]
    with (home.parent / f"{home.name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=_environment(home), stdout=log, stderr=log, cwd=home.parent)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, process)
            yield Portal(home, address, token)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "OPENDATA_HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert process.poll() is None
        try:
            if requests.get(f"{address}/api/v1/status", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.3)
    raise TimeoutError("the portal didn't start")


def read_forms(portal: Portal, place: str, table: str) -> dict[str, Any]:
    """Every form of a published table, in values that are equal where its rows are."""
    found: dict[str, Any] = {
        name: hashlib.sha256(portal.fetch(f"{place}/{name}")).hexdigest()
        for name in (f"{table}.csv", f"{table}.csv?excel=1", f"{table}.json", f"{table}.jsonl", f"{table}.schema.json")
    }
    arrow = pa.ipc.open_file(pa.BufferReader(portal.fetch(f"{place}/{table}.arrow"))).read_all()
    parquet = pq.read_table(io.BytesIO(portal.fetch(f"{place}/{table}.parquet")))
    found |= {"arrow": arrow.replace_schema_metadata(None), "parquet": parquet.replace_schema_metadata(None)}
    with zipfile.ZipFile(io.BytesIO(portal.fetch(f"{place}/{table}.xlsx"))) as book:
        # The last sheet says which version this is, by its address and its digest.
        sheets = [name for name in book.namelist() if "docProps" not in name and not name.endswith("sheet3.xml")]
        found["xlsx"] = {name: hashlib.sha256(book.read(name)).hexdigest() for name in sheets}
    with zipfile.ZipFile(io.BytesIO(portal.fetch(f"{place}/datapackage.zip"))) as package:
        found["zip"] = hashlib.sha256(package.read(f"{table}.csv")).hexdigest()
    report = json.loads(portal.fetch(f"{place}/{table}.report.json"))
    for item in (report, *report["tasks"]):
        item["stats"].pop("seconds", None)
    return {**found, "report": report}
