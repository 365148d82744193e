"""What tests need from the machine: a throw-away PostgreSQL, Redis or clamd, a Chromium, the collected real data.

What can't be had here skips its tests with the reason, unless `OPENDATA_TEST_REQUIRE` (names, comma-separated) names
it: then they fail, so that CI can't go green by skipping.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

from opendata.errors import BackendError
from opendata.outside.scanner import Scanner

CHECKOUT = Path(__file__).resolve().parent.parent

_STARTS = 3  # the free port asked of the system may be taken before the server binds it
_START_SECONDS = 60
LOOPBACK = "127.0.0.1"


def require(name: str) -> Path:
    """Where `name` is (`postgresql`: the folder of its programs; `redis`: its server); `lack` where it is not."""
    find, reason = _FINDERS[name]
    found = find()
    return found if found is not None else lack(name, reason)


def lack(name: str, reason: str) -> NoReturn:
    """Skip the test for want of `name`, or fail it where `OPENDATA_TEST_REQUIRE` names that."""
    named = {part.strip() for part in os.environ.get("OPENDATA_TEST_REQUIRE", "").split(",")}
    if name in named:
        pytest.fail(f"{name} is required by OPENDATA_TEST_REQUIRE: {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real files collected for tests (`OPENDATA_REALDATA`, or `shared/realdata` beside the checkout)."""
    return require("realdata")


@pytest.fixture(scope="session")
def standards() -> Path:
    """The folder of the standards' own shapes and schemas (`OPENDATA_STANDARDS`, or `shared/standards` beside it)."""
    return require("standards")


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The Chromium program, for Playwright's `executable_path`."""
    return require("chromium")


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server as its superuser: one for all processes of a run, started by the first who
    needs it, who stops it once no other uses it any more.
    """
    programs = require("postgresql")
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    with contextlib.ExitStack() as stack:
        with _locked(run / "postgresql.lock", fcntl.LOCK_EX):
            url = _join_server(run, stack) or _start_server(run, stack, programs)
        yield url


def _join_server(run: Path, stack: contextlib.ExitStack) -> str | None:
    """The address of the server that another process of this run has started, used until the stack closes."""
    announced = run / "postgresql.url"
    if not announced.exists():
        return None
    url = announced.read_text()
    stack.enter_context(_locked(_users_of(run, url), fcntl.LOCK_SH))
    try:
        psycopg.connect(_dsn(url)).close()
    except psycopg.OperationalError:  # it died with the process that had started it
        return None
    return url


def _start_server(run: Path, stack: contextlib.ExitStack, programs: Path) -> str:
    """Start a server that other processes may join; closing the stack stops it when the last of them has left."""
    folder = Path(tempfile.mkdtemp(prefix="opendata-postgresql-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    _make_cluster(programs, folder)
    url = f"postgresql+psycopg://postgres@127.0.0.1:{stack.enter_context(_start(programs, folder))}/postgres"
    announced = run / "postgresql.url"

    def leave() -> None:
        with _locked(run / "postgresql.lock", fcntl.LOCK_EX):
            announced.unlink(missing_ok=True)  # who comes now starts another
        with _locked(_users_of(run, url), fcntl.LOCK_EX):  # waits for those who use it; the kernel frees the killed
            pass

    stack.callback(leave)
    announced.write_text(url)
    return url


def _users_of(run: Path, url: str) -> Path:
    return run / f"postgresql-{url.rpartition(':')[2].partition('/')[0]}.users"


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[str]:
    """The address of a fresh, empty PostgreSQL database of this one test."""
    with postgresql_copy(postgresql_url) as url:
        yield url


@contextlib.contextmanager
def postgresql_copy(postgresql_url: str, template: str = "template1") -> Iterator[str]:
    """The address of a PostgreSQL database that begins as a copy of another one, and goes at the end."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(_dsn(postgresql_url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield postgresql_url.removesuffix("postgres") + name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def make_postgresql_template(postgresql_url: str, fill: Callable[[str], None]) -> str:
    """The name of a database that `fill` has filled: once on each server, whichever process asks first."""
    name = "template_of_tests"
    with psycopg.connect(_dsn(postgresql_url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")  # until the connection closes
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f"CREATE DATABASE {name}_begun")
            fill(postgresql_url.removesuffix("postgres") + f"{name}_begun")
            connection.execute(f"ALTER DATABASE {name}_begun RENAME TO {name}")
    return name


class RedisServer:
    """A Redis of a test's own, which it may stop and start again; it keeps nothing."""

    def __init__(self, program: Path, host: str = LOOPBACK) -> None:
        self._program = program
        self._host = host
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://{host}:{self._port}/0"

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Run until it answers."""
        import redis

        options = {"port": str(self._port), "bind": self._host, "save": "", "appendonly": "no", "daemonize": "no"}
        options["protected-mode"] = "no"
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([self._program, *words], stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir())
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(redis.ConnectionError), redis.Redis.from_url(self.url) as client:
                client.ping()
                return
            time.sleep(0.02)
        raise RuntimeError("Redis does not start")

    def stop(self) -> None:
        """End at once; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=_START_SECONDS)
            self._process = None


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A running Redis of this one test."""
    server = RedisServer(require("redis"))
    server.start()
    yield server
    server.stop()


class PostgresqlServer:
    """A PostgreSQL of a test's own, which it may stop, freeze and start again; what was committed stays."""

    def __init__(self, programs: Path, host: str = LOOPBACK) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="opendata-postgresql-"))
        self._host = host
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql+psycopg://postgres@{host}:{self._port}/postgres"
        _make_cluster(programs, self._folder)
        if host != LOOPBACK:
            with (self._folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {host}/24 trust\n")

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Run until it answers."""
        command = [*_unprivileged(), str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        words = ["-k", str(self._folder), "-p", str(self._port), "-c", "fsync=off"]
        words += ["-c", f"listen_addresses={self._host}"]
        with (self._folder / "log").open("ab") as output:
            self._process = subprocess.Popen([*command, *words], stdout=output, stderr=output, cwd=self._folder)
        if not _answers(self._process, self._port, self._host):
            raise RuntimeError("PostgreSQL does not start")

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """End fast (SIGINT) or immediately (SIGQUIT)."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    def freeze(self) -> None:
        """Stop answering, but keep all connections and take new ones."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Answer again."""
        self._signal_all(signal.SIGCONT)

    def remove(self) -> None:
        """End, and leave nothing behind."""
        if self._process is not None:
            self.thaw()
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        self._process.send_signal(number)  # first, so that it has no more children
        for pid in children.read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), number)


@pytest.fixture
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A running PostgreSQL of this one test."""
    server = PostgresqlServer(require("postgresql"))
    server.start()
    yield server
    server.remove()


EICAR = "".join(("X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"))
"""What every virus scanner finds, to test it (eicar.org): in parts, so that none finds it here."""

SIGNATURE = "Test.Eicar.UNOFFICIAL"
"""What the scanner of tests calls it."""


class ClamdServer:
    """A clamd of a test's own with one signature, which accepts files of up to a megabyte."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="opendata-clamd-"))
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"unix:{self._folder / 'clamd.ctl'}"
        self.tcp_address = f"tcp://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Run until it answers."""
        database = self._folder / "database"
        database.mkdir(exist_ok=True)
        (database / "test.ndb").write_text(f"Test.Eicar:0:*:{EICAR.encode().hex()}\n")
        settings = {
            "DatabaseDirectory": database,
            "LocalSocket": self.address.removeprefix("unix:"),
            "TCPAddr": "127.0.0.1",
            "TCPSocket": self._port,
            "StreamMaxLength": "1M",
            "AlertExceedsMax": "yes",
            "MaxRecursion": 3,
            "Foreground": "yes",
        }
        path = self._folder / "clamd.conf"
        path.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        log = self._folder / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen([self._program, "--config-file", path], stdout=output, stderr=output)
        scanner = Scanner(self.address)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(BackendError):
                scanner.ask_version()
                return
            time.sleep(0.02)
        raise RuntimeError(f"clamd does not start: {log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    def remove(self) -> None:
        """End, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="session")
def clamd() -> Iterator[ClamdServer]:
    """A running clamd that all tests share; no test stops it."""
    server = ClamdServer(require("clamd"))
    server.start()
    yield server
    server.remove()


@pytest.fixture
def clamd_away() -> Iterator[ClamdServer]:
    """A clamd of this one test, which doesn't run yet."""
    server = ClamdServer(require("clamd"))
    yield server
    server.remove()


def _make_cluster(programs: Path, folder: Path) -> None:
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    subprocess.run(
        [
            *_unprivileged(),
            str(programs / "initdb"),
            "--pgdata",
            str(folder / "data"),
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            f"--locale={locale}",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        text=True,
    )


@contextlib.contextmanager
def _start(programs: Path, folder: Path) -> Iterator[int]:
    """Run the server in the foreground as our child, who dies with us; gives its port."""
    log = folder.with_suffix(".log")
    options = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=127.0.0.1"]
    settings = [part for option in options for part in ("-c", option)]
    try:
        for _ in range(_STARTS):
            port = free_port()
            command = [*_unprivileged(), str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
            with log.open("wb") as output:
                server = subprocess.Popen(
                    [*command, "-p", str(port), *settings], stdout=output, stderr=output, cwd=folder
                )
            try:
                if _answers(server, port):
                    yield port
                    return
            finally:
                server.send_signal(signal.SIGQUIT)  # at once, without tidying up: the folder goes anyway
                server.wait(timeout=_START_SECONDS)
        raise RuntimeError(f"PostgreSQL does not start: {log.read_text(errors='replace')[-2000:]}")
    finally:
        log.unlink(missing_ok=True)


def _answers(server: subprocess.Popen[bytes], port: int, host: str = LOOPBACK) -> bool:
    """Whether the server takes connections before it ends or the time is up."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            psycopg.connect(host=host, port=port, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=0.05)
                return False
        else:
            return True
    return False


def _unprivileged() -> list[str]:
    """The words before a command of PostgreSQL, which refuses root, so that it runs as nobody and dies with us."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    user = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return [setpriv, "--pdeathsig=QUIT", *user]


def _dsn(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _find_postgresql() -> Path | None:
    """The folder of the newest server: on PATH it may be hidden, Debian keeps it beside each version."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    complete = (path for path in [*folders, *debian] if (path / "initdb").exists() and (path / "postgres").exists())
    found = next(complete, None)
    return None if found and os.geteuid() == 0 and shutil.which("setpriv") is None else found


def _find_chromium() -> Path | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((Path(path) for path in map(shutil.which, names) if path), None)


def _find_script(path: str) -> Path | None:
    """A script that npm has put beside the Python of this environment."""
    script = Path(sys.prefix) / "browser" / "node_modules" / path
    return script if script.is_file() else None


def _find_redis() -> Path | None:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def _find_nginx() -> Path | None:
    found = shutil.which("nginx")
    return Path(found) if found else None


def _find_clamd() -> Path | None:
    found = shutil.which("clamd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
    return Path(found) if found else None


def _find_curl() -> Path | None:
    found = shutil.which("curl")
    return Path(found) if found else None


def _find_realdata() -> Path | None:
    named = os.environ.get("OPENDATA_REALDATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "realdata"
    return folder if folder.is_dir() else None


def _find_standards() -> Path | None:
    named = os.environ.get("OPENDATA_STANDARDS")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "standards"
    return folder if folder.is_dir() else None


_NO_NPM = "`make` found no npm to fetch it with (Debian: apt-get install npm)"

_FINDERS: dict[str, tuple[Callable[[], Path | None], str]] = {
    "chromium": (_find_chromium, "no chromium here (Debian: apt-get install chromium)"),
    "postgresql": (_find_postgresql, "no server programs here (Debian: apt-get install postgresql)"),
    "redis": (_find_redis, "no server program here (Debian: apt-get install redis-server)"),
    "nginx": (_find_nginx, "no server program here (Debian: apt-get install nginx-light)"),
    "clamd": (_find_clamd, "no clamd here (Debian: apt-get install --no-install-recommends clamav-daemon)"),
    "curl": (_find_curl, "no curl here (Debian: apt-get install curl)"),
    "tus-js-client": (lambda: _find_script("tus-js-client/dist/tus.min.js"), _NO_NPM),
    "axe-core": (lambda: _find_script("axe-core/axe.min.js"), _NO_NPM),
    "realdata": (_find_realdata, "neither OPENDATA_REALDATA nor ../shared/realdata is a folder"),
    "standards": (_find_standards, "neither OPENDATA_STANDARDS nor ../shared/standards is a folder"),
}
