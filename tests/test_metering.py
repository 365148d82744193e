"""What a view says of its cost in one line: counted for its client, a few at once, and a way on for those refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask, Response
from werkzeug.wrappers import Response as AnyResponse

from opendata.errors import OverloadedError, RateLimitError, TooManyAtOnceError
from opendata.metering import charge, cost_class
from opendata.storage import slots
from opendata.storage.slots import Slots
from opendata.wiring import build_services
from tests.instances import lend_app, make_services

ADDRESS = "/datasets/reservoirs/1.0.0/levels.csv"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A portal that answers three queries a minute, of which a client may have one running."""
    monkeypatch.setattr(slots, "WAIT_SECONDS", 0)
    found = make_services(
        tmp_path, queries_per_minute=3, exports_per_minute=2, queries_at_once=2, client_queries_at_once=1
    )
    moment = datetime(2026, 3, 1, 8, 30, 15, tzinfo=UTC)
    with lend_app(build_services(found.settings, clock=lambda: moment)) as lent:
        yield lent


@cost_class("rows")
def make_page() -> Response:
    return Response("1")


@cost_class("heavy")
def make_export() -> Response:
    return Response(iter(["1", "2"]))


def ask(app: Flask, view: object, address: str = "192.0.2.1", path: str = ADDRESS) -> AnyResponse:
    """The answer of a view at an address that names a table."""
    with app.test_request_context(path, environ_base={"REMOTE_ADDR": address}, headers={"Accept": "application/json"}):
        try:
            found = view()  # type: ignore[operator]
        except (RateLimitError, TooManyAtOnceError, OverloadedError) as error:
            found = app.handle_user_exception(error)
        return app.process_response(app.make_response(found))


def test_a_client_that_asks_too_often_is_shown_when_to_go_on_and_what_has_no_limit(app: Flask) -> None:
    first = ask(app, make_page)
    assert (first.status_code, first.headers["RateLimit-Policy"]) == (200, '"rows";q=3;w=60')
    assert first.headers["RateLimit"] == '"rows";r=2;t=45'
    assert [ask(app, make_page).status_code for _ in range(2)] == [200, 200]
    refused = ask(app, make_page)
    document = refused.get_json()
    assert document["type"] == "/problems/rate-limit"
    assert document["bulk"] == [
        {"href": "/datasets/reservoirs/1.0.0/levels.csv", "type": "text/csv"},
        {"href": "/datasets/reservoirs/1.0.0/levels.parquet", "type": "application/vnd.apache.parquet"},
    ]
    assert (refused.headers["Retry-After"], refused.headers["RateLimit"]) == ("45", '"rows";r=0;t=45')
    assert ask(app, make_page, "192.0.2.2").status_code == 200
    assert ask(app, make_export).status_code == 200  # another class has a limit of its own


def test_ipv6_clients_are_counted_by_their_network(app: Flask) -> None:
    answers = [ask(app, make_page, f"2001:db8:0:1::{number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert ask(app, make_page, "2001:db8:0:2::1").status_code == 200


def test_a_streaming_answer_counts_as_running_until_it_is_sent(app: Flask) -> None:
    running = ask(app, make_export)
    refused = ask(app, make_page)
    assert (refused.status_code, refused.get_json()["type"]) == (429, "/problems/too-many-at-once")
    assert (refused.headers["Retry-After"], len(refused.get_json()["bulk"])) == ("2", 2)
    busy = ask(app, make_export, "192.0.2.2")  # the half of the slots that exports may have is taken
    assert (busy.status_code, busy.get_json()["type"]) == (503, "/problems/overloaded")
    assert ask(app, make_page, "192.0.2.2").status_code == 200
    running.close()
    assert ask(app, make_page).status_code == 200


def test_a_query_that_turns_out_to_be_heavy_moves_to_that_class(app: Flask) -> None:
    @cost_class("rows")
    def join() -> Response:
        charge("heavy", tables=[("a-b", "1.0.0", "c"), ("d-e", "2.0.0", "f")])
        return Response(iter(["1"]))

    for left in (1, 0):
        with ask(app, join, path="/datasets") as answer:
            assert answer.headers["RateLimit-Policy"] == '"heavy";q=2;w=60'
            assert answer.headers["RateLimit"] == f'"heavy";r={left};t=45'
    refused = ask(app, join, path="/datasets")
    assert [item["href"] for item in refused.get_json()["bulk"]] == [
        "/datasets/a-b/1.0.0/c.csv",
        "/datasets/a-b/1.0.0/c.parquet",
        "/datasets/d-e/2.0.0/f.csv",
        "/datasets/d-e/2.0.0/f.parquet",
    ]


def test_slots_leave_no_name_of_a_client_behind(tmp_path: Path) -> None:
    with Slots(tmp_path, 3, 2).take("somebody"):
        assert [path.read_bytes() for path in tmp_path.glob("*.slot") if path.read_bytes()] == [b"somebody"]
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b""}
    assert len(list(tmp_path.iterdir())) == 4


def test_processes_share_the_slots_of_a_machine_and_of_a_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each `Slots` stands for a process: flock(2) locks belong to the open file, so two of one process compete as well.
    monkeypatch.setattr(slots, "WAIT_SECONDS", 0)
    first, second = Slots(tmp_path, 3, 2), Slots(tmp_path, 3, 2)
    with first.take("a"), second.take("a"):
        with pytest.raises(TooManyAtOnceError), second.take("a"):
            pass
        with first.take("b"), pytest.raises(OverloadedError), second.take("c"):
            pass
        with second.take("c", is_heavy=True):
            pass
    with first.take("a", is_heavy=True), second.take("b", is_heavy=True):
        with pytest.raises(OverloadedError), first.take("c", is_heavy=True):
            pass
        with first.take("c"):
            pass
