"""What everybody is told of the catalogue, and sending it: signed, again until it is taken, never what isn't public."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from opendata.domain.catalogue.public_events import LOGGED, EventKind
from opendata.errors import InputError, InvalidMetadataError, NotFoundError, StateError
from opendata.services.announcing.delivering import PAUSES
from opendata.services.announcing.webhooks import MOST_HOOKS
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import read_clock
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, SCHEMA, make_actor, make_services, publish


class Receiver:
    """A program that listens: what it got, and what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=b"
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def listening(receiver: Receiver) -> Receiver:
    receiver.got, receiver.answers = [], []
    return receiver


class Clock:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> Any:
        return read_clock() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def portal(tmp_path: Path, clock: Clock) -> Iterator[Services]:
    made = make_services(tmp_path, source_hosts=("127.0.0.1",), base_url="https://data.example.org")
    services = build_services(made.settings, clock=clock)
    services.datasets.create(SYSTEM, DATASET)
    yield services
    services.database.dispose()
    made.database.dispose()


def follow(services: Services) -> None:
    while services.public_events.follow():
        pass


def list_types(services: Services, **wanted: Any) -> list[str]:
    follow(services)
    return [item.type for item in services.public_events.list(limit=1000, **wanted).items]


def check_signature(secret: str, headers: dict[str, str], body: bytes) -> None:
    """As any receiver does that reads the standard."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{right}"


def test_what_happens_is_told_from_the_first_public_moment_on(portal: Services) -> None:
    clerk, boss = make_actor(portal, "clerk"), make_actor(portal, "boss", role="maintainer")
    portal.datasets.update(clerk, "reservoirs", {"description": "geheim"})
    assert list_types(portal, dataset="reservoirs") == []
    publish(portal, clerk)
    publish(portal, clerk, CSV + "A003,三号,3,2026-02-02\n")
    portal.datasets.update(clerk, "reservoirs", {"description": "水位"})
    portal.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="站码有误")
    portal.renaming.rename(boss, "reservoirs", "lakes")
    told = ["version.published", "version.published", "dataset.updated", "version.withdrawn", "dataset.renamed"]
    assert list_types(portal, dataset="lakes") == list_types(portal, dataset="reservoirs") == told
    items = portal.public_events.list(dataset="lakes").items
    second = items[1].data
    assert second["dataset"]["url"] == "https://data.example.org/datasets/lakes"
    assert second["version"]["manifest"]["hash"].startswith("sha256:")
    assert second["changes"][0]["rows"] == {"added": 1, "removed": 0, "changed": 0}
    assert second["changes"][0]["valid"] is True
    assert items[2].data["properties"] == ["description"]
    assert items[3].data["reason"] == "站码有误"
    assert "resources" not in items[0].data["version"]
    assert "resources" in second["version"]
    assert items[4].data["before"] == "reservoirs"
    assert list_types(portal, kinds=["version.withdrawn"]) == ["version.withdrawn"]
    assert list_types(portal, publisher="road-bureau") == []


def test_a_reader_goes_on_from_a_cursor_and_misses_nothing(portal: Services) -> None:
    clerk = make_actor(portal, "clerk")
    publish(portal, clerk)
    follow(portal)
    seen, since = [], None
    for number in range(4):
        while True:
            page = portal.public_events.list(since=since, limit=2)
            seen += [item.id for item in page.items]
            since = page.since
            if page.next is None:
                break
        portal.datasets.update(clerk, "reservoirs", {"description": f"{number}"})
        follow(portal)
    rest = [item.id for item in portal.public_events.list(since=since).items]
    everything = [item.id for item in portal.public_events.list(limit=1000).items]
    assert [*seen, *rest] == everything
    assert len(set(everything)) == len(everything)
    for wrong in ("x", "ZXZlbnQ6eA", "ZXZlbnQ6MTIzNDU2Nzg5MDEyMzQ1Njc4OTA"):
        with pytest.raises(InputError):
            portal.public_events.list(since=wrong)
    with pytest.raises(InvalidMetadataError):
        portal.public_events.list(kinds=["dataset.gone"])


def test_every_kind_is_told_of_some_line_of_the_log() -> None:
    assert set(LOGGED.values()) == set(EventKind)


def test_an_event_comes_signed_and_once(portal: Services, listening: Receiver) -> None:
    reader, clerk = make_actor(portal, "reader", role="reader", publisher=None), make_actor(portal, "clerk")
    hook, secret = portal.webhooks.create(reader, {"url": listening.url, "types": ["version.published"]})
    other, _ = portal.webhooks.create(reader, {"url": listening.url, "publisher": "water-bureau", "schema": ""})
    portal.webhooks.update(reader, other.id, {"active": False})
    publish(portal, clerk)
    portal.datasets.update(clerk, "reservoirs", {"description": "水位"})
    follow(portal)
    assert portal.delivering.run_due() == 2
    assert listening.types == ["webhook.test", "version.published"]
    for headers, body in listening.got:
        check_signature(secret, headers, body)
    document = json.loads(listening.got[1][1])
    assert document["data"]["dataset"]["id"] == "reservoirs"
    assert listening.got[1][0]["webhook-id"] == portal.public_events.list(kinds=["version.published"]).items[0].id
    assert portal.delivering.run_due() == 0
    states = [
        (item.type, item.state, item.status) for item in portal.webhooks.list_deliveries(reader, hook.id, limit=9).items
    ]
    assert states == [("version.published", "delivered", 204), ("webhook.test", "delivered", 204)]
    assert portal.webhooks.replay(reader, hook.id, "") == 1
    portal.delivering.run_due()
    assert listening.got[2][0]["webhook-id"] == listening.got[1][0]["webhook-id"]
    with pytest.raises(StateError):
        portal.webhooks.test(reader, other.id)


def test_a_webhook_for_one_thing_hears_of_no_other(portal: Services, listening: Receiver) -> None:
    reader, clerk = make_actor(portal, "reader", role="reader", publisher=None), make_actor(portal, "clerk")
    portal.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    for name in ("reservoir", "road"):
        portal.schemas.add(SYSTEM, name, "1.0.0", {**SCHEMA, "title": name})
    publish(portal, clerk, schema="reservoir@1.0.0")
    portal.datasets.create(clerk, {**DATASET, "id": "lakes"})
    publish(portal, clerk, dataset="lakes")
    follow(portal)
    wanted = {
        "dataset": ("lakes", ["version.published"]),
        "schema": ("reservoir", ["schema.published", "version.published"]),
        "publisher": ("road-bureau", ["publisher.created"]),
    }
    for name, (value, types) in wanted.items():
        hook, _ = portal.webhooks.create(reader, {"url": listening.url, name: value})
        assert portal.webhooks.replay(reader, hook.id, "") == len(types), name
        listening.got = []
        portal.delivering.run_due()
        assert sorted(item for item in listening.types if item != "webhook.test") == types, name


def test_it_is_sent_again_until_it_is_taken(portal: Services, listening: Receiver, clock: Clock) -> None:
    reader = make_actor(portal, "reader", role="reader", publisher=None)
    hook, _ = portal.webhooks.create(reader, {"url": listening.url})
    listening.answers = [(500, {}), (302, {"Location": listening.url}), (503, {"Retry-After": "4000"})]
    waits = []
    for _ in range(4):
        assert portal.delivering.run_due() == 1
        last = portal.webhooks.list_deliveries(reader, hook.id, limit=1).items[0]
        waits.append((last.due - clock()).total_seconds())
        assert portal.delivering.run_due() == 0
        clock.ahead += timedelta(seconds=max(waits[-1], 0) + 1)
    assert len(listening.got) == 4
    assert [PAUSES[0] - 1 <= waits[0] <= 6, 299 <= waits[1] <= 360, 3990 <= waits[2] <= 4000] == [True] * 3
    assert (last.state, last.tries) == ("delivered", 4)
    assert portal.webhooks.get(reader, hook.id).failing is None


def test_one_that_takes_nothing_does_not_hold_up_the_others(
    portal: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = make_actor(portal, "reader", role="reader", publisher=None)
    hook, _ = portal.webhooks.create(reader, {"url": "http://127.0.0.1:9/"})
    for name in ("b1", "b2", "b3"):
        portal.datasets.create(SYSTEM, {**DATASET, "id": name})
        publish(portal, SYSTEM, dataset=name)
    follow(portal)
    assert portal.delivering.run_due() > 0
    clock.ahead += timedelta(seconds=20)
    assert portal.delivering.run_due() == 1
    monkeypatch.setattr("opendata.services.announcing.webhooks.MOST_REPLAYED", 4)
    with pytest.raises(StateError, match="wait"):
        portal.webhooks.replay(reader, hook.id, "")


def test_who_is_gone_or_takes_nothing_is_turned_off(portal: Services, listening: Receiver, clock: Clock) -> None:
    reader = make_actor(portal, "reader", role="reader", publisher=None)
    gone, _ = portal.webhooks.create(reader, {"url": listening.url})
    listening.answers = [(410, {})]
    portal.delivering.run_due()
    found = portal.webhooks.get(reader, gone.id)
    assert found.ended is not None
    assert found.reason is not None
    tired, _ = portal.webhooks.create(reader, {"url": "http://127.0.0.1:1/"})
    for _ in range(12):
        portal.delivering.run_due()
        clock.ahead += timedelta(hours=11)
        portal.webhooks.get(reader, tired.id).ended or portal.webhooks.test(reader, tired.id)
    assert portal.webhooks.get(reader, tired.id).ended is not None
    assert portal.webhooks.update(reader, tired.id, {"active": True}).ended is None


def test_a_webhook_for_a_search_hears_of_what_it_finds(portal: Services, listening: Receiver, clock: Clock) -> None:
    reader, clerk = make_actor(portal, "reader", role="reader", publisher=None), make_actor(portal, "clerk")
    for search in ("q=水库&publisher=water-bureau", "q=道路"):
        portal.webhooks.create(reader, {"url": listening.url, "search": search})
    publish(portal, clerk)
    follow(portal)
    clock.ahead = timedelta(seconds=11)
    portal.delivering.run_due()
    assert listening.types == ["webhook.test"] * 2  # the index doesn't know of it yet
    while portal.indexing.follow():
        pass
    clock.ahead = timedelta(seconds=22)
    portal.delivering.run_due()
    assert listening.types == ["webhook.test", "webhook.test", "version.published"]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"url": "ftp://example.org/"}, "/url"),
        ({"url": "http://example.org/"}, "/url"),
        ({"url": "https://me@example.org/"}, "/url"),
        ({"url": "https://me:secret@example.org/"}, "/url"),
        ({"url": ""}, "/url"),
        ({"types": ["dataset.gone"]}, "/types/0"),
        ({"dataset": "nothing"}, "/dataset"),
        ({"dataset": "reservoirs"}, "/dataset"),
        ({"publisher": "nobody"}, "/publisher"),
        ({"schema": "nothing"}, "/schema"),
        ({"search": "q=a&color=red"}, "/search"),
        ({"search": "nonsense"}, "/search"),
        ({"note": "x" * 201}, "/note"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(portal: Services, said: dict[str, Any], place: str) -> None:
    reader = make_actor(portal, "reader", role="reader", publisher=None)
    with pytest.raises(InvalidMetadataError) as caught:
        portal.webhooks.create(reader, {"url": "https://example.org/hook", **said})
    assert [item.pointer for item in caught.value.faults] == [place]


def test_addresses_inside_a_network_are_never_asked(portal: Services) -> None:
    reader = make_actor(portal, "reader", role="reader", publisher=None)
    hook, _ = portal.webhooks.create(reader, {"url": "https://10.0.0.1/hook"})
    portal.delivering.run_due()
    found = portal.webhooks.list_deliveries(reader, hook.id, limit=1).items[0]
    assert found.status is None
    assert found.reason is not None
    assert "OPENDATA_SOURCE_HOSTS" in found.reason["message"]
    assert found.reason["params"] == {"host": "10.0.0.1"}
    assert "address" not in found.reason["message"]


def test_they_belong_to_one_account_and_end_with_it(portal: Services, listening: Receiver) -> None:
    reader, other = (make_actor(portal, name, role="reader", publisher=None) for name in ("reader", "other"))
    hook, _ = portal.webhooks.create(reader, {"url": listening.url})
    with pytest.raises(NotFoundError):
        portal.webhooks.get(other, hook.id)
    for _ in range(MOST_HOOKS - 1):
        portal.webhooks.create(reader, {"url": listening.url})
    with pytest.raises(StateError):
        portal.webhooks.create(reader, {"url": listening.url})
    assert len(portal.own_data.export(reader)["webhooks"]) == MOST_HOOKS
    portal.persons.close(make_actor(portal, "boss", role="maintainer"), "reader")
    portal.delivering.run_due()
    assert listening.got == []
