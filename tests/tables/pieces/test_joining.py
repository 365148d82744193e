"""A table in pieces: the report, the findings, the profile and the files are those of one machine."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.domain.privacy import Kind
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.tables.pieces import joining
from opendata.tables.pieces.cutting import NotApartError
from opendata.tables.pieces.joining import check_in_pieces
from opendata.tables.pieces.running import LocalRunner
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table
from opendata.tables.text import rows
from opendata.tables.text.dialect import Dialect
from tests.privacy.corpora import POSITIVES

FIELDS = [
    {"name": "id", "type": "integer", "constraints": {"unique": True}},
    {"name": "name", "type": "string", "constraints": {"maxLength": 6}},
    {"name": "amount", "type": "number", "constraints": {"minimum": 0, "required": True}},
    {"name": "day", "type": "date"},
    {"name": "at", "type": "datetime"},
]
GOOD = [
    lambda pick: str(pick.randrange(10_000)),
    lambda pick: pick.choice(["a", "b", "北京", '"c,d"', '"e\nf"', '"g""h"', "", "xyz"]),
    lambda pick: pick.choice(["1", "2.5", "0", "1e3", str(pick.random())]),
    lambda pick: f"2024-0{pick.randrange(1, 10)}-1{pick.randrange(10)}",
    lambda pick: f"2024-01-01T0{pick.randrange(10)}:00:00",
]
BAD = [
    "",
    "x",
    "-1",
    "too long a text",
    "１２",
    " 3",
    "合计",
    "1,234",
    "2024-13-01",
    "2024-01-01 10:00:00",
    '"\n"',
    "5%",
]


def make_rows(pick: random.Random, *, count: int, wrong: float, ascending: bool) -> list[str]:
    """Records, each with its line end."""
    made = []
    for number in range(count):
        cells = [make(pick) for make in GOOD]
        if ascending:
            cells[0] = str(number)
        if pick.random() < wrong:
            cells[pick.randrange(5)] = pick.choice(BAD)
        if pick.random() < wrong / 5:
            cells = pick.choice([[], cells[:3], [*cells, "more"], [""] * 5, ["id", "name", "amount", "day", "at"]])
        if pick.random() < wrong / 10 and cells:
            cells[-1] = "2024-01-01T00:00:00+08:00"
        made.append(",".join(cells) + "\n")
    return made


def compare(
    data: bytes, descriptor: dict[str, Any] | None, *, block: int, piece: int, limit: int = 1000, **options: Any
) -> int:
    """The number of pieces of a table, after both ways have said the same of it."""
    schema = read_schema(descriptor) if descriptor else None
    with (
        TemporaryDirectory() as name,
        patch.object(rows, "BLOCK_BYTES", block),
        patch.object(joining, "BLOCK_BYTES", block),
    ):
        folder = Path(name)
        source = folder / "t.csv"
        source.write_bytes(data)
        (folder / "one").mkdir()
        one = prepare_table(
            source, folder / "one", name="t", schema=schema, limit=limit, screen=PrivacyScreen, **options
        )
        found = folder / "findings.parquet"
        many = check_in_pieces(
            source, folder, LocalRunner(), name="t", schema=schema, limit=limit, writes=True,
            findings=found, piece_bytes=piece, screen=PrivacyScreen, **options,
        )  # fmt: skip
        assert describe(many.task) == describe(one.task)
        assert (many.rows, many.first_row) == (one.rows, one.first_row)
        assert list(many.profile) == list(one.profile)
        assert list(many.privacy) == list(one.privacy)
        assert found.exists() == one.findings.exists()
        if found.exists():
            assert sort_findings(found) == sort_findings(one.findings)
        if one.task.valid:
            assert b"".join((folder / part.name).read_bytes() for part in many.csv) == one.csv.read_bytes()
            tables = [pq.read_table(folder / part.name) for part in many.parquet]
            assert pa.concat_tables(tables).equals(pq.read_table(one.parquet), check_metadata=True)
            assert sum(part.rows for part in many.csv) == one.rows
        else:
            assert not many.csv
        return many.pieces


def describe(task: Any) -> dict[str, Any]:
    """A report without the time it took."""
    found: dict[str, Any] = task.describe()
    del found["stats"]["seconds"]
    return found


def sort_findings(path: Path) -> list[str]:
    """The findings of a file in an order that doesn't depend on how it was written."""
    return sorted(map(str, pq.read_table(path).to_pylist()))


def try_random(seed: int, *, most: int) -> None:
    """One table made from a seed, in pieces of a few records."""
    pick = random.Random(seed)
    lines = make_rows(
        pick, count=pick.randrange(most), wrong=pick.choice([0, 0, 0.02, 0.3]), ascending=pick.random() < 0.5
    )
    data = ("id,name,amount,day,at\n" + "".join(lines)).encode()
    if pick.random() < 0.3:
        data = data.replace(b"\n", b"\r\n")
    if pick.random() < 0.3:
        data = data.rstrip(b"\r\n")
    if pick.random() < 0.2:
        data = b"\xef\xbb\xbf" + data
    keys: dict[str, Any] = pick.choice(
        [{}, {"primaryKey": ["name", "day"]}, {"uniqueKeys": [["amount"], ["id", "at"]]}]
    )
    descriptor = {"fields": FIELDS, **keys} if pick.random() < 0.9 else None
    block = pick.choice([60, 200, 1000])
    try:
        compare(
            data, descriptor, block=block, piece=pick.choice([1, 300, 3000]),
            limit=pick.choice([1, 5, 1000]), stored=pick.choice([2, 1000]),
        )  # fmt: skip
    except NotApartError:
        return


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_the_report_of_pieces_is_that_of_the_whole(seed: int) -> None:
    try_random(seed, most=40)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_reports_of_many_tables(seed: int) -> None:
    try_random(seed, most=200)


def test_a_valid_table_in_several_pieces() -> None:
    pick = random.Random(1)
    lines = make_rows(pick, count=60, wrong=0, ascending=True)
    data = ("id,name,amount,day,at\n" + "".join(lines)).encode()
    assert compare(data, {"fields": FIELDS}, block=200, piece=400) > 3


@pytest.mark.parametrize("piece", [pytest.param(700, marks=pytest.mark.slow), 4000])
def test_personal_data_in_several_pieces(piece: int) -> None:
    pick = random.Random(2)
    kinds = [Kind.MOBILE, Kind.NAME, Kind.RESIDENT_ID, Kind.EMAIL, Kind.ADDRESS, Kind.BANK_CARD]
    lines = [",".join(POSITIVES[kind][1](pick) for kind in kinds) + f",138{n:08}\n" for n in range(200)]
    data = ("a,b,c,d,e,f,联系电话\n" + "".join(lines)).encode()
    assert compare(data, None, block=500, piece=piece) > 3


def test_another_encoding_and_a_table_without_rows() -> None:
    lines = "".join(f"{number},北京{number}\n" for number in range(40))
    data = ("id,name\n" + lines).encode("gb18030")
    fields = {"fields": FIELDS[:2]}
    assert compare(data, fields, block=50, piece=100, dialect=Dialect(encoding="gb18030")) > 3
    assert compare(b"id,name\n", fields, block=50, piece=100) == 1


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(NotApartError, match="dialect"):
        compare(b"a;b\n", None, block=50, piece=50, dialect=Dialect(encoding="utf-16"))
    with pytest.raises(NotApartError, match="open-quote"):
        compare(b'a,b\n1,"2\n' * 9, None, block=50, piece=50)
    with pytest.raises(NotApartError, match="line-ends"):
        compare(b"a,b\r1,2\r" * 50, None, block=50, piece=50)


def test_more_wrong_texts_than_repairs_are_tried_for() -> None:
    lines = "".join(f"{number % 37}.5x\n" for number in range(200))
    with (
        patch("opendata.tables.check.table_rules.MAX_WRONG_TEXTS", 10),
        patch.object(joining, "MAX_WRONG_TEXTS", 10),
    ):
        assert compare(b"id\n" + lines.encode(), {"fields": FIELDS[:1]}, block=60, piece=120) > 3
