"""What a clerk does in a month, to its end: in each language, on narrow screens, by keyboard, without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from opendata.services.core.actors import SYSTEM
from tests.instances import DATASET, locate
from tests.instances import publish as release
from tests.web.conftest import PASSWORD, Portal
from tests.web.journeys import FILES, QUICK, SLOW, Clerk, Variant
from tests.web.test_browser import keep_working, serve


def in_every_variant(is_quick: bool = True) -> pytest.MarkDecorator:
    """The journey of somebody with a mouse before a wide Chinese page, and slowly all others."""
    first = QUICK if is_quick else pytest.param(QUICK, marks=pytest.mark.slow)
    return pytest.mark.parametrize(
        "variant", [first, *(pytest.param(item, marks=pytest.mark.slow) for item in SLOW)], ids=str
    )


@contextmanager
def send_clerk(browser: Browser, desk: Portal, variant: Variant) -> Iterator[Clerk]:
    """A clerk who has signed in at a portal with one dataset."""
    with serve(desk) as address, keep_working(desk):
        clerk = Clerk(browser, address, variant)
        clerk.sign_in()
        yield clerk
        clerk.close()


def make_file(name: str, text: str, encoding: str = "utf-8") -> dict[str, Any]:
    """A file as a browser chooses it."""
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode(encoding)}


def read_published(desk: Portal, version: str, table: str) -> list[str]:
    """The lines of a published table."""
    return locate(desk.services.versions.find_file("reservoirs", version, table, "csv")).read_text("utf-8").splitlines()


@pytest.fixture
def desk_with_dataset(desk: Portal) -> Portal:
    desk.services.datasets.create(desk.services.accounts.sign_in("clerk", PASSWORD)[0], DATASET)
    return desk


TOWNS = ("东湖镇", "西湖镇", "南山乡", "北岭乡", "白沙镇", "青石镇", "云溪乡")
POPULATION = {
    "fields": [
        {"name": "月份", "type": "string"},
        {"name": "乡镇", "type": "string"},
        {"name": "常住人口", "type": "integer"},
        {"name": "户数", "type": "integer"},
    ],
    "primaryKey": ["月份", "乡镇"],
}


def make_month(month: int, towns: int, people: str = "常住人口", more: str = "") -> dict[str, Any]:
    rows = "".join(f"2026-{month:02},{town},{1000 + month},{300 + place}\n" for place, town in enumerate(TOWNS[:towns]))
    return make_file(f"2026年{month:02}月各乡镇人口.csv", f"月份,乡镇,{people},户数\n{rows}{more}", "gb18030")


@in_every_variant()
def test_the_next_months_are_added_to_a_table_with_six_clicks_each(
    browser: Browser, desk_with_dataset: Portal, variant: Variant
) -> None:
    desk = desk_with_dataset
    september = make_month(9, 5)["buffer"]
    actor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    release(desk.services, actor, september, name="population", schema=POPULATION)
    with send_clerk(browser, desk, variant) as clerk:
        for version, file in (
            ("1.1.0", make_month(10, 7, people="居民")),
            ("1.2.0", make_month(11, 7, more="2026-10,云溪乡,999,306\n")),
        ):
            clerk.visit("/workspace")
            clerk.clicks = 0
            clerk.press("a[href$='/datasets/reservoirs/upload']")
            clerk.attach(FILES, file)
            clerk.wait_for_check()
            edition = clerk.find("#edition-population")
            expect(edition).to_contain_text("7")
            if version == "1.1.0":
                expect(edition).to_contain_text("居民")
                clerk.press("button[name=confirm]")
            else:
                expect(edition.get_by_text("999", exact=True)).to_be_attached()
                clerk.press("main a.strong[href$='/check']")
            clerk.submit(version)
            assert clerk.clicks <= 6 + (not variant.has_scripts)
    rows = read_published(desk, "1.2.0", "population")
    assert [line.split(",")[0] for line in rows[1:]] == ["2026-09"] * 5 + ["2026-10"] * 7 + ["2026-11"] * 7
    assert "2026-10,云溪乡,999,306" in rows


PEOPLE = {
    "fields": [
        {"name": "地区", "type": "string"},
        {"name": "人口", "type": "integer"},
        {"name": "日期", "type": "date", "constraints": {"required": True}},
    ]
}
COUNTED = (
    "地区,人口,日期\n"
    + "".join(f"区{number},…,2026-01-31\n" for number in range(8))
    + "".join(f"县{number},{number},2026/1/31\n" for number in range(6))
    + "".join(f"镇{number},1O0,2026-01-31\n" for number in range(5))
    + "乡,12人,2026-01-31\n村,13,不详\n合计,540,\n"
)
"""A table with 22 errors: eight marks, six dates, five typing errors of one kind, two others, and a total."""


@in_every_variant()
def test_22_errors_are_brought_to_none_without_another_program(
    browser: Browser, desk_with_dataset: Portal, variant: Variant
) -> None:
    desk = desk_with_dataset
    with send_clerk(browser, desk, variant) as clerk:
        clerk.press("a[href$='/datasets/reservoirs/upload']")
        clerk.tick("input[name=schema_0][value=own]")
        clerk.fill("#own_0", json.dumps(PEOPLE))
        clerk.attach("#file_0", make_file("people.csv", COUNTED))
        clerk.wait_for_check()
        expect(clerk.find("section[id^=report-of-] > p")).to_contain_text("22")
        for example in ("…", "2026/1/31", "合计"):
            clerk.tick(f"tr:has(code:text-is('{example}')) input[name=repair]")
        clerk.press("form[action$='/repairs'] button.strong")
        clerk.wait_for_check()
        expect(clerk.find("section[id^=report-of-] > p")).to_contain_text("7")
        clerk.press("main a[href$='/fix']")
        clerk.fill("section[aria-labelledby=row-16] input[name^=new_]", "100")
        clerk.tick("section[aria-labelledby=row-16] input[name^=all_]")
        clerk.fill("section[aria-labelledby=row-21] input[name^=new_]", "12")
        clerk.fill("section[aria-labelledby=row-22] input[name^=new_]", "2026-01-31")
        clerk.press("form[action$='/fix'] button.strong")
        clerk.wait_for_check()
        expect(clerk.page.locator("form[action$='/steps/undo']")).to_have_count(6)
        clerk.press("main a.strong[href$='/check']")
        clerk.submit("1.0.0")
    published = read_published(desk, "1.0.0", "people")
    assert published[:2] == ["地区,人口,日期", "区0,,2026-01-31"]
    assert published[-2:] == ["乡,12,2026-01-31", "村,13,2026-01-31"]
    assert len(published) == 22


RIVERS = {"title": "河流", "fields": [{"name": "河名", "type": "string"}, {"name": "长度", "type": "number"}]}
SHOPS = {
    "title": "商店",
    "fields": [
        {"name": "店名", "type": "string"},
        {"name": "面积", "type": "integer"},
        {"name": "开业", "type": "date"},
    ],
}


@in_every_variant(is_quick=False)
def test_a_wrong_schema_of_the_library_is_replaced_in_the_draft(
    browser: Browser, desk_with_dataset: Portal, variant: Variant
) -> None:
    desk = desk_with_dataset
    desk.services.schemas.add(SYSTEM, "rivers", "1.0.0", RIVERS)
    desk.services.schemas.add(SYSTEM, "shops", "1.0.0", SHOPS)
    with send_clerk(browser, desk, variant) as clerk:
        clerk.press("a[href$='/datasets/reservoirs/upload']")
        clerk.tick("input[name=schema_0][value=library]")
        clerk.choose("#library_0", "rivers@1.0.0")
        clerk.attach(
            "input[name=file_0]", make_file("shops.csv", "店名,面积,开业\n米店,30,2020-05-01\n面店,45,2021-06-02\n")
        )
        clerk.wait_for_check()
        clerk.press("main a[href$='/resources/shops/schema']")
        clerk.tick("input[name=origin][value=library]")
        clerk.choose("#ref", "shops@1.0.0")
        clerk.press("form[action$='/schema/start'] button")
        expect(clerk.find("#f1-name")).to_have_value("面积")
        clerk.press("button[name=do][value=save]")
        clerk.wait_for_check()
        clerk.press("main a.strong[href$='/check']")
        clerk.submit("1.0.0")
    schema = desk.services.versions.get_table("reservoirs", "1.0.0", "shops").schema
    assert [item.type for item in schema.fields] == ["string", "integer", "date"]


@in_every_variant(is_quick=False)
def test_a_cross_table_of_years_becomes_a_long_table(
    browser: Browser, desk_with_dataset: Portal, variant: Variant
) -> None:
    desk = desk_with_dataset
    crossed = "地区,2021年,2022年,2023年\n东区,11,12,13\n西区,21,22,23\n"
    turned = "form:has(input[name=verb][value=unpivot]):has(input[name=columns][value=years])"
    with send_clerk(browser, desk, variant) as clerk:
        clerk.press("a[href$='/datasets/reservoirs/upload']")
        clerk.attach(FILES, make_file("output.csv", crossed))
        clerk.wait_for_check()
        clerk.fill(f"{turned} input[name=name]", "年份")
        clerk.fill(f"{turned} input[name=value]", "产值")
        clerk.press(f"{turned} button")
        clerk.wait_for_check()
        clerk.press("form[action$='/proposed-schema'] button")
        clerk.wait_for_check()
        clerk.press("main a.strong[href$='/check']")
        clerk.submit("1.0.0")
    assert read_published(desk, "1.0.0", "output") == [
        *("地区,年份,产值", "东区,2021,11", "东区,2022,12", "东区,2023,13"),
        *("西区,2021,21", "西区,2022,22", "西区,2023,23"),
    ]
