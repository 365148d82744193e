"""Erasing, renaming, rebuilding, backing up killed at any moment: the next try or sweep ends as an undisturbed one."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opendata.errors import MovedError, StateError, WithdrawnError
from opendata.services.actors import SYSTEM
from opendata.services.backups import restore_backup
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, _make_tables, make_actor, make_services, publish
from tests.servers import CHECKOUT

MORE = CSV + "A003,南湖,3,2026-02-02\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with two datasets; the same bytes are in two versions of the first and in the second."""
    home = tmp_path_factory.mktemp("custody") / "template"
    services = make_services(home)
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    services.datasets.create(actor, {**DATASET, "id": "second"})
    publish(services, actor)
    publish(services, actor, MORE)
    publish(services, actor, dataset="second")
    services.database.dispose()
    return home


def run_child(home: Path, verb: str, subject: str, last: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.crash.child", str(home), "", verb, subject, str(last), "0"]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120)


def count_steps(template: Path, tmp_path: Path, verb: str, subject: str) -> int:
    home = tmp_path / "counted"
    copy_instance(template, home, verb)
    ended = run_child(home, verb, subject)
    assert ended.returncode == 0, ended.stderr
    shutil.rmtree(home)
    shutil.rmtree(home.with_name("reservoirs"), ignore_errors=True)
    return int(ended.stdout)


def copy_instance(template: Path, home: Path, verb: str) -> None:
    shutil.copytree(template, home)
    if verb == "rebuild":
        for file in home.glob("opendata.sqlite*"):
            file.unlink()
        services = open_instance(home)
        _make_tables(services)
        services.database.dispose()


def open_instance(home: Path) -> Services:
    return build_services(Settings(home=home, review="none"))


def check_erased(home: Path) -> None:
    """Nothing half: before the decision all of it stands, after it and a sweep nothing of it is left."""
    services = open_instance(home)
    try:
        services.versions.get("reservoirs", "1.0.0")
    except WithdrawnError:
        pass
    else:
        for dataset in ("reservoirs", "second"):
            assert services.versions.find_file(dataset, "1.0.0", "levels", "csv").path.read_text() == CSV
        services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    services.work.sweep()
    for dataset in ("reservoirs", "second"):
        with pytest.raises(WithdrawnError):
            services.versions.get(dataset, "1.0.0")
        assert services.withdrawals.read_tombstone(dataset, "1.0.0", signature=True)
    assert services.versions.find_file("reservoirs", "1.1.0", "levels", "csv").path.read_text() == MORE
    files = [path for folder in ("store", "private") for path in (home / folder).rglob("*") if path.is_file()]
    assert [path for path in files if path.read_bytes() == CSV.encode()] == []
    assert services.withdrawals.finish_all() == 0
    assert services.checking.run().findings == []
    services.database.dispose()


def check_renamed(home: Path) -> None:
    """Under one name or the other, whole; tried again it is the new one."""
    services = open_instance(home)
    try:
        services.datasets.get("reservoirs")
        assert services.versions.find_file("reservoirs", "1.1.0", "levels", "csv").path.read_text() == MORE
        services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    except MovedError:
        services.work.sweep()
    assert (home / "store" / "aliases" / "reservoirs.json.sig").is_file()
    assert services.versions.find_file("lakes", "1.0.0", "levels", "csv").path.read_text() == CSV
    with pytest.raises(MovedError):
        services.datasets.get("reservoirs")
    assert services.checking.run().findings == []
    services.database.dispose()


def check_rebuilt(home: Path) -> None:
    """Started again, it ends with everything, once."""
    services = open_instance(home)
    assert services.rebuilding.run().wrong == []
    found: Any = [(item.id, item.latest, item.head) for item in services.datasets.list().items]
    assert found == [("reservoirs", "1.1.0", "1.1.0"), ("second", "1.0.0", "1.0.0")]
    assert [item.version for item in services.versions.list("reservoirs")] == ["1.1.0", "1.0.0"]
    with pytest.raises(StateError):
        services.publishers.create(SYSTEM, {"id": "water-bureau", "title": "x"})
    assert services.checking.run().findings == []
    services.database.dispose()


def check_backed_up(home: Path) -> None:
    """The one of before is whole still; made again it is up to date, and an instance comes out of it."""
    folder = home.with_name("reservoirs")
    services = open_instance(home)
    services.backups.write(folder, with_keys=True)
    services.database.dispose()
    shutil.rmtree(home)
    restore_backup(folder, Settings(home=home, review="none"))
    services = open_instance(home)
    assert services.checking.run().findings == []
    assert services.versions.find_file("reservoirs", "1.1.0", "levels", "csv").path.read_text() == MORE
    services.database.dispose()
    shutil.rmtree(folder)


CHECKS = {"erase": check_erased, "rename": check_renamed, "rebuild": check_rebuilt, "backup": check_backed_up}


@pytest.mark.parametrize("verb", CHECKS)
def test_what_is_killed_half_way_ends_as_if_it_had_not_been(template: Path, tmp_path: Path, verb: str) -> None:
    steps = count_steps(template, tmp_path, verb, "reservoirs")
    for part in (1, 2, 3):
        kill_and_check(template, tmp_path / str(part), verb, part * steps // 4 + 1)


@pytest.mark.slow
@pytest.mark.parametrize("verb", CHECKS)
def test_what_is_killed_at_any_single_step_ends_as_if_it_had_not_been(
    template: Path, tmp_path: Path, verb: str
) -> None:
    for last in range(1, count_steps(template, tmp_path, verb, "reservoirs") + 1):
        kill_and_check(template, tmp_path / str(last), verb, last)


def kill_and_check(template: Path, home: Path, verb: str, last: int) -> None:
    copy_instance(template, home, verb)
    killed = run_child(home, verb, "reservoirs", last)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    CHECKS[verb](home)
    shutil.rmtree(home)
