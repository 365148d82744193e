"""A served instance whose PostgreSQL stops or hangs: told in bounded time, and afterwards all goes on by itself."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from opendata.instance_file import write_instance_file
from opendata.settings import read_settings
from opendata.wiring import build_services
from tests.cli.operations.test_serving import Command, linux, running, until
from tests.instances import CSV, DATASET, make_actor, make_services, publish
from tests.servers import PostgresqlServer, free_port

DATABASE_SECONDS = 4
BOUND = 3 + 3 + DATABASE_SECONDS + 2 + 3
"""A ping, a connection, a statement with its margin, and what a busy machine takes."""

STOPS: dict[str, tuple[Callable[[PostgresqlServer], None], Callable[[PostgresqlServer], None]]] = {
    "fast": (lambda server: server.stop(signal.SIGINT), lambda server: server.start()),
    "immediate": (lambda server: server.stop(signal.SIGQUIT), lambda server: server.start()),
    "frozen": (lambda server: server.freeze(), lambda server: server.thaw()),
}
"""How the server goes away, and how it comes back."""

ALWAYS = ("/healthz", "/problems/unavailable", "/.well-known/security.txt", "/api/v1/openapi.json")
READS = (
    "/",
    "/datasets",
    "/datasets/reservoirs",
    "/datasets/reservoirs/1.0.0/",
    "/datasets/reservoirs/1.0.0/levels.csv",
    "/datasets/reservoirs/1.0.0/levels.parquet",
    "/datasets/reservoirs/1.0.0/datapackage.json",
    "/datasets/reservoirs/latest/levels.csv",
    "/feed.atom",
    "/readyz",
    "/api/v1/datasets",
)


class Portal:
    """The served instance as an editor with a token and a browser sees it; `slowest` is the longest answer."""

    def __init__(self, address: str, token: str) -> None:
        self.slowest = 0.0
        self._address = address
        self._token = token
        self._browser = requests.Session()
        self._browser.headers["Accept"] = "text/html"
        page = self.browse("GET", "/sign-in")
        form = {"name": "editor", "password": "a long password", "csrf_token": read_token(page.text)}
        assert self.browse("POST", "/sign-in", data=form).status_code == 200

    def browse(self, method: str, path: str, language: str = "en", **options: Any) -> requests.Response:
        return self._time(self._browser, method, path, {"Accept-Language": language}, **options)

    def read(self, path: str) -> requests.Response:
        """As a program without an account."""
        with requests.Session() as session:
            return self._time(session, "GET", path, {"Accept-Language": "zh"})

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token}", "Accept-Language": "zh", **options.pop("headers", {})}
        with requests.Session() as session:
            return self._time(session, method, f"/api/v1{path}", headers, **options)

    def send(self, text: str, key: str) -> requests.Response:
        files = {"file": ("levels.csv", text)}
        headers = {"Idempotency-Key": key}
        return self.ask("POST", "/datasets/reservoirs/drafts", files=files, data={"name": "levels"}, headers=headers)

    def find_state(self, draft: str) -> str:
        return str(self.ask("GET", f"/drafts/{draft}").json()["status"])

    def _time(
        self, session: requests.Session, method: str, path: str, headers: Any, **options: Any
    ) -> requests.Response:
        begun = time.monotonic()
        answer = session.request(method, self._address + path, headers=headers, timeout=60, **options)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return answer


def read_token(page: str) -> str:
    return page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]


def make_instance(home: Path, server: PostgresqlServer) -> str:
    """An instance on this server with a published version; a token of its editor."""
    services = make_services(home, database_url=server.url)
    services.datasets.create(make_actor(services, "editor"), DATASET)
    publish(services, services.accounts.get_actor("editor"))
    token, _ = services.accounts.create_token("editor")
    services.database.dispose()
    values = {"DATABASE_URL": server.url, "REVIEW": "none", "DATABASE_SECONDS": str(DATABASE_SECONDS)}
    values |= {"SWEEP_SECONDS": "1", "LEASE_SECONDS": "5", "SECURITY_CONTACT": "mailto:nobody@example.org"}
    write_instance_file(home, {f"OPENDATA_{name}": value for name, value in values.items()})
    return token


def drain(command: Command) -> None:
    """Read what the processes log: it is more than a pipe holds, and they would wait."""
    with suppress(AssertionError, ValueError):
        command.wait_for("no line has this text")


def check_told(portal: Portal, draft: str) -> None:
    """What needs the database answers 503, says so in the reader's language, and names when to come back."""
    for path in ALWAYS:
        assert portal.read(path).status_code == 200, path
    for path in READS:
        check_problem(portal.read(path))
    check_problem(portal.ask("GET", "/drafts"))
    check_problem(portal.ask("POST", f"/drafts/{draft}/submit"))
    check_problem(portal.ask("POST", "/tokens", json={"name": "another"}))
    check_problem(portal.ask("POST", "/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"}))
    check_problem(portal.send(CSV, "away"))
    for language, words in (("en", "Try again in a minute"), ("zh", "请过一分钟再试")):
        for path in ("/", "/workspace", "/sign-in"):
            check_page(portal.browse("GET", path, language), words)
    check_page(portal.browse("POST", "/sign-in", data={"name": "editor", "password": "x"}), "Try again in a minute")
    with ThreadPoolExecutor(16) as many:
        for answer in many.map(portal.read, ["/", *["/api/v1/datasets"] * 14, "/datasets"]):
            check_problem(answer)


def check_problem(answer: requests.Response) -> None:
    assert answer.status_code == 503, (answer.url, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json", answer.url
    assert int(answer.headers["Retry-After"]) > 0
    assert "请过一分钟再试" in answer.json()["detail"], answer.json()


def check_page(answer: requests.Response, words: str) -> None:
    assert answer.status_code == 503, (answer.url, answer.text)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert int(answer.headers["Retry-After"]) > 0
    assert words in answer.text, answer.text


@linux
@pytest.mark.slow
@pytest.mark.parametrize("kind", STOPS)
def test_a_portal_tells_of_a_database_that_is_away_and_goes_on_when_it_is_back(
    kind: str, home: Path, postgresql_server: PostgresqlServer
) -> None:
    stop, bring_back = STOPS[kind]
    token = make_instance(home, postgresql_server)
    with running(home, "serve", "--port", str(free_port()), "--workers", "1", "--threads", "4") as (command, address):
        threading.Thread(target=drain, args=(command,), daemon=True).start()
        portal = Portal(address, token)
        draft = portal.send(CSV + "A003,南湖,1,2026-02-01\n", "before").json()["id"]
        until(lambda: portal.find_state(draft) == "valid")
        waiting = portal.send(CSV + "A004,北湖,1,2026-02-01\n", "queued").json()["id"]
        assert portal.ask("POST", f"/drafts/{draft}/submit").status_code == 202
        stop(postgresql_server)  # in the middle of a check and a publication
        portal.slowest = 0.0
        check_told(portal, draft)
        assert portal.slowest < BOUND
        bring_back(postgresql_server)
        until(lambda: requests.get(f"{address}/readyz", timeout=60).status_code == 200)
        until(lambda: portal.find_state(draft) == "published")
        until(lambda: portal.find_state(waiting) == "valid")
        again = portal.send(CSV, "away")
        assert again.status_code == 202, again.text
        assert portal.browse("GET", "/workspace").status_code == 200
        assert requests.get(f"{address}/datasets/reservoirs/1.1.0/levels.csv", timeout=60).text.count("\n") == 4
        assert command.stop() == 0
    services = build_services(read_settings({"OPENDATA_HOME": str(home)}))
    assert services.checking.run(full=True).findings == []
