"""A maintainer sees the gap in a domain and sets a date; the day passes, and everybody reads that it is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser

from opendata.services.core.actors import SYSTEM
from opendata.wiring import build_services
from tests.instances import lend_app
from tests.web.conftest import Portal
from tests.web.journeys import Clerk, Variant
from tests.web.test_browser import serve

ENTRY = {
    "domain": "health",
    "matter": "医院",
    "item": "医院名录",
    "content": "名称、地址",
    "timeLimit": "及时",
    "publisher": "water-bureau",
    "methods": ["proactive"],
}
ITEM = {"id": "hospitals", "title": "医院名录数据", "publisher": "water-bureau", "licenses": [{"name": "CC-BY-4.0"}]}


@pytest.mark.slow
@pytest.mark.parametrize("variant", [Variant(), Variant("en", 360)], ids=str)
def test_a_gap_gets_a_day_and_is_late_in_public_once_it_has_passed(
    browser: Browser, desk: Portal, variant: Variant
) -> None:
    services = desk.services
    entry = services.basic_drafts.create(SYSTEM, ENTRY).id
    services.basic_drafts.put_in_force(SYSTEM, "首版")
    services.datasets.create(services.accounts.get_actor("clerk"), ITEM)
    day = services.calendars.today() + timedelta(days=30)
    with serve(desk) as address:
        boss = Clerk(browser, address, variant)
        boss.sign_in("boss")
        boss.visit("/disclosure/coverage")
        boss.press("a[href*='domain=health'][href*='state=gap']")
        boss.press(f"a[href$='/{entry}']")
        boss.press(f"a[href$='/workspace/basic-catalogue/entries/{entry}']")
        boss.press("form.choose button, form:has(input[value=hospitals]) button")
        boss.visit("/workspace/inventory/items/hospitals")
        boss.fill("#opens", day.isoformat())
        boss.press("form[action$='/plan'] button")
        boss.find(".note.good")
        boss.press("form[action$='/entry'] button")
        boss.close()
    draft = services.drafts.list(services.accounts.get_actor("boss")).items[0]
    desk.work()
    services.drafts.submit(services.accounts.get_actor("boss"), draft.id)
    desk.work()
    later = build_services(services.settings, clock=lambda: datetime.now(UTC) + timedelta(days=31))
    with lend_app(later) as app, serve(Portal(later, app)) as address:
        reader = Clerk(browser, address, variant)
        reader.visit("/disclosure/coverage")
        reader.find("a[href*='domain=health'][href*='state=']")
        reader.visit("/inventory/plan")
        reader.find("main a[href*='hospitals']")
        reader.find("main .tag.warn")
        reader.close()
    later.database.dispose()
