"""The command line says what is wrong in the language of the environment, what click says included."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from opendata.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "没有命令 'nothing'"),
        (["validate"], "缺少参数 'SOURCE'"),
        (["validate", "none.csv", "--nothing"], "没有选项 '--nothing'"),
        (["validate", "none.csv", "--limit-errors", "x"], "'x' 不是有效的"),
        (["validate", "a.csv", "b.csv", "c.csv"], "多余的参数"),
        (["validate", "none.csv", "--rules", "mine"], "不在可选值之中"),
        (["validate", "none.csv", "--rules"], "选项 '--rules' 缺少值"),
    ],
)
def test_wrong_use_is_said_in_chinese(monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    for name in ("LANGUAGE", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 2
    assert said in answer.output
    assert not re.search(r"Usage|Error|Try ", answer.output)


def test_wrong_use_is_said_in_english_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert "Error: No such command 'nothing'." in CliRunner().invoke(main, ["nothing"]).output
