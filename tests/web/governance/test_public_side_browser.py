"""The public side in a browser: a footer and a guide are filled in, read without JavaScript, and a re-use lives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from playwright.sync_api import Browser, expect

from opendata.db.models import Reuse
from opendata.domain.site.reuses import ReuseState
from tests.instances import DATASET, publish
from tests.servers import require
from tests.source_servers import serve_site
from tests.web.conftest import PASSWORD, Portal, make_portal
from tests.web.journeys import WAIT_MILLISECONDS
from tests.web.page_states import PageState
from tests.web.site_fill import CARE, PUBLIC_SIDE, STAFF_SIDE, fill_site
from tests.web.test_accessibility import VIEWS, list_faults, open_context, visit
from tests.web.test_browser import serve, serve_app

pytestmark = pytest.mark.slow

_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with a public dataset and nothing else on its public side."""
    with make_portal(tmp_path_factory.mktemp("side"), source_hosts=("localhost",)) as portal:
        clerk = portal.services.accounts.sign_in("clerk", PASSWORD)[0]
        portal.services.datasets.create(clerk, DATASET)
        publish(portal.services, clerk)
        yield portal


def test_a_maintainer_fills_in_the_footer_and_the_guide(browser: Browser, side: Portal) -> None:
    with serve(side) as address:
        context = open_context(browser, address, "boss", "zh")
        page = context.new_page()
        page.goto(f"{address}/workspace/control")
        page.get_by_role("link", name="网站公开页面").click()
        page.get_by_role("link", name="网站名称、页头和页脚").click()
        page.get_by_label("网站标识码").fill("123")
        page.get_by_label("主办单位", exact=True).fill("某市人民政府办公室")
        page.get_by_role("button", name="保存").click()
        expect(page.locator("#siteCode-error")).to_contain_text("共十位")
        page.get_by_label("网站标识码").fill("4101990001")
        page.get_by_role("button", name="保存").click()
        expect(page.locator("footer")).to_contain_text("网站标识码： 4101990001")
        page.get_by_role("link", name="政府信息公开指南").click()
        page.get_by_role("link", name="新建页面").click()
        page.fill("#title", "某市政府信息公开指南")
        page.fill("#body", "### 怎样查找\n\n按部门查找。")
        page.get_by_role("button", name="保存").click()
        reader = browser.new_context(locale="zh-CN", java_script_enabled=False).new_page()
        reader.goto(address)
        expect(reader.locator("footer")).to_contain_text("主办单位： 某市人民政府办公室")
        reader.get_by_role("link", name="政府信息公开指南").click()
        expect(reader.locator("main")).to_contain_text("更新日期：")
        expect(reader.locator("main h2").first).to_have_text("怎样查找")
        reader.context.close()
        context.close()


@pytest.mark.parametrize("keeps_cookies", [True, False])
def test_a_reader_uses_the_simple_version_without_scripts(browser: Browser, side: Portal, keeps_cookies: bool) -> None:
    fill_site(side.services, side.services.accounts.sign_in("boss", PASSWORD)[0], "reservoirs")
    app = side.app if keeps_cookies else _keep_no_cookies(side.app)
    with serve_app(app) as address:
        context = browser.new_context(locale="zh-CN", java_script_enabled=False, viewport={"width": 640, "height": 900})
        context.set_default_timeout(WAIT_MILLISECONDS)
        page = context.new_page()
        page.goto(address)
        page.get_by_role("link", name="关怀版").click()
        page.get_by_role("link", name="最大").click()
        page.get_by_role("link", name="信息公开", exact=True).first.click()
        page.get_by_role("link", name="政府信息公开指南").first.click()
        expect(page.locator("html")).to_have_attribute("data-care", "3")
        assert page.evaluate(_WIDE) <= 0
        assert page.evaluate("getComputedStyle(document.querySelector('main p')).fontSize") == "32px"
        page.fill("#search-head", "水库")
        page.locator("header .search button").click()
        expect(page.locator("html")).to_have_attribute("data-care", "3")
        assert ("care=3" in page.url) is not keeps_cookies
        page.get_by_role("link", name="水库").first.click()
        page.get_by_role("link", name=re.compile("levels.csv|CSV")).first.wait_for()
        page.get_by_role("link", name="退出关怀版").click()
        expect(page.locator("html")).not_to_have_attribute("data-care", "3")
        context.close()


def _keep_no_cookies(app: WSGIApplication) -> WSGIApplication:
    """The application as a browser sees it that refuses cookies."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            return start_response(status, [pair for pair in headers if pair[0].lower() != "set-cookie"], *error)

        return app(environ, start)

    return answer


def test_a_re_use_is_sent_approved_and_vanishes_with_its_link(browser: Browser, side: Portal) -> None:
    with serve(side) as address, serve_site() as site:
        site.put("/map", "a map")
        link = f"http://localhost:{site.port}/map"
        context = browser.new_context(locale="zh-CN", java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{address}/datasets/reservoirs")
        page.get_by_role("link", name="展示您的应用成果").click()
        page.get_by_label("标题").fill("水位地图")
        page.get_by_label("怎样使用数据").fill("画在地图上")
        page.get_by_label("网址").fill(link)
        page.get_by_label("作者").fill("一位读者")
        page.get_by_label("您的联系方式").fill("reader@example.org")
        page.wait_for_timeout(3100)  # faster than a person, it would be refused
        page.get_by_role("button", name="提交").click()
        expect(page.locator("h1")).to_have_text("谢谢")
        page.goto(f"{address}/reuses")
        expect(page.locator("article.card")).to_have_count(0)

        staff = open_context(browser, address, "boss", "zh")
        desk = staff.new_page()
        desk.goto(f"{address}/workspace/site/reuses")
        expect(desk.locator("article")).to_contain_text("reader@example.org")
        desk.get_by_role("button", name="展示", exact=True).click()
        staff.close()
        with side.services.database.unit() as session:
            assert [(row.state, row.contact) for row in session.query(Reuse)] == [(ReuseState.APPROVED, "")]
        page.reload()
        page.get_by_role("link", name="水位地图").click()
        page.get_by_role("link", name="打开").click()
        expect(page.locator("h1")).to_have_text("您即将离开本网站")
        page.get_by_role("link", name="继续访问该网站").click()
        expect(page.locator("body")).to_have_text("a map")

        site.answers["/map"].status = 404
        for _ in range(3):
            _let_days_pass(side, 4)
            assert side.services.link_checking.run_due(lambda: False) == 1
        page.goto(f"{address}/reuses")
        expect(page.locator("article.card")).to_have_count(0)
        page.goto(f"{address}/datasets/reservoirs")
        expect(page.locator("body")).not_to_contain_text("水位地图")
        context.close()


def _let_days_pass(side: Portal, days: int) -> None:
    """Make the last look at each link older, for the clock of a served instance is the real one."""
    with side.services.database.unit(write=True) as session:
        for row in session.query(Reuse):
            row.due = datetime.now(UTC) - timedelta(minutes=1)
            row.failing_since = row.failing_since - timedelta(days=days) if row.failing_since else None


def test_no_page_of_the_public_side_has_a_fault(browser: Browser, side: Portal) -> None:
    axe = require("axe-core").read_text(encoding="utf-8")
    fill_site(side.services, side.services.accounts.sign_in("boss", PASSWORD)[0], "reservoirs")
    reuse = side.services.reuses.list().items[0].id
    found: dict[str, list[str]] = {}
    with serve(side) as address:
        for who, paths in (("", (*PUBLIC_SIDE, f"/reuses/{reuse}", *CARE)), ("boss", STAFF_SIDE)):
            context = open_context(browser, address, who, "zh")
            for path in paths:
                page = visit(context, address, PageState(path))
                for fault in list_faults(page, axe, VIEWS):
                    found.setdefault(fault, []).append(f"{who} {path}")
                page.close()
            context.close()
    assert found == {}
