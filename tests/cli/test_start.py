"""The command starts at once and says what it can do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import CHECKOUT

HEAVY = (
    "alembic",
    "argon2",
    "cryptography",
    "duckdb",
    "flask",
    "frictionless",
    "gunicorn",
    "huey",
    "pandas",
    "pyarrow",
    "sqlalchemy",
    "yaml",
)


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from opendata.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        f"print('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert ended.stdout.splitlines()[-1] == "loaded:"


def test_help_names_every_command_of_the_contract(run) -> None:
    ended = run("--help")
    assert ended.exit_code == 0
    for name in (
        "init",
        "demo",
        "serve",
        "worker",
        "validate",
        "upload",
        "import",
        "export",
        "user",
        "token",
        "config",
    ):
        assert f"  {name} " in ended.stdout


@pytest.mark.parametrize("command", [["-m", "opendata"], [str(Path(sys.executable).with_name("opendata"))]])
def test_module_and_program_are_the_same_command(command) -> None:
    words = [sys.executable, *command] if command[0] == "-m" else command
    ended = subprocess.run([*words, "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("opendata ")


def test_output_cut_off_by_its_reader_is_no_failure() -> None:
    command = f"{sys.executable} -m opendata --help | head -0"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert "Traceback" not in ended.stderr
