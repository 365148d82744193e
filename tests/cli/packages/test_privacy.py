"""A package with personal data: refused until a file says what is done with it; what was sent can be erased after."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.services.work.test_privacy_gate import DECISIONS, ROLL, SECRETS

PACKAGE = {"name": "persons", "title": "名册", "resources": [{"name": "roll", "path": "roll.csv"}]}


@pytest.fixture
def package(instance: Path, write_package: Callable[..., Path]) -> Path:
    """A package whose table has persons in three columns."""
    return write_package(PACKAGE, {"roll.csv": ROLL})


@pytest.fixture
def decisions(tmp_path: Path) -> Path:
    """The file that says what is done with them."""
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps({"roll": DECISIONS}), encoding="utf-8")
    return file


def find_secrets(folder: Path) -> set[str]:
    """Which of the made-up values of the roll are in the files of a folder."""
    found = b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return {secret for secret in (*SECRETS[::2], ROLL.split(",")[5]) if secret.encode() in found}


def test_undecided_columns_are_named_and_nothing_is_published(run: Run, instance: Path, package: Path) -> None:
    told = run("import", package)
    assert (told.exit_code, "nothing was published" in told.stdout) == (1, True)
    assert "these columns: 姓名, id, phone." in told.stdout
    found = json.loads(run("import", package, "--json").stdout)
    (table,) = found["resources"]
    assert (found["version"], found["created"], table["valid"]) == (None, False, False)
    assert "these columns: 姓名, id, phone." in table["messages"][0]
    assert not list((instance / "store" / "datasets").rglob("*.json"))
    assert not find_secrets(instance / "store")


def test_a_package_with_decisions_is_published_and_what_was_sent_is_erased(
    run: Run, instance: Path, package: Path, decisions: Path, tmp_path: Path
) -> None:
    assert run("import", package).exit_code == 1
    done = run("import", package, "--privacy", decisions, "--json")
    assert (done.exit_code, json.loads(done.stdout)["version"]) == (0, "1.0.0")
    assert not find_secrets(instance / "store")
    assert len(find_secrets(instance / "private" / "blobs")) == 3
    published = {path: path.read_bytes() for path in (instance / "store").rglob("*") if path.is_file()}
    assert run("erase-originals", "persons", "--yes").exit_code == 0
    assert not find_secrets(instance / "private")
    assert {path: path.read_bytes() for path in (instance / "store").rglob("*") if path.is_file()} == published
    assert run("export", "persons", tmp_path / "export").exit_code == 0
    assert (tmp_path / "export" / "roll.csv").read_text().splitlines()[0] == "姓名,id,town,amount"


@pytest.mark.parametrize("text", ["[]", "{", json.dumps({"nothing": DECISIONS})])
def test_a_file_of_decisions_that_is_none_is_refused(
    run: Run, instance: Path, package: Path, decisions: Path, text: str
) -> None:
    decisions.write_text(text)
    refused = run("import", package, "--privacy", decisions)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert ("nothing" if "nothing" in text else "decisions.json") in refused.stderr
    assert not list((instance / "store" / "datasets").rglob("*.json"))
