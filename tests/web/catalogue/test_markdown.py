"""Public pages as Markdown: for whoever asks by name, from the same view, with nothing that data could make of it."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from tests.web.conftest import HOSTILE, Portal

PAGES = {
    "/": "/index.md",
    "/datasets": "/datasets.md",
    "/datasets?q=水位": "/datasets.md?q=水位",
    "/datasets?publisher=water-bureau": "/datasets.md?publisher=water-bureau",
    "/datasets/reservoirs": "/datasets/reservoirs.md",
    "/datasets/reservoirs/versions": "/datasets/reservoirs/versions.md",
    "/datasets/reservoirs/1.0.0/": "/datasets/reservoirs/1.0.0/index.md",
    "/datasets/reservoirs/1.0.0/levels": "/datasets/reservoirs/1.0.0/levels.md",
    "/datasets/reservoirs/1.0.0/levels?level__gt=1": "/datasets/reservoirs/1.0.0/levels.md?level__gt=1",
    "/publishers": "/publishers.md",
    "/publishers/water-bureau": "/publishers/water-bureau.md",
    "/schemas": "/schemas.md",
    "/schemas/reservoir": "/schemas/reservoir.md",
}


@pytest.mark.parametrize(("page", "address"), PAGES.items())
def test_a_page_is_markdown_for_who_asks_for_it_and_at_an_address_of_its_own(
    portal: Portal, page: str, address: str
) -> None:
    client = portal.client("en")
    asked = client.get(page, headers={"Accept": "text/markdown, text/html;q=0.9"})
    named = client.get(address)
    assert asked.status_code == named.status_code == 200, asked.text
    assert asked.content_type == named.content_type == "text/markdown; charset=utf-8"
    assert asked.data == named.data
    assert asked.text.startswith("# ")
    assert "\n\n\n" not in asked.text
    assert "None" not in asked.text
    assert {"Accept", "Accept-Language"} <= set(map(str, asked.vary))
    html = client.get(page)
    assert html.mimetype == "text/html"
    assert "Accept" in html.vary
    links = html.headers["Link"]
    assert 'rel="alternate"; type="text/markdown"' in links
    place = links.partition("<")[2].partition(">")[0]
    assert client.get(place).data == asked.data
    rendered = MarkdownIt("commonmark").enable("table").render(asked.text)
    assert "<script" not in rendered
    assert 'href="javascript:' not in rendered


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        ("text/markdown, text/html, */*", "text/markdown"),
        ("text/html, text/markdown;q=0.5", "text/html"),
        ("text/markdown;q=0", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
    ],
)
def test_only_who_names_markdown_and_likes_nothing_better_gets_it(portal: Portal, accept: str, mimetype: str) -> None:
    assert portal.client().get("/datasets/reservoirs", headers={"Accept": accept}).mimetype == mimetype


def test_a_version_has_its_dictionary_first_rows_digests_and_what_can_be_done(portal: Portal) -> None:
    text = portal.client().get("/datasets/reservoirs/1.0.0/index.md").text
    table = portal.services.versions.get_table("reservoirs", "1.0.0", "levels")
    assert f"`{table.parquet.hash}`" in text
    assert "| `level` |" in text
    assert "| A001 | 东湖 | 12.5 |" in text.replace("12.50", "12.5")
    assert "http://localhost/api/v1/datasets/reservoirs/1.0.0/levels/openapi.json" in text
    assert "- CSV: 可用 · http" in text
    tables = MarkdownIt("commonmark").enable("table").render(text)
    assert tables.count("<table>") == 2
    assert tables.count("<tr>") == 1 + 4 + 1 + 2


def test_what_data_say_is_text_and_no_mark(portal: Portal) -> None:
    text = portal.client().get("/datasets/reservoirs/1.1.0/index.md").text
    assert HOSTILE not in text
    assert '\\<script\\>alert("x")\\</script\\>' in text
    described = portal.client().get("/datasets/reservoirs.md").text
    assert "> 水库的**水位**" in described
    assert "<script" not in described.replace("\\<script", "")
    assert "[x](#javascript:" in described


def test_what_is_missing_or_not_for_all_is_refused_as_ever(portal: Portal) -> None:
    for address in ("/datasets/nothing.md", "/datasets/reservoirs/9.9.9/index.md", "/schemas/nothing.md"):
        assert portal.client().get(address).status_code == 404
