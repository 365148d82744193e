"""Web servers and workers as on machines of their own, over what they share, behind nginx: all of them real processes.

Each has its own folder and place in the network (`networks`). What they share can be stopped and started: PostgreSQL,
the queue, and a store that is a server (`stores`).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from opendata.services.privacy.shared_keys import agree_on_keys
from opendata.wiring import Services, build_context
from tests.instances import make_actor, make_services
from tests.nodes.networks import Network, Place, Ports, choose_network
from tests.nodes.stores import STORES, Server
from tests.servers import CHECKOUT, PostgresqlServer, RedisServer, free_port, require

PATIENCE = 120
LEASE_SECONDS = 3
DELIVERED = CHECKOUT / "deploy" / "nginx"

_MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    {upstream}
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


@dataclass
class Machine:
    """One machine: a web server or a worker."""

    name: str
    home: Path
    words: Sequence[str]
    environment: Mapping[str, str]
    place: Place
    checkout: Path = CHECKOUT
    process: subprocess.Popen[bytes] | None = None
    since: float = field(default=0.0)

    @property
    def is_web(self) -> bool:
        """Whether it serves readers."""
        return self.place.port > 0

    @property
    def address(self) -> str:
        """Where its web server listens."""
        return f"{self.place.host}:{self.place.port}"

    def start(self) -> None:
        """Start its processes; it is ready some seconds later."""
        command = [*self.place.prefix, sys.executable, "-m", "opendata", *self.words]
        environment = {**os.environ, **self.environment, "PYTHONPATH": str(self.checkout)}
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=self.checkout, stdout=log, stderr=log)
        self.since = time.monotonic()

    def is_ready(self) -> bool:
        """Whether it answers; of a worker, whether it runs."""
        if self.process is None or self.process.poll() is not None:
            return False
        if not self.is_web:
            return True
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://{self.address}/healthz", timeout=2).ok
        return False

    def list_processes(self) -> list[int]:
        """All its processes, the parent first."""
        found = [self.process.pid] if self.process is not None and self.process.poll() is None else []
        for pid in found:
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += [int(text) for text in (task / "children").read_text().split()]
        return found

    def kill(self) -> None:
        """Have the power fail: all its processes end at once."""
        for pid in self.list_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(timeout=PATIENCE)

    def stop(self) -> None:
        """End it as its operator does, waiting for what is at hand."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=PATIENCE)
        self.kill()


class Fleet:
    """The machines of one instance, and what they share."""

    def __init__(
        self,
        folder: Path,
        *,
        webs: int,
        workers: int,
        store: str = "folder",
        queue: str = "redis",
        network: Network | None = None,
    ) -> None:
        self._folder = folder
        self.network = network or Ports()
        host = self.network.host
        self.store = STORES[store](folder / "shared", host)
        self.database = PostgresqlServer(require("postgresql"), host)
        self.redis = RedisServer(require("redis"), host) if queue == "redis" else None
        self.servers: dict[str, Server] = {"database": self.database}
        if self.redis is not None:
            self.servers["queue"] = self.redis
        if self.store.server is not None:
            self.servers["store"] = self.store.server
        self.settings = {
            **self.store.describe(),
            "OPENDATA_DATABASE_URL": self.database.url,
            "OPENDATA_QUEUE_URL": self.redis.url if self.redis is not None else "",
            "OPENDATA_REVIEW": "none",
            "OPENDATA_LEASE_SECONDS": str(LEASE_SECONDS),
            "OPENDATA_SWEEP_SECONDS": "1",
            "OPENDATA_MAX_ATTEMPTS": "1000",
            "OPENDATA_WORK_PROCESSES": "1",
            "OPENDATA_REQUESTS_PER_MINUTE": "0",
            "OPENDATA_FREE_BYTES": "1",
        }
        self.machines = [self._plan(f"web-{number}", listens=True) for number in range(webs)]
        self.machines += [self._plan(f"worker-{number}", listens=False) for number in range(workers)]
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._nginx: subprocess.Popen[bytes] | None = None
        self.token = ""

    @property
    def webs(self) -> list[Machine]:
        """The machines that serve readers."""
        return [machine for machine in self.machines if machine.is_web]

    @property
    def nginx_pid(self) -> int:
        """The number of nginx's first process."""
        assert self._nginx is not None
        return self._nginx.pid

    @property
    def workers(self) -> list[Machine]:
        """The machines that work at drafts."""
        return [machine for machine in self.machines if not machine.is_web]

    def start(self, fill: Callable[[Services], None]) -> None:
        """Start everything; `fill` makes what the instance has at first. Whoever answers is ready at the end."""
        self.start_servers()
        first = self._folder / "first"
        settings = {
            name.removeprefix("OPENDATA_").lower(): value
            for name, value in self.settings.items()
            if name in self.store.describe() or name == "OPENDATA_QUEUE_URL"
        }
        services = make_services(first, database_url=self.database.url, **settings)
        agree_on_keys(build_context(services.settings))
        make_actor(services, "editor")
        fill(services)
        self.token, _ = services.accounts.create_token("editor")
        self.first = services
        services.database.dispose()
        self.start_machines(first)

    def start_servers(self) -> None:
        """Start what all machines share."""
        for server in self.servers.values():
            server.start()

    def start_machines(self, first: Path) -> None:
        """Start the machines with the keys of the folder in which the instance was made, and nginx."""
        for machine in self.machines:
            machine.home.mkdir(parents=True, exist_ok=True)
            copy_keys(first, machine.home)
            machine.start()
        self._start_nginx()
        self.wait_until_ready()

    def send_to(self, machines: Sequence[Machine]) -> None:
        """Have nginx send requests to these machines alone, from the next one on."""
        assert self._nginx is not None
        self._write_nginx(machines)
        self._nginx.send_signal(signal.SIGHUP)
        time.sleep(1)  # until its old process has no requests

    def wait_until_ready(self) -> None:
        """Wait until every machine answers."""
        deadline = time.monotonic() + PATIENCE
        for machine in self.machines:
            while not machine.is_ready():
                assert time.monotonic() < deadline, (machine.name, (machine.home / "log").read_text()[-3000:])
                if machine.process is not None and machine.process.poll() is not None:
                    machine.start()  # it found no database when it started
                time.sleep(0.1)

    def stop(self) -> None:
        """End everything."""
        for machine in self.machines:
            machine.kill()
        if self._nginx is not None:
            self._nginx.terminate()
            self._nginx.wait(timeout=PATIENCE)
        for server in self.servers.values():
            server.stop()
        self.database.remove()
        self.store.remove()
        self.network.remove()

    def _plan(self, name: str, *, listens: bool) -> Machine:
        home, place = self._folder / name, self.network.add(listens=listens)
        serve = ["serve", "--no-worker", "--host", place.host, "--port", str(place.port), "--workers", "1"]
        words = serve if listens else ["worker"]
        return Machine(name, home, words, {**self.settings, "OPENDATA_HOME": str(home)}, place)

    def _start_nginx(self) -> None:
        folder = self._folder / "nginx"
        folder.mkdir()
        self._write_nginx(self.webs)
        self._nginx = subprocess.Popen(
            [require("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
        )

    def _write_nginx(self, machines: Sequence[Machine]) -> None:
        """With the files that are delivered."""
        folder = self._folder / "nginx"
        upstream = (DELIVERED / "nodes.conf").read_text(encoding="utf-8")
        named = re.search(r"    server 127\.0\.0\.1:8000(.*;)\n", upstream)
        location = re.search(
            r"^    location / \{.*?^    \}\n", (DELIVERED / "opendata.conf").read_text("utf-8"), re.S | re.M
        )
        assert named
        assert location
        lines = "".join(f"    server {machine.address}{named[1]}\n" for machine in machines)
        upstream = upstream.replace(named[0], lines)
        user = "user root;" if os.geteuid() == 0 else ""
        text = _MAIN.format(user=user, folder=folder, port=self.port, upstream=upstream, location=location[0])
        (folder / "nginx.conf").write_text(text)


def copy_keys(source: Path, target: Path) -> None:
    """Copy the keys from one machine to another, as an operator does."""
    shutil.copytree(source / "keys", target / "keys", dirs_exist_ok=True)


@contextlib.contextmanager
def run_fleet(folder: Path, fill: Callable[[Services], None], **options: int | str) -> Iterator[Fleet]:
    """A fleet that runs within this, each machine in a network namespace where that is possible."""
    fleet = Fleet(folder, network=choose_network(), **options)  # type: ignore[arg-type]
    try:
        fleet.start(fill)
        yield fleet
    finally:
        fleet.stop()
