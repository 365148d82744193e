"""An instance whose public side has something of everything, for tests that look at its pages."""

from __future__ import annotations

from typing import Any

from opendata.domain.site.kinds import PageKind
from opendata.services.core.actors import Actor
from opendata.wiring import Services

LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" onload="alert(1)"><script>alert(2)</script>'
    b'<rect width="10" height="10" style="fill:#0b5cad"/></svg>'
)
IDENTITY: dict[str, Any] = {
    "name": "东湖市公共数据开放平台",
    "organiser": "东湖市人民政府办公室",
    "operator": "东湖市大数据中心",
    "telephone": "0371-65500000",
    "address": "东湖市人民路1号",
    "siteCode": "4101990001",
    "icp": "豫ICP备05000001号-1",
    "police": "豫公网安备41019902000001号",
    "policeLink": "https://beian.mps.gov.cn/#/query/webSearch?code=41019902000001",
    "markLink": "https://bszs.conac.cn/sitename?method=show&id=X",
    "errorLink": "https://zfwzgl.www.gov.cn/exposure/jiucuo.html?site_code=4101990001",
    "copyright": "版权所有 东湖市人民政府办公室",
    "statement": "# 版权\n\n数据按各数据集的许可使用。\n\n# 隐私\n\n不跟踪访问者。",
    "ipv6": True,
    "i18n": {"en": {"name": "Open Data of Donghu", "organiser": "General Office of Donghu"}},
}
GUIDE = {
    "title": "东湖市政府信息公开指南",
    "body": "## 怎样查找\n\n- 按部门\n- 按主题\n\n见[国务院](https://www.gov.cn/)和[别处](https://other.example/a)。",
    "i18n": {"en": {"title": "Guide to disclosure"}},
}
REUSE = {
    "title": "水库水位地图",
    "description": "把每天的水位画在地图上。",
    "url": "https://other.example/map",
    "author": "甲大学水利系",
}

PUBLIC_SIDE = (
    *("/disclosure", "/disclosure/guide", "/disclosure/guide/guide/history", "/disclosure/guide/guide?revision=1"),
    *("/disclosure/report", "/columns/budgets", "/columns/all", "/calls", "/calls/contest", "/calls/past"),
    *("/reuses", "/reuses/new", "/reuses/thanks", "/status", "/sitemap", "/statement", "/help/accessibility"),
    *("/leave?to=https://evil.example/", "/disclosure/rules", "/disclosure/limits"),
)
"""What everybody may open."""

CARE = (
    *("/?care=1", "/datasets?care=2", "/datasets/reservoirs?care=3", "/disclosure/guide?care=3", "/reuses/new?care=2"),
    *("/status?care=3", "/columns/budgets?care=1", "/sign-in?care=3", "/?care=0"),
)
"""The simple version in its sizes; the last one leaves it again."""

STAFF_SIDE = (
    *("/workspace/site", "/workspace/site/identity/site", "/workspace/site/guide", "/workspace/site/guide/guide"),
    *("/workspace/site/rules/new", "/workspace/site/column/budgets", "/workspace/site/call/contest"),
    *("/workspace/site/incident/new", "/workspace/site/reuses", "/workspace/site/reuses?state=approved"),
    *("/workspace/site/report/new?care=2", "/disclosure?care=0", "/disclosure/rules", "/columns/budgets"),
)
"""What maintainers see."""


def fill_site(services: Services, boss: Actor, *datasets: str) -> None:
    """Fill the public side; `datasets` are public ones that the re-use and the call name."""
    put = services.pages.put
    logo = services.site_files.add_picture(boss, "logo.svg", LOGO)
    put(boss, PageKind.IDENTITY, "", {**IDENTITY, "logo": logo})
    file = services.site_files.add_attachment(boss, "指南.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
    put(boss, PageKind.GUIDE, "guide", {**GUIDE, "body": "旧的内容"})
    put(boss, PageKind.GUIDE, "guide", {**GUIDE, "files": [file]})
    for year in (2024, 2025):
        put(boss, PageKind.REPORT, f"report-{year}", {"title": f"{year}年政府信息公开工作年度报告", "body": "见附件。"})
    put(boss, PageKind.RULES, "draft", {"title": "尚未公开的制度"}, is_public=False)
    put(boss, PageKind.COLUMN, "budgets", {"title": "预决算公开专栏", "keywords": ["水"], "grouping": "budget"})
    put(boss, PageKind.COLUMN, "all", {"title": "全部数据", "body": "所有部门的数据。"})
    call = {"title": "数据创新大赛", "begins": "2026-01-01", "ends": "2026-12-31", "conditions": "人人可以参加。"}
    put(boss, PageKind.CALL, "contest", {**call, "body": "请用数据做点什么。", "datasets": list(datasets)})
    done = {"title": "去年的大赛", "begins": "2025-01-01", "ends": "2025-12-31", "results": "一等奖：甲。"}
    put(boss, PageKind.CALL, "past", done)
    put(
        boss, PageKind.INCIDENT, "slow", {"title": "下载缓慢", "begun": "2026-03-01 09:00", "ended": "2026-03-01 11:30"}
    )
    put(boss, PageKind.INCIDENT, "mail", {"title": "邮件延迟", "begun": "2026-03-05 09:00", "body": "正在处理。"})
    services.reuses.add(boss, {**REUSE, "datasets": list(datasets), "call": ""})
    services.reuses.submit("192.0.2.1", {**REUSE, "title": "水位提醒", "contact": "someone@example.org"})
