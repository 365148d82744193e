"""The compiled pass under the address and undefined-behaviour sanitizers: damaged blocks, odd plans.

Run by `make soak`. Each input is made from its number alone, so that a finding can be repeated with `--first`.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from opendata.tables.schema.automaton import build_automaton

ROOT = Path(__file__).parent.parent.parent
SANITIZED = "OPENDATA_SANITIZED"
PATTERNS = [None, "[A-Z]{2}[0-9]{6}", r"\d+(\.\d+)?", "[一-龥]{1,4}", "(a|b)*a", ""]
PIECES = [
    *(bytes([byte]) for byte in b'0123456789+-.:TZ eEaAtrufls,;"\r\n\t\0\xff'),
    *(text.encode() for text in ("中", "\u3000", "\u00a0", "𠀀", "2024-02-29", "2000-01-01T00:00:00", "true", "false")),
    b'""', b'","', b"\r\n", b"\xe4\xb8", b"\xed\xa0\x80", b"9" * 18, b"0." + b"1" * 30, b"x" * 70, b",,,\n",
]  # fmt: skip


def make_plan(native: Any, chance: random.Random, width: int, delimiter: bytes) -> Any:
    """A plan of random columns."""
    columns = []
    for _ in range(width):
        kind = chance.randrange(8)
        least, most = sorted(chance.sample(range(-5, 20), 2))
        bounds = (float(least), float(most)) if kind == 3 else (least, most)
        columns.append(
            (
                kind,
                chance.random() < 0.3,
                chance.random() < 0.3,
                chance.choice([-1, 0, 2]),
                chance.choice([-1, 0, 3]),
                bounds[0] if chance.random() < 0.3 else None,
                chance.random() < 0.5,
                bounds[1] if chance.random() < 0.3 else None,
                chance.random() < 0.5,
                chance.choice([[], [b""], [b"", b"NA", b"7"]]),
                chance.choice([None, None, [b"a", b"7", "甲".encode()]]),
                build_automaton(pattern) if (pattern := chance.choice(PATTERNS)) is not None else None,
                chance.random() < 0.5,
            )
        )
    return native.make_plan(columns, delimiter, chance.random() < 0.8, chance.choice([10, 100_000]))


def make_block(chance: random.Random, width: int, delimiter: bytes) -> bytes:
    """Rows that are mostly plain, of pieces that are mostly not."""
    rows = []
    for _ in range(chance.choice([0, 1, 3, 40])):
        cells = [b"".join(chance.choices(PIECES[:18], k=chance.randrange(6))) for _ in range(width)]
        if chance.random() < 0.4:
            cells[chance.randrange(width)] = b"".join(chance.choices(PIECES, k=chance.randrange(12)))
        if chance.random() < 0.3:
            cells = [b'"' + cell.replace(b'"', b'""') + b'"' for cell in cells]
        rows.append(delimiter.join(cells) + chance.choice([b"\n", b"\n", b"\n", b"\r\n"]))
    block = b"".join(rows)
    return block[: chance.randrange(len(block))] if block and chance.random() < 0.1 else block


SHEET = [
    *(
        f'<c r="{column}7"{text}</c>'
        for column in "AB"
        for text in ("><v>7</v>", ' t="s"><v>1</v>', "><is><t>中</t></is>")
    ),
    *(
        '<row r="7">',
        '</row><row r="8" a="b">',
        "</row>",
        '<c r="A8"/>',
        '"',
        "/",
        ">",
        "<",
        " ",
        '<c r="',
        "9" * 10,
        "é",
    ),
]


def take_rows(native: Any, chance: random.Random) -> bool:
    """Take rows of a sheet that is mostly written as its columns tell; whether all were taken."""
    columns = tuple(
        (f'<c r="{name}'.encode(), (b'"><v>', b'"><is><t>', b'" t="s"><v>')[chance.randrange(3) :], end, kind)
        for name, end, kind in zip(
            "AB", chance.choices([b"</v></c>", b"</t></is></c>"], k=2), chance.choices(range(4), k=2), strict=True
        )
    )
    rows = []
    for number in range(chance.choice([0, 1, 30])):
        texts = []
        for begin, openings, end, kind in columns:
            cell = begin + str(number).encode()
            if kind < 3 and chance.random() < 0.9:
                texts.append(cell + chance.choice(openings) + chance.choice(["0", "1", "中"]).encode() + end)
            elif chance.random() < 0.5:
                texts.append(cell + b'" s="1"/>')
        rows.append(f'<row r="{number}">{b"".join(texts).decode()}</row>')
    text = "".join(rows)
    for _ in range(chance.choice([0, 0, 1, 3])):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(SHEET) + text[at + chance.choice([0, 1, 9]) :]
    block = text.encode()
    block = block[: chance.randrange(len(block) + 1)] if chance.random() < 0.2 else block
    try:
        return native.take_rows(block, columns, ["a", "b"]) is not None
    except UnicodeDecodeError:
        return False


def attack(folder: Path, first: int, inputs: int) -> None:
    """Scan `inputs` blocks with the module of a folder."""
    spec = importlib.util.spec_from_file_location("_native", next(folder.glob("_native*.so")))
    assert spec is not None
    assert spec.loader is not None
    native = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(native)
    plain = taken = 0
    for number in range(first, first + inputs):
        chance = random.Random(number)
        width, delimiter = chance.choice([1, 2, 3, 9]), chance.choice([b",", b";", b"\t"])
        plan = make_plan(native, chance, width, delimiter)
        block = bytearray(make_block(chance, width, delimiter))  # its own memory, so that a byte beyond it is noticed
        refusal = native.scan(block, plan, chance.choice([0, 0, 1, 5]))[0]
        native.find_rows(block, plan)
        native.is_odd(block, 34, chance.randrange(-1, len(block) + 2))
        plain += not refusal
        taken += take_rows(native, chance)
        numbers = ["".join(chance.choices("0123456789.-e中", k=chance.randrange(20))) for _ in range(3)]
        native.measure_numbers(numbers)
        native.write_days(numbers)
        with suppress(ValueError):  # what isn't a number at all is never handed over
            native.shorten_numbers(numbers, chance.randrange(20))
    print(f"{inputs} blocks scanned, {plain} of them plain; {taken} sheets taken: no finding")


def main() -> None:
    """Build the module with the sanitizers, and start again with them loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    if SANITIZED in os.environ:
        attack(Path(os.environ[SANITIZED]), options.first, options.inputs)
        return
    with tempfile.TemporaryDirectory(prefix="opendata-native-") as folder:
        subprocess.run([sys.executable, ROOT / "tools" / "build_native.py", "--sanitize", folder], check=True)
        loaded = [
            subprocess.run(
                ["g++", f"-print-file-name={name}"], check=True, capture_output=True, text=True
            ).stdout.strip()
            for name in ("libasan.so", "libubsan.so")
        ]
        environment = {
            **os.environ,
            SANITIZED: folder,
            "LD_PRELOAD": ":".join(loaded),
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.native", *sys.argv[1:]], env=environment, cwd=ROOT, check=False
        )
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
