"""What one small draft costs: a CSV of two rows from the POST to `status: valid`.

The first figure is the CPU time of all processes of a served instance, what they take when idle subtracted. The others
are the units of work and the statements that the same draft asks of the database: in the request, in the worker that
holds it, and in the process that checks it.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from sqlalchemy import Engine, event

from bench._machine import describe_machine, measure_cpu, serve_instance
from opendata.app import create_app
from opendata.services.core.actors import SYSTEM
from opendata.services.core.instance import create_instance
from opendata.settings import Settings
from opendata.wiring import build_services

TABLE = b"code,name\nA001,East Lake\nA002,West Lake\n"
WARM_UP = 5
IDLE_SECONDS = 10.0
WAIT_SECONDS = 0.3
"""How long a client waits before it asks for a draft: one answer for each draft, as of a client that is patient."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drafts", type=int, default=50)
    parser.add_argument("--statements", action="store_true", help="print each statement")
    args = parser.parse_args()
    print(describe_machine())
    show_counts(with_statements=args.statements)
    with serve_instance() as (address, token, root):
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        body = {"id": "lakes", "title": "Lakes", "publisher": "bench"}
        session.post(f"{address}/api/v1/datasets", json=body).raise_for_status()
        for _ in range(WARM_UP):
            send_draft(session, address)
        before, started = measure_cpu(root), time.monotonic()
        time.sleep(IDLE_SECONDS)
        idle = (measure_cpu(root) - before) / (time.monotonic() - started)
        before, started = measure_cpu(root), time.monotonic()
        for _ in range(args.drafts):
            send_draft(session, address)
        used = measure_cpu(root) - before - idle * (time.monotonic() - started)
        print(f"CPU of all processes: {used / args.drafts * 1000:.0f} ms a draft (idle: {idle * 1000:.1f} ms a second)")


def send_draft(session: requests.Session, address: str) -> None:
    """Send the table and wait until it is checked."""
    answer = session.post(f"{address}/api/v1/datasets/lakes/drafts", files={"file": ("lakes.csv", TABLE)})
    answer.raise_for_status()
    while True:
        time.sleep(WAIT_SECONDS)
        found = session.get(address + answer.headers["Location"]).json()["status"]
        if found == "valid":
            return
        if found not in ("received", "validating"):
            raise SystemExit(f"the draft is {found}")


class Counts:
    """Units of work and statements of one engine."""

    def __init__(self, engine: Engine, *, with_statements: bool) -> None:
        self._engine = engine
        self._with_statements = with_statements
        self._units = 0
        self._statements: list[str] = []

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        """Count what a step asks for, and print it."""
        self._units = 0
        self._statements.clear()
        event.listen(self._engine, "begin", self._note_unit)
        event.listen(self._engine, "before_cursor_execute", self._note_statement)
        yield
        event.remove(self._engine, "begin", self._note_unit)
        event.remove(self._engine, "before_cursor_execute", self._note_statement)
        print(f"{step:<8} {self._units:3} units of work {len(self._statements):3} statements")
        if self._with_statements:
            print("\n".join(f"    {' '.join(item.split())[:110]}" for item in self._statements))

    def _note_unit(self, connection: object) -> None:  # noqa: ARG002
        self._units += 1

    def _note_statement(self, connection: object, cursor: object, statement: str, *rest: object) -> None:  # noqa: ARG002
        if not statement.startswith("BEGIN"):
            self._statements.append(statement)


def show_counts(*, with_statements: bool) -> None:
    """Count what one draft asks of the database, each process's part on its own."""
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as home:
        settings = Settings(home=Path(home), review="none")
        create_instance(settings, review="none")
        services = build_services(settings)
        services.publishers.ensure(SYSTEM, {"id": "bench", "title": "Benchmark"})
        services.accounts.create_user("bencher", "a long password", "maintainer", None)
        token, _ = services.accounts.create_token("bencher")
        services.datasets.create(SYSTEM, {"id": "lakes", "title": "Lakes", "publisher": "bench"})
        client = create_app(services=services).test_client()
        headers = {"Authorization": f"Bearer {token}"}
        counts = Counts(services.database.engine, with_statements=with_statements)
        with counts.of("POST"):
            body = {"file": (io.BytesIO(TABLE), "lakes.csv")}
            draft = client.post("/api/v1/datasets/lakes/drafts", data=body, headers=headers).get_json()["id"]
        with counts.of("worker"):
            lease = services.work.take(draft)
        assert lease is not None
        with counts.of("process"):
            services.work.do(services.work.resume(draft, lease.owner))
        with counts.of("GET"):
            found = client.get(f"/api/v1/drafts/{draft}", headers=headers).get_json()
        assert found["status"] == "valid"
        services.database.dispose()


if __name__ == "__main__":
    main()
