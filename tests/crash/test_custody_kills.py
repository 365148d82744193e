"""Erasing, renaming, rebuilding, backing up killed at any moment: the next try or sweep ends as an undisturbed one."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from opendata.errors import MovedError, StateError, WithdrawnError
from opendata.services.core.actors import SYSTEM
from opendata.services.operations.backups import restore_backup
from opendata.settings import Settings
from tests.crash.child import CHUNKS, EARLY_AND_LATE, open_instance, point_at
from tests.crash.forge import Ended, Forge
from tests.instances import CSV, DATASET, locate, make_actor, make_services, publish

pytestmark = pytest.mark.slow

MORE = CSV + "A003,南湖,3,2026-02-02\n"


class Template:
    """An instance with two datasets; the same bytes are in two versions of the first and in the second."""

    def __init__(self, forge: Forge, folder: Path) -> None:
        self._forge = forge
        self._folder = folder
        self._steps: dict[str, int] = {}
        self._full, self._without_database = folder / "full", folder / "without-database"
        services = make_services(self._full)
        actor = make_actor(services, "editor")
        services.datasets.create(actor, DATASET)
        services.datasets.create(actor, {**DATASET, "id": "second"})
        publish(services, actor)
        publish(services, actor, MORE)
        publish(services, actor, dataset="second")
        services.database.dispose()
        self._at = time.time()
        shutil.copytree(self._full, self._without_database)
        for file in self._without_database.glob("opendata.sqlite*"):
            file.unlink()
        open_instance(self._without_database).database.dispose()

    def points(self, verb: str) -> list[int]:
        """Every step of a verb."""
        if verb not in self._steps:
            home = self._folder / verb / "counted"
            ended = self.run(home, verb)
            assert ended.status == 0, ended.output
            shutil.rmtree(home.parent)
            self._steps[verb] = int(ended.told[0])
        return list(range(1, self._steps[verb] + 1))

    def run(self, home: Path, verb: str, last: int = 0) -> Ended:
        """Do the verb over a copy as a process that dies at its step `last`."""
        shutil.copytree(self._without_database if verb == "rebuild" else self._full, home)
        return self._forge.run(
            "tests.crash.child:do", home=home, verb=verb, subject="reservoirs", at=self._at, last=last
        )


@pytest.fixture(scope="module")
def template(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(forge, tmp_path_factory.mktemp("custody"))


def check_erased(home: Path) -> None:
    """Nothing half: before the decision all of it stands, after it and a sweep nothing of it is left."""
    services = open_instance(home)
    try:
        services.versions.get("reservoirs", "1.0.0")
    except WithdrawnError:
        pass
    else:
        for dataset in ("reservoirs", "second"):
            assert locate(services.versions.find_file(dataset, "1.0.0", "levels", "csv")).read_text() == CSV
        services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    services.work.sweep()
    for dataset in ("reservoirs", "second"):
        with pytest.raises(WithdrawnError):
            services.versions.get(dataset, "1.0.0")
        assert services.withdrawals.read_tombstone(dataset, "1.0.0", signature=True)
    assert locate(services.versions.find_file("reservoirs", "1.1.0", "levels", "csv")).read_text() == MORE
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
        assert locate(services.versions.find_file("reservoirs", "1.1.0", "levels", "csv")).read_text() == MORE
        services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    except MovedError:
        services.work.sweep()
    assert (home / "store" / "aliases" / "reservoirs.json.sig").is_file()
    assert locate(services.versions.find_file("lakes", "1.0.0", "levels", "csv")).read_text() == CSV
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
    assert locate(services.versions.find_file("reservoirs", "1.1.0", "levels", "csv")).read_text() == MORE
    services.database.dispose()
    shutil.rmtree(folder)


CHECKS = {"erase": check_erased, "rename": check_renamed, "rebuild": check_rebuilt, "backup": check_backed_up}


@pytest.mark.parametrize("share", EARLY_AND_LATE)
@pytest.mark.parametrize("verb", CHECKS)
def test_what_is_killed_half_way_ends_as_if_it_had_not_been(
    template: Template, tmp_path: Path, verb: str, share: float
) -> None:
    kill_and_check(template, tmp_path / "killed", verb, point_at(share, template.points(verb)))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("verb", CHECKS)
def test_what_is_killed_at_any_single_step_ends_as_if_it_had_not_been(
    template: Template, tmp_path: Path, verb: str, chunk: int
) -> None:
    for last in template.points(verb)[chunk::CHUNKS]:
        kill_and_check(template, tmp_path / "killed", verb, last)


def kill_and_check(template: Template, home: Path, verb: str, last: int) -> None:
    killed = template.run(home, verb, last)
    assert killed.status == -signal.SIGKILL, killed.output
    CHECKS[verb](home)
    shutil.rmtree(home)
