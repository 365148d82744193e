"""Reads hostile files in a process with little memory and time, and prints how each of them ended, as JSON lines.

Run as `python -m tests.intake.reading_child [--validate] FILE…`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from opendata.errors import TooLargeError, UnreadableFileError, UnsupportedFormatError
from opendata.intake.archives import Limits

MEMORY = 1536 << 20
SECONDS = 60  # of one file; most take less than one


def read_everything(path: Path, folder: Path) -> int:
    """All rows of all tables in a file, by whatever way the program reads it. Damage inside a text is a finding."""
    from opendata.intake.opening import find_tables, open_table
    from opendata.tabular.decoding import DecodingFault, read_rows

    rows = 0
    for found in find_tables(path, path.name, folder, limits=Limits(total_bytes=1 << 30)):
        table = open_table(found, folder)
        try:
            rows += sum(1 for _ in read_rows(table.path, table.dialect))
        except DecodingFault:
            continue
    return rows


def validate_everything(path: Path, folder: Path) -> int:
    """All rows of all tables in a file, once they have been read, typed and validated."""
    from opendata.services.description import describe_file

    return sum(table["rows"] or 0 for table in describe_file(path)["tables"])


def main() -> None:
    """One line per file, each read by a process of its own: `rows` or the name of the error, and what the error says.

    An outcome that begins with `!` is one that must not be.
    """
    # Its own allocator reserves a gigabyte of addresses and uses none of it: it would count as memory.
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    arguments = sys.argv[1:]
    is_validating = arguments[:1] == ["--validate"]
    if is_validating:
        import opendata.services.description  # noqa: F401 - once, not in each process
    read_file = validate_everything if is_validating else read_everything
    for argument in arguments[is_validating:]:
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            print(json.dumps(read(Path(argument), read_file)), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            line = {"name": Path(argument).name, "outcome": f"!died of {os.waitstatus_to_exitcode(status)}"}
            print(json.dumps(line), flush=True)


def read(path: Path, read_file: Callable[[Path, Path], int]) -> dict[str, object]:
    """How reading one file ended."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            outcome, text = "rows", str(read_file(path, Path(folder)))
        except (TooLargeError, UnreadableFileError, UnsupportedFormatError) as error:
            outcome, text = type(error).__name__, error.text
        except BaseException as error:  # noqa: BLE001 - a panic of Rust is one too, and has to be told
            outcome, text = f"!{type(error).__name__}", repr(error)[:500]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "name": path.name,
        "outcome": outcome,
        "text": text,
        "seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "megabytes": usage.ru_maxrss >> 10,
    }


if __name__ == "__main__":
    main()
