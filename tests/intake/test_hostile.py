"""Files built to break readers end in a table or in a plain refusal, in bounded time and memory, and nothing dies."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from opendata.errors import TooLargeError, UnreadableFileError
from opendata.intake.unpack.archives import Limits, unpack
from tests.intake.hostile import HOSTILE
from tests.servers import CHECKOUT

PLAIN_ENDS = {"rows", "TooLargeError", "UnreadableFileError", "UnsupportedFormatError"}
UNPACKED_LIMIT = 300 << 20
TENTH = 10
"""In a tenth of their size, with a tenth of our limits, files that are hostile by it are read and unpacked always."""

COSTLY = ("columnar_files_that_expand", "compressed_bombs_of_10_gb", "flipped_bytes")
"""These take seconds in any size."""

QUICK = [pytest.param(name, marks=pytest.mark.slow) if name in COSTLY else name for name in HOSTILE]

LARGE = [name for name, made in HOSTILE.items() if made.is_large]

Built = Callable[[str, int], list[Path]]
Read = Callable[[Sequence[Path], int], dict[str, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The files of a name, in a part of their size."""
    folder = tmp_path_factory.mktemp("hostile")
    return cache(lambda name, part: HOSTILE[name].build(folder / f"{name}-{part}", part))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    """Read files, each in a process of its own: how each of them ended."""
    said = tmp_path_factory.mktemp("reading") / "stderr"
    command = [sys.executable, "-m", "tests.intake.reading_child"]
    with (
        said.open("wb") as target,
        subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=target, text=True
        ) as reader,
    ):
        assert reader.stdin is not None
        assert reader.stdout is not None

        def read(paths: Sequence[Path], part: int) -> dict[str, str]:
            outcomes = {}
            for path in paths:
                print(json.dumps({"path": str(path), "part": part, "validate": False}), file=reader.stdin, flush=True)
                answer = reader.stdout.readline()
                assert answer, said.read_text()[-2000:]
                line = json.loads(answer)
                assert line["outcome"] in PLAIN_ENDS, line
                assert line["name"] == path.name
                outcomes[path.name] = line["outcome"]
            return outcomes

        yield read
        reader.stdin.close()
    assert reader.returncode == 0, said.read_text()[-2000:]


@pytest.mark.parametrize("name", QUICK)
def test_a_hostile_file_is_read_or_refused_and_nothing_dies(name: str, built: Built, read: Read) -> None:
    check_end(name, read(built(name, TENTH), TENTH))


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_so_it_is_in_its_full_size(name: str, built: Built, read: Read) -> None:
    check_end(name, read(built(name, 1), 1))


def check_end(name: str, outcomes: Mapping[str, str]) -> None:
    expected = HOSTILE[name].outcome
    if expected:
        assert set(outcomes.values()) == {expected}, outcomes


@pytest.mark.parametrize("name", QUICK)
def test_unpacking_writes_into_its_folder_only_and_no_more_than_allowed(
    name: str, built: Built, tmp_path: Path
) -> None:
    check_unpacking(built(name, TENTH), tmp_path, UNPACKED_LIMIT // TENTH)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_so_it_does_in_its_full_size(name: str, built: Built, tmp_path: Path) -> None:
    check_unpacking(built(name, 1), tmp_path, UNPACKED_LIMIT)


def check_unpacking(sources: Sequence[Path], folder: Path, limit: int) -> None:
    target = folder / "target"
    for path in sources:
        before = path.stat()
        target.mkdir()
        try:
            leaves = unpack(path, path.name, target, Limits(total_bytes=limit))
            inside = {leaf.path for leaf in leaves if leaf.members}
        except (TooLargeError, UnreadableFileError):
            inside = set()
        assert set(target.iterdir()) == inside
        assert sum(path.stat().st_size for path in inside) <= limit
        for unpacked in inside:
            unpacked.unlink()
        target.rmdir()
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert list(folder.iterdir()) == []
    assert sorted(sources[0].parent.iterdir()) == sorted(sources)


@pytest.mark.slow
def test_real_workbooks_with_damaged_bytes_are_read_or_refused(realdata: Path, tmp_path: Path, read: Read) -> None:
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
    read(sorted(tmp_path.iterdir()), 1)
