"""The same question gives the same bytes, however often and on however many threads; any name can be asked for."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opendata.domain.schema import Field
from opendata.errors import InputError
from opendata.query.engine import Engine
from opendata.query.rows import plan_rows
from opendata.query.select import plan_select
from opendata.query.values import Filter, QueryTable, RowsQuery, Statement
from tests.query.conftest import Asking, describe
from tests.selection import examples

SUMS = (
    "sum(f), avg(f), stddev(f), variance(f), corr(f, n), median(f), quantile_cont(f, 0.3), quantile_disc(f, 0.7),"
    " min(t), max(t), mode(n), arg_max(t, n), arg_min(t, n), count(*), count(DISTINCT t), sum(n), avg(n), sum(f) * 2"
)
QUESTIONS = [
    RowsQuery(select=SUMS, limit=10_000),
    RowsQuery(select=f"t, {SUMS}", group_by="t", order_by="sum(f) DESC", limit=10_000),
    RowsQuery(group_by="n % 100", order_by="count(*)", limit=10_000),
    RowsQuery(where="f > 0.5", limit=10_000),
    RowsQuery(order_by="n % 3", limit=10_000),
    RowsQuery(select="t, f / nullif(n, 5) AS g", order_by="g DESC", limit=10_000, offset=5000),
    RowsQuery(select="t", group_by="t", having="sum(f) > 10", limit=10_000),
]


@pytest.mark.slow
def test_the_same_question_gives_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    chance, rows = random.Random(5), 400_000
    columns = {
        "f": [None if row % 9 == 0 else chance.random() * 10 ** chance.randint(-9, 9) for row in range(rows)],
        "n": [chance.randint(0, 999) for _ in range(rows)],
        "t": [f"v{chance.randint(0, 50)}" for _ in range(rows)],
    }
    data = pa.table(columns)
    pq.write_table(data, tmp_path / "t.parquet", row_group_size=30_000)
    fields = [Field.from_json(describe(item)) for item in data.schema]
    table = QueryTable(name="d.t", path=tmp_path / "t.parquet", sha256="0", fields=fields, rows=rows)
    statements = [plan_rows(table, question).statement for question in QUESTIONS]
    for text in (
        f'SELECT {SUMS} FROM "d"."t"',
        f'SELECT t, {SUMS} FROM "d"."t" GROUP BY t',
        'SELECT DISTINCT t FROM "d"."t"',
    ):
        statements.append(plan_select(text, lambda *_: table))
    engines = [Engine(memory=1 << 30, most=1, threads=threads) for threads in (1, 2, 4)]
    for statement in statements:
        answers = {run(engine, statement) for engine in engines for _ in range(2)}
        assert len(answers) == 1, statement.sql
    for engine in engines:
        engine.close()


def run(engine: Engine, statement: Statement) -> bytes:
    with engine.run(statement, seconds=60) as answer:
        sink = pa.BufferOutputStream()
        whole = answer.read().combine_chunks()
        with pa.ipc.new_stream(sink, whole.schema) as writer:
            writer.write_table(whole)
    return bytes(sink.getvalue())


ODD = [
    "_row",
    "_ROW",
    "a",
    "A",
    "Á",
    '"',
    "'",
    '"a"',
    "a;b",
    "--",
    "a--b",
    "/*",
    "*/",
    "a\nb",
    "\t",
    " ",
    "",
    "  ",
    "a__b",
    "x__in",
    "limit",
    "select",
    "t0",
    "main",
    "c0",
    "r0",
    "s0",
    "k0",
    "g0",
    "count",
    "count(*)",
    "*",
    "a.b",
    '"d"."t"',
    "杭 州",
    "ß",
    "ẞ",
    "İ",
    "i",
    "ı",
    "\u200b",
    "a\\",
    "%s",
    "%(x)s",
    "{}",
    "$1",
    "?",
    ":x",
    "é",
    "e\u0301",
    "\U0001f600",
    "NULL",
    "true",
    "1",
    "1e5",
    "0x1",
    "_row_1",
    "a_1",
    "'; DROP",
]
NAMES = st.sampled_from(ODD) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@pytest.mark.slow
@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(st.lists(NAMES, min_size=1, max_size=300, unique=True), st.randoms(use_true_random=False))
def test_columns_of_any_name_can_be_asked_for(asking: Asking, names: list[str], chance: random.Random) -> None:
    ask_for_all(asking, [*ODD, *names][: chance.randint(1, 300)] if chance.random() < 0.8 else names, chance)


def ask_for_all(asking: Asking, names: list[str], chance: random.Random) -> None:
    unique = list(dict.fromkeys(names))
    table = pa.Table.from_arrays([pa.array([number, None, -number]) for number in range(len(unique))], names=unique)
    asking.tables.put("t", table)
    page = asking.page(limit=10)
    called = [column.name for column in page.columns]
    assert len({name.lower() for name in called}) == len(called)
    assert [column.to_pylist() for column in page.rows.columns] == [[n, None, -n] for n in range(len(unique))]
    for number in chance.sample(range(len(unique)), min(3, len(unique))):
        name = called[number]
        quoted = '"' + name.replace('"', '""') + '"'
        wanted = [-number] if number else []
        assert asking.page(select=quoted, where=f"{quoted} < 0").rows.columns[0].to_pylist() == wanted
        simple = asking.page(filters=[Filter(name, "lt", "0")], order_by=quoted)
        assert simple.rows.columns[number].to_pylist() == wanted
        assert asking.page(group_by=quoted).rows.num_rows == (3 if number else 2)
    for wrong in ("nothing like it", "_rows", "a__b__c"):
        if wrong not in called:
            with pytest.raises(InputError):
                asking.page(filters=[Filter(wrong, "exact", "1")])


def test_between_two_decimals_lies_one_with_more_digits(asking: Asking) -> None:
    asking.tables.put("m", pa.table({"x": pa.array([Decimal("3.01"), Decimal("3.02")], pa.decimal128(38, 2))}))
    found = asking.rows("m", select="median(x) AS a, quantile_cont(x, 0.5) AS b")
    found += asking.select('SELECT median(m.x) AS a, quantile_cont(X, 0.5) AS b FROM "d"."m" AS m')
    assert [value for row in found for value in row.values()] == pytest.approx([3.015] * 4)


@pytest.mark.parametrize(
    "value", ["DATE '9999-12-31' + 1", "DATE '0001-01-01' - 1", "TIMESTAMP '9999-12-31' + INTERVAL 1 DAY"]
)
def test_a_day_that_no_calendar_has_is_refused(asking: Asking, value: str) -> None:
    asking.tables.put("y", pa.table({"x": [1]}))
    with pytest.raises(InputError, match="in the years 1 to 9999"):
        asking.rows("y", select=f"{value} AS a")
    assert asking.rows("y", select="DATE '9999-12-31' AS a, DATE '0001-01-01' AS b") == [
        {"a": date(9999, 12, 31), "b": date(1, 1, 1)}
    ]
