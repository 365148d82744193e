"""The command line in the test's own process, on an instance of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from opendata.cli import main
from opendata.services.core.instance import create_instance
from opendata.settings import Settings

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def empty_instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with nothing in it, made once; `instance` copies it."""
    home = tmp_path_factory.mktemp("empty") / "instance"
    create_instance(Settings(home=home), review="none")
    return home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where an instance may be made."""
    return tmp_path / "instance"


@pytest.fixture
def instance(home: Path, empty_instance: Path) -> Path:
    """An instance of this test alone."""
    shutil.copytree(empty_instance, home)
    return home


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command with these words in the instance `home`; nothing else of the environment counts."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object, env: dict[str, str] | None = None, stdin: str | None = None) -> Result:
        runner = CliRunner(env={"OPENDATA_HOME": str(home), "OPENDATA_DEBUG": "", **(env or {})})
        return runner.invoke(main, [str(word) for word in words], input=stdin, prog_name="opendata")

    return run


@pytest.fixture
def run_json(run: Run) -> Callable[..., Any]:
    """The same with `--json`: the one document on stdout."""
    return lambda *words, **options: json.loads(run(*words, "--json", **options).stdout)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Result]:
    """Makes an instance of the samples, as `opendata demo --no-serve` does; it ran once, and what it said is given."""
    first = tmp_path_factory.mktemp("demo") / "instance"
    environment = {"OPENDATA_HOME": str(first), "OPENDATA_DEBUG": "", "LC_ALL": "C.UTF-8"}
    ended = CliRunner(env=environment).invoke(main, ["demo", "--no-serve"], prog_name="opendata")

    def make(home: Path) -> Result:
        shutil.copytree(first, home)
        return ended

    return make


@pytest.fixture
def write_package(tmp_path: Path) -> Callable[..., Path]:
    """Write a Data Package of these files with this descriptor; gives its folder."""

    def write(descriptor: object, files: dict[str, str | bytes] | None = None, name: str = "datapackage.json") -> Path:
        folder = tmp_path / "package"
        folder.mkdir(exist_ok=True)
        text = descriptor if isinstance(descriptor, str) else json.dumps(descriptor)
        (folder / name).write_text(text, encoding="utf-8")
        for path, content in (files or {}).items():
            data = content.encode() if isinstance(content, str) else content
            (folder / path).write_bytes(data)
        return folder

    return write
