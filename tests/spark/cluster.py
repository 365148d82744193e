"""Starts a standalone Spark cluster on this machine, and ends it. Needs pyspark, whose jars it runs, and Java."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

WORKERS = 2
START_SECONDS = 120
ROOT = Path(__file__).parents[2]


def find_lack() -> str:
    """What a cluster needs and this machine doesn't have; empty for nothing."""
    if find_spec("pyspark") is None:
        return "pyspark isn't installed"
    return "" if shutil.which("java") else "there is no Java"


@contextmanager
def run_cluster(folder: Path, *, cores: int = 1, memory: str = "1g") -> Iterator[str]:
    """The URL of a master with two workers, each a Java process that starts executors with Python processes."""
    import pyspark

    home = Path(pyspark.__file__).parent
    port, page = _find_port(), _find_port()
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
        "PYSPARK_PYTHON": sys.executable,
    }
    os.environ.update({"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable})
    url = f"spark://127.0.0.1:{port}"
    classes = "org.apache.spark.deploy"
    commands = [[f"{classes}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page)]]
    for number in range(WORKERS):
        place = folder / f"worker-{number}"
        place.mkdir(parents=True)
        options = ["--host", "127.0.0.1", "--webui-port", "0", "-c", str(cores), "-m", memory, "-d", str(place)]
        commands.append([f"{classes}.worker.Worker", *options, url])
    running: list[subprocess.Popen[bytes]] = []
    try:
        for number, command in enumerate(commands):
            with (folder / f"log-{number}").open("wb") as log:
                program: Sequence[str] = [str(home / "bin" / "spark-class"), *command]
                running.append(
                    subprocess.Popen(program, env=environment, stdout=log, stderr=log, start_new_session=True)
                )
            if number == 0:
                _wait(port)
        _wait_for_workers(folder / "log-0")
        yield url
    finally:
        for process in reversed(running):
            os.killpg(process.pid, signal.SIGTERM)
        for process in running:
            process.wait(30)


def _find_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError("the master of the cluster didn't start")


def _wait_for_workers(log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while log.read_text().count("Registering worker") < WORKERS:
        if time.monotonic() > end:
            raise TimeoutError("the workers of the cluster didn't register")
        time.sleep(0.2)
