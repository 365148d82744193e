"""Chooses inputs for one reader by the code that they reach: a process of its own, in which atheris has the say.

`python -m tests.fuzz.guided READER SEED RUNS FOLDER`; `tests.fuzz.readers --guided` starts it. The first byte of an
input chooses its name, the rest is the input. What goes wrong is written into the folder, and how many were tried.
"""

from __future__ import annotations

import mmap
import random
import struct
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["opendata"]):
    from tests.fuzz.readers import COUNT, FOUND, list_names, try_one, warm
    from tests.fuzz.readings import READINGS, Reading

CORPUS = "corpus"
_TIMEOUT_SECONDS = 60
_MEMORY_MB = 3000
_LONGEST = 100_000
_MOST_FOUND = 200


def write_corpus(reading: Reading, folder: Path) -> None:
    """What is usually sent, as the inputs to begin with."""
    endings = [name.rpartition(".")[2] for name in list_names(reading)]
    for name, data in reading.seeds().items():
        if len(data) < _LONGEST:
            (folder / name).write_bytes(bytes([endings.index(name.rpartition(".")[2])]) + data)


def main() -> None:
    """Try inputs until there were enough."""
    name, seed, runs, folder = sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])
    reading = next(reading for reading in READINGS if reading.name == name)
    with atheris.instrument_imports(include=["opendata"]):  # what it imports when it reads
        warm([reading])
    names = list_names(reading)
    (folder / CORPUS).mkdir()
    write_corpus(reading, folder / CORPUS)
    with (folder / COUNT).open("w+b") as file:
        file.write(struct.pack("<Q", 0))
        file.flush()
        tried = mmap.mmap(file.fileno(), 8)
    seen: set[str] = set()

    def run(data: bytes) -> None:
        if not data:
            return
        tried[:] = struct.pack("<Q", struct.unpack("<Q", tried[:])[0] + 1)
        called = names[data[0] % len(names)]
        outcome, told = try_one(reading, called, data[1:])
        if outcome.startswith("!") and len(seen) < _MOST_FOUND and outcome not in seen:
            seen.add(outcome)
            target = folder / f"{FOUND}-{len(seen)}"
            target.write_bytes(data[1:])
            target.with_suffix(".txt").write_text(f"{called}\n{outcome}\n{told}", "utf-8", "backslashreplace")

    def change(data: bytes, most: int, number: int) -> bytes:
        chance = random.Random(number)
        if chance.random() < 0.5 or len(data) < 2:
            return bytes(atheris.Mutate(data, most))
        try:
            return (data[:1] + reading.damage(chance, data[1:]))[:most]
        except Exception:  # noqa: BLE001 - it was damaged before, so that it can't be taken apart
            return bytes(atheris.Mutate(data, most))

    options = [f"-runs={runs}", f"-seed={seed}", f"-timeout={_TIMEOUT_SECONDS}", f"-rss_limit_mb={_MEMORY_MB}"]
    options += [f"-max_len={_LONGEST}", f"-artifact_prefix={folder}/", "-len_control=0", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(folder / CORPUS)], run, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
