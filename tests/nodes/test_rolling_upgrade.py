"""A release and the one before it run at once over one database while the newer migrates it: no request is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opendata.services.core.damages import Damages
from opendata.services.operations.checking import Checking
from opendata.settings import Settings
from opendata.wiring import build_context, build_services
from tests.instances import locate
from tests.nodes.fleet import Fleet, Machine, copy_keys
from tests.nodes.traffic import Traffic, read_number
from tests.servers import CHECKOUT, lack

BEFORE = os.environ.get("OPENDATA_RELEASE_BEFORE", "6e9458e4")
"""The release before: a commit whose database is of an older form."""

PUBLICATIONS = 8


def run(checkout: Path, home: Path, settings: dict[str, str], *words: str) -> str:
    """Run a command of a release; what it prints."""
    environment = {**os.environ, **settings, "OPENDATA_HOME": str(home), "PYTHONPATH": str(checkout), "LC_ALL": "C"}
    command = [sys.executable, "-m", "opendata", *words]
    ended = subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The checkout of the release before."""
    folder = tmp_path / "before"
    folder.mkdir()
    packed = subprocess.run(["git", "archive", BEFORE], cwd=CHECKOUT, capture_output=True)
    if packed.returncode:
        lack("git", f"the checkout has no commit {BEFORE}")
    subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
    return folder


@pytest.mark.slow
def test_two_machines_are_upgraded_one_after_the_other_and_no_request_is_lost(tmp_path: Path, before: Path) -> None:
    fleet = Fleet(tmp_path, webs=2, workers=1, queue="redis")
    first = tmp_path / "first"
    try:
        fleet.start_servers()
        run(before, first, fleet.settings, "init", "--review", "none")
        run(before, first, fleet.settings, "publisher", "create", "water-bureau", "Water bureau")
        run(before, first, fleet.settings, "user", "create", "editor", "--publisher", "water-bureau")
        fleet.token = run(before, first, fleet.settings, "token", "create", "--user", "editor").splitlines()[-1]
        for machine in fleet.machines:
            machine.checkout = before
        fleet.start_machines(first)
        traffic = Traffic(fleet.base, fleet.token, datasets=1)
        traffic.create(0)
        traffic.publish(0, 1)
        stop = threading.Event()
        with ThreadPoolExecutor(3) as pool:
            reading = [pool.submit(traffic.read, number, stop.is_set) for number in range(2)]
            publishing = pool.submit(traffic.publish, 0, PUBLICATIONS)
            try:
                upgrade(fleet, fleet.machines[0], is_first=True)
                for machine in fleet.machines[1:]:
                    upgrade(fleet, machine)
                publishing.result()
            finally:
                stop.set()
            for future in reading:
                future.result()
        assert traffic.reads > 50
        assert not traffic.failed, traffic.failed[:5]
        assert not traffic.unfinished, traffic.unfinished
        assert not traffic.repeated, traffic.repeated
        check(fleet, first, traffic)
        print(f"{traffic.reads} reads, {len(traffic.published[0])} versions, none lost")
    finally:
        fleet.stop()


def upgrade(fleet: Fleet, machine: Machine, *, is_first: bool = False) -> None:
    """Take a machine out of nginx, give it the new release, and put it back; the first one migrates."""
    if machine.is_web:
        fleet.send_to([other for other in fleet.webs if other is not machine])
    machine.stop()
    machine.checkout = CHECKOUT
    if is_first:
        run(CHECKOUT, machine.home, fleet.settings, "init")
        time.sleep(3)  # the other machines of the old release go on over the new form
    else:
        copy_keys(fleet.machines[0].home, machine.home)
    machine.start()
    fleet.wait_until_ready()
    if machine.is_web:
        fleet.send_to(fleet.webs)
    time.sleep(2)  # both releases serve


def check(fleet: Fleet, first: Path, traffic: Traffic) -> None:
    """Every acknowledged table is a version, once, in stores that are sound."""
    stores = {"store": str(fleet.settings["OPENDATA_STORE"]), "private_store": fleet.settings["OPENDATA_PRIVATE_STORE"]}
    settings = Settings(home=first, database_url=fleet.database.url, review="none", **stores)  # type: ignore[arg-type]
    services = build_services(settings)
    assert services.database.is_current()
    found = [
        read_number(locate(services.versions.find_file("reservoirs-0", item.version, "levels", "csv")).read_text())
        for item in services.versions.list("reservoirs-0")
    ]
    assert sorted(map(str, found)) == sorted(map(str, traffic.published[0]))
    assert len(found) + len(traffic.refused) == PUBLICATIONS + 1
    context = build_context(settings)
    checked = Checking(context, Damages(context)).run(full=True)
    assert checked.is_sound, checked.findings
    for one in (services.database, context.database):
        one.dispose()
