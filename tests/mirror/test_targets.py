"""What every target does, be it a folder or a bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendata.errors import UsageError
from opendata.mirror.targets import BucketTarget, FolderTarget, Target, open_target


@pytest.fixture(params=["folder", "bucket"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    if request.param == "folder":
        return FolderTarget(tmp_path / "mirror")
    (tmp_path / "bucket").mkdir()
    return BucketTarget(f"file://{tmp_path}/bucket")


def put(target: Target, folder: Path, key: str, data: bytes) -> None:
    """Put bytes under a key."""
    file = folder / "new"
    file.write_bytes(data)
    target.put(key, file, "text/plain")
    assert not file.exists()


def test_what_is_put_is_got_listed_copied_and_deleted(target: Target, tmp_path: Path) -> None:
    put(target, tmp_path, "a/b.txt", b"one")
    put(target, tmp_path, "a/b.txt", b"other")
    put(target, tmp_path, "说明.txt", b"")
    target.copy("a/b.txt", "c/d.txt")
    target.copy("a/b.txt", "c/d.txt")
    assert sorted(target.list()) == [("a/b.txt", 5), ("c/d.txt", 5), ("说明.txt", 0)]
    assert target.get("c/d.txt") == b"other"
    put(target, tmp_path, "a/b.txt", b"third")
    assert target.get("c/d.txt") == b"other"
    target.delete("a/b.txt")
    target.delete("a/b.txt")
    assert target.get("a/b.txt") is None
    assert sorted(target.list()) == [("c/d.txt", 5), ("说明.txt", 0)]


def test_what_the_mirror_keeps_for_itself_isnt_listed(target: Target, tmp_path: Path) -> None:
    put(target, tmp_path, ".mirror/mirror.json", b"{}")
    assert list(target.list()) == []
    assert target.get(".mirror/mirror.json") == b"{}"


def test_a_folder_that_is_empty_now_is_gone(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path / "mirror")
    put(target, tmp_path, "a/b/c.txt", b"one")
    put(target, tmp_path, "a/d.txt", b"two")
    target.delete("a/b/c.txt")
    assert not (tmp_path / "mirror/a/b").exists()
    put(target, tmp_path, "a/b/c.txt", b"three")
    assert target.get("a/b/c.txt") == b"three"


def test_an_address_that_no_bucket_has_is_refused() -> None:
    with pytest.raises(UsageError):
        open_target("s3://")
