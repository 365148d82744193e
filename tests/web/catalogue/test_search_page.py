"""The page of a search, with nothing but links and forms."""

from __future__ import annotations

import re
from typing import Any
from urllib.robotparser import RobotFileParser

import pytest
from lxml import etree

from opendata.services.core.actors import SYSTEM
from opendata.services.search.searching import SearchResult
from tests.web.conftest import Portal

A = "{http://www.w3.org/2005/Atom}"


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


def read_feed(portal: Portal, path: str) -> etree._Element:
    answer = portal.client("en").get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml"), answer.text
    return etree.fromstring(answer.data)


def test_a_search_is_a_feed_of_what_its_page_shows(found: Portal) -> None:
    page = found.client("en").get("/datasets?q=水库&disclosure=open&sort=title").text
    (path,) = re.findall(r'type="application/atom\+xml"[^>]* href="([^"]+)"', page)
    assert path == "/datasets.atom?q=%E6%B0%B4%E5%BA%93&amp;disclosure=open&amp;lang=en"
    assert page.count(path) == 2
    root = read_feed(found, path.replace("&amp;", "&"))
    assert root.findtext(f"{A}title") == "“水库” · Open · Datasets · Open Data Portal"
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{A}link")}
    assert links["self"] == links["first"] == "http://localhost" + path.replace("&amp;", "&")
    assert links["alternate"] == "http://localhost/datasets?q=%E6%B0%B4%E5%BA%93&disclosure=open"
    (entry,) = root.findall(f"{A}entry")
    assert root.findtext(f"{A}updated") == entry.findtext(f"{A}updated")
    for thing in (root, entry):  # RFC 4287, 4.1.1 and 4.1.2
        for name in ("id", "title", "updated"):
            (told,) = thing.findall(f"{A}{name}")
            assert told.text
        assert thing.findtext(f"{A}author/{A}name")
    dataset = found.services.datasets.get("reservoirs")
    assert entry.findtext(f"{A}id") == f"urn:uuid:{dataset.uuid}"
    for link in entry.iter(f"{A}link"):
        assert found.client().get(link.get("href").removeprefix("http://localhost")).status_code == 200
    assert "<script>" not in etree.tostring(entry, encoding="unicode")


def test_the_feed_of_a_search_has_what_really_fits_and_refuses_what_no_search_is(found: Portal) -> None:
    assert read_feed(found, "/datasets.atom").find(f"{A}entry") is not None
    assert read_feed(found, "/datasets.atom?q=水裤").find(f"{A}entry") is None  # 水库 sounds the same
    assert read_feed(found, "/datasets.atom?q=%00%0b%ef%bf%be<a>&region=%00").find(f"{A}entry") is None
    for query in ("sort=size", "punctuality=x", "cursor=abc", MANY, "cursor=" + "9" * 5000):
        assert found.client().get(f"/datasets.atom?{query}").status_code == 400, query
    tag = found.client().get("/datasets.atom").headers["ETag"]
    assert found.client().get("/datasets.atom", headers={"If-None-Match": tag}).status_code == 304


def test_crawlers_are_kept_out_of_what_has_no_end(found: Portal) -> None:
    page = found.client().get("/datasets?q=水库&disclosure=open").text
    body = page.partition("<main")[2]
    links = [link for link in re.findall(r"<a [^>]*>", body) if "/datasets?" in link or "/datasets.atom" in link]
    assert len(links) > 3
    assert [link for link in links if "nofollow" not in link] == []
    lines = found.client().get("/robots.txt").text.splitlines()
    rules = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")]
    kept_out = re.compile("|".join(re.escape(rule).replace(r"\*", ".*") for rule in rules))  # RFC 9309, 2.2.3
    robots = RobotFileParser()
    robots.parse(lines)
    assert robots.site_maps() == ["http://localhost/sitemap.xml"]
    rows = ("/datasets/a/1.0.0/b?sort=c", "/datasets/a/1.0.0/b/chart", "/api/v1/datasets/a/1.0.0/b/rows?where=x")
    for path in ("/datasets?q=x", "/datasets.atom?q=x", "/api/v1/search?q=x", "/api/v1/sql?q=x", "/workspace/", *rows):
        assert kept_out.match(path), path
    for path in ("/", "/datasets", "/datasets/reservoirs", "/datasets/reservoirs/1.0.0/levels.csv", "/feed.atom"):
        assert not kept_out.match(path), path
        assert robots.can_fetch("crawler", f"http://localhost{path}"), path


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
    assert (
        found.client().get("/datasets.atom?q=水库").status_code == 503
    )  # an empty feed would say that nothing is there


def test_an_instance_without_an_index_lists_its_datasets(desk: Portal) -> None:
    desk.services.publishers.ensure(SYSTEM, {"id": "water-bureau", "title": "水务局"})
    assert desk.client().get("/datasets?q=水库").status_code == 200
    assert read(desk, "search?q=水库")["total"] == 0
    assert desk.client().get("/datasets.atom").status_code == 200
