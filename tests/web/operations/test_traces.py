"""Traces as a collector gets them: requests, their statements, the work that they ask for, other servers."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from opendata.errors import UsageError
from opendata.outside.measured import measure_outgoing
from opendata.services.core.actors import SYSTEM
from opendata.telemetry.tracing import begin_tracing, end_tracing, is_tracing, is_wanted
from tests.instances import CSV
from tests.servers import CHECKOUT
from tests.telemetry.receiver import read_attributes, receive_traces
from tests.web.conftest import make_portal

PROXY = "192.0.2.9"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.mark.slow
def test_a_request_and_the_work_that_it_asks_for_are_one_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receive_traces() as received, make_portal(tmp_path / "instance", trusted_proxies=(PROXY,)) as portal:
        portal.services.datasets.create(SYSTEM, {"id": "ponds", "title": "池", "publisher": "water-bureau"})
        token, _ = portal.services.accounts.create_token("clerk")
        client = portal.app.test_client()
        client.environ_base["REMOTE_ADDR"] = PROXY
        client.get("/datasets/ponds?before=1")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.address)
        begin_tracing("", "opendata-web", "0")
        try:
            assert is_tracing()
            sent = client.post(
                "/api/v1/datasets/ponds/drafts?note=secret",
                data={"file": (io.BytesIO(CSV.encode()), "levels.csv")},
                headers={"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-{PARENT}-01"},
            )
            assert sent.status_code == 202, sent.text
            client.get("/no/such/page")
            with pytest.raises(ConnectionError), measure_outgoing("fetch", "files.example.org"):
                raise ConnectionError
            portal.work()
        finally:
            end_tracing()
        client.get("/datasets/ponds?after=1")
    assert received.services == {"opendata-web"}
    request = received.find("POST /api/v1/datasets/<dataset>/drafts")
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    assert request.kind == Span.SPAN_KIND_SERVER
    told = read_attributes(request)
    assert (told["http.response.status_code"], told["opendata.user"]) == (202, "token")
    assert told["opendata.request_id"] == sent.headers["X-Request-Id"]
    below = received.list_below(request)
    assert "INSERT" in below
    assert sum(name in ("SELECT", "INSERT", "UPDATE", "BEGIN") for name in below) == told["opendata.sql.count"]
    job = received.find("process draft")
    assert (job.trace_id, job.parent_span_id) == (request.trace_id, request.span_id)
    assert job.kind == Span.SPAN_KIND_CONSUMER
    assert read_attributes(job)["opendata.draft"] == sent.json["id"]
    lost = received.find("GET unknown")
    assert lost.trace_id != request.trace_id
    outgoing = received.find("outgoing fetch")
    assert read_attributes(outgoing)["server.address"] == "files.example.org"
    text = "".join(str(span) for span in received.spans)
    assert not any(word in text for word in ("secret", "clerk", token, "before=1", "after=1", PROXY, "东湖"))


@pytest.mark.parametrize(
    ("mode", "variables", "wanted"),
    [
        ("", {}, False),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ("", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ("on", {}, True),
        ("off", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, False),
        ("on", {"OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_traces_are_off_unless_they_are_asked_for(
    mode: str, variables: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert is_wanted(mode) is wanted


def test_without_the_packages_it_is_said_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(UsageError, match="OpenTelemetry"):
        begin_tracing("on", "opendata-web", "0")
    assert not is_tracing()


@pytest.mark.slow
def test_nothing_is_loaded_unless_it_is_asked_for(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from opendata.app import create_app
from opendata.settings import Settings
app = create_app(Settings(home=Path(sys.argv[1])))
assert app.test_client().get("/healthz").status_code == 200
assert not [name for name in sys.modules if name.startswith(("opentelemetry", "prometheus_client"))]
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, cwd=CHECKOUT)
