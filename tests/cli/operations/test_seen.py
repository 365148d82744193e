"""A running instance seen from outside: figures of all its processes at one port, and a log that machines read."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
import requests

from opendata.instance_file import write_instance_file
from tests.cli.operations.test_serving import SECONDS, Command, running, until
from tests.instances import CSV, DATASET, SCHEMA, make_actor, make_services, upload
from tests.servers import free_port

pytestmark = pytest.mark.slow


def read_figures(port: int) -> dict[str, float]:
    lines = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_all_processes_are_seen_at_one_port_and_log_lines_of_json(tmp_path: Path) -> None:
    home = tmp_path / "instance"
    port = free_port()
    services = make_services(home)
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    before = upload(services, editor, CSV, schema=SCHEMA)
    services.drafts.submit(editor, before.id)
    write_instance_file(home, {"OPENDATA_METRICS_PORT": str(port), "OPENDATA_LOG": "json"})
    with running(home, "serve", "--port", str(free_port())) as (command, address):
        for _ in range(6):
            assert requests.get(f"{address}/datasets?q=secret", timeout=SECONDS).status_code == 200
        done = 'opendata_worker_jobs_total{outcome="done",work="publish"}'
        until(lambda: read_figures(port).get(done) == 1)
        figures = read_figures(port)
        asked = 'opendata_http_requests_total{endpoint="catalogue.list_datasets",method="GET",status="2xx"}'
        assert figures[asked] == 6, "of both web processes"
        assert figures["opendata_publications_total"] == 1
        assert figures['opendata_probe_ok{part="database"}'] == 1
        assert requests.get(f"{address}/metrics", timeout=SECONDS).status_code == 404
        command.process.terminate()
        _, log = command.process.communicate(timeout=SECONDS)
        assert command.process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    answered = [line for line in lines if line["message"] == "request"]
    assert sum(line["route"] == "/datasets" for line in answered) == 6
    jobs = [line for line in lines if line["message"] == "job"]
    assert [(line["draft"], line["work"], line["outcome"]) for line in jobs] == [(before.id, "publish", "done")]
    assert "secret" not in log


def test_a_port_of_figures_that_is_taken_is_named_at_the_start(tmp_path: Path) -> None:
    home = tmp_path / "instance"
    make_services(home)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        write_instance_file(home, {"OPENDATA_METRICS_PORT": str(port)})
        for words in (("serve", "--port", str(free_port())), ("worker",)):
            command = Command(home, *words)
            _, err = command.process.communicate(timeout=SECONDS)
            assert command.process.returncode == 2
            assert f"OPENDATA_METRICS_PORT, {port}" in err
            assert "Traceback" not in err
