"""Sends damaged files, documents, cells and headers to everything that reads them, and counts how that ended.

`python -m tests.fuzz.readers --inputs 100000`. An error that isn't one of the program's own, an input that takes longer
than its time, and a process that dies are faults: the input is kept in a folder, which is printed, and the status is 1.
The same seed makes the same inputs. `--guided` does so under the guidance of coverage by atheris, which has to be
installed apart; `--one FILE` reads an input that was kept again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.fuzz.readings import READINGS, Reading, read_one
from tests.fuzz.seeds import Seeds
from tests.servers import CHECKOUT

MEMORY = 1 << 30
"""Bytes of addresses that reading may take, besides what is imported."""

SECONDS = 10.0
"""Seconds of the processor for one input; most take a few thousandths."""

_STALLED_SECONDS = 60.0
_BATCH = 200
_MARK = b"\n"

COUNT, FOUND = "count", "found"
"""Where atheris' process writes how many inputs it has tried, and what went wrong."""

_ENDED = ("crash", "timeout", "oom", "leak")
"""What libFuzzer calls the inputs that ended its process."""


class Faults:
    """The inputs that went wrong, each kept as a file; at most some of one kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()

    def add(self, reading: Reading, name: str, data: bytes, what: str, told: str) -> None:
        """Keep an input; `what` says in a line what went wrong and where, `told` all that is known of it."""
        kind = f"{reading.name}: {what}"
        self.counts[kind] += 1
        if self.counts[kind] > 3:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        number = sum(self.counts.values())
        path = self.folder / f"{reading.name}@{number}@{name}"
        path.write_bytes(data)
        path.with_name(f"{path.name}.txt").write_text(told, "utf-8", "backslashreplace")
        print(f"FAULT {kind}\n      {path}", flush=True)


def make_input(reading: Reading, seed: int, number: int) -> tuple[str, bytes]:
    """The input of a number, always the same, and the name of what it was made from."""
    chance = random.Random(f"{seed} {reading.name} {number}")
    seeds = reading.seeds()
    endings = sorted({name.rpartition(".")[2] for name in seeds})
    ending = chance.choice(endings)  # as many of each form, however many seeds there are of it
    name = chance.choice([name for name in seeds if name.rpartition(".")[2] == ending])
    return name, reading.damage(chance, seeds[name])


def list_names(reading: Reading) -> list[str]:
    """A name for each ending that inputs may have."""
    return list({name.rpartition(".")[2]: name for name in sorted(reading.seeds())}.values())


def try_one(reading: Reading, name: str, data: bytes) -> tuple[str, str]:
    """How an input ended, and what is told of it; an outcome that begins with `!` is a fault."""
    begun = time.process_time()
    try:
        outcome, told = read_one(reading, data, name), ""
    except BaseException as error:  # noqa: BLE001 - a panic of Rust is one too
        place = next(
            (frame for frame in reversed(traceback.extract_tb(error.__traceback__)) if "/opendata/" in frame.filename),
            None,
        )
        where = f" in {Path(place.filename).stem}.{place.name}:{place.lineno}" if place else ""
        outcome, told = f"!{type(error).__name__}{where}", traceback.format_exc()
    seconds = time.process_time() - begun
    return (f"!takes more than {SECONDS:g} seconds", f"{seconds:.1f} s") if seconds > SECONDS else (outcome, told)


def run_batch(reading: Reading, seed: int, numbers: range, answers: int) -> None:
    """In a process of its own: read inputs, and say of each when it begins and how it ended."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in numbers:
        name, data = make_input(reading, seed, number)
        os.write(answers, b"begin" + _MARK)
        outcome, told = try_one(reading, name, data)
        line = f"{outcome}\t{told[-3500:]}".replace("\n", "\v")
        os.write(answers, line.encode("utf-8", "backslashreplace") + _MARK)


def run(reading: Reading, seed: int, count: int, faults: Faults) -> Counter[str]:
    """Try so many inputs of a reader; how they ended."""
    ends: Counter[str] = Counter()
    done = 0
    while done < count:
        numbers = range(done, min(count, done + _BATCH))
        tried = 0
        for line in _follow(reading, seed, numbers):
            outcome, _, told = line.partition("\t")
            ends[outcome] += 1
            if outcome.startswith("!"):
                name, data = make_input(reading, seed, done + tried)
                faults.add(reading, name, data, outcome[1:], told.replace("\v", "\n"))
            tried += 1
        done += tried
    return ends


def _follow(reading: Reading, seed: int, numbers: range) -> Iterator[str]:
    """How each input of a batch ended, up to one with which the process ended."""
    answers, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(answers)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        with contextlib.suppress(BrokenPipeError):
            run_batch(reading, seed, numbers, writing)
        os._exit(0)
    os.close(writing)
    held, is_open = b"", False
    try:
        while True:
            load = os.getloadavg()[0] / (os.cpu_count() or 1)  # where others keep the machine busy, all takes longer
            if not select.select([answers], [], [], _STALLED_SECONDS * max(1.0, load))[0]:
                os.kill(child, signal.SIGKILL)
                yield "!no end"
                os.waitpid(child, 0)
                return
            piece = os.read(answers, 1 << 16)
            if not piece:
                break
            *lines, held = (held + piece).split(_MARK)
            for line in lines:
                is_open = line == b"begin"
                if not is_open:
                    yield line.decode()
    finally:
        os.close(answers)
    _, status = os.waitpid(child, 0)
    if status:
        code = os.waitstatus_to_exitcode(status)
        if not is_open:
            raise SystemExit(f"{reading.name}: the process ended with {code} between two inputs")
        yield f"!process died of {code}"


def warm(readings: Sequence[Reading]) -> None:
    """Import what the readers import, so that the processes need not."""
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # its own allocator reserves addresses that it doesn't use
    for reading in readings:
        for name, data in {name.rpartition(".")[2]: (name, data) for name, data in reading.seeds().items()}.values():
            try_one(reading, name, data)


def main() -> None:
    """Print how many inputs ended how."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000, help="how many, shared among the readers")
    parser.add_argument("--seed", type=int, default=None, help="what the inputs are made from")
    parser.add_argument("--only", nargs="*", choices=[reading.name for reading in READINGS], metavar="READER")
    parser.add_argument("--endings", nargs="*", metavar="ENDING", help="only inputs made from files that end so")
    parser.add_argument("--keep", type=Path, default=None, help="the folder for inputs that go wrong")
    parser.add_argument("--guided", action="store_true", help="choose inputs by the code they reach")
    parser.add_argument("--one", type=Path, help="read a kept input again, and raise what it raises")
    args = parser.parse_args()
    if args.one:
        part, _, name = args.one.name.split("@", 2)
        reading = next(item for item in READINGS if item.name == part)
        print(read_one(reading, args.one.read_bytes(), name))
        return
    readings = [reading for reading in READINGS if not args.only or reading.name in args.only]
    if args.endings and args.guided:
        parser.error("--endings is for inputs that atheris doesn't choose")
    if args.endings:
        readings = [replace(reading, seeds=_choose(reading, tuple(args.endings))) for reading in readings]
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(2**32)
    faults = Faults(args.keep or Path(tempfile.mkdtemp(prefix="opendata-fuzz-")))
    print(f"{args.inputs} inputs, seed {seed}, faults are kept in {faults.folder}", flush=True)
    if not args.guided:
        warm(readings)
    total: Counter[str] = Counter()
    shares = sum(reading.share for reading in readings)
    for reading in readings:
        count = max(1, args.inputs * reading.share // shares)
        begun = time.monotonic()
        ends = guide(reading, seed, count, faults) if args.guided else run(reading, seed, count, faults)
        total += ends
        told = ", ".join(f"{name} {number}" for name, number in ends.most_common())
        print(f"{reading.name:14} {ends.total():7} in {time.monotonic() - begun:6.0f} s: {told}", flush=True)
    print(f"{total.total()} inputs, {sum(faults.counts.values())} faults of {len(faults.counts)} kinds, seed {seed}")
    sys.exit(bool(faults.counts))


def _choose(reading: Reading, endings: tuple[str, ...]) -> Callable[[], Seeds]:
    """The seeds whose names end so."""
    return lambda: {name: data for name, data in reading.seeds().items() if name.endswith(endings)}


def guide(reading: Reading, seed: int, count: int, faults: Faults) -> Counter[str]:
    """Have atheris choose inputs in a process of its own, again after each that ends it; how they ended."""
    ends: Counter[str] = Counter()
    while ends.total() < count:
        with tempfile.TemporaryDirectory(prefix="opendata-guided-") as name:
            folder = Path(name)
            words = [reading.name, str((seed + ends.total()) % 2**32), str(count - ends.total()), name]
            command = [sys.executable, "-m", "tests.fuzz.guided", *words]
            done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, errors="replace")
            counted = folder / COUNT
            tried = int.from_bytes(counted.read_bytes(), "little") if counted.exists() else 0
            if not tried:
                raise SystemExit(f"atheris didn't start. Is it installed? {done.stderr[-2000:]}")
            ends["read or refused"] += tried
            for path in sorted(folder.glob(f"{FOUND}-*.txt")):
                called, outcome, told = path.read_text("utf-8").split("\n", 2)
                faults.add(reading, called, path.with_suffix("").read_bytes(), outcome[1:], told)
            for path in [path for mark in _ENDED for path in folder.glob(f"{mark}-*")]:
                names, data = list_names(reading), path.read_bytes()
                what = f"{path.name.partition('-')[0]} under atheris"
                called = names[data[0] % len(names)] if data else names[0]
                faults.add(reading, called, data[1:], what, done.stderr[-3000:])
    return ends


if __name__ == "__main__":
    main()
