"""The strict rules beside frictionless, table by table: they differ where they are meant to, and nowhere else."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import pytest

from opendata.domain.schema import TableSchema
from opendata.errors import InvalidSchemaError
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
from opendata.tables.text.dialect import read_dialect
from tests.differential.generating import (
    DECLARED,
    PROFILE,
    Table,
    draw_catalogue,
    draw_long_table,
    draw_side_by_side,
    draw_single_cells,
    draw_table,
)
from tests.differential.judge import HEADER_TYPES, Expectation, ask_live, ask_stored
from tests.differential.oracle import Finding

# Thousands of tables take the same lines: what is covered by tests that tell why is worth counting, these are not.
pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("table_pass")]

_RULE = re.compile(r'constraint "(\w+)"')
_SHRINKING = 500


def find_ours(
    path: Path, schema: Mapping[str, Any], dialect: Mapping[str, Any], encoding: str = "utf-8"
) -> list[Finding]:
    """The findings of the strict engine, in its order."""
    reader = check_table(
        path,
        name="t",
        schema=_read_schema(json.dumps(schema)),
        dialect=read_dialect(dialect, encoding=encoding),
        limit=10**9,
    )
    assert len(reader.task.errors) == sum(reader.task.counts.values())
    assert reader.task.valid == (not reader.task.errors)
    found = []
    for error in reader.task.errors:
        rule = _RULE.search(error["note"]) if error["type"] == "constraint-error" else None
        row = None if error["type"] in HEADER_TYPES else error.get("rowNumber")
        found.append(Finding(row, error["type"], error.get("fieldNumber", 0), rule[1] if rule else ""))
    return found


@lru_cache(100)
def _read_schema(text: str) -> TableSchema:
    """The schema; many tables that follow each other have the same."""
    return read_schema(json.loads(text))


def find_difference(
    path: Path,
    text: str,
    schema: Mapping[str, Any],
    dialect: Mapping[str, Any],
    encoding: str = "utf-8",
    *,
    stored: bool = False,
    **options: Any,
) -> str:
    """In what the two differ without a reason, or nothing; with `stored`, by the stored verdict where that counts."""
    asked = (path, text, schema, dialect, encoding)
    theirs: Sequence[Finding] = ()
    if stored:
        verdict = ask_stored(*asked, **options)
    else:
        verdict, answer = ask_live(*asked, **options)
        theirs = answer.findings
    if verdict.refused:
        raise RefusedError
    ours = find_ours(path, schema, dialect, encoding)
    if verdict.raised:
        return "" if ours else f"frictionless breaks off with {verdict.raised}, ours finds nothing"
    return compare(ours, verdict.expected, theirs)


class RefusedError(Exception):
    """Frictionless does not take the schema."""


def compare(ours: list[Finding], expected: Expectation, theirs: Sequence[Finding] = ()) -> str:
    """What of ours is not as expected; `theirs` is for the words alone."""
    if expected.repeated:
        told = {found.type for found in ours}
        return "" if told & {"duplicate-label", "blank-label"} else f"labels stand twice, but ours finds {ours}"
    header = Counter((found.type, found.number) for found in ours if found.row is None)
    rows = [found for found in ours if found.row is not None and found.type not in expected.tolerated]
    due = [found for found in expected.rows if found.type not in expected.tolerated]
    header = Counter({key: count for key, count in header.items() if key[0] not in expected.tolerated})
    wanted = Counter({key: count for key, count in expected.header.items() if key[0] not in expected.tolerated})
    if header == wanted and rows == due:
        return ""
    lines = [f"header: {dict(header)}, not {dict(wanted)}"] if header != wanted else []
    by_row: dict[int | None, tuple[list[Finding], list[Finding]]] = {}
    for place, found in enumerate((rows, due)):
        for item in found:
            by_row.setdefault(item.row, ([], []))[place].append(item)
    for number, (got, wanted_of_row) in by_row.items():
        if got != wanted_of_row:
            line = f"row {number}: {[i[1:] for i in got]}, not {[i[1:] for i in wanted_of_row]}"
            said = [item[1:] for item in theirs if item.row == number]
            lines.append(f"{line}; frictionless: {said}" if theirs else line)
    return "\n".join(lines[:10] or ["the rows are told in another order"])


def judge_table(path: Path, table: Table, *, stored: bool = False) -> str:
    text = table.render()
    path.write_text(text, encoding="utf-8", newline="")
    options: dict[str, Any] = {"delimiter": table.delimiter, "quotechar": table.quote}
    return find_difference(path, text, table.schema, table.dialect, stored=stored, **options)


def shrink(path: Path, table: Table) -> tuple[Table, str]:
    """A smaller and plainer table that still differs, and in what."""
    best, told, tries = table, _differ(path, table), 0
    while tries < _SHRINKING:
        for candidate in _simplify(best):
            tries += 1
            if found := _differ(path, candidate):
                best, told = candidate, found
                break
            if tries == _SHRINKING:
                return best, told
        else:
            break
    return best, told


def _differ(path: Path, table: Table) -> str:
    try:
        return judge_table(path, table)
    except (InvalidSchemaError, RefusedError):
        return ""  # a key of a field that is left out
    except Exception as error:  # noqa: BLE001 - what breaks ours is a difference too
        return f"{type(error).__name__}: {error}"


def _simplify(table: Table) -> Iterator[Table]:
    """The same table with something left out: rows first, then columns, rules, and ways of writing."""
    count = len(table.rows)
    step = count // 2
    while step:
        for place in range(0, count, step):
            yield replace(table, rows=table.rows[:place] + table.rows[place + step :])
        step //= 2
    fields = table.schema["fields"]
    for place in range(len(table.labels) if len(fields) > 1 else 0):
        kept = [item for item in fields if item["name"] != table.labels[place].strip()]
        yield replace(
            table,
            schema={**table.schema, "fields": kept},
            labels=table.labels[:place] + table.labels[place + 1 :],
            rows=[row[:place] + row[place + 1 :] for row in table.rows],
        )
    for name in set(table.schema) - {"fields", "$schema"}:
        yield replace(table, schema={key: value for key, value in table.schema.items() if key != name})
    for place, item in enumerate(fields):
        for name in set(item) - {"name", "type"}:
            plainer = {key: value for key, value in item.items() if key != name}
            yield replace(table, schema={**table.schema, "fields": [*fields[:place], plainer, *fields[place + 1 :]]})
    for name, plain in {"tail": "", "bom": False, "line_end": "\n", "delimiter": ",", "quote_all": False}.items():
        if getattr(table, name) != plain:
            yield replace(table, **{name: plain})


def run(folder: Path, seed: int, cells: int, *, stored: bool = False, **sizes: int) -> int:
    """Judge random tables until so many cells have been judged; the number of tables."""
    random = Random(seed)
    judged = tables = refused = 0
    path = folder / "t.csv"
    while judged < cells:
        table = draw_table(random, **sizes)
        try:
            told = judge_table(path, table, stored=stored)
        except InvalidSchemaError:
            refused += 1
            continue
        except Exception as error:  # noqa: BLE001 - shown with the table that causes it
            told = f"{type(error).__name__}: {error}"
        if told:
            smaller, reason = shrink(path, table)
            pytest.fail(f"seed {seed}, table {tables}\n{reason or told}\n{smaller.show()}", pytrace=False)
        judged += table.cells
        tables += 1
    assert refused <= tables * 0.02, f"{refused} schemas of {tables + refused} were refused"
    return tables


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_strict_departs_from_frictionless_only_where_it_means_to(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, 2_000, stored=True)
    run(tmp_path, seed + 100, 11_000, stored=True, most_rows=300)


@pytest.mark.parametrize("kind", sorted(DECLARED))
def test_every_nasty_cell_of_every_type_is_judged_alike(tmp_path: Path, kind: str) -> None:
    for table in draw_catalogue(kind):
        told = judge_table(tmp_path / "t.csv", table, stored=True)
        assert told == "", table.schema


@pytest.mark.parametrize("kind", sorted(DECLARED))
def test_a_nasty_cell_is_judged_alike_in_a_column_that_is_clean_otherwise(tmp_path: Path, kind: str) -> None:
    for table in draw_side_by_side(kind):
        assert judge_table(tmp_path / "t.csv", table, stored=True) == "", table.show()


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(DECLARED))
def test_any_cell_is_judged_alike_in_such_a_column_under_any_rule(tmp_path: Path, kind: str) -> None:
    for table in draw_single_cells(kind):
        assert judge_table(tmp_path / "t.csv", table) == "", table.show()


@pytest.mark.parametrize(
    ("cell", "rules"),
    [
        ("[1]", {"type": "array", "constraints": {"unique": True}}),
        ("01/02/2001", {"type": "date", "format": "%d/%m/%Y", "constraints": {"minimum": "2000-01-01"}}),
        ("2001-01-01T00:00:00Z", {"type": "datetime", "constraints": {"minimum": "2000-01-01T00:00:00"}}),
        ("10:00:00Z", {"type": "time", "constraints": {"maximum": "11:00:00"}}),
        ("sNaN", {"type": "number", "constraints": {"maximum": 3}}),
        ("5", {"type": "integer", "constraints": {"minimum": 2.5}}),
        ("5", {"type": "number", "constraints": {"minimum": "nan"}}),
    ],
    ids=str,
)
def test_where_frictionless_breaks_off_ours_refuses_the_schema_or_the_cell(
    tmp_path: Path, cell: str, rules: dict[str, Any]
) -> None:
    table = Table(schema={"fields": [{"name": "a", **rules}], "$schema": PROFILE}, labels=["a"], rows=[[cell], [cell]])
    (tmp_path / "t.csv").write_text(table.render(), encoding="utf-8")
    assert ask_stored(tmp_path / "t.csv", table.render(), table.schema, table.dialect).raised
    try:
        assert find_ours(tmp_path / "t.csv", table.schema, table.dialect)
    except InvalidSchemaError:
        pass


def test_so_it_does_where_each_block_holds_a_few_rows(tmp_path: Path, small_blocks: None) -> None:
    run(tmp_path, 1000, 5_000, stored=True, most_rows=120)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_so_it_does_over_many_more_cells(tmp_path: Path, part: int, small_blocks: None) -> None:
    seed = part if os.environ.get("CI") else SystemRandom().randrange(2**32)
    run(tmp_path, seed, 10_000, most_rows=120)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of some hundred bytes and batches of a few rows, so that their borders are everywhere."""
    for name in ("BLOCK_BYTES", "WIDE_BLOCK_BYTES"):
        monkeypatch.setattr(f"opendata.tables.text.rows.{name}", 300)
    for name, size in (("BATCH_ROWS", 7), ("BATCH_CHARACTERS", 500)):
        monkeypatch.setattr(f"opendata.tables.text.splitting.{name}", size)


def test_long_files_cross_the_borders_of_real_blocks(tmp_path: Path) -> None:
    table = draw_long_table(Random(5), 4_000, 3_500)
    assert len(table.render()) > 9_000_000
    assert judge_table(tmp_path / "t.csv", table, stored=True) == ""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_strict_departs_only_where_it_means_to_over_millions_of_cells(tmp_path: Path, part: int) -> None:
    seed = part if os.environ.get("CI") else SystemRandom().randrange(2**32)
    run(tmp_path, seed, 20_000)
    run(tmp_path, seed, 80_000, most_rows=2_000)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_long_files_of_any_writing_cross_blocks(tmp_path: Path, part: int) -> None:
    seed = part if os.environ.get("CI") else SystemRandom().randrange(2**32)
    table = draw_long_table(Random(seed), 20_000, 600)
    assert judge_table(tmp_path / "t.csv", table) == "", f"seed {seed}"


# ---------------------------------------------------------------------------------------------------- real files


def list_real_tables(realdata: Path) -> list[tuple[Path, Any, Any, str]]:
    """Each CSV file that has a schema: file, schema, dialect, encoding."""
    found = []
    for path in sorted(realdata.glob("datapackages/*/datapackage.*")):
        if path.suffix in (".json", ".yml"):
            found += _list_package(path)
    readme = (realdata / "README.md").read_text(encoding="utf-8")
    for name, rules in re.findall(r"^\| (schemas/\S+\.csv) \| (\S+\.json) \|", readme, re.MULTILINE):
        path = realdata / name
        found.append((path, _load(path.parent / rules), {}, "utf-8"))
    return found


def _list_package(path: Path) -> list[tuple[Path, Any, Any, str]]:
    found = []
    for item in _load(path)["resources"]:
        file = path.parent / item["path"] if isinstance(item.get("path"), str) else None
        if file is None or file.suffix != ".csv" or not file.is_file() or "schema" not in item:
            continue
        parts = [item["schema"], item.get("dialect", {})]
        schema, dialect = (_load(path.parent / part) if isinstance(part, str) else part for part in parts)
        found.append((file, schema, dialect, item.get("encoding", "utf-8")))
    return found


def _load(path: Path) -> Any:
    import yaml

    text = path.read_text(encoding="utf-8-sig")
    return yaml.safe_load(text) if path.suffix in (".yaml", ".yml") else json.loads(text)


def judge_real_tables(realdata: Path, lines: range, *, stored: bool = False) -> tuple[dict[str, str], int]:
    different: dict[str, str] = {}
    judged = 0
    for path, schema, dialect, encoding in list_real_tables(realdata):
        text = path.read_bytes().decode(encoding)
        if text.count("\n") not in lines:
            continue
        schema = {**schema, "$schema": "https://datapackage.org/profiles/2.0/tableschema.json"}
        options = {**dialect, **dialect.get("csv", {})}
        delimiter = options.get("delimiter") or (";" if ";" in text.split("\n")[0] else ",")
        stated = {"delimiter": delimiter, "headerRows": [1]}
        try:
            told = find_difference(path, text, schema, stated, encoding, stored=stored, delimiter=delimiter)
        except (InvalidSchemaError, RefusedError):
            continue  # one of the two judges no table by it
        judged += 1
        if told:
            different[str(path.relative_to(realdata))] = told
    return different, judged


def test_published_tables_are_judged_as_frictionless_judges_them(realdata: Path) -> None:
    different, judged = judge_real_tables(realdata, range(20_000), stored=True)
    assert different == {}
    assert judged >= 40


@pytest.mark.slow
def test_large_published_tables_are_too(realdata: Path) -> None:
    assert judge_real_tables(realdata, range(20_000, 10**9))[0] == {}
