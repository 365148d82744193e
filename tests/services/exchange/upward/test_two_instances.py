"""A district registers its catalogue at its city over the network: what the city has equals what was delivered."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest
from sqlalchemy import delete, update
from werkzeug.serving import BaseWSGIServer, make_server

from opendata.db.models import HigherPlatform, ReceivedRecord, UpwardRecord
from opendata.domain.upward.records import RecordState
from opendata.outside.guard import Guard
from opendata.outside.posting import Posted, send_document
from opendata.outside.signatures import write_headers
from opendata.services.core.actors import SYSTEM
from opendata.services.exchange.upward.values import PlatformInput, PlatformView
from opendata.services.harvest.senders import SenderInput
from opendata.services.harvest.values import HarvestInput
from opendata.wiring import Services
from tests.instances import CSV, DATASET, lend_app, make_actor, make_services, publish

_PAST = datetime(2020, 1, 1, tzinfo=UTC)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class Seen:
    """What passes to an instance; its `deaf` next answers are lost after the work was done."""

    inner: Application
    deaf: int = 0
    requests: list[Mapping[str, str]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_message = environ["REQUEST_METHOD"] in ("PUT", "DELETE")
        if is_message:
            self.requests.append({name: str(environ.get(name)) for name in ("REQUEST_METHOD", "HTTP_WEBHOOK_ID")})
        answer = self.inner(environ, start_response)
        found = list(answer)
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        if is_message and self.deaf:
            self.deaf -= 1
            raise ConnectionAbortedError
        return found


class Served:
    """An instance on a port, which may be away for a while."""

    def __init__(self, services: Services, stack: ExitStack, port: int = 0) -> None:
        self.services = services
        self.seen = Seen(stack.enter_context(lend_app(services)))
        self.port = port
        self._server: BaseWSGIServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = make_server("127.0.0.1", self.port, self.seen, threaded=True)
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None


@dataclass
class Pair:
    """A district, and its city on a port."""

    district: Services
    city: Served
    secret: str
    port: int

    def push(self) -> PlatformView:
        """Let the district send whatever is due or rests."""
        with self.district.database.unit(write=True) as session:
            session.execute(update(HigherPlatform).values(rests_until=None))
            session.execute(update(UpwardRecord).values(due=_PAST))
        self.district.upward.sending.run_due()
        return self.district.upward.platforms.get(SYSTEM, "city")

    def compare(self) -> PlatformView:
        self.district.upward.platforms.ask(SYSTEM, "city")
        return self.push()

    def require_equal(self) -> None:
        """The catalogue of the city has exactly what is public in the district, and the records say so."""
        ours = {
            (item.uuid, item.metadata.title, item.version): item
            for item in self.district.entries.iterate()
            if item.is_open
        }
        there = [item for item in self.city.services.entries.iterate() if item.archived is None]
        assert sorted(item.metadata.title for item in there) == sorted(title for _, title, _ in ours)
        for item in there:
            assert item.origin is not None
            (found,) = [one for (uuid, _, _), one in ours.items() if uuid == item.origin["identifier"]]
            assert item.metadata == found.metadata
            assert len(item.external) == 2 * len(found.manifest.tables if found.manifest else ())
            assert all(f"/{found.version}/" in one.address for one in item.external)
        records = self.district.upward.records.list(SYSTEM, "city", limit=100).items
        received = self.city.services.upward.receiving.list("district", limit=100).items
        assert {item.uuid: item.delivered for item in records if item.delivered} == {
            item.id: item.digest for item in received
        }
        assert {item.state for item in records} <= {RecordState.DELIVERED, RecordState.WITHDRAWN}

    def send_raw(self, method: str, record: str, name: str, body: bytes, *, age: float = 0, secret: str = "") -> Posted:
        stamp = datetime.now(UTC).timestamp() - age
        headers = {"Content-Type": "application/json", **write_headers(secret or self.secret, name, body, stamp)}
        url = f"{self.city.url}/api/v1/exchange/district/records/{record}"
        return send_document(method, url, body or None, headers, Guard(("127.0.0.1",)), 10)


@pytest.fixture
def pair(tmp_path: Path, request: pytest.FixtureRequest, database_url: str, database_kind: str) -> Iterator[Pair]:
    second = "" if database_kind == "sqlite" else str(request.getfixturevalue("postgresql_database"))
    with ExitStack() as stack:
        city = make_services(tmp_path / "city", database_url=second, source_hosts=("127.0.0.1",))
        served = Served(city, stack)
        stack.callback(served.stop)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        home = f"http://127.0.0.1:{port}"
        district = make_services(
            tmp_path / "district", database_url=database_url, source_hosts=("127.0.0.1",), base_url=home
        )
        editor = make_actor(district, "clerk")
        for number in range(3):
            district.datasets.create(editor, {**DATASET, "id": f"d{number}", "title": f"数据 {number}"})
            publish(district, editor, dataset=f"d{number}")
        said = SenderInput(title="区", url=home, publisher="water-bureau")
        _, secret = city.upward.senders.put(SYSTEM, "district", said)
        platform = PlatformInput(title="市", url=served.url, kind="opendata", account="district", secret=secret)
        district.upward.platforms.put(SYSTEM, "city", platform)
        yield Pair(district, served, secret, port)
        for services in (district, city):
            services.database.dispose()


@pytest.mark.slow
@pytest.mark.both_databases
def test_changes_withdrawals_and_absences_end_in_equal_catalogues(pair: Pair) -> None:
    district, editor = pair.district, pair.district.accounts.get_actor("clerk")
    first = pair.push()
    assert first.counts[RecordState.DELIVERED] == 3, district.upward.records.list(SYSTEM, "city", limit=9).items
    pair.require_equal()
    sent = len(pair.city.seen.requests)
    pair.push()
    assert len(pair.city.seen.requests) == sent == 3

    publish(district, editor, CSV + "A003,南湖,3,2026-03-01\n", dataset="d0")
    district.datasets.update(SYSTEM, "d1", {"description": "水位"})
    district.datasets.create(editor, {**DATASET, "id": "d3", "title": "数据 3"})
    publish(district, editor, dataset="d3")
    district.renaming.rename(SYSTEM, "d2", "d2-new")
    pair.push()
    pair.require_equal()

    narrow = {"attribute": "closed", "reason": "涉及国家秘密", "legalBasis": "保守国家秘密法"}
    district.datasets.update(SYSTEM, "d1", {"disclosure": narrow})
    after = pair.push()
    assert (after.counts[RecordState.DELIVERED], after.counts[RecordState.WITHDRAWN]) == (3, 1)
    pair.require_equal()
    assert [item.metadata.title for item in pair.city.services.entries.iterate() if item.archived] == ["数据 1"]

    pair.city.stop()
    publish(district, editor, CSV + "A004,北湖,4,2026-03-02\n", dataset="d0")
    district.datasets.update(SYSTEM, "d1", {"disclosure": {"attribute": "open"}})
    for _ in range(4):
        away = pair.push()
    assert away.failures == 4
    assert away.rests_until is not None
    assert away.reason is not None
    assert away.counts[RecordState.FAILED] >= 1
    pair.city.start()
    back = pair.push()
    assert (back.failures, back.reason) == (0, None)
    pair.push()
    pair.require_equal()
    step = pair.compare().step
    assert step is not None
    assert (step.equal, step.missing, step.other) == (4, 0, 0)


@pytest.mark.slow
def test_a_lost_answer_makes_no_double_and_has_the_same_name(pair: Pair) -> None:
    pair.city.seen.deaf = 1
    lost = pair.push()
    assert lost.counts[RecordState.FAILED] == 1
    pair.push()
    names = [item["HTTP_WEBHOOK_ID"] for item in pair.city.seen.requests]
    assert (len(names), len(set(names))) == (4, 3)
    pair.require_equal()
    pair.district.upward.records.repeat(SYSTEM, "city")
    pair.push()
    assert len({item["HTTP_WEBHOOK_ID"] for item in pair.city.seen.requests}) == 6
    pair.require_equal()


@pytest.mark.slow
def test_replays_old_and_strange_messages_have_no_effect(pair: Pair) -> None:
    pair.push()
    record = pair.district.upward.records.list(SYSTEM, "city", limit=1).items[0].uuid
    later = int(datetime.now(UTC).timestamp() * 1000) + 10_000
    body = b'{"home": "https://district.example.org", "dataset": {}}'
    assert pair.send_raw("PUT", record, f"put_{record}_{later}", body, age=400).status == 401
    assert pair.send_raw("PUT", record, f"put_{record}_{later}", body, secret="whsec_" + "A" * 32).status == 401
    assert pair.send_raw("DELETE", record, f"put_{record}_{later}", b"").status == 400
    other = record[:-1] + ("0" if record[-1] != "0" else "1")
    assert pair.send_raw("DELETE", record, f"delete_{other}_{later}", b"").status == 400
    assert pair.send_raw("DELETE", record, f"delete_{record}_1", b"").status == 409
    assert pair.send_raw("PUT", record, f"put_{record}_{later}", b"[]").status == 422
    assert pair.send_raw("PUT", record, f"put_{record}_{later}", b"{").status == 400
    refused = pair.send_raw("PUT", record, f"put_{record}_{later}", b'{"home": "here", "dataset": {}}')
    assert (refused.status, b"home" in refused.body) == (422, True)
    pair.require_equal()


@pytest.mark.slow
def test_what_is_refused_says_why_and_is_tried_again_after_a_change(pair: Pair) -> None:
    district, editor = pair.district, pair.district.accounts.get_actor("clerk")
    pair.push()
    district.datasets.create(editor, {**DATASET, "id": "d9", "title": "联系方式"})
    publish(district, editor, dataset="d9")
    district.datasets.update(SYSTEM, "d9", {"title": "联系人 13812345678", "description": "身份证 11010519491231002X"})
    assert pair.push().counts[RecordState.REFUSED] == 1
    (refused,) = district.upward.records.list(SYSTEM, "city", state="refused", limit=9).items
    assert (refused.dataset, refused.status) == ("d9", 422)
    assert "个人信息" in refused.answer or "personal" in refused.answer
    assert pair.push().counts[RecordState.REFUSED] == 1
    district.datasets.update(SYSTEM, "d9", {"title": "联系方式", "description": ""})
    pair.push()
    pair.require_equal()


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_portal_that_is_harvested_too_has_no_doubles(pair: Pair, tmp_path: Path) -> None:
    city, district = pair.city.services, pair.district
    with ExitStack() as stack:
        served = Served(district, stack, pair.port)
        stack.callback(served.stop)
        said = HarvestInput(title="区", url=served.url, kind="opendata", publisher="water-bureau")
        city.harvests.put(SYSTEM, "district", said)
        city.harvests.ask(SYSTEM, "district", is_trial=False)
        city.harvesting.run_due()
        assert city.harvests.get("district").runs[0].counts.new == 3
        pair.push()
        pair.require_equal()
        received = city.upward.receiving.list("district", limit=9).items
        assert len({item.dataset for item in received}) == 3
        city.harvests.ask(SYSTEM, "district", is_trial=False)
        city.harvesting.run_due()
        counts = city.harvests.get("district").runs[0].counts
        assert (counts.kept, counts.new, counts.changed) == (3, 0, 0)


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_comparison_heals_what_either_side_lost(pair: Pair) -> None:
    pair.push()
    with pair.city.services.database.unit(write=True) as session:
        session.execute(delete(ReceivedRecord).where(ReceivedRecord.id == 1))
        session.execute(update(ReceivedRecord).where(ReceivedRecord.id == 2).values(digest="0" * 64))
    step = pair.compare().step
    assert step is not None
    assert (step.equal, step.missing, step.other) == (1, 1, 1)
    pair.require_equal()
    with pair.district.database.unit(write=True) as session:
        session.execute(delete(UpwardRecord).where(UpwardRecord.id == 1))
    step = pair.compare().step
    assert step is not None
    assert (step.equal, step.missing, step.other) == (2, 0, 1)
    pair.require_equal()
    assert pair.compare().counts[RecordState.DELIVERED] == 3


@pytest.mark.slow
def test_a_receiver_that_is_killed_in_the_midst_ends_with_all_and_nothing_twice(pair: Pair) -> None:
    editor = pair.district.accounts.get_actor("clerk")
    for number in range(3, 15):
        pair.district.datasets.create(editor, {**DATASET, "id": f"d{number}", "title": f"数据 {number}"})
        publish(pair.district, editor, dataset=f"d{number}")
    settings = pair.city.services.settings
    pair.city.stop()
    pair.city.services.database.dispose()
    environment = {
        **os.environ,
        "OPENDATA_HOME": str(settings.home),
        "OPENDATA_DATABASE_URL": settings.database_url,
        "PYTHONPATH": str(Path(__file__).parents[4]),
    }
    command = [
        sys.executable,
        "-m",
        "opendata",
        "serve",
        "--port",
        str(pair.city.port),
        "--no-worker",
        "--workers",
        "1",
    ]
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        try:
            _wait_for(pair.city.port)
            sender = Thread(target=pair.push)
            sender.start()
            while not pair.city.services.upward.receiving.list("district", limit=9).items and sender.is_alive():
                pass
        finally:
            os.killpg(process.pid, signal.SIGKILL)
        sender.join()
    broken = pair.district.upward.platforms.get(SYSTEM, "city")
    assert broken.counts[RecordState.DELIVERED] < 15
    pair.city.start()
    pair.push()
    pair.push()
    pair.require_equal()
    assert len(list(pair.city.services.entries.iterate())) == 15


def _wait_for(port: int) -> None:
    """Wait until somebody listens there."""
    for _ in range(600):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.1)
    raise TimeoutError


@pytest.mark.slow
def test_a_record_that_never_came_can_be_withdrawn_and_comes_later(pair: Pair) -> None:
    entry = next(iter(pair.district.entries.iterate()))
    name = f"delete_{entry.uuid}_5"
    assert [pair.send_raw("DELETE", entry.uuid, name, b"").status for _ in range(2)] == [200, 200]
    pair.push()
    pair.require_equal()


@pytest.mark.slow
def test_a_withdrawal_waits_behind_no_new_record(pair: Pair) -> None:
    pair.push()
    editor = pair.district.accounts.get_actor("clerk")
    pair.district.datasets.create(editor, {**DATASET, "id": "d3", "title": "数据 3"})
    publish(pair.district, editor, dataset="d3")
    closed = {"attribute": "closed", "reason": "涉及国家秘密", "legalBasis": "保守国家秘密法"}
    pair.district.datasets.update(SYSTEM, "d2", {"disclosure": closed})
    pair.city.seen.requests.clear()
    pair.push()
    assert [item["REQUEST_METHOD"] for item in pair.city.seen.requests] == ["DELETE", "PUT"]
    pair.require_equal()
