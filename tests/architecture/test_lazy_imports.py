"""Heavy libraries are imported where they are used, so that commands answer and web workers start at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "opendata.cli": ("duckdb", "flask", "frictionless", "pandas", "pyarrow", "sqlalchemy"),
    "opendata.app": ("duckdb", "frictionless", "matplotlib", "pandas", "pyarrow.compute"),
}


@pytest.mark.parametrize(("module", "heavy"), HEAVY.items())
def test_importing_it_imports_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    assert sorted(loaded.intersection(heavy)) == []
