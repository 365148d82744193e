"""Reads hostile files in processes with little memory and time, and prints how each of them ended, as JSON lines.

Run as `python -m tests.intake.reading_child`; on stdin come lines of JSON, `{"path": FILE, "part": N, "validate": B}`.
The process itself reads nothing: it imports all that reading takes, so that its child for each file need not.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import resource
import sys
import tempfile
from pathlib import Path

MEMORY = 1 << 30
"""Bytes of addresses that reading may take, besides what is imported."""

SECONDS = 60
"""Seconds of the processor for one file; most take less than one."""

BYTES = 1 << 30
"""So many bytes may be unpacked."""

LIBRARIES = (
    *("lxml.etree", "lxml.html", "msoffcrypto", "numpy", "olefile", "pyarrow.compute", "pyarrow.feather"),
    *("pyarrow.parquet", "python_calamine"),
)


def main() -> None:
    """One line per file, each read by a process of its own: `rows` or the name of the error, and what the error says.

    An outcome that begins with `!` is one that must not be.
    """
    # Its own allocator reserves a gigabyte of addresses and uses none of it: it would count as memory.
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    import opendata.intake
    import opendata.services.packages.description

    for module in pkgutil.walk_packages(opendata.intake.__path__, "opendata.intake."):
        importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        path = Path(request["path"])
        child = os.fork()
        if not child:
            set_limits(request["part"])
            print(json.dumps(read(path, BYTES // request["part"], validate=request["validate"])), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            outcome = f"!died of {os.waitstatus_to_exitcode(status)}"
            print(json.dumps({"name": path.name, "outcome": outcome}), flush=True)


def set_limits(part: int) -> None:
    """Bound this process; for files of a `part` of their full size our own limits are that part of what they are."""
    from opendata.intake.text import delimited
    from opendata.tables.text import decoding, splitting

    if part > 1:
        for name in ("MAX_CELL_CHARACTERS", "MAX_LINE_CHARACTERS"):
            for module in (delimited, decoding, splitting):
                if hasattr(module, name):
                    setattr(module, name, getattr(module, name) // part)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + (MEMORY if part == 1 else MEMORY // 2)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def read_everything(path: Path, folder: Path, most: int) -> int:
    """All rows of all tables in a file, by whatever way the program reads it. Damage inside a text is a finding."""
    from opendata.intake.opening import find_tables, open_table
    from opendata.intake.unpack.archives import Limits
    from opendata.tables.text.decoding import DecodingFault, read_rows

    rows = 0
    for found in find_tables(path, path.name, folder, limits=Limits(total_bytes=most)):
        table = open_table(found, folder)
        try:
            rows += sum(1 for _ in read_rows(table.path, table.dialect))
        except DecodingFault:
            continue
    return rows


def validate_everything(path: Path) -> int:
    """All rows of all tables in a file, once they have been read, typed and validated."""
    from opendata.services.packages.description import describe_file

    return sum(table["rows"] or 0 for table in describe_file(path)["tables"])


def read(path: Path, most: int, *, validate: bool) -> dict[str, object]:
    """How reading one file ended."""
    from opendata.errors import TooLargeError, UnreadableFileError, UnsupportedFormatError

    with tempfile.TemporaryDirectory() as folder:
        try:
            rows = validate_everything(path) if validate else read_everything(path, Path(folder), most)
            outcome, text = "rows", str(rows)
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
