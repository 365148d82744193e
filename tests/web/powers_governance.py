"""Something real of each thing that governance keeps, for the table of powers."""

from __future__ import annotations

import io
from collections.abc import Mapping

from opendata.domain.reports.annual import CODES
from opendata.domain.site.kinds import PageKind
from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services
from tests.web.site_fill import GUIDE, REUSE

YEAR = "2025"
ENTRY = {
    "domain": "health",
    "matter": "医院",
    "content": "名称",
    "timeLimit": "3个工作日内",
    "methods": ["proactive"],
    "publisher": "water-bureau",
}
GROUND = {"id": "N001", "title": "涉密的水文数据", "ground": "state-secret", "legalBasis": "条例第十四条"}
REASON = {"reason": "需要征求意见"}
EVIDENCE = {"text": "见网站"}
DUTY = {"publisher": "water-bureau", "task": "整改", "due": "2099-01-01"}
RULE = {"id": "own", "title": {"zh": "自定"}, "clause": {"zh": "办法"}, "trigger": "entered"}
ITEM = {"title": "水井", "publisher": "water-bureau", "licenses": [{"name": "CC-BY-4.0"}]}
DECISION = {"items": [1], "decision": "open", "openBy": "2099-01-01"}
QUESTION = {"kind": "question", "publisher": "water-bureau", "subject": "水位", "text": "何时更新"}
PAGE = {"data": GUIDE}

GOVERNANCE_BODIES: Mapping[str, Mapping[str, object]] = {
    "api_basics.change_basic_draft": {"matter": "诊所"},
    "api_basics.create_basic_draft": ENTRY,
    "api_basics.put_basics_in_force": {"note": "调整"},
    "api_clocks.add_rule": RULE,
    "api_clocks.enter_calendar_year": {"off": [], "on": []},
    "api_clocks.use_rule": {"isOff": False, "publishers": ["*"]},
    "api_inventory.register_item": ITEM,
    "api_inventory.replace_item": ITEM,
    "api_inventory.plan_opening": {"opens": "2099-01-01"},
    "api_negative_list.change_negative_list_draft": {"entries": [GROUND]},
    "api_negative_list.enforce_negative_list": {"note": "调整"},
    "api_obligations.add_obligation": DUTY,
    "api_obligations.assign_obligation": {"owner": "editor"},
    "api_obligations.extend_obligation": {"number": 5, "unit": "working-day", **REASON},
    "api_obligations.finish_obligation": EVIDENCE,
    "api_obligations.pause_obligation": REASON,
    "api_obligations.rectify_obligation": {"day": "2099-01-01", **REASON},
    "api_obligations.resume_obligation": {"day": "2026-01-01"},
    "api_obligations.start_obligation": {"day": "2026-01-01"},
    "api_obligations.waive_obligation": REASON,
    "api_publishers.close_publisher": REASON,
    "api_publishers.merge_publishers": {"publishers": ["road-bureau"], **REASON},
    "api_publishers.move_dataset": {"publisher": "road-bureau", **REASON},
    "api_publishers.reopen_publisher": REASON,
    "api_publishers.split_publisher": {"rest": "road-bureau", **REASON},
    "api_publishers.update_publisher": {"contactPoint": {"telephone": "0371-65500000"}},
    "api_registrations.begin_registration": {"kind": "initial"},
    "api_registrations.change_registration": {"said": {"office": "省登记中心"}},
    "api_registrations.take_registration_step": {"step": "submit"},
    "api_requests.send_request": QUESTION,
    "api_requests.take_request_step": {"summary": "何时更新"},
    "api_self_checks.begin_self_check": {"year": 2024},
    "api_self_checks.confirm_self_check_items": {"items": [1], "seen": ["x"]},
    "api_self_checks.decide_self_check_items": DECISION,
    "api_site.add_reuse": REUSE,
    "api_site.decide_reuse": {"approve": False, **REASON},
    "api_site.put_site_page": PAGE,
    "basic_drafts.change_link": {"dataset": "reservoirs", "do": "link"},
    "basic_drafts.change_dataset": {"entry": "b00001", "do": "link"},
    "basic_drafts.create_entry": {"domain": "health", "matter": "医院", "publisher": "water-bureau"},
    "duties.add_duty": DUTY,
    "duties.take_step": EVIDENCE,
    "inventory_staff.number_items": {"publisher": "water-bureau"},
    "inventory_staff.set_day": {"opens": "2099-01-01"},
    "registrations.begin_registration": {"kind": "initial"},
    "registrations.take_step": {"step": "submit", "day": "2026-01-05"},
    "request_inbox.take_step": {"summary": "何时更新"},
    "self_checks.decide_items": {"item": "1", "decision": "open", "open_by": "2099-01-01", "do": "decide"},
    "site_staff.decide_reuse": {"decision": "refuse", **REASON},
}
"""What is sent to the views of governance."""


def fill_governance(services: Services, author: Actor) -> Mapping[str, Mapping[str, str]]:
    """Make something of each; the parts of addresses by the beginnings of endpoints that they are for."""
    entry = services.basic_drafts.create(SYSTEM, ENTRY).id
    services.basic_drafts.put_in_force(SYSTEM, "首版")
    services.negative_lists.change(SYSTEM, [GROUND])
    services.negative_lists.enforce(SYSTEM, "首次发布")
    services.negative_lists.begin(SYSTEM)
    services.self_checks.begin(SYSTEM, int(YEAR))
    duty = str(services.duty_steps.add(SYSTEM, DUTY).id)
    feed = services.duty_feeds.renew(author)
    asked = services.requests.asking.ask(None, QUESTION, address="192.0.2.1", language="zh").request.number
    reuse = services.reuses.add(SYSTEM, REUSE).id
    services.pages.put(SYSTEM, PageKind.GUIDE, "guide", GUIDE)
    column = {"title": "财政预算", "keywords": ["预算"]}
    services.pages.put(SYSTEM, PageKind.COLUMN, "budgets", column)
    call = {"title": "创意大赛", "body": "用水的数据", "begins": "2026-01-01", "ends": "2099-01-01"}
    services.pages.put(SYSTEM, PageKind.CALL, "contest", call)
    file = services.site_files.add_attachment(SYSTEM, "a.pdf", b"%PDF-1.4\n%%EOF\n")
    kept = services.inventory_imports.keep(SYSTEM, io.BytesIO("信息资源名称\n水井台账\n".encode()), "a.csv")
    _report(services)
    registration = str(services.registrations.begin(SYSTEM, "reservoirs", {}).id)
    page = {"kind": "guide", "part": "guide", "page": "guide"}
    number = {"number": asked, "step": "register", "text": "not-there"}
    return {
        "annual_reports.": {"year": YEAR},
        "api_annual_reports.": {"year": YEAR},
        "published_reports.": {"year": YEAR},
        "operation_reports.": {"year": YEAR},
        "api_operation_reports.": {"year": YEAR},
        "published_operation.": {"year": YEAR},
        "api_basics.": {"entry": entry, "number": "1"},
        "basic_drafts.": {"entry": entry},
        "basic_imports.": {"number": "1"},
        "basics.": {"entry": entry, "number": "1"},
        "api_clocks.": {"rule": "n7", "year": "2026"},
        "clocks.": {"rule": "n7", "year": "2026"},
        "on_time.": {"year": "2026"},
        "api_control.": {"gauge": "requests-open"},
        "control.": {"gauge": "requests-open"},
        "api_negative_list.": {"number": "1"},
        "negative_list.": {"number": "1"},
        "api_obligations.": {"obligation": duty},
        "duties.": {"duty": duty, "step": "finish"},
        "duty_feeds.": {"text": feed},
        "api_registrations.": {"registration": registration},
        "registrations.": {"registration": registration, "suffix": "xlsx"},
        "api_requests.": number,
        "requests.": number,
        "request_": number,
        "api_self_checks.": {"year": YEAR},
        "self_check": {"year": YEAR},
        "api_site.get_column_datasets": {"page": "budgets"},
        "site_topics.show_column": {"page": "budgets"},
        "site_topics.": {"page": "contest"},
        "api_site.": {**page, "reuse": reuse},
        "site_disclosure.": page,
        "site_staff.": {**page, "reuse": reuse},
        "site_reuses.": {"reuse": reuse},
        "site_public.": {"sha256": file["sha256"], "name": file["name"]},
        "inventory_staff.": {"file": kept},
    }


def _report(services: Services) -> None:
    """A published report of the water bureau, and the one on all."""
    for publisher in ("water-bureau", ""):
        numbers = {code: 0 for code in CODES if not code.startswith("added")}
        texts = {"zh": dict.fromkeys(("general", "problems", "other"), "无")}
        services.annual_reports.save(SYSTEM, int(YEAR), publisher, {"texts": texts, "numbers": numbers})
        services.annual_reports.publish(SYSTEM, int(YEAR), publisher)
    notes = dict.fromkeys(("body", "authorisations", "ceilings"), "本年度没有")
    services.operation_reports.save(SYSTEM, int(YEAR), "water-bureau", {"roles": ["implementing"], "notes": notes})
    services.operation_reports.publish(SYSTEM, int(YEAR), "water-bureau")
