"""What checking a table loads: nothing that costs seconds and is not needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from opendata.tables.table import prepare_table
prepared = prepare_table(Path(sys.argv[1]), Path(sys.argv[2]), name="table")
assert prepared.task.valid and prepared.rows == 2
print("frictionless" in sys.modules)
"""


def test_a_table_without_faults_is_prepared_without_frictionless(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_text("code,name\n1,a\n2,b\n")
    command = [sys.executable, "-c", PROGRAM, str(source), str(tmp_path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "False\n"
