"""Damaged files, for as long as one likes: each is read and validated, or refused, and nothing dies.

`make soak` runs it, for OPENDATA_SOAK_SECONDS (600). OPENDATA_SOAK_SEED makes the same files once more.
"""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.intake.samples import samples, zipped

ROOT = Path(__file__).parents[2]
PLAIN_ENDS = {"rows", "TooLargeError", "UnreadableFileError", "UnsupportedFormatError"}
REAL_SUFFIXES = {".csv", ".html", ".json", ".ods", ".xls", ".xlsx", ".xml"}
BATCH = 40
LARGEST = 200_000
"""Larger files are left out: damage goes wrong at the same places in small ones, of which more can be tried."""

# What the grammars of tables and of their containers are made of.
TOKENS: Sequence[bytes] = (
    *(b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\\", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1a"),
    *(b"{", b"}", b"[", b"]", b":", b"null", b"1e999", b"-0", b"NaN", b'"\\ud800"', b"9" * 400, b"0x1p9"),
    *(b"<", b">", b"</c>", b"<c/>", b"&#0;", b"&lt;", b"<!--", b"]]>", b't="s"', b'r="XFE1"', b"PK\x01\x02"),
    *("，".encode(), "水库".encode("gb18030"), "\u2028".encode(), "2026年13月".encode(), b"2026-02-30", b"=1+1"),
)


def flip(chance: random.Random, data: bytearray) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def cut(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 2, 16, 1000))]


def repeat(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.choice((1, 10, 1000))] * chance.choice((1, 2, 100))


def move(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice((1, 10, 1000))]
    place = chance.randrange(len(data))
    data[place : place + len(piece)] = piece


def insert(chance: random.Random, data: bytearray) -> None:
    place = chance.randrange(len(data))
    data[place:place] = chance.choice(TOKENS)


def end_early(chance: random.Random, data: bytearray) -> None:
    del data[chance.randrange(len(data)) :]


DAMAGES: Sequence[Callable[[random.Random, bytearray], None]] = (flip, cut, repeat, move, insert, insert, insert)


def damage(chance: random.Random, content: bytes) -> bytes:
    """A file with between one and a dozen faults."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 12))):
        if data:
            chance.choice(DAMAGES)(chance, data)
    if data and chance.random() < 0.1:
        end_early(chance, data)
    return bytes(data)


def repack(chance: random.Random, content: bytes) -> bytes:
    """A workbook whose parts are damaged and whose container is whole: behind the checksums, where readers trust."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    chosen = chance.choice([name for name, part in parts.items() if part])
    return zipped({**parts, chosen: damage(chance, parts[chosen])})


def make_files(chance: random.Random, sources: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Damaged files; as many of each form, however many sources there are of it."""
    forms = sorted({Path(name).suffix for name in sources})
    paths = []
    for number in range(BATCH):
        form = chance.choice(forms)
        name = chance.choice([name for name in sources if name.endswith(form)])
        make = repack if form in (".xlsx", ".ods") and chance.random() < 0.8 else damage
        paths.append(folder / f"{number}-{name}")
        paths[-1].write_bytes(make(chance, sources[name]))
    return paths


def soak(sources: Mapping[str, bytes], folder: Path, part: float) -> str:
    """Try files for this part of the time; how many, and how they ended. Fails with the paths of those that are bad."""
    seed = int(os.environ.get("OPENDATA_SOAK_SEED") or random.SystemRandom().randrange(2**32))
    until = time.monotonic() + float(os.environ.get("OPENDATA_SOAK_SECONDS") or 600) * part
    chance = random.Random(seed)
    ends: Counter[str] = Counter()
    while time.monotonic() < until:
        paths = make_files(chance, sources, folder)
        command = [sys.executable, "-m", "tests.intake.reading_child"]
        asked = "".join(json.dumps({"path": str(path), "part": 1, "validate": True}) + "\n" for path in paths)
        done = subprocess.run(command, cwd=ROOT, input=asked, capture_output=True, text=True)
        assert done.returncode == 0, f"seed {seed}, in {folder}: {done.stderr[-2000:]}"
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        bad = [f"{folder / line['name']}: {line}" for line in lines if line["outcome"] not in PLAIN_ENDS]
        assert not bad, "\n".join([f"seed {seed}, after {ends.total()} files:", *bad])
        assert len(lines) == len(paths)
        ends.update(line["outcome"] for line in lines)
        for path in paths:
            path.unlink()
    return f"{ends.total()} files, seed {seed}: {dict(ends)}"


@pytest.mark.soak
def test_however_a_file_made_here_is_damaged_it_is_validated_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = soak({f"sample.{suffix}": content for suffix, content in samples().items()}, tmp_path, 1 / 3)
    with capsys.disabled():
        print(f"\n{told}")


@pytest.mark.soak
def test_however_a_real_file_is_damaged_it_is_validated_or_refused(
    realdata: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = (path for path in sorted(realdata.rglob("*")) if path.suffix in REAL_SUFFIXES)
    sources = {path.name: path.read_bytes() for path in found if 0 < path.stat().st_size < LARGEST}
    told = soak(sources, tmp_path, 2 / 3)
    with capsys.disabled():
        print(f"\n{told}")
