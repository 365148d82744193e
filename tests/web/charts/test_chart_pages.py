"""The page of a chart and its files: the same values in each, an address for each state, clear words for what fails."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree
from playwright.sync_api import Browser, expect
from werkzeug.wrappers import Response

from tests.instances import DATASET, make_actor, publish
from tests.web.conftest import Portal, make_portal
from tests.web.journeys import QUICK, SLOW, Clerk, Variant
from tests.web.test_browser import serve, serve_app

SCHEMA = {
    "fields": [
        {"name": "place", "type": "string", "title": "地区", "opendata": {"i18n": {"en": {"title": "Place"}}}},
        {"name": "year", "type": "year", "title": "年份", "opendata": {"i18n": {"en": {"title": "Year"}}}},
        {
            "name": "amount",
            "type": "number",
            "title": "用水量",
            "opendata": {"unit": "t", "scale": 1, "i18n": {"en": {"title": "Water used"}}},
        },
    ],
    "primaryKey": ["place", "year"],
}
ROWS = [
    (place, year, f"{year - 2000 + len(place) * 7.5:.1f}" if (place, year) != ("湖西<b>区", 2022) else "")
    for place in ("湖东区", "湖西<b>区", "甲乙")
    for year in (2020, 2021, 2022, 2024)
]
TEXT = "place,year,amount\n" + "".join(f"{','.join(map(str, row))}\n" for row in ROWS)
CHART = "/datasets/water/1.0.0/use/chart"
BARS = "kind=bar&x=place&y=amount&year__exact=2021"
LINES = "kind=line&x=year&y=amount&group=place"


@pytest.fixture(scope="module")
def water(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with a table of three places and four years."""
    with make_portal(tmp_path_factory.mktemp("water")) as portal:
        actor = make_actor(portal.services, "writer")
        english = {"en": {"title": "Water"}}
        portal.services.datasets.create(actor, {**DATASET, "id": "water", "title": "用水", "i18n": english})
        publish(portal.services, actor, TEXT, dataset="water", name="use", schema=SCHEMA)
        yield portal


def read_table(page: str) -> list[list[str]]:
    """The cells of the table of a page."""
    root = etree.HTML(page)
    return [["".join(cell.itertext()) for cell in row] for row in root.iterfind(".//table[@class='data']//tr")]


def test_the_page_the_file_and_the_picture_have_the_same_values(water: Portal) -> None:
    client = water.client()
    page = client.get(f"{CHART}?{LINES}")
    assert page.status_code == 200
    header, *rows = read_table(page.text)
    assert header == ["年份", "湖东区", "湖西<b>区", "甲乙"]
    assert [row[0] for row in rows] == ["2020", "2021", "2022", "2023", "2024"]
    assert rows[2] == ["2022", "44.5", "—", "37.0"]
    assert rows[3] == ["2023", "—", "—", "—"]
    answer = client.get(f"{CHART}.csv?{LINES}")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=water-1.0.0-use-chart.csv"
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert lines[0] == ["year", "湖东区", "湖西<b>区", "甲乙"]
    assert lines[3] == ["2022", "44.5", "", "37.0"]
    assert len(lines) == 6
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    tag = answer.headers["ETag"]
    assert client.get(f"{CHART}.csv?{LINES}", headers={"If-None-Match": tag}).status_code == 304
    latest = client.get(f"/datasets/water/latest/use/chart.svg?{LINES}")
    assert (latest.status_code, latest.location) == (302, f"{CHART}.svg?{LINES}")


@pytest.mark.slow
def test_the_picture_is_the_same_for_everybody_and_names_what_it_shows(water: Portal) -> None:
    client = water.client()
    svg = client.get(f"{CHART}.svg?{LINES}")
    assert (svg.content_type, svg.status_code) == ("image/svg+xml", 200)
    assert "script" not in svg.headers["Content-Security-Policy"]
    title = etree.fromstring(svg.data).findtext("{http://www.w3.org/2000/svg}title")
    assert title == "用水量，按年份和地区"
    assert f"<h1>{title}</h1>" in client.get(f"{CHART}?{LINES}").text
    tag = svg.headers["ETag"]
    assert client.get(f"{CHART}.svg?{LINES}", headers={"If-None-Match": tag}).status_code == 304
    assert (svg.headers["Cache-Control"], svg.headers["Access-Control-Allow-Origin"]) == ("public, max-age=3600", "*")
    assert client.get(f"{CHART}.svg?{LINES}&lang=en").headers["ETag"] != tag
    assert client.get(f"{CHART}.png?{LINES}").data.startswith(b"\x89PNG")


def test_a_chart_has_its_filter_in_its_words_and_in_every_address(water: Portal) -> None:
    page = water.client("en").get(f"{CHART}?{BARS}&where=amount%3E30").text
    assert "<h1>Water used by Place (Year = 2021; amount&gt;30)</h1>" in page
    header, *rows = read_table(page)
    assert header == ["Place", "Water used (tonnes)"]
    assert rows == [["湖西<b>区", "66.0"], ["湖东区", "43.5"], ["甲乙", "36.0"]]
    for address in re.findall(r'(?:src|href)="([^"]*chart\.(?:svg|png|csv)[^"]*)"', page):
        asked = dict(parse_qsl(urlsplit(unescape(address)).query))
        assert (asked["year__exact"], asked["where"], asked["lang"]) == ("2021", "amount>30", "en")
    assert 'name="year__exact" value="2021"' in page


def test_without_a_choice_the_first_chart_that_fits_is_drawn_and_the_others_are_offered(water: Portal) -> None:
    page = water.client().get(CHART).text
    assert "<h1>用水量，按年份和地区</h1>" in page
    offered = re.findall(r'<li><a href="[^"]*chart\?([^"]+)"', page)
    assert unescape(offered[2]) == "kind=bar&x=place&y=amount&aggregate=sum&year__exact=2024"
    assert CHART in water.client().get("/datasets/water/1.0.0/").text


def test_what_is_chosen_in_the_form_leads_to_one_clean_address(water: Portal) -> None:
    client = water.client()
    chosen = client.get(f"{CHART}?choose=1&kind=histogram&x=place&y=amount&group=year&aggregate=&year__gt=2020")
    assert (chosen.status_code, chosen.location) == (303, f"{CHART}?kind=histogram&x=amount&year__gt=2020")
    chosen = client.get(f"{CHART}?choose=1&kind=line&x=place&y=amount&y=amount&group=&aggregate=")
    assert chosen.location == f"{CHART}?kind=line&x=year&y=amount&aggregate=sum"
    foreign = "dataset=other&endpoint=1&_external=1"
    chosen = client.get(f"{CHART}?choose=1&kind=line&x=year&y=amount&{foreign}")
    assert chosen.location == f"{CHART}?kind=line&x=year&y=amount&aggregate=sum&{foreign}"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("kind=pie&x=place", "没有图表类型“pie”。请选择：bar、line"),
        ("kind=bar&x=palce", "没有列“palce”。您要找的是“place”吗？"),
        ("kind=line&x=place&y=amount", "“地区”既不是时间也不是数值"),
        ("kind=bar&x=place&colour=red", "图表没有参数“colour”"),
        ("kind=bar&x=place&year__gt=x", "year__gt"),
        ("kind=bar&x=place&where=1+%3D", "where"),
        ("kind=bar&x=place&where=" + "(" * 3000, "where"),
        ("kind=bar&x=%00&y=%F0%9F%A7%BF", "没有列"),
        ("kind=choose&choose=1", "没有图表类型"),
        ("endpoint=1&dataset=other&_scheme=javascript&_external=1&_anchor=x&_method=POST", "图表没有参数“endpoint”"),
    ],
)
def test_a_chart_that_cannot_be_drawn_says_what_to_write_instead(water: Portal, query: str, said: str) -> None:
    client = water.client()
    page = client.get(f"{CHART}?{query}")
    assert page.status_code == 400
    root = etree.HTML(page.text)
    assert said in "".join(root.find(".//*[@role='alert']").itertext())
    assert root.find(".//select[@name='kind']") is not None
    file = client.get(f"{CHART}.svg?{query.replace('&choose=1', '')}", headers={"Accept": "application/json"})
    assert (file.status_code, file.json["type"]) == (400, "/problems/bad-request")


def test_only_the_page_for_other_sites_may_be_framed_and_it_has_nothing_of_a_session(water: Portal) -> None:
    client = water.signed_in("boss")
    embedded = client.get(f"{CHART}/embed?{BARS}&lang=zh")
    assert embedded.status_code == 200
    assert "frame-ancestors *" in embedded.headers["Content-Security-Policy"]
    assert "script-src" not in embedded.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded.headers
    assert "Set-Cookie" not in embedded.headers
    for part in ("<form", "<script", "boss", "csrf"):
        assert part not in embedded.text
    assert 'alt="柱状图。' in embedded.text
    page = client.get(f"{CHART}?{BARS}")
    snippet = unescape(re.search(r"&lt;iframe .*?&lt;/iframe&gt;", page.text)[0])  # type: ignore[index]
    assert f'src="http://localhost{CHART}/embed?kind=bar&amp;x=place' in snippet
    for address in (f"{CHART}?{BARS}", f"{CHART}.csv?{BARS}", f"{CHART}/embed?kind=pie&x=place"):
        headers = client.get(address).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], address
        assert headers["X-Frame-Options"] == "DENY", address


@pytest.mark.slow
@pytest.mark.parametrize("variant", [QUICK, *SLOW], ids=str)
def test_a_reader_draws_a_line_changes_it_and_takes_what_is_seen(
    browser: Browser, water: Portal, variant: Variant
) -> None:
    with serve(water) as address:
        reader = Clerk(browser, address, variant)
        page = reader.page
        reader.visit("/datasets/water/1.0.0/")
        reader.press(f"a[href='{CHART}']")
        picture = page.locator("figure.chart img")
        expect(picture).to_be_visible()
        assert picture.evaluate("item => item.decode().then(() => item.naturalWidth)") > 500
        reader.look()
        reader.choose("#kind", "bar")
        reader.choose("#x", "place")
        reader.choose("#group", "")
        reader.press("main form button")
        page.wait_for_url("**/chart?kind=bar&x=place&y=amount&aggregate=sum")
        cells = page.locator("table.data tbody tr").first.locator("td")
        expect(cells).to_have_text(["湖西<b>区", "200.0"])
        with page.expect_download() as download:
            page.locator("a[href*='chart.csv']").click()
        assert download.value.path().read_text("utf-8").splitlines()[:2] == ["place,amount_sum", "湖西<b>区,200.0"]
        reader.press("ul.proposals a[href*='histogram']")
        page.wait_for_url("**/chart?kind=histogram&x=amount")
        expect(picture).to_be_visible()
        reader.close()


@pytest.mark.slow
def test_another_site_shows_a_chart_in_a_frame_and_nothing_else(browser: Browser, water: Portal) -> None:
    with serve(water) as address:
        frames = "".join(f'<iframe src="{address}{CHART}{part}?{BARS}"></iframe>' for part in ("/embed", ""))
        with serve_app(Response(frames, content_type="text/html")) as other:
            page = browser.new_page()
            page.goto(other)
            shown, refused = page.frames[1:]
            picture = shown.locator("img.chart")
            expect(picture).to_be_visible()
            assert picture.evaluate("item => item.decode().then(() => item.naturalWidth)") > 500
            assert refused.locator("form").count() == 0
            page.close()
