"""A reader's whole way, by links and forms alone: from a word in the box of a page to a citation that can be opened."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, expect

from opendata.tables.types.canonical import write_value
from tests.instances import DATASET, make_actor, publish
from tests.servers import require
from tests.web.conftest import Portal
from tests.web.journeys import LOCALES, Clerk, Variant
from tests.web.test_accessibility import list_faults
from tests.web.test_browser import serve

PLACE = "/datasets/weddings/1.0.0/counts"
TOWNS = ("秀英", "龙华", "琼山")
YEARS = range(2006, 2026)
SCHEMA = {
    "fields": [
        {"name": "year", "type": "year", "title": "年份"},
        {"name": "town", "type": "string", "title": "辖区"},
        {"name": "pairs", "type": "integer", "title": "登记对数"},
        {"name": "share", "type": "number", "title": "占比", "opendata": {"scale": 2}},
    ],
    "primaryKey": ["year", "town"],
}
_ROWS = "table.rows tbody tr"
_PLAIN = [Variant(language, width, has_scripts=False) for language in LOCALES for width in (1280, 360)]


def write_rows() -> str:
    """Numbers with four and with five digits, some missing, and ties in the column that is sorted by."""
    lines = ["year,town,pairs,share"]
    for year in YEARS:
        for number, town in enumerate(TOWNS):
            share = "" if year % 7 == 0 else f"{year % 5}.{number}0"
            lines.append(f"{year},{town},{8_000 + 450 * (year - 2006) + number},{share}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def civil(desk: Portal) -> Portal:
    """A portal where one of two datasets has 民政 inside the name of an office."""
    actor = make_actor(desk.services, "writer")
    for name, title in (("weddings", "海口市民政局婚姻登记数量"), ("bus-lines", "海口市公交线路")):
        english = {"en": {"title": name.capitalize()}}
        desk.services.datasets.create(actor, {**DATASET, "id": name, "title": title, "i18n": english})
    publish(desk.services, actor, write_rows(), dataset="weddings", name="counts", schema=SCHEMA)
    publish(desk.services, actor, dataset="bus-lines")
    while desk.services.indexing.follow():
        pass
    return desk


@pytest.mark.slow
@pytest.mark.parametrize("variant", _PLAIN, ids=str)
def test_a_reader_finds_filters_sorts_draws_takes_and_cites(
    browser: Browser, civil: Portal, variant: Variant, tmp_path: Path
) -> None:
    with serve(civil) as address:
        reader = Clerk(browser, address, variant)
        page = reader.page
        seen = []
        reader.visit("/publishers")
        reader.fill("#search-head", "民政")
        page.keyboard.press("Enter")
        expect(page.locator("article.card")).to_have_count(1)
        seen.append(page.url)
        reader.press("article.card a[href='/datasets/weddings']")
        seen.append(page.url)
        reader.press(f".section-head a[href='{PLACE}']")
        reader.press("a.more[href*='column=town']")
        seen.append(page.url)
        reader.press("#column a[href*='town__exact=']")
        expect(page.locator(_ROWS)).to_have_count(len(YEARS))
        reader.press("a.sort[href*='order_by=share']")
        reader.press("a.sort[href*='order_by=share+DESC']")
        expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
        seen.append(page.url)
        rows = read_rows(reader)
        assert len({row[1] for row in rows}) == 1
        shares = [float(row[3]) for row in rows if row[3]]
        assert shares == sorted(shares, reverse=True)

        grid = page.url
        look_at_the_files(reader, rows, tmp_path)
        cited = str(reader.find("#cite code").text_content())
        seen += draw_a_line(reader, len(rows))

        link = next(re.findall(r"http\S+edition=\S+", line)[0] for line in cited.splitlines() if "edition=" in line)
        assert len(set(re.findall(r"sha256:[0-9a-f]{64}", cited))) == 3  # of the version, the file, the rows
        page.goto(link)
        assert read_rows(reader) == rows
        assert str(reader.find("#cite code").text_content()) == cited
        assert page.url != grid
        reader.close()
        assert find_faults(browser, seen, variant) == []


def read_rows(reader: Clerk) -> list[list[str]]:
    """The cells of the grid as they can be copied; missing ones are empty."""
    read = "cell => cell.querySelector('.missing') ? '' : cell.textContent"
    texts = f"rows => rows.map(row => [...row.querySelectorAll('td')].map({read}))"
    reader.find(_ROWS)
    return [list(map(str, row)) for row in reader.page.locator(_ROWS).evaluate_all(texts)]


def look_at_the_files(reader: Clerk, rows: Sequence[Sequence[str]], folder: Path) -> None:
    """Each file has the rows that are on show, in that order."""
    found = {}
    for suffix in ("csv", "xlsx", "parquet"):
        with reader.page.expect_download() as download:
            reader.press(f"a[download][href*='/rows.{suffix}']")
        found[suffix] = folder / f"rows.{suffix}"
        download.value.save_as(found[suffix])
        reader.page.evaluate("delete document.documentElement.dataset.left")  # a download stays on its page
    header, *lines = csv.reader(io.StringIO(found["csv"].read_text(encoding="utf-8")))
    assert header == ["year", "town", "pairs", "share"]
    assert lines == rows
    table = pq.read_table(found["parquet"])
    columns = [[("" if value is None else write_value(value)) for value in column.to_pylist()] for column in table]
    assert [list(row) for row in zip(*columns, strict=True)] == rows
    sheet = openpyxl.load_workbook(found["xlsx"], read_only=True).worksheets[0]
    cells = [row[: len(header)] for row in sheet.iter_rows(values_only=True)][-len(rows) :]
    assert [[str(row[0]), row[1], row[2]] for row in cells] == [[row[0], row[1], int(row[2])] for row in rows]


def draw_a_line(reader: Clerk, points: int) -> list[str]:
    """A line of the rows on show, with a value for each; gives the address of its page."""
    page = reader.page
    reader.press(f"#take ~ ul a[href^='{PLACE}/chart']")
    wait_for_picture(reader)  # one that is left half way is a request that failed
    reader.choose("#kind", "line")
    reader.choose("#x", "year")
    reader.choose("#y", "pairs")
    reader.press("form.choose button.strong")
    expect(page.locator("#values ~ .scroll tbody tr")).to_have_count(points)
    wait_for_picture(reader)
    return [page.url]


def wait_for_picture(reader: Clerk) -> None:
    """The chart on the page, which is drawn."""
    picture = reader.find("img[src*='chart.svg']")
    reader.page.wait_for_load_state("load")
    assert picture.evaluate("item => item.complete && item.naturalWidth > 0")


def find_faults(browser: Browser, addresses: Sequence[str], variant: Variant) -> list[str]:
    """What axe finds wrong with the pages of the way: it is a script, so it looks at them in a window of its own."""
    axe = require("axe-core").read_text(encoding="utf-8")
    context = browser.new_context(locale=LOCALES[variant.language])
    found = []
    for address in addresses:
        page = context.new_page()
        page.goto(address)
        found += [f"{address}: {fault}" for fault in list_faults(page, axe, ((variant.width, "light", ()),))]
    context.close()
    return found
