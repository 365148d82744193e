"""What becomes of a mirror when the portal changes, and when a run is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from opendata.db.models import Dataset
from opendata.errors import UsageError
from opendata.mirror.targets import FolderTarget
from opendata.services.core.actors import Actor
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.clients.conftest import run_command
from tests.instances import CSV, DATASET, make_actor, make_services, publish
from tests.mirror.serving import LIVE, list_files, write_mirror
from tests.servers import CHECKOUT

pytestmark = pytest.mark.slow

SECRET = "秘密水库"
NAMES = ("reservoirs", "rivers")


@dataclass(frozen=True)
class Desk:
    """An instance of a test's own, somebody who may do everything, and the mirror of the instance."""

    services: Services
    actor: Actor
    copy: Path


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an instance that has two datasets, one of them with two versions, and with its mirror."""
    folder = tmp_path_factory.mktemp("first")
    services = make_services(folder / "instance")
    actor = make_actor(services, "boss", role="maintainer")
    for name in NAMES:
        services.datasets.create(actor, {**DATASET, "id": name, "title": f"{name}的数据"})
        publish(services, actor, dataset=name)
    publish(services, actor, CSV + f"A003,{SECRET},3,2026-02-02\n", dataset="reservoirs")
    done = write_mirror(services, folder / "copy")
    assert (done.datasets, done.deleted) == (2, 0)
    services.database.dispose()
    return folder


@pytest.fixture
def desk(first: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(first, tmp_path, dirs_exist_ok=True)
    services = build_services(Settings(home=tmp_path / "instance", review="none"))
    yield Desk(services, services.accounts.get_actor("boss"), tmp_path / "copy")
    services.database.dispose()


def find_text(folder: Path, text: str) -> list[str]:
    """The files of a mirror that have a text in them, but for its own."""
    return [key for key in list_files(folder) if text.encode() in (folder / key).read_bytes()]


def test_a_change_is_written_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    services, actor, copy = desk.services, desk.actor, desk.copy
    before = list_files(copy)
    assert write_mirror(services, copy, processes=1).written == 0
    assert list_files(copy) == before
    publish(services, actor, CSV + "A009,新安江,9,2026-03-03\n", dataset="rivers")
    done = write_mirror(services, copy, processes=1)
    after = list_files(copy)
    assert done.datasets == 1
    assert "datasets/rivers/1.1.0/levels.csv" in after
    assert (copy / "datasets/rivers/latest/levels.csv").read_bytes() == (
        copy / "datasets/rivers/1.1.0/levels.csv"
    ).read_bytes()
    touched = {key for key in after if before.get(key) != after[key]}
    assert not any(key.startswith(("datasets/reservoirs/", "en/datasets/reservoirs/")) for key in touched)
    assert before["datasets/rivers/1.0.0/levels.csv"] == after["datasets/rivers/1.0.0/levels.csv"]


def test_a_withdrawn_version_is_gone_and_its_page_says_so(desk: Desk, tmp_path: Path) -> None:
    services, actor, copy = desk.services, desk.actor, desk.copy
    assert find_text(copy, SECRET)
    services.withdrawals.withdraw(actor, "reservoirs", "1.1.0", reason="measured wrongly")
    done = write_mirror(services, copy, processes=1)
    assert done.deleted > 10
    assert find_text(copy, SECRET) == []
    names = {key for key in list_files(copy) if key.startswith("datasets/reservoirs/1.1.0/")}
    assert names == {
        f"datasets/reservoirs/1.1.0/{name}" for name in ("index.html", "withdrawal.json", "withdrawal.json.sig")
    }
    assert "measured wrongly" in (copy / "datasets/reservoirs/1.1.0/index.html").read_text(encoding="utf-8")
    latest = (copy / "datasets/reservoirs/latest/levels.csv").read_bytes()
    assert latest == (copy / "datasets/reservoirs/1.0.0/levels.csv").read_bytes()
    run_command(tmp_path, "verify", str(copy), "--remember", str(tmp_path / "seen"))


def test_a_version_that_is_stopped_goes_and_comes_back(desk: Desk, tmp_path: Path) -> None:
    services, actor, copy = desk.services, desk.actor, desk.copy
    services.stops.suspend(actor, "reservoirs", "1.1.0", reason="being checked")
    write_mirror(services, copy, processes=1)
    assert find_text(copy, SECRET) == []
    assert (copy / "datasets/reservoirs/1.1.0/suspension.json").is_file()
    services.stops.release(actor, "reservoirs", "1.1.0", reason="checked")
    write_mirror(services, copy, processes=1)
    assert "datasets/reservoirs/1.1.0/levels.csv" in find_text(copy, SECRET)
    assert not (copy / "datasets/reservoirs/1.1.0/suspension.json").exists()


def test_a_dataset_that_is_closed_keeps_its_page_and_no_rows(desk: Desk) -> None:
    services, copy = desk.services, desk.copy
    closed = {"attribute": "closed", "reason": "not for everybody", "legalBasis": "Article 14"}
    with services.database.unit(write=True) as session:
        row = session.get_one(Dataset, "reservoirs")
        row.meta = {**row.meta, "disclosure": closed}  # type: ignore[typeddict-item]
    write_mirror(services, copy, processes=1)
    assert find_text(copy, SECRET) == []
    names = [key for key in list_files(copy) if key.startswith("datasets/reservoirs/")]
    assert "datasets/reservoirs/index.html" in names
    assert not [key for key in names if key.endswith((".csv", ".parquet"))]


def test_what_may_not_be_there_goes_before_anything_is_written(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opendata.mirror import running

    services, actor, copy = desk.services, desk.actor, desk.copy
    services.withdrawals.withdraw(actor, "reservoirs", "1.1.0", reason="measured wrongly")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "Pool", stop)
    with pytest.raises(KeyboardInterrupt):
        write_mirror(services, copy, processes=1)
    assert find_text(copy, SECRET) == []
    assert "datasets/reservoirs/1.0.0/levels.csv" in list_files(copy)


def test_a_file_that_was_deleted_comes_back_and_a_stray_goes(desk: Desk, tmp_path: Path) -> None:
    services, copy = desk.services, desk.copy
    before = set(list_files(copy))
    (copy / "datasets/rivers/1.0.0/levels.csv").unlink()
    (copy / "datasets/rivers/1.0.0/datapackage.json").write_bytes(b"{}")
    (copy / "stray.html").write_text("stray", encoding="utf-8")
    done = write_mirror(services, copy, processes=1)
    assert (done.datasets, done.deleted) == (1, 1)
    assert set(list_files(copy)) == before
    run_command(tmp_path, "verify", str(copy), "--remember", str(tmp_path / "seen"))


def test_a_folder_with_something_else_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(UsageError):
        write_mirror(desk.services, tmp_path / "other")
    assert (tmp_path / "other/letter.txt").read_text(encoding="utf-8") == "dear"


def test_runs_that_are_killed_leave_whole_files_and_the_next_goes_on(desk: Desk, tmp_path: Path) -> None:
    services, actor, copy = desk.services, desk.actor, desk.copy
    for name in ("lakes", "wells", "springs", "ponds"):
        services.datasets.create(actor, {**DATASET, "id": name, "title": name})
        publish(services, actor, dataset=name)
    write_mirror(services, copy)
    whole = {key: (copy / key).read_bytes() for key in list_files(copy)}
    copy = tmp_path / "killed"
    command = [sys.executable, "-m", "opendata", "mirror", str(copy), "--url", LIVE]
    environment = {**os.environ, "OPENDATA_HOME": str(tmp_path / "instance"), "LANG": "C.UTF-8"}
    for wanted in (60, 330):
        process = subprocess.Popen(command, env=environment, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        while process.poll() is None and sum(1 for _ in FolderTarget(copy).list()) < wanted:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        for key in set(list_files(copy)) & whole.keys():
            data = (copy / key).read_bytes()
            assert key.startswith("mirror/search/") or len(data) == len(whole[key]), key
            assert not key.endswith((".csv", ".parquet", ".sig")) or data == whole[key]
    done = write_mirror(services, copy)
    assert done.datasets < len(NAMES) + 4
    assert list_files(copy).keys() == whole.keys()


def test_a_bucket_has_what_a_folder_has(desk: Desk, tmp_path: Path) -> None:
    services, actor, copy = desk.services, desk.actor, desk.copy
    (tmp_path / "bucket").mkdir()
    target = f"file://{tmp_path}/bucket"
    write_mirror(services, target, processes=1)
    kept = [key for key in list_files(tmp_path / "bucket") if key != "mirror.json"]
    assert sorted(kept) == sorted(list_files(copy))
    assert write_mirror(services, target, processes=1).written == 0
    services.withdrawals.withdraw(actor, "reservoirs", "1.1.0", reason="measured wrongly")
    assert write_mirror(services, target, processes=1).deleted > 10
    assert find_text(tmp_path / "bucket", SECRET) == []
