"""Every real file is read with the rows and columns that a careful person counts, or refused with the true reason."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from opendata.errors import UnreadableFileError
from opendata.services.packages.description import describe_file
from tests.intake.real_files import COUNTED, NOT_YET, REFUSED, Counted, list_real_files
from tests.servers import CHECKOUT

LARGE = "chinese/admin-divisions/villages.csv.gz"


def list_counted() -> list[Any]:
    known = {
        **{name: pytest.mark.xfail(reason=reason, strict=True) for name, reason in NOT_YET.items()},
        LARGE: pytest.mark.slow,
    }
    return [pytest.param(name, marks=known.get(name, ()), id=name) for name in COUNTED]


@cache
def describe(path: Path) -> Any:
    """What `opendata describe` says; one process runs all of these tests, and reads each file once."""
    return describe_file(path)


def read_counts(table: Any) -> Counted:
    """What we say of a table; a column that has no name is given one, which tells that it has none."""
    names = [field["name"] for field in table["fields"]]
    return Counted(
        form=table["form"],
        encoding=table["encoding"],
        sheet=table["sheet"],
        header=tuple(table["header_rows"]),
        rows=table["rows"],
        columns=len(names),
        first="" if names[0] == "field1" else names[0],
        last="" if names[-1] == f"field{len(names)}" else names[-1],
        errors=table["errors"],
    )


@pytest.mark.parametrize("name", list_counted())
def test_a_file_is_read_as_a_careful_person_reads_it(realdata: Path, name: str) -> None:
    found = [table for table in describe(realdata / name)["tables"] if not table["hidden"]]
    assert [read_counts(table) for table in found] == COUNTED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_without_a_table_is_refused_with_the_true_reason(realdata: Path, name: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        describe_file(realdata / name)
    assert caught.value.text.startswith(REFUSED[name])


def test_every_data_file_has_been_counted(realdata: Path) -> None:
    files = {path.relative_to(realdata).as_posix() for path in list_files(realdata)}
    assert files == {*COUNTED, *REFUSED}


def test_the_universities_are_those_that_somebody_else_has_read(realdata: Path, tmp_path: Path) -> None:
    from opendata.services.packages.description import convert_file

    folder = realdata / "chinese/schools"
    wanted = json.loads((folder / "全国普通高等学校名单-2025.expected.json").read_bytes())
    convert_file(folder / "全国普通高等学校名单-2025.xls", tmp_path / "read.json")
    found = json.loads((tmp_path / "read.json").read_bytes())
    assert [row["学校标识码"] for row in found] == [str(row["code"]) for row in wanted]
    assert [row["学校名称"] for row in found] == [row["name"] for row in wanted]


def test_the_page_of_outcomes_is_what_the_command_would_write_now(
    realdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = load_tool()
    assert tool.describe_file is describe_file
    monkeypatch.setattr(tool, "describe_file", describe)
    page = tool.TARGET.read_text(encoding="utf-8")
    lines = []
    for path in tool.list_files(realdata):
        if path == realdata / LARGE:  # takes its time, and the test above has read it
            lines += [line for line in page.splitlines(keepends=True) if line.startswith(f"| {LARGE} |")]
        else:
            lines += tool.list_lines(path, realdata)
    assert page == tool.HEAD + "".join(lines)


def list_files(realdata: Path) -> list[Path]:
    """The data files, as the command lists them."""
    return list_real_files(realdata, among=load_tool().list_files(realdata))


@cache
def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_outcomes", CHECKOUT / "tools" / "make_outcomes.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool
