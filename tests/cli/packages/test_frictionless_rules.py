"""`opendata validate --rules frictionless`: the report of frictionless 5.21 itself, and an end to what would never end.

The cases are the places where frictionless surprises; what it then says (`type(row,field)`, `h` for the header) was
printed by it once and is held here, so that a new version of it that judges otherwise is noticed.

Most of these run the command with the engine in the test's own process (`warm`), and compare its report with the stored
one of frictionless (`tests.differential.answers`). In processes of their own, as users have them, run all surprises at
once, a single file beside hostile ones, and what can go wrong with a process.
"""

from __future__ import annotations

import json
import os
import resource
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opendata.cli.packages.engine_process import answer_request
from tests.differential.answers import recall

pytestmark = pytest.mark.slow


def schema(*fields: str | dict[str, Any], **keys: Any) -> dict[str, Any]:
    """A schema of fields written `name:type` or in full."""
    spelled = [
        dict(zip(("name", "type"), item.split(":"), strict=True)) if isinstance(item, str) else item for item in fields
    ]
    return {"fields": spelled, **keys}


def field(name: str, kind: str, **constraints: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "constraints": constraints}


CASES: dict[str, tuple[str | bytes, dict[str, Any] | None, str]] = {
    "blank rows swallow what is required": (
        "id,name\n,\n,,x\n",
        schema(field("id", "integer", required=True), field("name", "string", required=True)),
        "blank-row(2) blank-row(3)",
    ),
    "a short row breaks required before its cell is missing": (
        "id,name,z\n2\n",
        schema("id:integer", field("name", "string", required=True), "z:string"),
        "constraint-error(2,2) missing-cell(2,2) missing-cell(2,3)",
    ),
    "a primary key changes the order of errors": (
        "a,b,c\nx,y,z\n",
        schema("a:integer", "b:integer", "c:integer", primaryKey=["c", "a"]),
        "type-error(2,3) type-error(2,1) type-error(2,2) primary-key(2)",
    ),
    "an early unique error restores the order": (
        "a,b,c\n1,1,1\n1,x,x\n2,x,x\n",
        schema(field("a", "integer", unique=True), "b:integer", "c:integer", primaryKey=["c"]),
        "type-error(3,2) type-error(3,3) unique-error(3,1) primary-key(3)"
        " type-error(4,3) type-error(4,2) primary-key(4)",
    ),
    "blank rows and type errors are empty keys": (
        "n,b\nx,1\n,\nx,1\n",
        schema("n:integer", "b:string", primaryKey=["n"]),
        "type-error(2,1) primary-key(2) blank-row(3) primary-key(3) type-error(4,1) primary-key(4)",
    ),
    "the third copy points to the second": (
        "n,b\n1,p\n01,q\n1,r\n",
        schema(field("n", "integer", unique=True), "b:string"),
        "unique-error(3,1) unique-error(4,1)",
    ),
    "NaN fails both bounds": (
        "n\nnan\n",
        schema(field("n", "number", minimum=1, maximum=3)),
        "constraint-error(2,1) constraint-error(2,1)",
    ),
    "an unreadable item of an enum never matches": (
        "n\n5\n",
        schema(field("n", "integer", enum=["abc"])),
        "constraint-error(2,1)",
    ),
    "alternatives of a pattern are not grouped": (
        "s\nax\nab\nxb\n",
        schema(field("s", "string", pattern="a|b")),
        "constraint-error(4,1)",
    ),
    "blanks around numbers alone are taken": (
        "i,b,d\n 1 , true, 2020-01-01\n",
        schema("i:integer", "b:boolean", "d:date"),
        "type-error(2,2) type-error(2,3)",
    ),
    "underscores differ between integer and number": (
        "i,n\n1_0,1__0\n1__0,_1_\n",
        schema("i:integer", "n:number"),
        "type-error(3,1)",
    ),
    "a group character is deleted anywhere": (
        "n;b\n1,0,0;x\n,1;x\n",
        schema({"name": "n", "type": "number", "groupChar": ","}, "b:string"),
        "",
    ),
    "an empty cell may be a value": (
        "n,b\n,1\nNA,2\n",
        schema("n:integer", "b:string", missingValues=["NA"]),
        "type-error(2,1)",
    ),
    "a missing label drops the key with the field": (
        "a\n1\n1\n",
        schema("a:integer", "b:integer", primaryKey=["a", "b"]),
        "missing-label(h,2)",
    ),
    "an extra label makes a column": (
        "a,b,a\n1,2\n",
        schema("a:integer", "b:integer"),
        "extra-label(h,3) missing-cell(2,3)",
    ),
    "made-up names clash": ("a,a,a2\n1,2,3\n", None, "duplicate-label(h,2) incorrect-label(h,3)"),
    "matching by name numbers a missing field last": (
        "b,z\n1,2\n",
        schema("a:integer", "b:integer", fieldsMatch="equal"),
        "extra-label(h,2) missing-label(h,3)",
    ),
    "matching by name gives up at a repeated label": (
        "b,b\nz,z\n",
        schema("a:integer", "b:string", fieldsMatch="subset"),
        "error",
    ),
    "two blank lines first": ("\n\na,b\n1,2\n", None, "blank-row(2) blank-row(3) blank-row(4)"),
    "one blank line first, with a schema": (
        "\na,b\n1,2\n",
        schema("a:integer", "b:integer"),
        "type-error(2,1) type-error(2,2)",
    ),
    "a narrow header is skipped": ("a,b\n1,2,3,4\n1,2,3,4\n1,2,3,4\n", None, ""),
    "a title is taken for the header": (
        "My Title\n\na,b\n1,2\n1,2\n",
        None,
        "blank-row(2) extra-cell(3,2) extra-cell(4,2) extra-cell(5,2)",
    ),
    "an open quote swallows the rest": ('id,name\n1,"a\n2,b\n', schema("id:integer", "name:string"), ""),
    "trailing blank lines are rows": (
        "id,name\n1,a\n\n\n",
        schema("id:integer", "name:string"),
        "blank-row(3) blank-row(4)",
    ),
    "types are guessed from the leading part": (
        "c,z\n" + "1,q\n" * 18 + "x,q\nx,q\n",
        None,
        "type-error(20,1) type-error(21,1)",
    ),
    "a column of absent cells": ("a,b\n1\n2\n", None, "missing-cell(2,2) missing-cell(3,2)"),
    "a bad byte drops the unfinished block": (
        b"a,b\n" + b"1,2\n" * 30_000 + b"\xff",  # beyond what its guess at the encoding sees
        schema("a:integer", "b:integer"),
        "encoding-error",
    ),
    "a date of any format": (
        "d\nmonday\nx y\n",
        schema({"name": "d", "type": "date", "format": "any"}),
        "type-error(3,1)",
    ),
    "a newline in quotes": (
        'a\n"x\r\ny"\n',
        schema(field("a", "string", enum=["x\ny"])),
        "constraint-error(2,1)",
    ),
    "an empty file": ("", None, "source-error"),
    "a header alone": ("a,b\n", schema("a:integer", "b:integer"), ""),
    "lone carriage returns": ("a,b\r1,2\r", schema("a:integer", "b:integer"), ""),
}

BROKEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "an array cannot be unique": ("a,b\n[1],1\n", schema(field("a", "array", unique=True), "b:string"), "TypeError"),
    "a bound in another format": (
        "d\n01/02/2001\n",
        schema({**field("d", "date", minimum="2000-01-01"), "format": "%d/%m/%Y"}),
        "TypeError",
    ),
    "a bound without a time zone": (
        "d\n2001-01-01T00:00:00Z\n",
        schema(field("d", "datetime", minimum="2000-01-01T00:00:00")),
        "TypeError",
    ),
    "a signalling NaN": ("n\nsNaN\n", schema(field("n", "number", maximum=3)), "InvalidOperation"),
}
"""What makes frictionless raise in the middle of a table."""


def show(errors: list[Mapping[str, Any]]) -> str:
    """The errors of a task as the cases write them."""
    shown = []
    for error in errors:
        place = [str(error["rowNumber"])] if "rowNumber" in error else ["h"] if "rowNumbers" in error else []
        place += [str(error["fieldNumber"])] if "fieldNumber" in error else []
        shown.append(error["type"] + (f"({','.join(place)})" if place else ""))
    return " ".join(shown)


def plain(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report without what differs from run to run (seconds) and from caller to caller (the place)."""
    tasks = [
        {
            **{key: value for key, value in task.items() if key != "place"},
            "stats": {key: value for key, value in task["stats"].items() if key != "seconds"},
        }
        for task in report["tasks"]
    ]
    stats = {key: value for key, value in report["stats"].items() if key != "seconds"}
    return {**report, "stats": stats, "tasks": tasks}


def judge(path: Path, rules: Mapping[str, Any] | None = None, **limits: int) -> dict[str, Any]:
    """What frictionless itself says of a file."""

    def ask() -> dict[str, Any]:
        from frictionless import Resource, Schema

        resource = Resource(path=path.name, basepath=str(path.parent))
        if rules is not None:
            resource.schema = Schema.from_descriptor(dict(rules))
        return plain(resource.validate(**limits).to_descriptor())

    found: dict[str, Any] = recall(["report", path.name, rules, limits], path.read_bytes(), ask)
    return found


def judge_package(folder: Path) -> dict[str, Any]:
    """What frictionless itself says of a package."""

    def ask() -> dict[str, Any]:
        from frictionless import Package

        return plain(Package(str(folder / "datapackage.json")).validate().to_descriptor())

    content = b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in sorted(folder.iterdir()))
    found: dict[str, Any] = recall(["package"], content, ask)
    return found


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine answers in the test's own process, which has frictionless imported once."""

    def check_here(source: str, schema: Any, is_package: bool, limit: int, seconds: int) -> Any:
        request = {"source": source, "schema": schema, "is_package": is_package, "limit": limit}
        return json.loads(answer_request(json.loads(json.dumps(request))))

    monkeypatch.setattr("opendata.cli.packages.validation.check_by_engine", check_here)


@pytest.fixture
def write(tmp_path):
    def write(name: str, content: str | bytes | dict) -> Path:
        data = json.dumps(content) if isinstance(content, dict) else content
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return tmp_path / name

    return write


@pytest.fixture
def check(run_json, write):
    """The report of our command on a file of this text by these rules."""

    def check(name: str, content: str | bytes, rules: dict[str, Any] | None, *words: object) -> dict[str, Any]:
        given = ("--schema", write("schema.json", rules)) if rules is not None else ()
        return run_json("validate", write(name, content), *given, "--rules", "frictionless", *words)

    return check


def describe(cases: Mapping[str, tuple[Any, ...]], suffix: str = "csv") -> dict[str, Any]:
    """One package of all cases: a process is started once for all of them."""
    resources = []
    for number, (_, rules, _) in enumerate(cases.values()):
        item: dict[str, Any] = {"name": f"case{number}", "path": f"case{number}.{suffix}"}
        resources.append(item if rules is None else {**item, "schema": rules})
    return {"name": "cases", "resources": resources}


def test_every_surprise_of_frictionless_is_passed_on_as_it_is(run_json, write_package) -> None:
    files = {f"case{number}.csv": content for number, (content, _, _) in enumerate(CASES.values())}
    folder = write_package(describe(CASES), files)
    found = run_json("validate", folder, "--rules", "frictionless")
    assert [show(task["errors"]) for task in found["tasks"]] == [told for _, _, told in CASES.values()]
    assert plain(found) == judge_package(folder)


@pytest.mark.parametrize(
    "name",
    [
        "an early unique error restores the order",
        "made-up names clash",
        "two blank lines first",
        "a bad byte drops the unfinished block",
        "an empty file",
    ],
)
def test_a_single_file_is_judged_as_in_a_package(warm, check, write, name) -> None:
    content, rules, told = CASES[name]
    found = check("My Table.csv", content, rules)
    assert show(found["tasks"][0]["errors"]) == told
    assert plain(found) == judge(write("My Table.csv", content), rules)


def test_tab_separated_files_are_read_in_their_own_way(warm, check, write) -> None:
    content, rules, _ = CASES["a newline in quotes"]
    found = check("a.tsv", content, rules)
    assert found["valid"]
    assert plain(found) == judge(write("a.tsv", content), rules)


def test_rules_of_version_2_are_refused_where_frictionless_refuses_them(warm, check, write) -> None:
    v2 = schema(field("n", "integer", exclusiveMinimum=1))
    v2["$schema"] = "https://datapackage.org/profiles/2.0/tableschema.json"
    found = check("n.csv", "n\n2\n", v2)
    assert [error["type"] for error in found["tasks"][0]["errors"]] == ["field-error"]
    assert plain(found) == judge(write("n.csv", "n\n2\n"), v2)


@pytest.mark.parametrize(
    ("content", "rules", "limit"),
    [
        ("a,b\n", schema("x:integer", "y:integer"), 1),  # not tested where there are no rows
        ("n\nx\nx\nx\n", schema("n:integer"), 3),  # reached at the last row
        ("n,m\nx,x\nx,x\n", schema("n:integer", "m:integer"), 3),  # reached within a row
        ("n\n" + "x\n" * 5000, schema("n:integer"), 2),  # more than it reads at once: no digest
    ],
)
def test_it_stops_where_frictionless_stops(warm, check, write, content, rules, limit) -> None:
    found = check("a.csv", content, rules, "--limit-errors", limit)
    assert plain(found) == judge(write("a.csv", content), rules, limit_errors=limit)


def test_a_schema_that_frictionless_does_not_take_is_its_verdict(warm, check) -> None:
    found = check("a.csv", "a\n1\n", schema(field("a", "integer", pattern="x")))
    assert (found["valid"], found["tasks"]) == (False, [])
    assert [error["type"] for error in found["errors"]] == ["field-error"]


def test_where_frictionless_breaks_off_the_table_is_invalid_with_one_error(warm, run_json, write_package) -> None:
    good = {"good": ("n\n1\n", schema("n:integer"), "")}
    cases = {**BROKEN, **good}
    folder = write_package(
        describe(cases), {f"case{number}.csv": content for number, (content, *_) in enumerate(cases.values())}
    )
    found = run_json("validate", folder, "--rules", "frictionless")
    assert [task["valid"] for task in found["tasks"]] == [False, False, False, False, True]
    assert found["stats"]["errors"] == 4
    for task, (_, _, exception) in zip(found["tasks"], BROKEN.values(), strict=False):
        assert [error["type"] for error in task["errors"]] == ["error"]
        assert exception in task["errors"][0]["note"]


def test_so_it_is_for_a_single_file(warm, run, write) -> None:
    content, rules, exception = BROKEN["a signalling NaN"]
    ended = run(
        "validate", write("n.csv", content), "--schema", write("s.json", rules), "--rules", "frictionless", "--json"
    )
    assert ended.exit_code == 1
    assert exception in json.loads(ended.stdout)["tasks"][0]["errors"][0]["message"]


# ------------------------------------------------------------------------------------------------- hostile input

ENDLESS = {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "(a+)+$"}}]}
SLOW_CELL = "a\n" + "a" * 60 + "b\n"
SAFETY = 20
"""Seconds after which a test gives up what would never come."""


def processor_seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def find_children(parent: int) -> set[int]:
    """The processes that this one has started and that are still there."""
    command = ["ps", "-e", "-ww", "-o", "pid=,ppid=,args="]  # `-ww`: however long the path of the checkout is
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return {int(row[0]) for row in rows if int(row[1]) == parent and "engine_process" in row[2]}


def test_a_pattern_that_backtracks_for_ever_is_stopped(run, write) -> None:
    before = processor_seconds_of_children()
    ended = run(
        *("validate", write("a.csv", SLOW_CELL), "--schema", write("s.json", ENDLESS)),
        *("--rules", "frictionless", "--time-limit", 1),
    )
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert "didn't finish within 1 seconds" in ended.stderr
    assert find_children(os.getpid()) == set()
    # Left alone, it ends by the limit of the processor's time that it sets itself, which is 5 seconds more.
    assert processor_seconds_of_children() - before < 5


def test_killing_the_command_ends_its_process_too(tmp_path: Path) -> None:
    source = tmp_path / "datapackage.json"
    os.mkfifo(source)
    command = [
        sys.executable,
        "-m",
        "opendata",
        "validate",
        source,
        "--rules",
        "frictionless",
        "--time-limit",
        str(SAFETY),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:

        def release() -> None:
            process.wait()
            os.close(os.open(source, os.O_RDONLY | os.O_NONBLOCK))

        threading.Thread(target=release, daemon=True).start()  # the test fails, rather than wait, if it ends by itself
        try:
            writer = os.open(source, os.O_WRONLY)  # waits until the engine opens it: what it reads never comes
            (child,) = find_children(process.pid)
            alive = os.pidfd_open(child)
        finally:
            process.kill()
    ended, _, _ = select.select([alive], [], [], SAFETY)
    os.close(writer)
    os.close(alive)
    assert ended, "the engine goes on"


def test_more_memory_than_allowed_is_told(run, write, monkeypatch) -> None:
    monkeypatch.setattr("opendata.cli.packages.engine.MEMORY", 64 << 20)
    ended = run("validate", write("a.csv", "a\n1\n"), "--rules", "frictionless")
    assert ended.exit_code == 2
    assert "without giving a report" in ended.stderr


def test_nothing_is_imported_from_the_folder_of_the_data(run, tmp_path, write, monkeypatch) -> None:
    write("frictionless.py", "raise SystemExit('hostile')")
    write("a.csv", "a\n1\n")
    monkeypatch.chdir(tmp_path)
    ended = run("validate", "a.csv", "--rules", "frictionless", "--json")
    assert ended.exit_code == 0
    assert plain(json.loads(ended.stdout)) == judge(tmp_path / "a.csv")
