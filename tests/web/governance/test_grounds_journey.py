"""A negative list in a browser: put in force, needed by a clerk, changed, and what lost its ground decided about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from tests.web.conftest import Portal
from tests.web.journeys import QUICK, SLOW, Clerk, Variant
from tests.web.test_browser import keep_working, serve

SECRET, PRIVATE = "涉密水文数据", "公民个人信息"


def fill_entry(boss: Clerk, title: str, ground: str, law: str) -> None:
    boss.press("a[href$='/negative-list/entry']")
    boss.fill("#title", title)
    boss.choose("#ground", ground)
    boss.fill("#legalBasis", law)
    boss.press("main form button.strong")


def take_refusal(who: Clerk, status: int) -> None:
    """The browser complained that a form was refused, as it should, and of nothing else."""
    (said,) = who.complaints
    assert f"status of {status}" in said
    who.complaints.clear()


@pytest.mark.slow
@pytest.mark.parametrize("variant", [QUICK, *SLOW], ids=str)
def test_what_is_closed_has_a_ground_and_loses_it_and_is_decided_about(
    browser: Browser, office: Portal, variant: Variant
) -> None:
    year = datetime.now(UTC).year
    with serve(office) as address, keep_working(office):
        boss, clerk = (Clerk(browser, address, variant) for _ in range(2))
        boss.sign_in("boss", "/workspace/negative-list")
        boss.press("form[action$='/begin'] button")
        fill_entry(boss, SECRET, "state-secret", "《保守国家秘密法》第十三条")
        fill_entry(boss, PRIVATE, "privacy", "《条例》第十五条")
        boss.fill("#note", "首次发布")
        boss.press("form[action$='/enforce'] button.strong")
        expect(boss.page.locator("#N001")).to_contain_text(SECRET)

        clerk.sign_in("clerk", "/workspace/datasets/new")
        clerk.fill("#title_zh", "险工险段")
        clerk.tick("#disclosure input[value=closed]")
        clerk.fill("#reason", "涉密")
        clerk.fill("#legal_basis", "《保守国家秘密法》第十三条")
        clerk.press("main form button.strong")
        clerk.page.wait_for_url("**/workspace/drafts/*")
        draft = clerk.page.url.rsplit("/", 1)[-1]
        clerk.wait_for_check()
        clerk.visit(f"/workspace/drafts/{draft}/check")
        clerk.press("form[action$='/submit'] button.strong")
        expect(clerk.page.locator("[role=alert]")).to_contain_text(f"N001 {SECRET}")
        take_refusal(clerk, 422)
        clerk.visit(f"/workspace/drafts/{draft}/check")
        clerk.press("a[href$='#ground']")
        clerk.choose("#ground", "N001")
        clerk.press("main form > .buttons button.strong")
        clerk.page.wait_for_url("**/datasets/*")
        clerk.visit(f"/workspace/drafts/{draft}/check")
        clerk.press("form[action$='/submit'] button.strong")
        clerk.page.wait_for_url(f"{address}/workspace/drafts/{draft}")
        actor = office.services.accounts.sign_in("boss", "a long password")[0]
        office.services.drafts.approve(actor, draft)
        office.services.drafts.publish(actor, draft)
        office.work()
        dataset = office.services.drafts.get(actor, draft).dataset
        clerk.visit(f"/datasets/{dataset}")
        expect(clerk.page.locator("a[href='/negative-list#N001']")).to_be_visible()

        boss.visit("/workspace/negative-list")
        boss.press("form[action$='/begin'] button")
        boss.press("button[aria-label$='N001']")
        expect(boss.page.locator("main")).to_contain_text("险工险段")
        boss.fill("#note", "不再涉密")
        boss.tick("#confirmed input")
        boss.press("form[action$='/enforce'] button.strong")
        boss.page.wait_for_url("**/negative-list")
        expect(boss.page.locator("#N002")).to_be_visible()
        expect(boss.page.locator("#N001")).to_have_count(0)

        clerk.visit("/workspace/grounds")
        expect(clerk.page.locator("main")).to_contain_text("险工险段")

        boss.visit("/workspace/self-check")
        boss.fill("#year", str(year))
        boss.press("main form button.strong")
        boss.press("form[action$='/close'] button")
        expect(boss.page.locator("[role=alert]")).to_be_visible()
        take_refusal(boss, 409)
        clerk.visit(f"/workspace/self-check/{year}")
        clerk.tick("input[name=item]")
        clerk.tick("#decision input[value=keep]")
        clerk.choose("#kept_on", "N002")
        clerk.fill("#reason", "含有个人信息")
        clerk.press("button[value=propose]")
        expect(clerk.page.locator("main table").last).to_contain_text("含有个人信息")
        boss.visit(f"/workspace/self-check/{year}")
        boss.tick("input[name=item]")
        boss.press("button[value=confirm]")
        expect(boss.page.locator("main table").last).to_contain_text("boss")
        boss.press("form[action$='/close'] button")
        boss.page.wait_for_url(f"{address}/self-check/{year}")
        expect(boss.page.locator("h2#grounds")).to_be_visible()
        boss.close()
        clerk.close()
