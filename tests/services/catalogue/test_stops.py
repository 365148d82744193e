"""The emergency stop: a version is off at once, stays off, and is let go or taken back by a maintainer."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from opendata.db.models import Dataset, Version
from opendata.domain.manifest import Manifest
from opendata.errors import (
    InvalidMetadataError,
    NotPermittedError,
    NotPublicError,
    StateError,
    SuspendedError,
    WithdrawnError,
)
from opendata.services.catalogue.files.placement import Placement
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.operations.backups import restore_backup
from opendata.services.operations.verification.sources import open_source
from opendata.services.operations.verification.verifying import Trust, verify
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import CSV, make_actor, make_services, publish
from tests.services.core.test_access import CONDITIONAL, EXITS, MORE, disclose, list_blobs, list_rows

REASON = "含有个人信息"


@pytest.fixture
def boss(services: Services) -> Actor:
    return make_actor(services, "boss", role="maintainer")


@pytest.fixture
def stopped(services: Services, editor: Actor) -> Services:
    """An instance with two versions, of which the newer was stopped after every form of it had been made."""
    publish(services, editor)
    publish(services, editor, MORE)
    for ask in EXITS.values():
        ask(services)
    services.stops.suspend(editor, "reservoirs", "1.1.0", reason=REASON)
    return services


def test_no_exit_gives_the_rows_of_a_stopped_version(services: Services, editor: Actor) -> None:
    publish(services, editor)
    publish(services, editor, MORE)
    for ask in EXITS.values():
        ask(services)
    for version in ("1.0.0", "1.1.0"):
        services.stops.suspend(editor, "reservoirs", version, reason=REASON)
    for ask, reader in product(EXITS.values(), (None, editor, SYSTEM)):
        with pytest.raises(SuspendedError, match=REASON):
            ask(services, reader)
    assert list_blobs(services) == set()


@pytest.mark.both_databases(slow=True)
def test_the_version_before_is_the_latest_until_a_maintainer_lets_it_go(
    stopped: Services, editor: Actor, boss: Actor
) -> None:
    assert stopped.datasets.get("reservoirs").latest == "1.0.0"
    assert [item.version for item in stopped.stops.list(editor)] == ["1.1.0"]
    assert stopped.stops.count(editor) == 1
    assert stopped.checking.run().is_sound
    with pytest.raises(NotPermittedError):
        stopped.stops.release(editor, "reservoirs", "1.1.0", reason="误报")
    stopped.stops.release(boss, "reservoirs", "1.1.0", reason="误报")
    assert stopped.datasets.get("reservoirs").latest == "1.1.0"
    for ask in EXITS.values():
        ask(stopped)
    assert list_rows(stopped, "1.1.0") <= list_blobs(stopped)
    assert stopped.stops.list(boss) == []
    assert stopped.checking.run().is_sound
    record = json.loads(stopped.withdrawals.read_suspension("reservoirs", "1.1.0"))
    assert (record["suspended"], record["reason"]) == (False, "误报")


def test_a_stop_needs_a_reason_and_a_version_that_is_there(stopped: Services, editor: Actor, boss: Actor) -> None:
    with pytest.raises(InvalidMetadataError):
        stopped.stops.suspend(editor, "reservoirs", "1.0.0", reason=" ")
    with pytest.raises(InvalidMetadataError, match="At most 4000 characters"):
        stopped.stops.suspend(editor, "reservoirs", "1.0.0", reason="因" * 4001)
    with pytest.raises(StateError):
        stopped.stops.suspend(editor, "reservoirs", "1.1.0", reason=REASON)
    with pytest.raises(StateError):
        stopped.stops.release(boss, "reservoirs", "1.0.0", reason=REASON)
    stopped.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    rival = make_actor(stopped, "rival", publisher="road-bureau")
    with pytest.raises(NotPermittedError):
        stopped.stops.suspend(rival, "reservoirs", "1.0.0", reason=REASON)
    assert (stopped.stops.list(rival), stopped.stops.count(rival), stopped.stops.count(boss)) == ([], 0, 1)


def test_a_stopped_version_is_corrected_and_then_withdrawn(stopped: Services, editor: Actor, boss: Actor) -> None:
    found = publish(stopped, editor, MORE + "A004,北湖,4,2026-02-03\n")
    assert found.version == "1.2.0"
    stopped.withdrawals.withdraw(boss, "reservoirs", "1.1.0", reason=REASON, successor="1.2.0")
    assert stopped.stops.list(boss) == []
    with pytest.raises(StateError):
        stopped.stops.release(boss, "reservoirs", "1.1.0", reason="误报")


def test_a_stopped_version_is_erased(stopped: Services, boss: Actor) -> None:
    rows = list_rows_of(stopped, "1.1.0")
    stopped.withdrawals.withdraw(boss, "reservoirs", "1.1.0", reason=REASON, legal_basis="法", erase=True)
    assert not rows & (list_blobs(stopped) | list_blobs(stopped, "private_folder"))


def list_rows_of(services: Services, version: str) -> set[str]:
    """The blobs with the rows of a version, whether it is stopped or not."""
    folder = services.settings.public_folder / "datasets"
    manifest = json.loads(next(folder.rglob(f"{version}.json")).read_bytes())
    files = [item for resource in manifest["resources"] for item in (resource, resource["opendata"]["parquet"])]
    return {item["hash"].removeprefix("sha256:") for item in files}


def test_a_rebuilt_catalogue_and_a_copy_of_the_store_keep_the_stop(
    stopped: Services, editor: Actor, tmp_path: Path
) -> None:
    other = make_services(tmp_path / "other", store=str(stopped.settings.public_folder))
    other.rebuilding.run()
    with pytest.raises(SuspendedError, match=REASON):
        other.versions.get("reservoirs", "1.1.0")
    assert other.datasets.get("reservoirs").latest == "1.0.0"
    found = verify(open_source(str(stopped.settings.public_folder)), Trust())
    assert (found.findings, found.versions, found.withheld) == ([], 2, 1)


@pytest.mark.parametrize("forge", [lambda record: record | {"suspended": True, "reason": "x"}, lambda record: {}])
def test_a_forged_stop_is_found(stopped: Services, forge: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    (path,) = stopped.settings.public_folder.glob("datasets/*/reservoirs/suspended/1.1.0/1.json")
    path.chmod(0o644)
    path.write_text(json.dumps(forge(json.loads(path.read_bytes()))))
    assert verify(open_source(str(stopped.settings.public_folder)), Trust()).findings
    assert not stopped.checking.run().is_sound


def test_a_restored_backup_does_not_revive_what_was_taken_off_after_its_database_was_read(
    services: Services, editor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, editor)
    publish(services, editor, MORE)
    backup = tmp_path / "backup"
    services.backups.write(backup)
    database = {path.name: path.read_bytes() for path in (backup / "database").iterdir()}
    described = (backup / "backup.json").read_bytes()
    services.stops.suspend(editor, "reservoirs", "1.1.0", reason=REASON)
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason=REASON)
    services.backups.write(backup)
    for name, data in database.items():  # the tables as they were before
        (backup / "database" / name).write_bytes(data)
    (backup / "backup.json").write_bytes(described)
    settings = Settings(home=tmp_path / "restored", review="none")
    restore_backup(backup, settings)
    restored = build_services(settings)
    with pytest.raises(SuspendedError):
        restored.versions.get("reservoirs", "1.1.0")
    with pytest.raises(WithdrawnError):
        restored.versions.get("reservoirs", "1.0.0")
    assert restored.datasets.get("reservoirs").latest is None
    restored.database.dispose()


def test_a_crash_after_the_decision_is_finished_by_the_sweep(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, editor)
    with monkeypatch.context() as patch:
        patch.setattr(services.withdrawals, "finish", lambda *_: None)
        services.stops.suspend(editor, "reservoirs", "1.0.0", reason=REASON)
    with pytest.raises(SuspendedError):
        services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")
    services.work.sweep()
    assert list_blobs(services) == set()
    assert json.loads(services.withdrawals.read_suspension("reservoirs", "1.0.0"))["suspended"] is True


def test_what_an_older_program_left_open_is_stopped_and_listed(services: Services, editor: Actor, boss: Actor) -> None:
    publish(services, editor, CSV)
    with services.database.unit(write=True) as session:
        row = session.get_one(Dataset, "reservoirs")
        row.meta = {**row.meta, "disclosure": CONDITIONAL}
        for version in session.query(Version):
            version.unfinished = True  # as the migration leaves it
    services.work.sweep()
    assert [(item.version, item.suspension["reason"]) for item in services.stops.list(boss) if item.suspension] == [
        ("1.0.0", CONDITIONAL["reason"])
    ]
    services.stops.release(boss, "reservoirs", "1.0.0", reason="只给获授权者")
    with pytest.raises(NotPublicError):
        services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")
    with services.versions.find_file("reservoirs", "1.0.0", "levels", "csv", editor).open() as file:
        assert file.read().decode() == CSV


def test_a_stop_takes_no_file_from_a_version_that_is_about_to_be_public(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, editor)
    share, shared = Placement.share, []

    def interleave(placement: Placement, manifest: Manifest, public: set[str]) -> None:
        """Somebody stops the version before, which has one of the files, right before the new one is public."""
        share(placement, manifest, public)
        shared.append(manifest.version)
        if len(shared) == 2:
            services.stops.suspend(editor, "reservoirs", "1.0.0", reason=REASON)

    monkeypatch.setattr(Placement, "share", interleave)
    assert publish(services, editor, "a\n1\n", name="more", schema=None).version == "1.1.0"
    assert len(shared) == 2
    assert list_rows(services, "1.1.0") <= list_blobs(services)
    assert services.checking.run().is_sound


def test_a_dataset_that_is_closed_takes_its_stopped_versions_with_it(stopped: Services, editor: Actor) -> None:
    disclose(stopped, editor, {"attribute": "closed", "reason": "国家秘密", "legalBasis": "条例第十四条"})
    assert {item.version: item.withdrawal is not None for item in stopped.versions.list("reservoirs")} == {
        "1.0.0": True,
        "1.1.0": True,
    }
    assert stopped.stops.list(editor) == []
