"""One SELECT over public tables, over REST."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from opendata.wiring import Services
from tests.api.conftest import Caller, problem

TABLE = '"cities"."places"'
SUMS = (
    f"SELECT 城市, sum(gdp) AS 合计, row_number() OVER (ORDER BY 城市) AS n FROM {TABLE}"
    " GROUP BY 城市 ORDER BY 城市 LIMIT 2"
)


def test_a_select_is_answered_with_what_it_was_read_from(reader: Caller) -> None:
    answer = reader.get("/sql", query_string={"q": SUMS})
    found = json.loads(answer.data)
    assert list(found) == ["items", "columns", "truncated", "sources", "query", "hash"]
    assert found["items"] == [{"城市": 'a,"b"\\', "合计": -1.0, "n": 1}, {"城市": "上海", "合计": None, "n": 2}]
    assert [(column["name"], column["type"]) for column in found["columns"]] == [
        ("城市", "string"),
        ("合计", "decimal128(38, 2)"),
        ("n", "int64"),
    ]
    assert not found["truncated"]
    assert [(source["dataset"], source["version"]) for source in found["sources"]] == [("cities", "1.0.0")]
    assert answer.headers["Cache-Control"] == "no-cache"
    link = urlsplit(found["query"]["link"])
    pinned = reader.get(f"{link.path}?{link.query}")
    assert "cities@1.0.0" in pinned.json["query"]["asked"]["q"]
    assert (pinned.json["items"], pinned.json["hash"]) == (answer.json["items"], found["hash"])
    assert pinned.headers["Cache-Control"].startswith("public, max-age=")
    assert pinned.json["query"]["link"] == found["query"]["link"]
    known = reader.get("/sql", query_string={"q": SUMS}, headers={"If-None-Match": answer.headers["ETag"]})
    assert known.status_code == 304


def test_a_long_select_is_posted_by_anyone_and_comes_in_other_forms(reader: Caller) -> None:
    text = f'SELECT a.城市, b.code FROM {TABLE} AS a JOIN "cities@1.0.0"."places" AS b USING (code) ORDER BY ALL'
    asked = reader.get("/sql", query_string={"q": text}).json
    for sent in ({"json": {"q": text}}, {"data": {"q": text}}):
        assert reader.post("/sql", **sent).json["items"] == asked["items"]
    rows = reader.post("/sql.csv", json={"q": text, "limit": 2})
    assert rows.text == '城市,code\n"a,""b""\\",x\n上海,021\n'
    limited = reader.get("/sql", query_string={"q": text, "limit": 1}).json
    assert limited["truncated"]
    assert limited["items"] == asked["items"][:1]
    chosen = reader.get("/sql", query_string={"q": text}, headers={"Accept": "application/jsonl"})
    assert [json.loads(line) for line in chosen.data.splitlines()] == asked["items"]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "“q” is missing"),
        ({"q": f"SELECT gdpp FROM {TABLE}"}, "“gdp”"),
        ({"q": "SELECT 1 FROM x"}, "character 15"),
        ({"q": "DROP TABLE x"}, "one SELECT"),
        ({"q": "SELECT 1", "limit": "0"}, "from 1"),
        ({"q": "SELECT 1", "limit": "x"}, "from 1"),
        ({"q": "SELECT 1", "lmit": "1"}, "“limit”"),
        ({"q": "SELECT 1", "where": "1"}, "Parameters"),
    ],
)
def test_a_select_that_is_wrong_is_refused(reader: Caller, parameters: dict[str, str], words: str) -> None:
    assert words in problem(reader.get("/sql", query_string=parameters), 400)["detail"]
    if parameters and parameters.get("limit") != "x":
        assert words in problem(reader.post("/sql.csv", data=parameters), 400)["detail"]


def test_bodies_that_are_no_query_are_refused(reader: Caller) -> None:
    assert problem(reader.post("/sql", json={"q": 5}), 422)["errors"][0]["pointer"] == "/q"
    problem(reader.post("/sql", json={"q": "SELECT 1", "limit": True}), 422)
    problem(reader.post("/sql", json=["SELECT 1"]), 422)
    problem(reader.post("/sql", data="SELECT 1", content_type="text/plain"), 415)
    problem(reader.post("/sql"), 400)
    problem(reader.post("/sql?q=SELECT 1", json={"q": "SELECT 1"}), 400)
    problem(reader.get("/sql.pdf", query_string={"q": "SELECT 1"}), 404)


def test_what_is_not_public_cannot_be_told_from_what_does_not_exist(reader: Caller, owner: Caller) -> None:
    bodies = set()
    for name in ("closed-cities", "no-such-place", "closed-cities@1.0.0", "no-such-place@1.0.0", "cities@9.0.0"):
        for caller in (reader, owner):
            answer = caller.get("/sql", query_string={"q": f'SELECT secret FROM "{name}"."places"'})
            bodies.add(problem(answer, 400)["detail"].replace(name, "?"))
    assert len(bodies) == 1


@pytest.mark.slow
def test_an_answer_has_no_more_room_than_it_may(
    reader: Caller, portal: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = '"cities"."places"'
    text = f"SELECT a.* FROM {place} a, {place} b, {place} c, {place} d, {place} e"
    monkeypatch.setattr(portal.answer_forms, "most_bytes", 1 << 20)
    for form in ("csv", "jsonl", "parquet", "xlsx"):  # 46,656 rows of 6: Parquet would be a few kB of some MB
        found = reader.get(f"/sql.{form}", query_string={"q": f"{text} LIMIT 100"})
        assert found.status_code == 200
        found = reader.get(f"/sql.{form}", query_string={"q": f"{text}, {place} f"})
        assert found.status_code == 400
        assert "larger than the 1 MB" in found.json["detail"]
    assert not list(portal.settings.derived_folder.glob(".[0-9]*"))
    monkeypatch.setattr(portal.answer_forms, "free_bytes", 1 << 60)
    assert reader.get("/sql.csv", query_string={"q": f"{text} LIMIT 101"}).status_code == 507


def test_rows_and_their_citation_are_of_one_version_whatever_is_published_meanwhile(
    reader: Caller, portal: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'SELECT count(*) AS n FROM "cities"."places"'
    asked: list[str] = []
    real = portal.queries.select

    def select(query: str, **options: Any) -> Any:
        asked.append(query)
        return real(query, **options)

    monkeypatch.setattr(portal.queries, "select", select)
    answer = reader.get("/sql", query_string={"q": text})
    assert answer.status_code == 200
    assert asked == [text.replace('"cities"', '"cities@1.0.0"')]
