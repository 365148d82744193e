"""A reader looks into a table: sorts, filters by a bar, takes exactly what is seen, cites it."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.instances import DATASET, make_actor, publish
from tests.web.conftest import Portal
from tests.web.journeys import QUICK, SLOW, Clerk, Variant
from tests.web.tables.test_tables import LONG, PLACE, publish_tables
from tests.web.test_browser import serve

_ROWS = "table.rows tbody tr"


@pytest.fixture
def full(desk: Portal) -> Portal:
    """A portal with two tables, and a wide one: 200 columns, with long texts."""
    publish_tables(desk)
    writer = make_actor(desk.services, "writer")
    english = {"en": {"title": "Wide"}}
    desk.services.datasets.create(writer, {**DATASET, "id": "wide", "title": "宽表", "i18n": english})
    names = [f"column_{number}" for number in range(200)]
    rows = "".join(",".join([LONG if number == 1 else f"v{number}" for number in range(200)]) + "\n" for _ in range(60))
    publish(desk.services, writer, f"{','.join(names)}\n{rows}", dataset="wide", name="wide", schema=None)
    return desk


@pytest.mark.slow
@pytest.mark.parametrize("variant", [QUICK, *SLOW], ids=str)
def test_a_reader_sorts_filters_takes_and_cites_what_is_seen(browser: Browser, full: Portal, variant: Variant) -> None:
    with serve(full) as address:
        reader = Clerk(browser, address, variant)
        page, rows = reader.page, reader.page.locator(_ROWS)
        reader.visit("/datasets/output")
        reader.press(f"#rows ~ * a[href='{PLACE}'], .section-head a[href='{PLACE}']")
        page.wait_for_url(f"**{PLACE}")
        expect(rows).to_have_count(50)
        reader.press("a.more[href*='column=kind']")
        reader.press("#column a[href*='kind__exact=a']")
        expect(rows).to_have_count(40)
        reader.press("a.more[href*='column=order']")
        reader.press("#column a[href*='order__gte=20000'] >> nth=0")
        reader.find("#filter-lt")
        reader.fill("#filter-lt", "")  # where the bar ends
        reader.fill("#filter-lte", "40000")
        reader.press("#column form button.strong")
        page.wait_for_url("**order__lte=40000**")
        reader.press("a.sort[href*='order_by=id']")
        reader.press("a.sort[href*='order_by=id+DESC']")
        expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
        seen = [int(text) for text in page.locator(f"{_ROWS} td:nth-of-type(1)").all_inner_texts()]
        assert seen == sorted(seen, reverse=True)
        assert seen
        assert all(number % 3 and 20_000 <= number * 1000 + 0.5 <= 40_000 for number in seen)
        look_at_taking(reader, page)
        reader.visit("/datasets/wide/1.0.0/wide?freeze=column_0")
        expect(rows).to_have_count(20)
        reader.look()
        if variant.has_scripts and not variant.has_mouse:
            move_by_keys(page)
        reader.close()


def look_at_taking(reader: Clerk, page: Page) -> None:
    """The files have the query that is seen, and so has what is cited."""
    here = [item for item in parse_qsl(urlsplit(page.url).query) if item[0] != "column"]
    for suffix in ("csv", "xlsx", "parquet", "jsonl"):
        file = urlsplit(str(reader.find(f"a[download][href*='/rows.{suffix}']").get_attribute("href")))
        assert file.path == f"/api/v1{PLACE}/rows.{suffix}"
        assert parse_qsl(file.query) == here
    cited = str(reader.find("#cite code").text_content())
    link = next(line for line in cited.splitlines() if line.startswith("http") and "?" in line)
    assert parse_qsl(urlsplit(link).query) == [*here, ("edition", "1")]
    assert json.dumps(cited).count("sha256:") >= 2


def move_by_keys(page: Page) -> None:
    """Arrow keys go from cell to cell."""
    page.locator("[data-grid]").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("td:focus")).to_contain_text("字" * 20)
    page.keyboard.press("End")
    expect(page.locator("td:focus")).to_have_text("v199")
    page.keyboard.press("Control+Home")
    expect(page.locator("th:focus")).to_have_text("1")
