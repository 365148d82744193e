"""A restore that is tried: measured, checked, and gone afterwards; and what a real one says that it ended."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from opendata.cli import main
from opendata.services.operations.backups import LACKING
from opendata.services.operations.checking import ALTERED_BLOB, Checking
from tests.cli.conftest import Run

PACKAGE = {"name": "lakes", "title": "湖泊", "resources": [{"name": "levels", "path": "levels.csv"}]}
PARTS = ["copy", "database", "verify", "fsck", "pages"]


@pytest.fixture(scope="module")
def made(empty_instance: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an instance that has a dataset, an account and a token, and with its backup without the keys."""
    folder = tmp_path_factory.mktemp("drill")
    shutil.copytree(empty_instance, folder / "instance")
    (folder / "package").mkdir()
    (folder / "package" / "levels.csv").write_text("a\n1\n")
    (folder / "package" / "datapackage.json").write_text(json.dumps(PACKAGE))
    runner = CliRunner(env={"OPENDATA_HOME": str(folder / "instance"), "OPENDATA_DEBUG": ""})
    for words in (
        ("import", str(folder / "package")),
        ("user", "create", "anna", "--role", "maintainer"),
        ("token", "create", "--user", "anna"),
        ("backup", str(folder / "backup")),
    ):
        assert runner.invoke(main, words).exit_code == 0
    return folder


@pytest.fixture
def instance(made: Path, home: Path) -> Path:
    """That instance, for this test alone."""
    shutil.copytree(made / "instance", home)
    return home


@pytest.fixture
def backup(made: Path, tmp_path: Path) -> Path:
    """That backup, for this test alone."""
    return Path(shutil.copytree(made / "backup", tmp_path / "backup"))


def read_tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def damage(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def test_a_drill_measures_each_part_and_leaves_nothing(run: Run, instance: Path, backup: Path) -> None:
    before = read_tree(instance), read_tree(backup)
    drilled = run("drill", backup, "--json")
    assert drilled.exit_code == 0, drilled.output
    found = json.loads(drilled.stdout)
    assert list(found["seconds"]) == [*PARTS, "total"]
    assert all(found["seconds"][part] > 0 for part in PARTS)
    assert (found["datasets"], found["versions"], found["sound"], found["findings"]) == (1, 1, True, [])
    stores = [
        path.stat().st_size for name in ("public", "private") for path in (backup / name).rglob("*") if path.is_file()
    ]
    assert (found["files"], found["bytes"]) == (len(stores), sum(stores))
    assert found["missing"] == [{"name": "signing.key", "found": str(instance / "keys" / "signing.key")}]
    assert found["closes"] == {"tokens": 1, "invitations": 0, "sessions": 1, "passwords": 0}
    assert (read_tree(instance), read_tree(backup)) == before
    assert [path for path in instance.iterdir() if path.name.startswith("drill-")] == []


@pytest.mark.slow
def test_a_drill_says_in_words_what_is_missing_and_what_a_restore_would_end(
    run: Run, instance: Path, backup: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (instance / "keys" / "signing.key").rename(tmp_path / "signing.key")
    drilled = run("drill", backup, "--folder", tmp_path / "elsewhere")
    assert drilled.exit_code == 0, drilled.output
    for text in (
        "1 dataset, 1 version",
        f"The backup doesn't include signing.key, nor is it in {instance / 'keys'}.",
        "A restore ends 1 token, 0 invitations and all sessions",
        "Accounts and passwords are those of the backup",
        "No problems found.",
    ):
        assert text in drilled.stdout
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.slow
def test_a_damaged_file_of_the_backup_and_a_missing_one_are_named(run: Run, instance: Path, backup: Path) -> None:
    blobs = [path for path in (backup / "public" / "blobs").rglob("*") if path.is_file()]
    blob = next(path for path in blobs if path.read_bytes() == b"a\n1\n")
    damage(blob)
    (record,) = (backup / "public" / "publishers").rglob("1.json")
    record.unlink()
    drilled = run("drill", backup, "--json")
    assert drilled.exit_code == 1
    findings = {(item["where"], item["what"]) for item in json.loads(drilled.stdout)["findings"]}
    assert {(f"public/{blob.name}", ALTERED_BLOB), (record.relative_to(backup).as_posix(), LACKING)} <= findings
    assert list(instance.glob("drill-*")) == []


@pytest.mark.slow
def test_a_damaged_table_and_a_wrong_key_are_named(run: Run, instance: Path, backup: Path) -> None:
    assert run("backup", backup, "--with-keys").exit_code == 0
    (backup / "keys" / "signing.key").write_text("1" * 64 + "\n")
    (backup / "keys" / "signing.pub").unlink(missing_ok=True)
    drilled = run("drill", backup)
    assert (drilled.exit_code, "keys/signing.key: the key in the backup isn't the newest" in drilled.stdout) == (
        1,
        True,
    )
    (backup / "keys" / "signing.key").write_text("[]\n")
    drilled = run("drill", backup)
    assert (drilled.exit_code, "signing.key” is damaged" in drilled.stdout) == (1, True)
    damage(backup / "database" / "users.jsonl")
    drilled = run("drill", backup)
    assert (drilled.exit_code, "The table “users” of the backup" in drilled.stdout) == (1, True)
    (backup / "database" / "users.jsonl").unlink()
    assert run("drill", backup).exit_code == 1
    (backup / "backup.json").unlink()
    assert run("drill", backup).exit_code == 2
    assert list(instance.glob("drill-*")) == []


@pytest.mark.slow
def test_a_drill_that_is_interrupted_leaves_nothing(
    run: Run, instance: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def interrupt(*_: object, **__: object) -> None:
        seen.extend(instance.glob("drill-*"))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Checking, "run", interrupt)
    before = signal.getsignal(signal.SIGTERM)
    assert run("drill", backup).exit_code == 130
    assert len(seen) == 1
    assert list(instance.glob("drill-*")) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_drill_without_room_for_it_does_not_begin(
    run: Run, instance: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
    refused = run("drill", backup)
    assert (refused.exit_code, "has 0 MB free. Use --folder" in refused.stderr) == (2, True)
    assert run("drill", backup, env={"OPENDATA_HOME": str(instance / "nowhere")}).exit_code == 2
    assert list(instance.glob("drill-*")) == []


@pytest.mark.slow
def test_what_a_drill_left_that_was_killed_goes_with_the_next(run: Run, instance: Path, backup: Path) -> None:
    left, held, young = (instance / f"drill-{name}" for name in ("left", "held", "young"))
    for folder in (left, held, young):
        (folder / "store").mkdir(parents=True)
    for folder in (left, held):
        os.utime(folder, (0, 0))
    handle = os.open(held, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    assert run("drill", backup).exit_code == 0
    os.close(handle)
    assert sorted(instance.glob("drill-*")) == [held, young]


@pytest.mark.slow
def test_a_restore_says_what_it_ended_and_how_to_make_new_ones(run: Run, backup: Path, tmp_path: Path) -> None:
    there = {"OPENDATA_HOME": str(tmp_path / "other")}
    restored = run("restore", backup, "--end-passwords", env=there)
    assert restored.exit_code == 0, restored.output
    assert "Ended 1 token, 0 invitations and all sessions" in restored.stdout
    assert "“opendata user password NAME”" in restored.stdout
    assert "restore with --ends" in restored.stderr
    there = {"OPENDATA_HOME": str(tmp_path / "third")}
    kept = run("restore", backup, "--keep-tokens", env=there)
    assert (kept.exit_code, "token" in kept.stdout, "--end-passwords" in kept.stdout) == (0, False, True)
