"""What `opendata upload` remembers between runs, and that it does without where it must."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opendata.cli.uploads.upload_memory import Memory, identify_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "opendata"


def test_an_upload_is_remembered_until_it_is_forgotten(folder: Path) -> None:
    Memory().keep("a", "1")
    Memory().keep("b", "2")
    assert (Memory().find("a"), Memory().find("b"), Memory().find("c")) == ("1", "2", None)
    Memory().forget("a")
    Memory().forget("never there")
    assert (Memory().find("a"), Memory().find("b")) == (None, "2")
    assert [path.name for path in folder.iterdir()] == ["uploads.json"]


def test_only_the_latest_uploads_are_remembered(folder: Path) -> None:
    memory = Memory()
    for number in range(300):
        memory.keep(str(number), "x")
    kept = [number for number in range(300) if memory.find(str(number))]
    assert kept == list(range(100, 300))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 3}', "\xff"])
def test_a_damaged_memory_is_an_empty_one(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "uploads.json").write_bytes(text.encode("latin-1"))
    assert Memory().find("a") is None
    Memory().keep("a", "1")
    assert Memory().find("a") == "1"


def test_without_a_place_to_write_nothing_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    Memory().keep("a", "1")
    assert Memory().find("a") is None


def test_a_file_is_another_one_when_it_changed_or_goes_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n1\n")
    known = identify_file(path, "https://one.example.org")
    assert identify_file(path, "https://one.example.org") == known
    assert identify_file(path, "https://two.example.org") != known
    os.utime(path, (1, 1))
    assert identify_file(path, "https://one.example.org") != known
