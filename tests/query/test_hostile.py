"""Hostile SQL is refused, or stopped inside its bounds, and the next request is served as usual."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from opendata.errors import InputError
from opendata.query.process import HIDDEN
from opendata.query.values import RowsQuery
from tests.query.conftest import Asking, make_asking
from tests.query.test_processes import list_processes

T = '"d"."t"'
SECONDS = 2

REFUSED = {
    "files": [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        'SELECT * FROM "/etc/passwd"',
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('x')",
        "SELECT * FROM sniff_csv('x')",
        "SELECT * FROM parquet_metadata('x')",
        "SELECT read_text('/etc/passwd')",
        "SELECT * FROM 'https://example.org/x.csv'",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_json('x')",
    ],
    "statements": [
        "COPY (SELECT 1) TO '/tmp/x'",
        "ATTACH '/tmp/x.db'",
        "DETACH x",
        "PRAGMA version",
        "SET threads = 8",
        "RESET threads",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CALL pragma_version()",
        "EXPORT DATABASE '/tmp/x'",
        "IMPORT DATABASE '/tmp/x'",
        "CREATE TABLE x AS SELECT 1",
        "DROP VIEW t0",
        "INSERT INTO x VALUES (1)",
        "DELETE FROM t0",
        "UPDATE t0 SET id = 1",
        "CHECKPOINT",
        "VACUUM",
        "USE x",
        "BEGIN",
        "PREPARE x AS SELECT 1",
        "EXECUTE x",
        "EXPLAIN SELECT 1",
        "SHOW TABLES",
        f"DESCRIBE {T}",
        f"SUMMARIZE {T}",
        f"PIVOT {T} ON id USING sum(id)",
        "VALUES (1)",
        "SELECT 1; SELECT 2",
        "CREATE MACRO f() AS 1",
    ],
    "insides": [
        "SELECT getenv('PATH')",
        "SELECT current_setting('memory_limit')",
        "SELECT version()",
        "SELECT current_user",
        "SELECT now()",
        "SELECT random()",
        "SELECT uuid()",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_tables()",
        "SELECT pg_sleep(9)",
        "SELECT * FROM pragma_version()",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM pg_catalog.pg_tables",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM t0",
        "SELECT * FROM main.t0",
        "SELECT * FROM memory.main.t0",
        f"SELECT t0.id FROM {T}",
        f"SELECT _row FROM {T}",
        f"SELECT c0 FROM {T}",
        f"SELECT filename FROM {T}",
        f"SELECT COLUMNS('.*') FROM {T}",
        "SELECT ?",
        "SELECT $1",
        "SELECT getvariable('x')",
        "SELECT current_database()",
        "SELECT currval('x')",
        "SELECT TIMESTAMP 'now'",
        "SELECT CAST('today' AS DATE)",
        f"SELECT sql FROM (WITH duckdb_views AS (SELECT 1) SELECT 1) AS a, duckdb_views, {T}",
        "WITH sqlite_master AS (SELECT * FROM sqlite_master) SELECT * FROM sqlite_master",
        "WITH a AS (SELECT * FROM pg_class), pg_class AS (SELECT 1) SELECT * FROM a",
        'SELECT * FROM (WITH "/etc/hosts.csv" AS (SELECT 1) SELECT 1) AS a, "/etc/hosts.csv"',
        *[f'SELECT "{name}" FROM {T}' for name in HIDDEN],
    ],
    "bombs": [
        "SELECT range(1000000000)",
        "SELECT * FROM range(1000000000)",
        "SELECT unnest(range(10))",
        "SELECT repeat('x', 1000000000)",
        "SELECT lpad('x', 100000000, 'y')",
        "SELECT printf('%1000000000d', 1)",
        "SELECT format('{:1000000000}', 1)",
        "SELECT [1, 2]",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        f"SELECT list(id) FROM {T}",
        f"SELECT string_agg(s, ',') FROM {T}",
        f"SELECT array_agg(id) FROM {T}",
        "SELECT list_transform([1], x -> x)",
        "SELECT '" + "x" * 1_000_000 + "'",
        "SELECT " + "(" * 3000 + "1" + ")" * 3000,
        "SELECT " + "NOT " * 3000 + "true",
        "SELECT " + "- " * 3000 + "1",
        "SELECT " + "1+" * 3000 + "1",
        "SELECT " + "CASE WHEN 1=1 THEN " * 200 + "1" + " END" * 200,
        "SELECT " + "[" * 500,
        "SELECT 1 " + "/*" * 500,
        "SELECT * FROM (" * 500,
        f"SELECT * FROM {T} GROUP BY CUBE (id, s, f)",
        "SELECT " + " ".join(["x IN (SELECT"] * 300),
    ],
    "letters": [
        "ＳＥＬＥＣＴ 1",
        "\ufeffSELECT 1",
        "SELECT ‘a’",
        "",
        " ",
        ";",
        ")",
        "--",
        "/**/",
        "SELECT",
        "SELECT 'abc",
        'SELECT "abc',
        "SELECT $$x$$",
        "SELECT E'\\x41'",
        "SELECT x'41'",
        "\x00",
        "SELECT '\ud800'",
        'SELECT 1 AS ""',
        "SELECT 99999999999999999999 * 99999999999999999999",
    ],
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """Few seconds and little memory; the table is large enough to be a burden."""
    found = make_asking(tmp_path_factory.mktemp("guarded"), seconds=SECONDS, megabytes=256, processes=1)
    rows = 200_000
    table = {
        "id": range(rows),
        "s": [f"v{number % 1000}" for number in range(rows)],
        "f": [number / 7 for number in range(rows)],
    }
    found.tables.put("t", pa.table(table))
    yield found
    found.queries.close()


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] if kind == "bombs" else []) for kind in REFUSED]
)
def test_what_is_no_question_to_a_table_is_refused(asking: Asking, kind: str) -> None:
    asking.tables.put("t", pa.table({"id": [1], "s": ["x"], "f": [0.5]}))
    for text in REFUSED[kind]:
        with pytest.raises(InputError):
            asking.select(text)
        if text.strip(" /*"):
            with pytest.raises(InputError):
                asking.page(where=f"id IN ({text})")
    common = 'WITH u AS (SELECT 1 AS "user"), T AS (SELECT "user" + 1 AS n FROM u) SELECT t.n FROM t ORDER BY T.n'
    assert asking.select(common) == [{"n": 2}]
    assert asking.select("SELECT TIMESTAMP '2026-01-02 03:04' > CAST('2026-01-02' AS TIMESTAMP) AS n") == [{"n": True}]
    assert asking.select(f"SELECT count(*) AS n FROM {T} -- a comment\n/* another */") == [{"n": 1}]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        f"SELECT count(*) FROM {T} a, {T} b, {T} c WHERE a.f + b.f > c.f",
        f"SELECT count(*) FROM {T} a CROSS JOIN {T} b WHERE a.f < b.f",
        f"SELECT count(*) FROM {T} a JOIN {T} b USING (s) JOIN {T} c USING (s)",
        f"SELECT concat(a.s, b.s) AS x, count(*) FROM {T} a, {T} b GROUP BY 1",
        f"SELECT * FROM {T} a, {T} b ORDER BY a.f * b.f",
        f"SELECT median(a.f * b.f) FROM {T} a, {T} b",
        f"SELECT count(DISTINCT a.f * b.f) FROM {T} a, {T} b",
        "SELECT " + "replace(" * 6 + "s" + f", 'v', '{'v' * 1500}')" * 6 + f" FROM {T}",
        f"SELECT sum(a.f) OVER (ORDER BY a.f, b.f) FROM {T} a, {T} b",
        f"SELECT count(*) FROM {T} a, {T} b WHERE regexp_matches(concat(a.s, b.s), '(.*)*(.*)*[^v0-9](.*)*$')",
        f"SELECT count(*) FROM {T} a, {T} b WHERE concat(a.s, b.s) LIKE '{'%v' * 300}z'",
    ],
)
def test_a_bomb_is_stopped_inside_its_bounds_and_the_next_query_served(guarded: Asking, text: str) -> None:
    with pytest.raises(InputError, match="and was stopped"):
        guarded.select(text)
    assert guarded.select(f"SELECT count(*) AS n FROM {T}") == [{"n": 200_000}]


@pytest.mark.slow
def test_a_process_never_has_more_memory_than_it_may(guarded: Asking) -> None:
    peak = 0
    with pytest.raises(InputError, match="more memory"):
        guarded.select(f"SELECT * FROM {T} a, {T} b ORDER BY a.f * b.f")
    guarded.select("SELECT 1")
    for process in list_processes():
        status = Path(f"/proc/{process}/status").read_text()
        peak = max(peak, int(status.split("VmHWM:")[1].split()[0]))
    assert 0 < peak < (256 + 300) << 10


@pytest.mark.slow
def test_a_process_that_is_killed_fails_its_query_alone(guarded: Asking) -> None:
    guarded.select("SELECT 1")
    with guarded.queries.stream_select(f"SELECT a.id, a.s, b.f FROM {T} a JOIN {T} b USING (s)") as stream:
        next(stream.batches)
        for process in list_processes():
            os.kill(int(process), signal.SIGKILL)
        with pytest.raises(InputError):
            for _ in stream.batches:
                pass
    assert guarded.select("SELECT 1 AS n") == [{"n": 1}]


@pytest.mark.slow
def test_a_reader_who_leaves_frees_the_engine_at_once(guarded: Asking) -> None:
    for _ in range(3):
        with guarded.queries.stream_rows("d", "1.0.0", "t", RowsQuery(limit=None)) as stream:
            next(stream.batches)
        assert guarded.select("SELECT 1 AS n") == [{"n": 1}]
    assert len(list_processes()) <= 2


def test_a_fault_in_a_later_row_is_explained(asking: Asking) -> None:
    asking.tables.put("late", pa.table({"s": ["1"] * 60_000 + ["x"]}))
    with pytest.raises(InputError, match="“x” can't be read"):
        asking.select('SELECT CAST(s AS INTEGER) AS n FROM "d"."late"', limit=10_000)
    with (
        pytest.raises(InputError, match="“x” can't be read"),
        asking.queries.stream_rows(
            "d", "1.0.0", "late", RowsQuery(select="CAST(s AS INTEGER) AS n", limit=None)
        ) as rows,
    ):
        list(rows.batches)


@pytest.mark.slow
def test_an_answer_is_never_held_in_more_memory_than_it_may(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.tables.put("long", pa.table({"s": ["x"] * 3000}))
    text = "SELECT replace(s, 'x', '{}') AS s FROM \"d\".\"long\"".format("y" * 12_000)
    with asking.queries.stream_select(text) as rows:
        sizes = [batch.nbytes for batch in rows.batches]
    assert sum(sizes) > 36_000_000
    assert max(sizes) < 20_000_000
    monkeypatch.setattr("opendata.query.engine.MOST_BYTES", 30 << 20)
    with pytest.raises(InputError, match="larger than the 30 MB"):
        asking.select(text, limit=3000)
    assert len(asking.select(text, limit=100)) == 100
    monkeypatch.setattr("opendata.query.engine.MOST_BYTES", 1 << 20)
    with pytest.raises(InputError, match="larger than the 1 MB"), asking.queries.stream_select(text) as rows:
        list(rows.batches)
