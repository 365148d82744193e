"""Programs of others that can't share an environment with ours: they run in `.venv/foreign`, which `make` fills."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.servers import lack

FOLDER = Path(__file__).parents[1] / ".venv" / "foreign"


def run_foreign(script: str, asked: Any, *words: str) -> Any:
    """What a script answers there, as JSON; it reads JSON. Skips the test, or fails it, where there is nothing."""
    if not (FOLDER / ".installed").is_file():
        lack("foreign", f"{FOLDER} has no programs of others, which make test-part and make test-all install")
    command: Sequence[str] = (str(FOLDER / "bin" / "python"), "-c", script, *words)
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
