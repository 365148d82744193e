"""`serve` and `worker` say at their start that the virus scanner is away, and start all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendata.cli.operations.serving import warn_of_scanner
from opendata.settings import Settings
from tests.servers import ClamdServer


def test_a_scanner_that_is_away_is_told_at_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_scanner(Settings(home=tmp_path, scanner=f"unix:{tmp_path / 'nobody'}"))
    said = capsys.readouterr()
    assert said.out == ""
    assert f"unix:{tmp_path / 'nobody'}" in said.err
    assert len(said.err.splitlines()) == 2


def test_nothing_is_said_of_a_scanner_that_answers_or_of_none(
    tmp_path: Path, clamd: ClamdServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for address in (clamd.tcp_address, ""):
        warn_of_scanner(Settings(home=tmp_path, scanner=address))
    assert capsys.readouterr().err == ""
