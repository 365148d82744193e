"""The pages of annual reports on disclosure, in every state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from opendata.domain.reports.annual import CODES
from tests.web.conftest import PASSWORD, Portal
from tests.web.page_states import PageState

FORMS, SHOWN = "/workspace/annual-reports", "/disclosure/reports"
TEXT = "## 概况\n\n本年度公开信息 12 条。\n\n- 一\n- 二"


def list_report_states(portal: Portal) -> Iterator[PageState]:
    """Publish the report of a publisher and the one on all, change the first since, and begin a third."""
    services = portal.services
    boss = services.accounts.sign_in("boss", PASSWORD)[0]
    reports, year = services.annual_reports, datetime.now(UTC).year - 1
    numbers = {code: 0 for code in CODES if not code.startswith("added")}
    texts = {
        "zh": dict.fromkeys(("general", "problems", "other"), TEXT),
        "en": dict.fromkeys(("general", "problems", "other"), "## In short\n\nNothing."),
    }
    for publisher in ("water-bureau", ""):
        reports.save(boss, year, publisher, {"texts": texts, "numbers": numbers})
        reports.publish(boss, year, publisher)
    reports.save(boss, year, "water-bureau", {"numbers": {"disclosed/fees/charged": "2.5", "added/new/person": "3"}})
    reports.save(boss, year, "road-bureau", {"texts": {"zh": {"general": "甲【待填写】"}}})
    own, other = f"{FORMS}/{year}/water-bureau", f"{FORMS}/{year}/road-bureau"
    yield from (PageState(path) for path in (SHOWN, f"{SHOWN}?year={year}", f"{SHOWN}/{year}"))
    yield PageState(f"{SHOWN}/{year}/water-bureau")
    yield from (PageState(path, "clerk") for path in (FORMS, own))
    yield from (PageState(path, "boss") for path in (FORMS, f"{FORMS}/{year}", other, f"{FORMS}/{year + 1}"))
    yield PageState(other, "boss", "button[value=publish]")
