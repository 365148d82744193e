"""A reader finds a table: in each language, on narrow screens, by keyboard, without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.instances import DATASET, make_actor, publish
from tests.web.conftest import Portal
from tests.web.journeys import QUICK, SLOW, Clerk, Variant
from tests.web.test_browser import serve

TITLES = {"civil-offices": "海口市民政局办事网点", "bus-lines": "海口市公交线路", "levels": "全省水库每日水位"}


@pytest.mark.slow
@pytest.mark.parametrize("variant", [QUICK, *SLOW], ids=str)
def test_a_reader_finds_a_table_by_a_word_inside_a_longer_name_and_filters(
    browser: Browser, desk: Portal, variant: Variant
) -> None:
    actor = make_actor(desk.services, "writer")
    for name, title in TITLES.items():
        cycle = "monthly" if name == "bus-lines" else "daily"
        english = {"en": {"title": name.replace("-", " ").capitalize()}}
        values = {**DATASET, "id": name, "title": title, "updateCycle": cycle, "i18n": english}
        desk.services.datasets.create(actor, values)
        publish(desk.services, actor, dataset=name)
    while desk.services.indexing.follow():
        pass
    with serve(desk) as address:
        reader = Clerk(browser, address, variant)
        page = reader.page
        reader.visit("/publishers")
        if variant.has_scripts:
            page.keyboard.press("/")
            expect(page.locator("#search-head")).to_be_focused()
        reader.fill("#search-head", "民政")
        page.keyboard.press("Enter")
        page.wait_for_url("**/datasets?q=*")
        results = page.locator("article.card")
        expect(results).to_have_count(1)
        expect(results.locator("a").first).to_have_attribute("href", "/datasets/civil-offices")
        reader.look()
        reader.fill("#search-datasets", "haikou" if variant.language == "zh" else "海口")
        page.keyboard.press("Enter")
        expect(results).to_have_count(2)
        reader.press("a[href*='updateCycle=monthly']")
        expect(results).to_have_count(1)
        expect(results.locator("a").first).to_have_attribute("href", "/datasets/bus-lines")
        reader.fill("#search-datasets", "水裤")  # sounds like 水库
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("水库" if variant.language == "zh" else "Search again without")
        reader.close()
