"""A served instance to send hostile requests to: its accounts, what exists in it, and what became of each request."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import CSV, PUBLISHER, SCHEMA
from tests.servers import CHECKOUT, free_port

PASSWORD = "correct horse battery staple 9"
ROLES = ("stranger", "reader", "editor", "maintainer")
SLOW_SECONDS = 5.0
_WAIT_SECONDS = 60.0
_ALLOWED = frozenset([503, 507])
_EVENT = re.compile(
    r"^(Traceback \(most recent call last\):|.*ended with .*; starting it again|.*\[CRITICAL\].*)$", re.MULTILINE
)


@dataclass
class Tally:
    """What became of the requests; `faults` are those that must not end so, with what was sent."""

    folder: Path
    classes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    slow: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, label: str, status: int, seconds: float, sent: str, told: str = "") -> None:
        """Count one answer."""
        self.classes[f"{status // 100}xx"] += 1
        self.statuses[status] += 1
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        if seconds > SLOW_SECONDS * max(1.0, load):  # where others keep the machine busy, all takes longer
            self.slow += 1
            self.blame(f"{label}: longer than {SLOW_SECONDS:g} s", f"{seconds:.1f} s\n{sent}")
        if status >= 500 and status not in _ALLOWED:
            self.blame(f"{label}: {status}", f"{sent}\n{told[:2000]}")

    def blame(self, what: str, sent: str) -> None:
        """Keep what was sent with a fault, at most some of one kind."""
        self.faults[what] += 1
        if self.faults[what] > 3:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{sum(self.faults.values()):04}.txt"
        path.write_text(f"{what}\n{sent}\n", "utf-8", "backslashreplace")
        print(f"FAULT {what}\n      {path}", flush=True)

    def say(self, name: str) -> None:
        """Print the counts."""
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(self.classes.items()))
        wrong = sum(count for status, count in self.statuses.items() if status >= 500 and status not in _ALLOWED)
        allowed = sum(self.statuses[status] for status in _ALLOWED)
        print(
            f"{name}: {self.classes.total()} requests: {told}; 5xx {wrong} (and 503 or 507 {allowed}),"
            f" longer than {SLOW_SECONDS:g} s {self.slow}; faults {self.faults.total()} of {len(self.faults)} kinds",
            flush=True,
        )


class Portal:
    """The instance, and a name of something real for every part of an address."""

    def __init__(self, address: str, services: Services, root: int, log: Path) -> None:
        self.address, self.services, self.root, self.log = address, services, root, log
        self.tokens = {"stranger": ""}
        for role in ROLES[1:]:
            services.accounts.create_user(role, PASSWORD, role, None if role == "maintainer" else PUBLISHER["id"])
            self._renew(role)
        self.number = 0
        self.real: dict[str, str] = {}
        self._read = 0
        self.renew()

    def _renew(self, role: str) -> None:
        self.tokens[role] = self.services.accounts.create_token(role)[0]

    def headers(self, role: str) -> dict[str, str]:
        """What an account's program sends; a token that somebody ended is made again."""
        if role == "stranger":
            return {}
        with contextlib.suppress(Exception):
            self.services.accounts.authenticate(self.tokens[role])
            return {"Authorization": f"Bearer {self.tokens[role]}"}
        self._renew(role)
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def sign_in(self, role: str) -> requests.Session:
        """A browser in which an account has signed in."""
        session = requests.Session()
        session.headers["Accept"] = "text/html,*/*;q=0.8"
        if role == "stranger":
            return session
        token = re.search(r'name="csrf_token" value="([^"]+)"', session.get(f"{self.address}/sign-in").text)
        assert token is not None
        form = {"csrf_token": token[1], "name": role, "password": PASSWORD}
        answer = session.post(f"{self.address}/sign-in", data=form, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        return session

    def renew(self) -> None:
        """Publish a dataset with two versions and send a draft, as what requests name: the last ones may be gone."""
        self.number += 1
        headers = self.headers("maintainer")
        dataset = f"reservoirs-{self.number}"
        metadata = {"id": dataset, "title": "水库", "publisher": PUBLISHER["id"], "licenses": [{"name": "CC-BY-4.0"}]}
        self._post("/datasets", headers, json=metadata)
        for text in (CSV, f"{CSV}A003,南湖,1,2026-02-02\n"):
            draft = self._send(headers, dataset, text)
            self._post(f"/drafts/{draft}/submit", headers, json={"breaking": "x"})
            self._wait(headers, draft)
        draft = self._send(headers, dataset, f"{CSV}A004,北湖,x,2026-02-30\n")
        upload = self._post("/uploads", {**headers, "Tus-Resumable": "1.0.0", "Upload-Length": "10"}, expected=201)
        self.real = {
            **{"dataset": dataset, "name": dataset, "version": "1.0.0", "old": "1.0.0", "new": "1.1.0", "draft": draft},
            **{
                "resource": "levels",
                "publisher": PUBLISHER["id"],
                "schema": "levels",
                "file": "levels.csv",
                "grant": "1",
            },
            **{"upload": upload.headers["Location"].rpartition("/")[2], "slug": "not-found", "suffix": "csv"},
            **{"rest": "levels.csv", "filename": "style.css", "text": "abc", "number": "1", "token": "1"},
            **{"duty": "1", "obligation": "1", "step": "finish", "rule": "n7", "year": "2026"},
        }

    def is_whole(self) -> bool:
        """Whether what requests name is still there."""
        headers = self.headers("maintainer")
        draft = self._get(f"/drafts/{self.real['draft']}", headers)
        version = self._get(f"/datasets/{self.real['dataset']}/versions/{self.real['version']}", headers)
        return (
            version.ok
            and draft.ok
            and draft.json()["status"] in ("valid", "invalid")
            and bool(draft.json()["resources"])
        )

    def find_events(self) -> list[str]:
        """What the server has logged since it was asked last that it must not: tracebacks, processes that died."""
        with self.log.open("rb") as stream:
            stream.seek(self._read)
            text = stream.read().decode("utf-8", "replace")
            self._read = stream.tell()
        return [text[found.start() : found.start() + 6000] for found in _EVENT.finditer(text)]

    def _send(self, headers: Mapping[str, str], dataset: str, text: str) -> str:
        files = {"file": ("levels.csv", io.BytesIO(text.encode()))}
        answer = self._post(f"/datasets/{dataset}/drafts", headers, files=files, data={"schema": json.dumps(SCHEMA)})
        draft = str(answer.json()["id"])
        self._wait(headers, draft)
        return draft

    def _wait(self, headers: Mapping[str, str], draft: str) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < _WAIT_SECONDS:
            status = self._get(f"/drafts/{draft}", headers).json()["status"]
            if status not in ("received", "validating", "submitted", "approved"):
                return
            time.sleep(0.05)
        raise SystemExit(f"the draft {draft} is still {status}")

    def _get(self, path: str, headers: Mapping[str, str]) -> requests.Response:
        return requests.get(f"{self.address}/api/v1{path}", headers=dict(headers), timeout=_WAIT_SECONDS)

    def _post(self, path: str, headers: Mapping[str, str], expected: int = 0, **options: object) -> requests.Response:
        answer = requests.post(
            f"{self.address}/api/v1{path}",
            headers=dict(headers),
            timeout=_WAIT_SECONDS,
            **options,  # type: ignore[arg-type]
        )
        assert answer.ok, answer.text
        return answer


@contextlib.contextmanager
def serve() -> Iterator[Portal]:
    """A fresh instance being served on 127.0.0.1, with an account of each role."""
    with tempfile.TemporaryDirectory(prefix="opendata-fuzz-home-") as name:
        home, log = Path(name) / "instance", Path(name) / "log"
        environment = {**os.environ, "OPENDATA_HOME": str(home), "OPENDATA_REVIEW": "none", "LANG": "C.UTF-8"}
        environment |= {f"OPENDATA_{name}_PER_MINUTE": "0" for name in ("REQUESTS", "QUERIES", "EXPORTS")}
        program = [sys.executable, "-m", "opendata"]
        subprocess.run(
            [*program, "init", "--review", "none"], env=environment, cwd=CHECKOUT, check=True, capture_output=True
        )
        services = build_services(Settings(home=home, review="none"))
        services.publishers.ensure(SYSTEM, PUBLISHER)
        port = free_port()
        with log.open("ab") as output:
            command = [*program, "serve", "--port", str(port)]
            process = subprocess.Popen(command, env=environment, cwd=CHECKOUT, stdout=output, stderr=output)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address)
            yield Portal(address, services, process.pid, log)
        finally:
            services.database.dispose()
            process.terminate()
            process.wait(timeout=60)


def _wait_for(address: str) -> None:
    for _ in range(600):
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{address}/healthz", timeout=30).ok:
                return
        time.sleep(0.1)
    raise SystemExit(f"{address} does not answer")
