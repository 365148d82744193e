"""The settings that are kept in the instance folder: `NAME=value` lines, written by commands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from opendata.errors import N_, UsageError

INSTANCE_FILE = "opendata.env"
"""The file in the instance folder that keeps the settings `init` and `demo` chose."""


def read_instance_file(home: Path) -> dict[str, str]:
    """The `NAME=value` lines of the instance file, or nothing if there is no such file."""
    try:
        lines = (home / INSTANCE_FILE).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except UnicodeDecodeError:
        raise UsageError(N_("“%(path)s” isn't UTF-8 text"), path=home / INSTANCE_FILE) from None
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def write_instance_file(home: Path, values: Mapping[str, str]) -> None:
    """Keep settings in the instance folder, replacing those of the same name."""
    merged = {**read_instance_file(home), **values}
    text = "".join(f"{name}={value}\n" for name, value in sorted(merged.items()))
    beside = home / f".{INSTANCE_FILE}.{os.getpid()}"
    beside.touch(mode=0o600)
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, home / INSTANCE_FILE)
