"""The page that looks inside tables, what a table can be joined with, and the same by REST."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from opendata.services.search.inside import Share
from opendata.web.catalogue.inside import say_share
from tests.services.search.test_inside import fill
from tests.web.conftest import PASSWORD, Portal, make_portal


@pytest.fixture(scope="module")
def inside(portal: Portal) -> Portal:
    for index in (portal.services.indexing, portal.services.sketching):
        while index.follow():
            pass
    return portal


def read(portal: Portal, path: str, **query: str) -> dict[str, Any]:
    answer = portal.client().get(f"/api/v1/{path}", query_string=query)
    return {"status": answer.status_code, **answer.json}  # type: ignore[dict-item]


def test_a_reader_finds_cells_and_columns_without_knowing_which_table(inside: Portal) -> None:
    client = inside.client()
    page = client.get("/datasets?q=东湖").text
    address = re.search(r'href="(/search/tables\?q=[^"]+)"', page)
    assert address
    page = client.get(html.unescape(address[1])).text
    rows = re.search(r'href="(/datasets/reservoirs/[0-9.]+/levels\?[^"]+)"[^>]*>([^<]+)<', page)
    assert rows
    assert parse_qs(urlsplit(html.unescape(rows[1])).query) == {"name__exact": ["东湖"]}
    assert rows[2] == "1 行"
    assert "level" in client.get("/search/tables?q=level").text
    assert "measured" in client.get("/search/tables?kind=date").text
    assert "没有" in client.get("/search/tables?q=蝴蝶").text
    assert "No column was found" in inside.client("en").get("/search/tables?q=butterfly").text
    assert client.get("/search/tables").status_code == 200


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"', "%00", "a" * 200, "😀", "%", "' OR 1=1 --"])
def test_hostile_texts_are_only_texts(inside: Portal, text: str) -> None:
    answer = inside.client().get("/search/tables", query_string={"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert read(inside, "search/values", value=text)["items"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/search/tables?kind=colour", 400),
        ("/search/tables?q=" + "a" * 201, 400),
        ("/search/tables?q=a&values=1&cursor=x", 400),
        ("/api/v1/search/values", 422),
        ("/api/v1/search/values?value=%20", 400),
        ("/api/v1/search/values?value=a&cursor=x", 400),
        ("/api/v1/search/columns?kind=colour", 422),
        ("/api/v1/search/columns?colour=red", 422),
        ("/api/v1/datasets/reservoirs/1.0.0/levels/joins", 409),
        ("/api/v1/datasets/reservoirs/latest/unknown/joins", 404),
        ("/api/v1/datasets/unknown/latest/levels/joins", 404),
        ("/api/v1/datasets/reservoirs/latest/levels/joins?limit=0", 422),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(inside: Portal, path: str, status: int) -> None:
    answer = inside.client().get(path)
    assert (answer.status_code, "Traceback" in answer.text) == (status, False)


def test_rest_says_where_a_value_is_and_what_is_known_of_the_column(inside: Portal) -> None:
    answer = read(inside, "search/values", value="A001")
    found = answer["items"][0]
    assert (answer["status"], answer["ready"], answer["next"]) == (200, True, None)
    assert (found["table"]["dataset"], found["column"]["name"], found["value"], found["rows"]) == (
        "reservoirs",
        "code",
        "A001",
        1,
    )
    assert found["rowsUrl"].endswith("/levels?code__exact=A001")
    columns = read(inside, "search/columns", schema="reservoir@1.0.0", type="date")["items"]
    assert [item["column"]["name"] for item in columns] == ["measured"]
    assert columns[0]["column"]["kind"] == "date"
    assert read(inside, "datasets/reservoirs/latest/levels/joins") == {"status": 200, "items": [], "ready": True}


@pytest.mark.parametrize(
    ("share", "margin", "said"),
    [
        (1.0, 0.0, "all"),
        (0.9999, 0.0, "99%"),
        (0.0001, 0.0, "1%"),
        (0.0, 0.0, "none"),
        (1.0, 0.03, "nearly all"),
        (0.5, 0.08, "about 50%"),
        (0.0, 0.03, "nearly none"),
    ],
)
def test_a_share_is_said_so_that_nothing_is_claimed_too_much(
    inside: Portal, share: float, margin: float, said: str
) -> None:
    with inside.app.test_request_context(headers={"Accept-Language": "en"}):
        assert say_share(Share(share, margin)) == said


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with make_portal(tmp_path_factory.mktemp("joined")) as built:
        fill(built.services, built.services.accounts.sign_in("clerk", PASSWORD)[0])
        yield built


@pytest.mark.slow
def test_the_code_that_joins_two_tables_runs(joined: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = joined.client("en").get("/datasets/visits/1.0.0/").text
    assert "Can be joined with 1 other table" in page
    assert re.search(r"<td[^>]*>all</td><td[^>]*>6[89]%</td>", page)
    codes = [html.unescape(code) for code in re.findall(r"<code>([^<]*)</code></pre>", page)]
    sql = next(code for code in codes if code.startswith("SELECT"))
    answer = joined.services.queries.select(sql)
    assert (answer.total, answer.rows.num_columns) == (80, 6)
    run = next(html.unescape(link) for link in re.findall(r'href="(/sql\?q=[^"]*)"', page) if "JOIN" in link)
    assert "80 rows" in joined.client("en").get(run).text
    files = {}
    for dataset, resource in (("visits", "visits"), ("organisations", "orgs")):
        with joined.services.versions.find_file(dataset, "1.0.0", resource, "parquet").local_copy() as path:
            files[f"/datasets/{dataset}/1.0.0/{resource}.parquet"] = pd.read_parquet(path)
    monkeypatch.setattr(pd, "read_parquet", lambda address: files[urlsplit(address).path])
    names: dict[str, Any] = {}
    exec(next(code for code in codes if "here.merge" in code), names)  # noqa: S102 - that is what a reader does
    assert names["df"]["budget"].notna().sum() == 80
    assert "joined" not in joined.client("en").get("/datasets/secret/1.0.0/").text
    address = read(joined, "search/values", value="hk0007x")["items"][1]["rowsUrl"]
    page = joined.client("en").get(address.partition("localhost")[2]).text
    assert page.count("HK0007X</td>") == 2
    assert "Can be joined with 1 other table" in page
