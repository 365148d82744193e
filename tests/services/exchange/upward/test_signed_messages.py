"""A platform that takes signed messages gets each record once, with the guide's metadata, and its deletion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import time

import pytest
from sqlalchemy import update

from opendata.db.models import HigherPlatform, UpwardRecord
from opendata.domain.upward.records import RecordState
from opendata.outside.signatures import is_signed, make_secret
from opendata.services.core.actors import SYSTEM
from opendata.services.exchange.upward.values import PlatformInput, PlatformView
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services, publish

_PAST = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Receiver:
    """What came, as (method, path, body); `statuses` are answered to the next messages."""

    secret: str = field(default_factory=make_secret)
    got: list[tuple[str, str, bytes]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            assert headers["idempotency-key"] == headers["webhook-id"]
            status = found.statuses.pop(0) if found.statuses else 200
            if not is_signed(found.secret, headers, body, time()):
                status = 401
            found.names.append(headers["webhook-id"])
            if status == 200:
                found.got.append((self.command, self.path, body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_POST = do_DELETE = _take  # noqa: N815 - as the library calls them

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}/in"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, source_hosts=("127.0.0.1",), base_url="https://district.example.org")
    editor = make_actor(made, "clerk")
    made.datasets.create(editor, DATASET)
    publish(made, editor)
    yield made
    made.database.dispose()


def push(services: Services) -> PlatformView:
    with services.database.unit(write=True) as session:
        session.execute(update(HigherPlatform).values(rests_until=None))
        session.execute(update(UpwardRecord).values(due=_PAST))
    services.upward.sending.run_due()
    return services.upward.platforms.get(SYSTEM, "ministry")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_each_change_is_one_message_and_a_repetition_has_its_name(
    services: Services, receiver: Receiver, method: str
) -> None:
    said = PlatformInput(title="部", url=receiver.url, kind="http", secret=receiver.secret, method=method)
    services.upward.platforms.put(SYSTEM, "ministry", said)
    uuid = next(iter(services.entries.iterate())).uuid
    receiver.statuses = [500]
    assert push(services).counts[RecordState.FAILED] == 1
    assert push(services).counts[RecordState.DELIVERED] == 1
    assert len(set(receiver.names)) == 1
    (command, path, body), found = receiver.got[0], json.loads(receiver.got[0][2])
    assert (command, path) == (method, "/in" if method == "POST" else f"/in/{uuid}")
    assert (found["id"], found["gb"]["信息资源名称"]) == (uuid, "水库")
    assert found["entry"]["home"] == "https://district.example.org"
    assert found.get("type") == (None if method == "PUT" else "record.put")

    push(services)
    assert len(receiver.got) == 1
    services.datasets.update(SYSTEM, "reservoirs", {"title": "湖"})
    push(services)
    assert json.loads(receiver.got[1][2])["gb"]["信息资源名称"] == "湖"
    services.upward.platforms.put(SYSTEM, "ministry", replace(said, secret="", themes=("人口",)))
    assert push(services).counts[RecordState.WITHDRAWN] == 1
    command, path, body = receiver.got[2]
    if method == "PUT":
        assert (command, path, body) == ("DELETE", f"/in/{uuid}", b"")
    else:
        assert json.loads(body) == {"type": "record.deleted", "id": uuid}
    assert len(set(receiver.names)) == 3
