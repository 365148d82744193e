"""A wheel has all that an instance needs, with the compiled pass where a compiler is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.servers import CHECKOUT

BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


def run(*words: str | Path, cwd: Path, env: dict[str, str]) -> str:
    ended = subprocess.run([sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_an_instance_is_made_and_filled_by_a_wheel_far_from_the_checkout(tmp_path: Path) -> None:
    source = tmp_path / "source"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        if (
            name.startswith(("opendata/", "migrations/", "schemas/", "datasets/", "native/", "tools/"))
            or "/" not in name
        ):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((CHECKOUT / name).read_bytes())
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("OPENDATA_", "PYTHON"))}
    wheel = run("-c", BUILD, tmp_path, cwd=source, env=environ).strip().splitlines()[-1]
    assert "-cp311-abi3-linux" in wheel
    installed = tmp_path / "installed"
    zipfile.ZipFile(tmp_path / wheel).extractall(installed)
    place = tmp_path / "place"
    place.mkdir()
    env = {**environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C"}
    run("-m", "opendata", "init", cwd=place, env=env)
    assert (place / "var" / "opendata.sqlite").is_file()
    assert json.loads(run("-m", "opendata", "config", "--json", cwd=place, env=env))["compiled"] == "used"
    table = installed / "opendata/beside_package/datasets/mca/province-codes/provinces.csv"
    run("-m", "opendata", "validate", table, "--schema", "division-province", cwd=place, env=env)
