"""Builds `opendata._native`, the compiled pass over the bytes of tables, beside the package's own modules.

Without a compiler it says so in a line, and all works as before, slower. `--sanitize` builds it with the address and
undefined-behaviour sanitizers into a folder, for fuzzing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "native").glob("*.cpp"))
TARGET = ROOT / "opendata" / "_native.abi3.so"
COMPILERS = ("c++", "g++", "clang++")
FLAGS = ("-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra")
FAST = ("-O3",)
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build(target: Path, flags: tuple[str, ...]) -> bool:
    """Compile the sources into `target`; whether there is a compiler that could. It is there whole, or not at all."""
    compiler = os.environ.get("CXX") or next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        return False
    whole = target.with_suffix(".new")
    command = [compiler, *FLAGS, *flags, f"-I{sysconfig.get_paths()['include']}", *map(str, SOURCES), "-o", str(whole)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        whole.unlink(missing_ok=True)
        return False
    whole.replace(target)
    return True


def main() -> None:
    """Build, or say what it costs that it wasn't."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sanitize", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    target = options.sanitize / TARGET.name if options.sanitize else TARGET
    if not build(target, SANITIZED if options.sanitize else FAST):
        sys.stderr.write(
            "No C++ compiler could build the compiled pass: tables take two to seven times as long to check\n"
        )
        sys.exit(1 if options.sanitize else 0)


if __name__ == "__main__":
    main()
