"""Pages of clocks: the ledger, rules, the calendar, done on time, and what the public sees of what is late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from opendata.services.core.actors import SYSTEM
from opendata.wiring import build_services
from tests.instances import CSV, DATASET, lend_app, make_actor, make_services, publish
from tests.mail_office import Clock
from tests.web.conftest import Portal, send
from tests.web.journeys import LOCALES, Clerk, Variant
from tests.web.test_browser import serve

OFF = "2027-01-01\n2027-02-05/2027-02-11\n2027-04-05\n2027-05-03/2027-05-05\n2027-10-01/2027-10-07"


@pytest.fixture
def late(tmp_path: Path) -> Iterator[tuple[Portal, Clock]]:
    """A portal whose dataset is updated every month, and whose clock a test sets."""
    first = make_services(tmp_path / "desk")
    first.database.dispose()
    clock = Clock()
    services = build_services(first.settings, clock=clock)
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    for name, role, publisher in (
        ("clerk", "editor", "water-bureau"),
        ("boss", "maintainer", None),
        ("stranger", "editor", "road-bureau"),
    ):
        make_actor(services, name, role, publisher)
    clerk = services.accounts.get_actor("clerk")
    services.datasets.create(clerk, {**DATASET, "updateCycle": "monthly"})
    publish(services, clerk, CSV)
    while services.duty_keeping.follow():
        pass
    with lend_app(services) as app:
        app.config["PROPAGATE_EXCEPTIONS"] = False
        yield Portal(services, app), clock
    services.database.dispose()


def enter_rules_and_years(portal: Portal, boss: FlaskClient) -> None:
    """A year and a rule are entered on pages; what is wrong is said beside its field."""
    answer = send(boss, "/workspace/calendar/2027", {"off": "2027-01-02", "on": ""})
    assert (answer.status_code, "off-error" in answer.text) == (422, True)
    assert send(boss, "/workspace/calendar/2027", {"off": OFF, "on": "2027-02-14"}).status_code == 303
    assert "2027-02-14,on" in portal.client().get("/disclosure/calendar/2027.csv").text
    assert "2027-10-07" in boss.get("/workspace/calendar/2027").text
    rule = {"id": "own", "title_zh": "每周报送", "clause_zh": "本市规定", "trigger": "period", "period": "week"}
    answer = send(boss, "/workspace/rules/new", rule)
    assert (answer.status_code, "limit-error" in answer.text) == (422, True)
    more = {"limit": "3", "unit": "working-day", "extensions": "1"}
    assert send(boss, "/workspace/rules/new", {**rule, **more}).status_code == 303
    assert send(boss, "/workspace/rules/own", {"is_off": "0", "publishers": "road-bureau"}).status_code == 303
    shown = "每周报送 2027-W04"
    assert shown in portal.signed_in("stranger").get("/workspace/duties").text
    assert shown not in portal.signed_in("clerk").get("/workspace/duties").text


def test_the_pages_of_clocks(late: tuple[Portal, Clock]) -> None:
    """One walk over all of them: a duty is added, turns overdue, shows in public, is done late, and counts so."""
    portal, clock = late
    boss, clerk, reader = portal.signed_in("boss"), portal.signed_in("clerk"), portal.client("en")
    for path in ("/workspace/duties", "/workspace/duties/new", "/workspace/rules", "/workspace/rules/n7"):
        assert boss.get(path).status_code == 200, path
    for path in ("/workspace/rules/new", "/workspace/calendar", "/workspace/supervision", "/workspace/control"):
        assert boss.get(path).status_code == 200, path
    assert clerk.get("/workspace/rules").status_code == 403
    listed = boss.get("/workspace/duties").text
    assert "2026-11" in listed
    assert "2027 年的放假安排尚未录入" in listed
    for path, text in (
        ("/disclosure/limits", "article 33"),
        ("/disclosure/calendar", "2026-02-16"),
        ("/disclosure/calendar/2026.csv", "2026-02-14,on"),
        ("/disclosure/on-time", "Nothing was due"),
        ("/disclosure/on-time.json", '"items":[]'),
        ("/datasets/reservoirs", "is due on"),
        ("/disclosure", "Done on time"),
    ):
        answer = reader.get(path)
        assert (answer.status_code, text in answer.text) == (200, True), (path, answer.text[:2000])
    assert reader.get("/disclosure/calendar/2027.csv").status_code == 404
    assert reader.get("/disclosure/on-time?since=x").status_code in (400, 422)
    answer = send(boss, "/workspace/duties/new", {"publisher": "water-bureau", "task": "报送预案"})
    assert (answer.status_code, "due-error" in answer.text) == (422, True)
    day = clock.now.date().isoformat()
    said = {"publisher": "water-bureau", "task": "报送预案", "due": day, "owner": "clerk"}
    answer = send(boss, "/workspace/duties/new", said)
    assert answer.status_code == 303
    duty = answer.headers["Location"]
    assert send(clerk, f"{duty}/waive", {"reason": "否"}, form="/workspace/duties/new").status_code == 403
    clock.pass_by(days=62)
    while portal.services.duty_keeping.follow():
        pass
    boss, clerk = portal.signed_in("boss"), portal.signed_in("clerk")
    for path in ("/datasets/reservoirs", "/datasets", "/publishers/water-bureau", "/"):
        assert "Overdue since" in reader.get(path).text, path
    assert "isn't published yet" in reader.get("/datasets/reservoirs").text
    update = reader.get("/api/v1/datasets/reservoirs").json["update"]
    assert update["state"] == "overdue"
    assert "逾期" in clerk.get(duty).text
    answer = send(boss, f"{duty}/rectify", {"reason": "尽快", "day": "2000-01-01"})
    assert (answer.status_code, 'id="day-error"' in answer.text) == (422, True)
    today = clock.now.date().isoformat()
    assert send(clerk, f"{duty}/finish", {"text": "已报送", "day": today}).status_code == 303
    page = clerk.get(duty).text
    assert "已报送" in page
    assert "逾期完成" in page
    rows = reader.get(f"/disclosure/on-time.json?since={day[:7]}&until={day[:7]}").json["items"]
    assert [(row["publisher"], row["due"] - row["inTime"] == row["missed"], row["missed"] > 0) for row in rows] == [
        ("water-bureau", True, True)
    ]
    assert day[:7] in reader.get("/disclosure/on-time").text
    assert "water-bureau" in reader.get("/disclosure/on-time.csv").text
    exported = clerk.get("/workspace/duties/duties.csv?state=late").text
    assert "报送预案" in exported
    assert reader.get("/disclosure/on-time?publisher=%00").status_code == 200
    for query in ("since=x", "within=x", "state=x", "cursor=x", "publisher=%00"):
        assert clerk.get(f"/workspace/duties?{query}").status_code in (400, 422), query
    assert send(clerk, "/workspace/duties/feed", {}, form="/workspace/duties/new").status_code == 303
    address = clerk.get("/workspace/duties").text.partition("/duties/feed/")[2].partition("<")[0]
    feed = reader.get(f"/duties/feed/{address}")
    assert (feed.status_code, feed.mimetype, "2026-" in feed.text) == (200, "application/atom+xml", True)
    assert reader.get("/duties/feed/odf_1_x.atom").status_code == 404
    period = f"{clock.now.year - 1}"
    assert "水务局" in boss.get(f"/workspace/supervision.csv?period={period}").text
    assert boss.get("/workspace/supervision?period=x").status_code in (400, 422)
    enter_rules_and_years(portal, boss)


@pytest.mark.slow
@pytest.mark.parametrize("variant", [Variant(language, 1280, has_scripts=False) for language in LOCALES], ids=str)
def test_a_duty_with_a_date_turns_overdue_in_public_and_done_late_counts_as_late(
    browser: Browser, late: tuple[Portal, Clock], variant: Variant
) -> None:
    """By links and forms alone: a maintainer sets the date, time goes by, a clerk gives the evidence too late."""
    portal, clock = late
    day = (clock.now + timedelta(days=20)).date()
    with serve(portal) as address:
        boss = Clerk(browser, address, variant)
        boss.sign_in("boss")
        boss.visit("/workspace/duties")
        boss.press("a[href='/workspace/duties/new']")
        boss.choose("#publisher", "water-bureau")
        boss.fill("#task", "公开水库月报")
        boss.page.fill("#due", day.isoformat())
        boss.fill("#dataset", "reservoirs")
        boss.fill("#owner", "clerk")
        boss.press("main form button.strong")
        expect(boss.page.locator("h1")).to_have_text("公开水库月报")
        duty = boss.page.url.rsplit("/", 1)[-1]
        boss.visit(f"/workspace/duties/{duty}")
        expect(boss.page.locator(f"a[href='/workspace/duties/{duty}/rectify']")).to_have_count(0)
        boss.close()

        clock.pass_by(days=34)
        while portal.services.duty_keeping.follow():
            pass
        reader = Clerk(browser, address, variant)
        reader.visit("/datasets/reservoirs")
        expect(reader.page.locator(".facts .tag.warn")).to_have_count(1)
        reader.visit("/disclosure")
        reader.press("a[href='/disclosure/on-time']")
        row = reader.page.locator("tbody tr", has_text="2026-12")
        expect(row.locator("td.number")).to_have_text(["2", "0", "2", "0%"])

        clerk = Clerk(browser, address, variant)
        clerk.sign_in("clerk")
        clerk.visit("/workspace/duties?state=overdue")
        clerk.press(f"a[href='/workspace/duties/{duty}']")
        clerk.press(f"a[href='/workspace/duties/{duty}/finish']")
        clerk.fill("#version", "9.0.0")
        clerk.press("main form button.strong")
        expect(clerk.page.locator("#version-error")).to_be_visible()
        clerk.fill("#version", "1.0.0")
        clerk.press("main form button.strong")
        expect(clerk.page.locator("dd code")).to_contain_text("sha256:")
        clerk.visit("/workspace/duties?state=late")
        expect(clerk.page.locator("tbody tr")).to_have_count(1)

        reader.visit("/disclosure/on-time")
        expect(row.locator("td.number")).to_have_text(["2", "0", "2", "0%"])  # as before: late stays late
