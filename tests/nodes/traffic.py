"""Publishers and readers at a fleet: they write down what was acknowledged, and what each read saw and when."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

ROWS = 40
SCHEMA = '{"fields": [{"name": "of", "type": "integer"}, {"name": "n", "type": "integer"}], "primaryKey": ["n"]}'
FIRST = 1_000_000
"""The number of the table that a dataset begins with; that of the second dataset is one more."""

PATIENCE = 180.0
READ_SECONDS = 20.0


@dataclass(frozen=True)
class Read:
    """One read that failed: what was asked, what came, from when to when (monotonic)."""

    path: str
    what: str
    began: float
    ended: float


@dataclass
class Traffic:
    """What was asked of the instance, and what came of it."""

    base: str
    token: str
    datasets: int
    published: dict[int, list[int]] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    failed: list[Read] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    """Changes and looks at drafts that had to be sent again."""
    cut: list[Read] = field(default_factory=list)
    """Answers that ended in the middle and came whole the second time: their machine died meanwhile."""

    reads: int = 0
    longest: float = 0.0
    is_over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def create(self, dataset: int) -> None:
        """Make a dataset."""
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.token}"
        licenses = [{"name": "CC-BY-4.0"}]
        body = {"id": f"reservoirs-{dataset}", "title": "水库", "publisher": "water-bureau", "licenses": licenses}
        answer = self._ask(session, "POST", "/datasets", json=body)
        assert answer.status_code == 201, answer.text

    def publish(self, dataset: int, count: int) -> None:
        """Publish so many versions of a dataset, one after the other; each fifth upload is no table of its schema."""
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.token}"
        for _ in range(count):
            number = next(self._numbers)
            began = time.monotonic()
            try:
                self._publish_one(session, dataset, number)
            except AssertionError as error:
                with self._lock:
                    self.unfinished.append(f"{number}: {error}")
            with self._lock:
                self.longest = max(self.longest, time.monotonic() - began)

    def read(self, seed: int, most: Callable[[], bool]) -> None:
        """Read pages, searches and newest versions until there were enough."""
        chance, session = random.Random(seed), requests.Session()
        while not most():
            name = f"reservoirs-{chance.randrange(self.datasets)}"
            kind = chance.randrange(4)
            if kind == 0:
                self._read_one(session, f"/datasets/{name}", None)
            elif kind == 1:
                self._read_one(session, "/api/v1/datasets?limit=5", None)
            else:
                found = self._read_one(session, f"/api/v1/datasets/{name}", None)
                latest = found.json().get("latest") if found is not None else None
                if latest:
                    self._read_one(session, f"/datasets/{name}/{latest}/levels.csv", judge_table)

    def _read_one(
        self, session: requests.Session, path: str, judge: Callable[[str], str | None] | None, *, again: bool = True
    ) -> requests.Response | None:
        began, what, answer, is_cut = time.monotonic(), None, None, False
        try:
            answer = session.get(f"{self.base}{path}", timeout=READ_SECONDS)
            if answer.status_code != 200:
                what = f"status {answer.status_code}: {answer.text[:200]}"
            elif judge is not None:
                what = judge(answer.text)
        except requests.RequestException as error:
            what, is_cut = repr(error), isinstance(error, requests.exceptions.ChunkedEncodingError)
        read = Read(path, what or "", began, time.monotonic())
        with self._lock:
            self.reads += 1
            if what is not None:
                (self.cut if is_cut and again else self.failed).append(read)
        if is_cut and again:
            return self._read_one(session, path, judge, again=False)
        return answer if what is None else None

    def _publish_one(self, session: requests.Session, dataset: int, number: int) -> None:
        is_table = number % 5 != 4
        files = {"file": ("levels.csv", write_table(number, is_table=is_table).encode())}
        form = {"schema": SCHEMA, "name": "levels"}
        headers = {"Idempotency-Key": f"upload-{number}"}
        path = f"/datasets/reservoirs-{dataset}/drafts"
        answer = self._ask(session, "POST", path, files=files, data=form, headers=headers)
        assert answer.status_code == 202, answer.text
        draft = answer.json()["id"]
        status = self._wait(session, draft, {"valid", "invalid", "published"})
        if not is_table:
            assert status == "invalid", status
            report = self._ask(session, "GET", f"/drafts/{draft}").json()
            assert report["status"] == "invalid"
            with self._lock:
                self.refused.append(number)
            return
        assert status in ("valid", "published"), status
        answer = self._ask(session, "POST", f"/drafts/{draft}/submit", json={"breaking": "the reason of a test"})
        assert answer.status_code in (200, 202, 409), answer.text
        status = self._wait(session, draft, {"published", "invalid"})
        assert status == "published", status
        with self._lock:
            self.published.setdefault(dataset, []).append(number)

    def _wait(self, session: requests.Session, draft: str, ends: set[str]) -> str:
        deadline = time.monotonic() + PATIENCE
        status = ""
        while time.monotonic() < deadline:
            status = str(self._ask(session, "GET", f"/drafts/{draft}").json()["status"])
            if status in ends:
                return status
            time.sleep(0.1)
        raise AssertionError(f"draft {draft} is still {status}")

    def _ask(self, session: requests.Session, method: str, path: str, **options: object) -> requests.Response:
        """A request, repeated until it is answered by something that knows."""
        deadline = time.monotonic() + PATIENCE
        last = ""
        while time.monotonic() < deadline:
            try:
                answer = session.request(method, f"{self.base}/api/v1{path}", timeout=READ_SECONDS, **options)  # type: ignore[arg-type]
                if answer.status_code < 500:
                    return answer
                last = answer.text[:200]
            except requests.RequestException as error:
                last = repr(error)
            with self._lock:
                self.repeated.append(f"{method} {path}: {last}")
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} isn't answered: {last}")


def write_table(number: int, *, is_table: bool = True) -> str:
    """The table of an upload: each row says of which."""
    lines = [f"{number if is_table else 'x'},{row}" for row in range(ROWS)]
    return "\n".join(["of,n", *lines, ""])


def read_number(text: str) -> int | None:
    """Of which upload a table is; None if it isn't the whole table of one."""
    first = text.partition("\n")[2].partition(",")[0]
    return int(first) if first.isdigit() and text == write_table(int(first)) else None


def judge_table(text: str) -> str | None:
    """What is wrong with a table that was read."""
    return None if read_number(text) is not None else f"half a table: {text[:60]!r}"
