"""What an operator does in a shell: check the stores, tidy them, copy an instance, bring it back, take things back."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PACKAGE = {"name": "lakes", "title": "湖泊", "resources": [{"name": "levels", "path": "levels.csv"}]}


@pytest.fixture
def lakes(run: Run, instance: Path, write_package: Callable[..., Path]) -> Path:
    """An instance with two versions of one dataset."""
    for text in ("a\n1\n", "a\n1\n2\n"):
        assert run("import", write_package(PACKAGE, {"levels.csv": text})).exit_code == 0
    return instance


def find_table(home: Path, text: str) -> Path:
    """The public file of a table with this text."""
    files = (path for path in (home / "store" / "blobs").rglob("*") if path.is_file())
    return next(path for path in files if path.read_bytes() == text.encode())


def test_a_sound_instance_is_looked_over_in_words_and_as_json(run: Run, lakes: Path) -> None:
    looked = run("fsck")
    assert looked.exit_code == 0
    assert "2 versions" in looked.stdout
    assert "No problems found." in looked.stdout
    found = json.loads(run("fsck", "--full", "--json").stdout)
    assert (found["versions"], found["findings"]) == (2, [])


def test_an_altered_file_is_named_and_the_status_says_so(run: Run, lakes: Path) -> None:
    table = find_table(lakes, "a\n1\n2\n")
    table.chmod(0o600)
    table.write_bytes(b"a\n1\n3\n")
    looked = run("fsck", "--full")
    assert looked.exit_code == 1
    assert table.name in looked.stdout
    assert json.loads(run("fsck", "--full", "--json").stdout)["findings"]


@pytest.mark.slow
def test_what_nothing_needs_is_removed_once_it_was_counted(
    run: Run, lakes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bytes_of_nobody = b"nobody needs this"
    name = hashlib.sha256(bytes_of_nobody).hexdigest()
    orphan = lakes / "store" / "blobs" / "sha256" / name[:2] / name
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(bytes_of_nobody)
    kept = {path for path in (lakes / "store").rglob("*") if path.is_file()} - {orphan}
    now = time.time()
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: now + 2 * 86400)
        counted = run("gc", "--dry-run")
        assert counted.exit_code == 0
        assert "Would remove 1 public" in counted.stdout
        assert orphan.exists()
        assert "Removed 1 public" in run("gc").stdout
        assert not orphan.exists()
        assert json.loads(run("gc", "--json").stdout)["public"] == 0
    assert {path for path in (lakes / "store").rglob("*") if path.is_file()} == kept
    assert run("fsck", "--full").exit_code == 0


@pytest.mark.slow
def test_a_backup_becomes_an_instance_that_signs_on_with_the_same_key(run: Run, lakes: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "backup", tmp_path / "other"
    written = run("backup", folder, "--with-keys")
    assert written.exit_code == 0
    assert "The backup doesn't include the keys" not in written.stderr
    restored = run("restore", folder, env={"OPENDATA_HOME": str(other)})
    assert restored.exit_code == 0, restored.output
    assert "2 versions" in restored.stdout
    before, after = (
        json.loads(run("key", "list", "--json", env={"OPENDATA_HOME": str(home)}).stdout) for home in (lakes, other)
    )
    assert before == after
    assert run("fsck", "--full", env={"OPENDATA_HOME": str(other)}).exit_code == 0


def test_a_backup_without_the_key_says_where_to_put_it(run: Run, lakes: Path, tmp_path: Path) -> None:
    written = run("backup", tmp_path / "backup")
    assert f"The backup doesn't include the keys. Keep a copy of {lakes / 'keys'} elsewhere." in written.stderr
    restored = run("restore", tmp_path / "backup", env={"OPENDATA_HOME": str(tmp_path / "other")})
    assert f"back into {tmp_path / 'other' / 'keys'}: signing.key" in restored.stderr
    assert all(name in restored.stderr for name in ("pseudonyms.secret", "sources.secret"))


def test_a_key_hands_over_to_a_fresh_one(run: Run, lakes: Path) -> None:
    (first,) = json.loads(run("key", "list", "--json").stdout)["keys"]
    assert run("key", "rotate").exit_code == 0
    listed = run("key", "list").stdout.splitlines()
    assert len(listed) == 3
    assert listed[1].startswith(first["id"])
    assert run("fsck", "--full").exit_code == 0


def test_a_version_is_stopped_and_let_go(run: Run, lakes: Path) -> None:
    assert run("suspend", "lakes", "1.0.0", "--reason", "含有个人信息").exit_code == 0
    again = run("suspend", "lakes", "1.0.0", "--reason", "含有个人信息")
    assert (again.exit_code, "1.0.0 is already stopped" in again.stderr) == (2, True)
    assert run("export", "lakes@1.0.0", str(lakes.parent / "out")).exit_code == 2
    assert run("release", "lakes", "1.0.0", "--reason", "误报").exit_code == 0
    assert run("fsck").exit_code == 0


def test_a_version_is_corrected_withdrawn_and_erased(run: Run, lakes: Path) -> None:
    corrected = run("erratum", "lakes", "1.0.0", "--text", "单位应为米", "--successor", "1.1.0")
    assert (corrected.exit_code, "1.0.0" in corrected.stderr) == (0, True)
    assert run("withdraw", "lakes", "1.0.0", "--reason", "数据有误", "--yes").exit_code == 0
    again = run("withdraw", "lakes", "1.0.0", "--reason", "数据有误", "--yes")
    assert (again.exit_code, "1.0.0 is already withdrawn" in again.stderr) == (2, True)
    erased = run("withdraw", "lakes", "1.0.0", "--reason", "x", "--legal-basis", "y", "--erase", "--yes")
    assert erased.exit_code == 0
    with pytest.raises(StopIteration):
        find_table(lakes, "a\n1\n")


def test_a_renamed_dataset_is_exported_under_its_new_name(run: Run, lakes: Path, tmp_path: Path) -> None:
    assert run("rename", "lakes", "waters").exit_code == 0
    assert run("export", "waters@1.0.0", tmp_path / "export").exit_code == 0
    assert (tmp_path / "export" / "levels.csv").read_text() == "a\n1\n"
    assert run("export", "nowhere", tmp_path / "nothing").exit_code == 2


@pytest.mark.slow
def test_nothing_is_withdrawn_that_nobody_confirmed(run: Run, lakes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("withdraw", "lakes", "1.0.0", "--reason", "数据有误")
    refused = run(*words)
    assert refused.exit_code == 2
    assert "Withdrawing version 1.0.0 of lakes can't be undone (rows: 1, tables and files: 1)" in refused.stderr
    assert "use --yes" in refused.stderr
    monkeypatch.setattr("opendata.cli.core.output.is_interactive", lambda: True)
    declined = run(*words, stdin="n\n")
    assert (declined.exit_code, "Nothing was done" in declined.stderr) == (2, True)
    assert "No problems found." in run("fsck").stdout
    agreed = run(*words, stdin="y\n")
    assert (agreed.exit_code, "Withdrew lakes 1.0.0" in agreed.stderr) == (0, True)


@pytest.mark.slow
def test_the_files_that_were_sent_are_erased_once_somebody_confirms_it(run: Run, lakes: Path) -> None:
    refused = run("erase-originals", "lakes")
    assert (refused.exit_code, "use --yes" in refused.stderr) == (2, True)
    erased = run("erase-originals", "lakes", "--yes")
    assert (erased.exit_code, "Erased files: " in erased.stderr) == (0, True)
    assert "No problems found." in run("fsck").stdout
