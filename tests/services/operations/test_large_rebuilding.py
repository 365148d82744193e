"""A large store is restored by several processes, and a run that was killed in the middle goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import _rows
from opendata.services.core.instance import create_instance
from opendata.settings import Settings
from opendata.wiring import Services, build_services

pytestmark = pytest.mark.slow

SIZE = 1200


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an instance whose store has many datasets."""
    settings = Settings(home=tmp_path_factory.mktemp("made"), review="none")
    create_instance(settings, review="none")
    services = build_services(settings)
    _rows.begin(services, 1)
    _rows.write_store(services, 1, SIZE)
    services.database.dispose()
    return settings.home


@pytest.fixture
def home(store: Path, tmp_path: Path) -> Path:
    """The same store without a database."""
    shutil.copytree(store / "keys", tmp_path / "keys")
    (tmp_path / "store").symlink_to(store / "store")
    return tmp_path


def start(home: Path, processes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "opendata", "rebuild", "--json", "--processes", str(processes)]
    environment = {**os.environ, "OPENDATA_HOME": str(home), "PYTHONPATH": str(Path.cwd())}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def count_restored(home: Path) -> int:
    services = build_services(Settings(home=home, review="none"))
    try:
        return _rows.count_rows(services)["datasets"]
    finally:
        services.database.dispose()


def kill_in_the_middle(process: subprocess.Popen[bytes], home: Path) -> int:
    """Kill a run that has restored a part; how many datasets that is."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        found = 0
        if (home / "opendata.sqlite").exists():
            try:
                found = count_restored(home)
            except Exception:  # noqa: BLE001 - the tables are being made
                found = 0
        if found >= 64:
            break
        time.sleep(0.02)
    process.kill()
    process.communicate()
    return count_restored(home)


def test_a_run_that_was_killed_goes_on_where_it_was(home: Path) -> None:
    restored = kill_in_the_middle(start(home, 2), home)
    assert 64 <= restored < SIZE
    output, errors = (again := start(home, 2)).communicate()
    assert again.returncode == 0, errors.decode()
    found = json.loads(output)
    assert (found["datasets"], found["wrong"]) == (SIZE - restored, [])
    assert count_restored(home) == SIZE


def test_several_processes_restore_what_one_does(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(home / "keys", other / "keys")
    (other / "store").symlink_to((home / "store").resolve())
    found = []
    for folder, processes in ((home, 1), (other, 3)):
        services = build_services(Settings(home=folder, review="none"))
        services.database.migrate()
        rebuilt = services.rebuilding.run(processes=processes)
        assert (rebuilt.datasets, rebuilt.wrong) == (SIZE, [])
        found.append(describe(services))
        services.database.dispose()
    assert found[0] == found[1]


def describe(services: Services) -> object:
    views, cursor = [], None
    while True:
        page = services.datasets.list(limit=500, cursor=cursor)
        views += page.items
        cursor = page.next
        if cursor is None:
            return views, [services.versions.list(view.id) for view in views[:: SIZE // 40]], services.entries.count()
