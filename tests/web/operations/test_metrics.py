"""`/metrics`, ids of requests, and `/readyz` while parts of the instance are away."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from opendata.services.core.actors import SYSTEM
from opendata.services.monitoring import probes
from opendata.telemetry import draining, instruments
from opendata.telemetry.instruments import INSTRUMENTS, PREFIX, list_series
from opendata.telemetry.trail import Trail, begin_trail, end_trail
from tests.instances import CSV, make_actor, upload
from tests.web.conftest import Portal, make_portal

TOKEN = "sesame-sesame-sesame"
PROXY = "192.0.2.9"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal that counts, with one dataset."""
    instruments.disable()
    instruments.enable()
    with make_portal(
        tmp_path_factory.mktemp("seen"), metrics_token=TOKEN, trusted_proxies=(PROXY,), requests_per_minute=50
    ) as built:
        yield built
    instruments.disable()


def read(portal: Portal) -> dict[str, float]:
    answer = portal.app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_without_a_token_in_the_settings_there_is_nothing(portal: Portal) -> None:
    answer = portal.app.test_client().get("/metrics", headers={"Authorization": "Bearer "})
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize("header", [None, "", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"])
def test_nobody_reads_the_figures_without_the_token(seen: Portal, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = seen.app.test_client().get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert "opendata_" not in answer.text


def test_requests_are_counted_by_endpoint_and_never_by_path(seen: Portal) -> None:
    client = seen.client()
    before = read(seen)
    for path in ("/datasets", "/datasets/nobody-knows", "/no/such/page", "/wp-admin.php?secret=1"):
        client.get(path)
    client.open("/datasets", method="BREW")
    after = read(seen)
    grown = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
    requests = {name: value for name, value in grown.items() if name.startswith("opendata_http_requests_total")}
    assert requests["opendata_http_requests_total{endpoint=catalogue.list_datasets,method=GET,status=2xx}"] == 1
    assert requests["opendata_http_requests_total{endpoint=unknown,method=GET,status=4xx}"] == 2
    assert requests["opendata_http_requests_total{endpoint=unknown,method=other,status=4xx}"] == 1
    assert not any(word in name for name in after for word in ("nobody", "secret", "wp-admin", "BREW"))
    assert after["opendata_http_requests_in_flight{}"] == 1, "the one that asks"
    assert grown["opendata_database_statements_total{}"] > 0
    assert grown["opendata_http_response_bytes_total{}"] > 1000


def test_every_figure_that_is_exposed_is_in_the_list(seen: Portal) -> None:
    names = {name.partition("{")[0] for name in read(seen)}
    assert names <= list_series()
    kept = {PREFIX + item.name for item in INSTRUMENTS if item.kind == "instance"}
    assert kept - names <= {PREFIX + "worker_silent_seconds"}, "no worker has been there yet"


def test_the_work_on_a_draft_is_counted_and_knows_the_request_that_asked(
    seen: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    services = seen.services
    services.datasets.create(SYSTEM, {"id": "ponds", "title": "池", "publisher": "water-bureau"})
    before = read(seen)
    token = begin_trail(Trail("req-1", TRACE))
    with caplog.at_level(logging.INFO, "opendata.jobs.seen"):
        draft = upload(services, make_actor(services, "seer"), CSV.replace("12.50", "many"), dataset="ponds")
    end_trail(token)
    after = read(seen)
    grown = {name: value - before.get(name, 0) for name, value in after.items()}
    assert grown["opendata_worker_jobs_total{outcome=done,work=process}"] == 1
    assert grown["opendata_worker_stage_seconds_count{stage=read}"] == 1
    assert grown["opendata_findings_total{strength=error}"] == 1
    assert grown["opendata_store_bytes_total{direction=in,store=private}"] > 0
    fields = next(record.fields for record in caplog.records if record.name == "opendata.jobs.seen")  # type: ignore[attr-defined]
    assert (fields["draft"], fields["request"]) == (draft.id, "req-1")
    assert (fields["trace"], fields["work"], fields["outcome"]) == (TRACE[3:35], "process", "done")


def test_a_client_that_is_refused_is_counted_with_the_reason(seen: Portal) -> None:
    client = seen.client()
    while client.get("/api/v1/search?q=a").status_code == 200:
        pass
    assert read(seen)["opendata_http_requests_refused_total{reason=rate-light}"] == 1


def test_the_id_of_a_request_is_that_of_a_trusted_web_server_or_a_new_one(seen: Portal) -> None:
    client = seen.app.test_client()

    def ask(address: str, offered: str) -> str:
        return client.get("/healthz", headers={"X-Request-Id": offered}, environ_base={"REMOTE_ADDR": address}).headers[
            "X-Request-Id"
        ]

    assert ask(PROXY, "front-17") == "front-17"
    assert ask("198.51.100.1", "front-17") != "front-17"
    assert len(ask(PROXY, "a b")) == 16


def test_a_line_for_each_request_has_no_path_no_query_and_no_name(
    seen: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "opendata.requests"):
        seen.signed_in("boss").get("/datasets/nobody-knows?token=hunter2")
        seen.client().get("/datasets?q=secret", headers={"traceparent": TRACE}, environ_base={"REMOTE_ADDR": PROXY})
    lines = [record.fields for record in caplog.records if record.name == "opendata.requests"]  # type: ignore[attr-defined]
    assert lines[-2].items() >= {"user": "account", "route": "/datasets/<dataset>", "status": 404}.items()
    assert lines[-1].items() >= {"user": "anonymous", "trace": TRACE[3:35], "status": 200, "method": "GET"}.items()
    assert lines[-1]["statements"] > 0
    assert lines[-1]["bytes"] > 1000
    text = json.dumps(lines)
    assert not any(word in text for word in ("boss", "hunter2", "secret", "nobody", "127.0.0.1", PROXY))


def test_figures_of_a_database_that_is_away_are_left_out_and_the_others_given(
    seen: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    parts = seen.services.monitoring.probes.parts
    monkeypatch.setitem(parts, "database", probes.Probe(lambda: (held.wait(30), None)[1]))
    seen.services.monitoring.exposing.forget()
    monkeypatch.setattr(probes, "ANSWER_SECONDS", 0.1)
    figures = read(seen)
    assert figures["opendata_probe_ok{part=database}"] == 0
    assert figures["opendata_probe_ok{part=store}"] == 1
    assert "opendata_drafts_waiting{}" not in figures
    answer = seen.client().get("/readyz", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["parts"]["database"]["ok"] is False
    assert seen.client().get("/readyz").status_code == 503
    held.set()
    seen.services.monitoring.exposing.forget()


def test_a_node_that_is_taken_out_of_service_is_alive_and_not_ready(seen: Portal) -> None:
    client = seen.client()
    ready = client.get("/readyz", headers={"Accept": "application/json"})
    assert (ready.status_code, ready.json["status"]) == (200, "ready")
    assert set(ready.json["parts"]) == {"database", "migrations", "store", "private", "queue", "disk"}
    draining.set_draining(True)
    try:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz", headers={"Accept": "*/*"}).status_code == 503
        assert client.get("/readyz", headers={"Accept": "application/json"}).json["status"] == "draining"
        assert client.get("/help/words").status_code == 200
    finally:
        draining.set_draining(False)
    assert client.get("/readyz").status_code == 200


def test_that_a_part_answered_is_remembered_for_a_second_and_a_fault_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def ask() -> None:
        asked.append(True)
        if len(asked) == 2:
            raise OSError

    def find() -> bool:
        probe.begin()
        return probe.wait(probes.time.monotonic() + 30)[0] is None

    monkeypatch.setattr(probes, "FRESH_SECONDS", 1000.0)
    probe = probes.Probe(ask)
    assert [find() for _ in range(3)] == [True, True, True]
    assert len(asked) == 1
    monkeypatch.setattr(probes, "FRESH_SECONDS", 0.0)
    assert not find()
    monkeypatch.setattr(probes, "FRESH_SECONDS", 1000.0)
    assert find()
    assert len(asked) == 3
