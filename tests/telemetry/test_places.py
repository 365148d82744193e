"""Processes that share a folder of figures: nothing counted is lost or counted twice, whoever comes and goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opendata.telemetry.exposing import Exposing
from opendata.telemetry.places import VARIABLE, share_figures

PROGRAM = """
import os, sys
from opendata.telemetry.instruments import REQUESTS, REQUESTS_IN_FLIGHT, REQUEST_SECONDS
from opendata.telemetry.places import begin_counting
begin_counting("web")
REQUESTS.add(int(sys.argv[1]), "home", "GET", "2xx")
REQUEST_SECONDS.observe(0.02, "home")
REQUESTS_IN_FLIGHT.add(1)
if sys.argv[2] == "fork":
    if os.fork() == 0:
        REQUESTS.add(100, "home", "GET", "2xx")
        os._exit(0)
    os.wait()
print("ready", flush=True)
if sys.argv[2] == "stay":
    sys.stdin.read()
"""


def start(count: int, how: str = "end") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(count), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)


def read() -> dict[str, float]:
    lines = Exposing(lambda: ()).write().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


@pytest.mark.slow
def test_what_processes_counted_stays_when_they_end_and_what_they_had_at_hand_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    requests = 'opendata_http_requests_total{endpoint="home",method="GET",status="2xx"}'
    with share_figures():
        folder = Path(os.environ[VARIABLE])
        end(start(1))
        staying = start(2, "stay")
        killed = start(4, "stay")
        assert read()[requests] == 7
        assert read()["opendata_http_requests_in_flight"] == 2
        killed.send_signal(signal.SIGKILL)
        end(killed)
        assert read()["opendata_http_requests_in_flight"] == 1
        for _ in range(5):
            end(start(10))
        end(start(0, "fork"))
        found = read()
        assert found[requests] == 157, "a forked process counts in a place of its own"
        assert found['opendata_http_request_seconds_count{endpoint="home"}'] == 9
        assert found['opendata_http_request_seconds_bucket{endpoint="home",le="0.025"}'] == 9
        assert len(list(folder.glob("counter_*.db"))) == 3, "no more files than processes at once"
        end(staying)
    assert not folder.exists()
    assert VARIABLE not in os.environ


def test_a_folder_that_somebody_named_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with share_figures():
        assert os.environ[VARIABLE] == str(tmp_path)
    assert tmp_path.is_dir()
