"""The page of a search, with nothing but links and forms."""

from __future__ import annotations

import re
from typing import Any

import pytest

from opendata.services.core.actors import SYSTEM
from opendata.services.search.searching import SearchResult
from tests.web.conftest import Portal


@pytest.fixture(scope="module")
def found(portal: Portal) -> Portal:
    while portal.services.indexing.follow():
        pass
    return portal


def read(portal: Portal, path: str, **options: Any) -> dict[str, Any]:
    found = portal.client().get(f"/api/v1/{path}", **options).json
    assert isinstance(found, dict)
    return found


def test_words_are_found_marked_and_filtered_by_links(found: Portal) -> None:
    client = found.client()
    page = client.get("/datasets?q=水库").text
    assert "<mark>水库</mark>" in page
    assert 'rel="nofollow"' in page
    address = re.findall(r'href="(/datasets\?[^"]*license=[^"]*)"', page)
    assert not address  # all results have the same licence: nothing to choose from
    everything = client.get("/datasets?q=水库&disclosure=open").text
    assert 'aria-current="true"' in everything
    assert "（移除）" in everything
    assert "没有符合" not in everything
    assert "没有符合" in client.get("/datasets?disclosure=closed").text


def test_nothing_found_says_what_was_looked_up_and_what_to_do(found: Portal) -> None:
    assert "没有找到" in found.client().get("/datasets?q=蝴蝶").text
    page = found.client().get("/datasets?q=水裤").text
    assert 'href="/datasets?q=%E6%B0%B4%E5%BA%93"' in page  # 水库 sounds the same


MANY = "&".join(f"region={number:020}" for number in range(60))
"""Each link of the page would repeat them."""


@pytest.mark.parametrize("query", ["sort=size", "punctuality=x", "cursor=abc", MANY])
def test_what_no_search_can_be_is_refused_with_reasons(found: Portal, query: str) -> None:
    assert found.client().get(f"/datasets?{query}").status_code == 400
    assert found.client().get(f"/api/v1/search?{query}").status_code in (400, 422)
    assert found.client().get("/api/v1/search?colour=red").status_code == 422


def test_hostile_words_are_only_words(found: Portal) -> None:
    for text in ('"', "title:x AND (", "<script>", "a" * 500, "\\", "*", "😀", "NOT 水库 OR", "%00"):
        answer = found.client().get("/datasets", query_string={"q": text})
        assert answer.status_code == 200, text
        assert "<script>" not in answer.text.replace("<script src", "")


def test_rest_answers_the_same_with_facets_and_titles(found: Portal) -> None:
    answer = read(found, "search?q=shuiku&limit=1", headers={"Accept-Language": "zh"})
    assert [item["id"] for item in answer["items"]] == ["reservoirs"]
    assert answer["facets"]["publisher"] == [{"value": "water-bureau", "title": "水务局", "count": 1}]
    assert answer["facets"]["disclosure"][0]["title"].startswith("主动公开")
    assert answer["items"][0]["score"] > 0
    marked = read(found, "search?q=水库")["items"][0]["highlights"]["title"]
    start, end = marked["places"][0]
    assert marked["text"][start:end] == "水库"
    assert read(found, "search/suggestions?q=shui")["items"]
    prefers = found.client().get("/datasets?q=水库", headers={"Accept": "application/json"})
    assert prefers.location.startswith("/api/v1/search?")


def test_a_search_that_fails_leaves_the_list_of_datasets(found: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SearchResult(items=(), total=0, facets={}, is_ready=False)
    monkeypatch.setattr(found.services.searching, "search", lambda _: failed)
    assert 'href="/datasets/reservoirs"' in found.client().get("/datasets?q=水库").text


def test_an_instance_without_an_index_lists_its_datasets(desk: Portal) -> None:
    desk.services.publishers.ensure(SYSTEM, {"id": "water-bureau", "title": "水务局"})
    assert desk.client().get("/datasets?q=水库").status_code == 200
    assert read(desk, "search?q=水库")["total"] == 0
