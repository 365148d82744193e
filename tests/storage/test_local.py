"""What a store in a folder does beyond the common suite."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from opendata.errors import IntegrityError
from opendata.storage.local import LocalStore


def test_a_name_taken_between_the_look_and_the_write_is_not_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path)
    store.put_record("datasets/one.json", b"first")
    # To every later writer the name seems free, as it was when they looked.
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: exists(path) and path.name != "one.json")
    store.put_record("datasets/one.json", b"first")
    with pytest.raises(IntegrityError):
        store.put_record("datasets/one.json", b"other")
    assert store.get_record("datasets/one.json") == b"first"


def test_a_name_is_durable_also_for_those_who_find_it_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever linked it may have died before the folder was synced.
    LocalStore(tmp_path).put_record("datasets/aa/one.json", b"x")
    synced: list[int] = []
    fsync = os.fsync

    def remember(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", remember)
    LocalStore(tmp_path).put_record("datasets/aa/one.json", b"x")
    assert (tmp_path / "datasets" / "aa").stat().st_ino in synced


def test_every_new_folder_is_made_durable_in_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    synced: list[int] = []
    fsync = os.fsync

    def remember(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", remember)
    store.put_record("datasets/aa/one/1.0.0.json", b"x")
    folders = [tmp_path, tmp_path / "datasets", tmp_path / "datasets" / "aa", tmp_path / "datasets" / "aa" / "one"]
    assert {folder.stat().st_ino for folder in folders} <= set(synced)
    assert (tmp_path / "datasets" / "aa" / "one" / "1.0.0.json").stat().st_ino in synced
