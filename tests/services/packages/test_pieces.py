"""A table whose package has it in several files is read as one, and wrong files are named."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from opendata.services.core.actors import SYSTEM
from opendata.services.packages.validation import check_package
from opendata.wiring import Services

ROWS = [f"A{number},{number}.5\n" for number in range(1, 7)]
HEADER = "code,level\n"
SCHEMA = {"fields": [{"name": "code", "type": "string"}, {"name": "level", "type": "number"}]}


def write(folder: Path, files: list[bytes], **more: Any) -> Path:
    """A package with one table in these files."""
    folder.mkdir()
    names = [f"part-{number}.csv" for number in range(1, len(files) + 1)]
    for name, data in zip(names, files, strict=True):
        (folder / name).write_bytes(data)
    table = {"name": "levels", "path": names, "schema": SCHEMA, **more}
    (folder / "datapackage.json").write_text(json.dumps({"name": "reservoirs", "resources": [table]}), "utf-8")
    return folder


def check(folder: Path) -> dict[str, Any]:
    """The report on a package."""
    return check_package(str(folder), lambda _: {})


def cut(*ends: int, header: str = HEADER) -> list[bytes]:
    """The rows in files that end before these rows, each with the header."""
    places = [0, *ends, len(ROWS)]
    return [(header + "".join(ROWS[a:b])).encode() for a, b in pairwise(places)]


@pytest.mark.parametrize(
    ("files", "more"),
    [
        (cut(2, 4), {}),
        (cut(2, 2), {}),
        ([data.removesuffix(b"\n") for data in cut(1, 5)], {}),
        ([b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") for data in cut(3)], {}),
        ([cut(3)[0], b"\xef\xbb\xbf" + cut(3)[1]], {}),
        ([data.removeprefix(HEADER.encode()) for data in cut(2, 4)], {"dialect": {"header": False}}),
        (cut(4, header=HEADER + HEADER), {"dialect": {"headerRows": [1, 2], "headerJoin": " "}, "schema": None}),
    ],
)
def test_files_are_joined_in_their_order_with_one_header(files: list[bytes], more: Any, tmp_path: Path) -> None:
    report = check(write(tmp_path / "package", files, **more))
    assert report["valid"], report["tasks"][0]["errors"]
    assert report["tasks"][0]["stats"]["rows"] == len(ROWS)


@pytest.mark.parametrize(
    ("second", "text"),
    [
        (b"code,stage\nA9,1\n", "“code,stage” instead of “code,level”"),
        (b"A9,1\n", "“A9,1” instead of"),
        (b"", "— instead of"),
        (b"\xff\xfec\0o\0", "UTF-16"),
        (b"\x1f\x8b\x08\0rest", "not a CSV table"),
    ],
)
def test_a_file_that_isnt_a_part_of_the_table_is_named(second: bytes, text: str, tmp_path: Path) -> None:
    report = check(write(tmp_path / "package", [cut(3)[0], second]))
    (error,) = report["tasks"][0]["errors"]
    assert "part-2.csv" in error["message"]
    assert text in error["message"]


def test_bytes_and_digest_are_those_of_all_files_one_after_the_other(tmp_path: Path) -> None:
    files = cut(2, 4)
    whole = b"".join(files)
    said = {"bytes": len(whole), "hash": f"sha256:{hashlib.sha256(whole).hexdigest()}"}
    assert check(write(tmp_path / "right", files, **said))["valid"]
    assert not check(write(tmp_path / "wrong", files, **{**said, "bytes": len(files[0])}))["valid"]


def test_a_table_in_several_files_is_published_as_one(services: Services, tmp_path: Path) -> None:
    found = services.imports.import_package(SYSTEM, str(write(tmp_path / "package", cut(2, 4))))
    assert [(item.name, item.valid, item.rows) for item in found.resources] == [("levels", True, len(ROWS))]
    with services.versions.find_file(found.dataset, found.version, "levels", "csv").open() as file:
        assert file.read().decode() == HEADER + "".join(ROWS)
