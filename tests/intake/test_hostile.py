"""Files built to break readers end in a table or in a plain refusal, in bounded time and memory, and nothing dies."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from opendata.errors import TooLargeError, UnreadableFileError
from opendata.intake.archives import Limits, unpack
from tests.intake.hostile import HOSTILE

ROOT = Path(__file__).parents[2]
PLAIN_ENDS = {"rows", "TooLargeError", "UnreadableFileError", "UnsupportedFormatError"}
UNPACKED_LIMIT = 300 << 20


def read_in_child(paths: Sequence[Path]) -> dict[str, str]:
    command = [sys.executable, "-m", "tests.intake.reading_child", *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr[-2000:]
    bad = [line for line in lines if line["outcome"] not in PLAIN_ENDS]
    assert not bad, bad
    assert [line["name"] for line in lines] == [path.name for path in paths]
    return {line["name"]: line["outcome"] for line in lines}


def build(name: str, folder: Path) -> list[Path]:
    HOSTILE[name][0](folder)
    return sorted(folder.iterdir())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_read_or_refused_and_nothing_dies(name: str, tmp_path: Path) -> None:
    outcomes = read_in_child(build(name, tmp_path))
    expected = HOSTILE[name][1]
    if expected:
        assert set(outcomes.values()) == {expected}, outcomes


@pytest.mark.parametrize("name", HOSTILE)
def test_unpacking_writes_into_its_folder_only_and_no_more_than_allowed(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for path in build(name, source):
        target.mkdir()
        try:
            leaves = unpack(path, path.name, target, Limits(total_bytes=UNPACKED_LIMIT))
            inside = {leaf.path for leaf in leaves if leaf.members}
        except (TooLargeError, UnreadableFileError):
            inside = set()
        assert set(target.iterdir()) == inside
        assert sum(path.stat().st_size for path in inside) <= UNPACKED_LIMIT
        for path in inside:
            path.unlink()
        target.rmdir()
    assert sorted(tmp_path.iterdir()) == [source]


@pytest.mark.slow
def test_real_workbooks_with_damaged_bytes_are_read_or_refused(realdata: Path, tmp_path: Path) -> None:
    chance = random.Random(6)
    sources = [
        realdata / "chinese/budget/7-6-分地区一般公共预算支出-2020.xls",
        realdata / "chinese/budget/7-6-分地区一般公共预算支出-2019.encrypted.xls",
        realdata / "chinese/covid/StatsWJW.xlsx",
    ]
    for source in sources:
        for number in range(12):
            content = bytearray(source.read_bytes())
            for _ in range(4 ** (number % 4)):
                # The first kilobytes hold the tables that everything else hangs on.
                content[chance.randrange(4096 if number % 2 else len(content))] = chance.randrange(256)
            (tmp_path / f"{number}-{source.name}").write_bytes(content)
        (tmp_path / f"cut-{source.name}").write_bytes(source.read_bytes()[:7000])
    read_in_child(sorted(tmp_path.iterdir()))
