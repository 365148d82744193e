"""The pages in a real browser: nothing is blocked, nothing fails, a clerk gets through, narrow screens suffice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect, sync_playwright
from werkzeug.serving import make_server

from opendata.services.core.actors import SYSTEM
from tests.instances import CSV, DATASET, SCHEMA, locate
from tests.instances import publish as release
from tests.services.drafts.test_matching import CHINESE, ENGLISH, TITLED
from tests.web.conftest import PASSWORD, Portal

PUBLIC = (
    "/",
    "/datasets",
    "/datasets/reservoirs",
    "/datasets/reservoirs/versions",
    "/datasets/reservoirs/diff/1.0.0...1.1.0",
    "/datasets/reservoirs/1.1.0/",
    "/publishers",
    "/publishers/water-bureau",
    "/schemas",
    "/schemas/reservoir",
    "/problems",
    "/sign-in",
)
WAIT_MILLISECONDS = 20_000
ROWS = 120_000
"""So many make a file of two pieces."""


@contextmanager
def serve(portal: Portal) -> Iterator[str]:
    """The portal on a port of its own, in a thread of this process."""
    server = make_server("127.0.0.1", 0, portal.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def keep_working(portal: Portal) -> Iterator[None]:
    """A worker beside the server."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            portal.work()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Without a sandbox: tests may run as root in a container, and only our own pages are opened.
        started = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield started
        started.close()


def describe_failure(request: Request) -> list[str]:
    """What went wrong with a request.

    That a page leaves the events it follows is how they end; and a tab that goes on to another page gives up its icon.
    """
    is_left = request.failure == "net::ERR_ABORTED" and "/static/icon.svg" in request.url
    return [] if request.url.endswith("/events") or is_left else [f"{request.url}: {request.failure}"]


def open_page(browser: Browser, complaints: list[str], **options: object) -> Page:
    page = browser.new_context(locale="zh-CN", **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(WAIT_MILLISECONDS)
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.extend(describe_failure(request)))
    return page


def publish(page: Page) -> None:
    """From a draft that is in order to the page with all of it, where the clerk signs the checks and publishes."""
    page.get_by_role("link", name="核对全部内容并发布").click()
    for name in ("保密审查", "个人信息"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="发布").click()


@pytest.mark.parametrize("width", [1280, pytest.param(360, marks=pytest.mark.slow)])
def test_a_browser_has_nothing_to_complain_about(browser: Browser, portal: Portal, width: int) -> None:
    complaints: list[str] = []
    with serve(portal) as address:
        page = open_page(browser, complaints, viewport={"width": width, "height": 800})
        for path in PUBLIC:
            answer = page.goto(address + path)
            assert answer is not None
            assert answer.status == 200
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is {wide} pixels too wide"
            assert page.evaluate("getComputedStyle(document.querySelector('header')).borderBottomStyle") == "solid"
        page.context.close()
    assert not complaints


def test_the_keyboard_reaches_the_content_first(browser: Browser, portal: Portal) -> None:
    with serve(portal) as address:
        page = open_page(browser, [])
        page.goto(f"{address}/datasets/reservoirs")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("跳到正文")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.context.close()


def test_a_clerk_publishes_a_file_in_a_browser(browser: Browser, desk: Portal, tmp_path: Path) -> None:
    complaints: list[str] = []
    wrong, right = tmp_path / "wrong" / "levels.csv", tmp_path / "levels.csv"
    wrong.parent.mkdir()
    wrong.write_text(CSV + "A003,北湖\n", encoding="utf-8")
    right.write_text(CSV, encoding="utf-8")
    with serve(desk) as address, keep_working(desk):
        page = open_page(browser, complaints)
        page.goto(f"{address}/workspace")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.get_by_role("link", name="新建数据集").click()
        page.locator("#title_zh").fill("水库水位")
        page.get_by_role("button", name="建立数据集").click()
        page.locator("#files").set_input_files(wrong)
        expect(page.get_by_role("heading", name="校验未通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        expect(page.locator("main")).to_contain_text("本行的单元格比表头的列少")
        page.get_by_role("link", name="上传改正后的文件").click()
        page.locator("#file_0").set_input_files(right)
        page.get_by_role("button", name="上传并校验").click()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        page.get_by_role("button", name="采用此数据标准并重新校验").click()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        publish(page)
        page.get_by_role("link", name="查看版本 1.0.0").click(timeout=WAIT_MILLISECONDS)
        expect(page.get_by_role("heading", level=1)).to_contain_text("水库水位 1.0.0")
        with page.expect_download() as download:
            page.locator("a.button", has_text="CSV").first.click()
        assert download.value.suggested_filename == "shui-ku-shui-wei-1.0.0-levels.csv"
        assert download.value.path().read_text(encoding="utf-8") == CSV
        page.get_by_role("button", name="退出").click()
        expect(page.locator("main")).to_contain_text("您已退出登录")
        page.context.close()
    assert not complaints


DROP = """(files) => {
  const held = new DataTransfer();
  for (const [name, length] of files) held.items.add(new File(["a,b\\n" + "1,2\\n".repeat(length)], name));
  const place = document.querySelector("h1");
  for (const kind of ["dragover", "drop"])
    place.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: held }));
}"""
"""Drops files on a page, each with a name and a number of rows."""


@pytest.mark.slow
def test_files_dropped_on_the_page_of_a_dataset_become_a_draft_and_elsewhere_nothing(
    browser: Browser, desk: Portal
) -> None:
    desk.services.datasets.create(desk.services.accounts.sign_in("clerk", PASSWORD)[0], DATASET)
    complaints: list[str] = []
    with serve(desk) as address, keep_working(desk):
        page = open_page(browser, complaints)
        page.goto(f"{address}/sign-in?next=/workspace/datasets/new")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.locator("#title_zh").fill("水库水位")
        refused = "window.addEventListener('drop', (event) => { window.isKept = event.defaultPrevented; })"
        page.evaluate(refused)
        page.evaluate(DROP, [["elsewhere.csv", 1]])
        assert page.evaluate("window.isKept")
        assert page.locator("#title_zh").input_value() == "水库水位"
        page.goto(f"{address}/datasets/reservoirs")
        expect(page.get_by_text("直接拖到本页任意位置")).to_be_visible()
        page.evaluate(DROP, [["small.csv", 3], ["large.csv", 400_000]])
        page.wait_for_url("**/workspace/drafts/*", timeout=WAIT_MILLISECONDS)
        expect(page.locator("#tables ~ * td", has_text="large.csv")).to_be_visible(timeout=WAIT_MILLISECONDS)
        expect(page.locator("#tables ~ * td", has_text="small.csv")).to_be_visible()
        page.context.close()
    assert not complaints


@pytest.mark.slow
def test_a_form_outlives_its_session_and_a_chosen_schema_sets_its_button(browser: Browser, desk: Portal) -> None:
    desk.services.schemas.add(SYSTEM, "reservoir", "1.0.0", {**SCHEMA, "title": "水库表"})
    complaints: list[str] = []
    with serve(desk) as address:
        page = open_page(browser, complaints)
        page.goto(f"{address}/workspace/datasets/new")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.locator("#title_zh").fill("水库水位")
        page.locator("#description_zh").fill("很长的说明")
        desk.services.accounts.set_password("clerk", PASSWORD)
        page.get_by_role("button", name="建立数据集").click()
        expect(page.locator("main")).to_contain_text("您填写的内容会保留 24 小时")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.locator("#title_zh")).to_have_value("水库水位")
        expect(page.locator("#description_zh")).to_have_value("很长的说明")
        page.get_by_role("button", name="建立数据集").click()
        page.get_by_text("更多选项").click()
        page.locator("#library_0").select_option("reservoir@1.0.0")
        expect(page.locator("input[name=schema_0][value=library]")).to_be_checked()
        page.locator("input[name=schema_0][value=last]").check()
        expect(page.locator("#library_0")).to_have_value("")
        page.context.close()
    assert not complaints


@pytest.mark.slow
def test_a_large_file_survives_broken_connections_in_a_browser(browser: Browser, desk: Portal) -> None:
    desk.services.datasets.create(desk.services.accounts.sign_in("clerk", PASSWORD)[0], DATASET)
    table = b"code,name\n" + b"".join(b"%06d,a reservoir of the water bureau\n" % row for row in range(ROWS))
    broken = []

    def break_some(route: Route) -> None:
        if route.request.method == "PATCH" and len(broken) < 2:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    with serve(desk) as address, keep_working(desk):
        page = open_page(browser, [])
        page.route("**/api/v1/uploads/*", break_some)
        page.goto(f"{address}/sign-in?next=/workspace/datasets/reservoirs/upload")
        page.fill("input[name=name]", "clerk")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/upload")
        page.set_input_files("#files", {"name": "levels.csv", "mimeType": "text/csv", "buffer": table})
        page.wait_for_url("**/workspace/drafts/*")
        expect(page.locator("#tables ~ * td", has_text="levels.csv")).to_be_visible()
        draft = page.url.rsplit("/", 1)[-1]
        page.context.close()
    assert len(broken) == 2
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.work.run_to_end(draft)
    (found,) = desk.services.drafts.get(clerk, draft).resources
    assert (found.bytes, found.rows) == (len(table), ROWS)


@pytest.mark.slow
def test_a_clerk_repairs_a_file_that_fails_its_schema_by_page_alone(
    browser: Browser, desk: Portal, realdata: Path
) -> None:
    complaints: list[str] = []
    folder = realdata / "schemas/etalab-schema-lieux-covoiturage"
    with serve(desk) as address, keep_working(desk):
        page = open_page(browser, complaints)
        page.goto(f"{address}/workspace")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.get_by_role("link", name="新建数据集").click()
        page.locator("#title_zh").fill("拼车停车点")
        page.get_by_role("button", name="建立数据集").click()
        page.get_by_text("更多选项").click()
        page.locator("#file_0").set_input_files(folder / "exemple-invalide.csv")
        page.locator("input[name=schema_0][value=own]").check()
        page.locator("summary", has_text="自己的数据标准").first.click()
        page.locator("#own_0").fill((folder / "schema.json").read_text(encoding="utf-8"))
        page.get_by_role("button", name="上传并校验").last.click()
        expect(page.get_by_role("heading", name="校验未通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        expect(page.locator("main")).to_contain_text("24-06-2019")
        offered = page.get_by_role("row", name="24-06-2019 → 2019-06-24")
        expect(offered).to_be_visible()
        offered.get_by_role("checkbox").check()
        page.get_by_role("button", name="修复勾选的问题并重新校验").click()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        expect(page.locator("main")).to_contain_text("的处理步骤")
        publish(page)
        page.get_by_role("link", name="查看版本 1.0.0").click(timeout=WAIT_MILLISECONDS)
        with page.expect_download() as download:
            page.locator("a.button", has_text="CSV").first.click()
        published = download.value.path().read_text(encoding="utf-8")
        assert "2019-06-24" in published
        assert "24-06-2019" not in published
        page.context.close()
    assert not complaints


@pytest.mark.slow
def test_a_clerk_has_a_chinese_table_matched_with_an_english_schema_and_publishes_it(
    browser: Browser, desk: Portal
) -> None:
    complaints: list[str] = []
    desk.services.schemas.add(SYSTEM, "reservoirs", "1.0.0", TITLED)
    desk.services.datasets.create(desk.services.accounts.sign_in("clerk", PASSWORD)[0], DATASET)
    table = CHINESE.replace("测量日期", "日期").encode("gb18030")
    with serve(desk) as address, keep_working(desk):
        page = open_page(browser, complaints)
        page.goto(f"{address}/sign-in?next=/workspace/datasets/reservoirs/upload")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.locator("#files").set_input_files({"name": "levels.csv", "mimeType": "text/csv", "buffer": table})
        fitting = page.get_by_role("region", name="适合“levels”表的数据标准")
        expect(fitting).to_contain_text("4 列中对应上 3 列", timeout=WAIT_MILLISECONDS)
        fitting.get_by_role("button", name="采用数据标准“水库”并重新校验").click()
        columns = page.get_by_role("region", name="“levels”的列").first
        expect(columns.get_by_label("level 水位（米）")).to_have_value("3", timeout=WAIT_MILLISECONDS)
        columns.get_by_label("measured 测量日期").select_option("日期")
        columns.get_by_role("button", name="按此读取各列并重新校验").click()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        publish(page)
        page.get_by_role("link", name="查看版本 1.0.0").click(timeout=WAIT_MILLISECONDS)
        with page.expect_download() as download:
            page.locator("a.button", has_text="CSV").first.click()
        assert download.value.path().read_text(encoding="utf-8") == ENGLISH
        page.context.close()
    assert not complaints


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


def make_month(month: int, towns: int, people: str = "常住人口", more: str = "") -> dict[str, object]:
    """The file of a month as a browser chooses it."""
    rows = "".join(f"2026-{month:02},{town},{1000 + month},{300 + place}\n" for place, town in enumerate(TOWNS[:towns]))
    text = f"月份,乡镇,{people},户数\n{rows}{more}"
    return {"name": f"2026年{month:02}月各乡镇人口.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}


def test_a_clerk_adds_the_next_months_to_a_table_with_six_clicks_each(browser: Browser, desk: Portal) -> None:
    complaints: list[str] = []
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    september = make_month(9, 5)["buffer"]
    release(desk.services, clerk, september, name="population", schema=POPULATION)  # type: ignore[arg-type]
    clicks = 0
    october = make_month(10, 7, people="居民")
    november = make_month(11, 7, more="2026-10,云溪乡,999,306\n")
    with serve(desk) as address, keep_working(desk):
        page = open_page(browser, complaints, viewport={"width": 1280, "height": 800})
        page.goto(f"{address}/workspace")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", level=1, name="工作台")).to_be_visible()
        for file in (october, november):
            clicks = 0

            def click(found: Locator) -> None:
                nonlocal clicks
                clicks += 1
                found.click()

            page.goto(f"{address}/workspace")
            click(page.get_by_role("row", name="水库").get_by_role("link", name="上传文件").last)
            clicks += 1
            page.get_by_label("选择一个或几个文件").set_input_files(file)  # type: ignore[arg-type]
            edition = page.get_by_role("region", name="这个文件与已发布的表")
            expect(edition).to_contain_text("中的行将追加到表“population”", timeout=WAIT_MILLISECONDS)
            if file is october:
                expect(edition).to_contain_text("列“居民”按“常住人口”读取")
                expect(edition).to_contain_text("新增 7 行")
                click(edition.get_by_role("button", name="没错，去核对"))
            else:
                expect(edition).to_contain_text("新增 7 行。 更正 1 行。")
                edition.locator("summary", has_text="与已发布的表对照").click()  # to look, not a step
                expect(edition.get_by_role("group", name="更正的行")).to_contain_text("999")
                click(page.get_by_role("link", name="核对全部内容并发布"))
            for name in ("保密审查", "个人信息"):
                click(page.get_by_role("checkbox", name=name))
            click(page.get_by_role("button", name="发布"))
            expect(page.get_by_role("link", name="查看版本 1.")).to_be_visible(timeout=WAIT_MILLISECONDS)
            assert clicks <= 6
        page.context.close()
    assert not complaints
    rows = locate(desk.services.versions.find_file("reservoirs", "1.2.0", "population", "csv")).read_text().splitlines()
    months = [line.split(",")[0] for line in rows[1:]]
    assert months == ["2026-09"] * 5 + ["2026-10"] * 7 + ["2026-11"] * 7
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


def test_a_clerk_brings_22_errors_to_none_without_another_program(browser: Browser, desk: Portal) -> None:
    complaints: list[str] = []
    desk.services.datasets.create(desk.services.accounts.sign_in("clerk", PASSWORD)[0], DATASET)
    with serve(desk) as address, keep_working(desk):
        page = open_page(browser, complaints, viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/sign-in?next=/workspace/datasets/reservoirs/upload")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.get_by_text("更多选项").click()
        page.locator("#file_0").set_input_files(
            {"name": "people.csv", "mimeType": "text/csv", "buffer": COUNTED.encode()}
        )
        page.locator("input[name=schema_0][value=own]").check()
        page.locator("summary", has_text="自己的数据标准").first.click()
        page.locator("#own_0").fill(json.dumps(PEOPLE))
        page.get_by_role("button", name="上传并校验").last.click()
        expect(page.locator("main")).to_contain_text("发现 22 处错误", timeout=WAIT_MILLISECONDS)
        repairs = page.get_by_role("region", name="可以自动修复的问题").first
        for row in ("表示缺失的标记", "其他写法的日期", "合计行"):
            repairs.get_by_role("row", name=row).get_by_role("checkbox").check()
        page.get_by_role("button", name="修复勾选的问题并重新校验").click()
        expect(page.locator("main")).to_contain_text("发现 7 处错误", timeout=WAIT_MILLISECONDS)
        page.get_by_role("link", name="逐个改正有错的单元格").click()
        typed = page.get_by_role("region", name="文件第 16 行").first
        typed.get_by_label("人口").fill("100")
        typed.get_by_role("checkbox", name="全部 5 个单元格").check()
        page.get_by_role("region", name="文件第 21 行").first.get_by_label("人口").fill("12")
        page.get_by_role("region", name="文件第 22 行").first.get_by_label("日期").fill("2026-01-31")
        page.get_by_role("button", name="保存并重新校验").click()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        steps = page.get_by_role("region", name="的处理步骤")
        expect(steps).to_contain_text("“人口”列中的每个“1O0”都改为“100”")
        expect(steps.get_by_role("button", name="撤销")).to_have_count(6)
        publish(page)
        page.get_by_role("link", name="查看版本 1.0.0").click(timeout=WAIT_MILLISECONDS)
        with page.expect_download() as download:
            page.locator("a.button", has_text="CSV").first.click()
        published = download.value.path().read_text(encoding="utf-8").splitlines()
        assert published[:2] == ["地区,人口,日期", "区0,,2026-01-31"]
        assert published[-2:] == ["乡,12,2026-01-31", "村,13,2026-01-31"]
        assert len(published) == 22
        page.context.close()
    assert not complaints


UNTYPED = "代码,水位,日期\nA001,12.5,2026-01-31\nA002,高,2026-02-01\n"


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 360])
def test_a_clerk_makes_a_schema_from_nothing_by_page(
    browser: Browser, desk: Portal, tmp_path: Path, width: int
) -> None:
    complaints: list[str] = []
    file = tmp_path / "levels.csv"
    file.write_text(UNTYPED, encoding="utf-8")
    desk.services.datasets.create(desk.services.accounts.sign_in("clerk", PASSWORD)[0], DATASET)
    with serve(desk) as address, keep_working(desk):
        page = open_page(browser, complaints, viewport={"width": width, "height": 900})
        page.goto(f"{address}/sign-in?next=/workspace/datasets/reservoirs/upload")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.locator("#files").set_input_files(file)
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        page.get_by_role("link", name="各列及规则").click()
        page.get_by_text("以别的数据标准为基础重新开始").click()
        page.get_by_label("仅用文件的列名").check()
        page.get_by_role("button", name="开始").click()
        page.locator("#f1-type").select_option("number")  # counted by the script, without a button
        expect(page.locator("#count-1")).to_contain_text("第 3 行", timeout=WAIT_MILLISECONDS)
        expect(page.locator("#count-1")).to_contain_text("高")
        page.locator("#f1-type").select_option("string")
        expect(page.locator("#count-1")).to_have_text("全部符合", timeout=WAIT_MILLISECONDS)
        page.locator("#f2-type").select_option("date")
        page.locator("#f0-key").press("Space")
        page.locator("#f1-title").fill("水位")
        page.locator("#row-1").get_by_text("的更多设置").click()
        page.locator("#f1-pattern").fill("(")
        page.get_by_role("button", name="保存并重新校验此表").click()
        expect(page.locator("#f1-pattern-error")).to_be_visible()
        expect(page.locator("#f1-title")).to_have_value("水位")
        page.locator("#f1-pattern").fill("")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        page.get_by_role("button", name="保存并重新校验此表").click()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible(timeout=WAIT_MILLISECONDS)
        publish(page)
        page.get_by_role("link", name="查看版本 1.0.0").click(timeout=WAIT_MILLISECONDS)
        expect(page.get_by_role("heading", level=1)).to_contain_text("1.0.0")
        page.context.close()
    schema = desk.services.versions.get_table("reservoirs", "1.0.0", "levels").schema
    assert [(item.name, item.type) for item in schema.fields] == [
        ("代码", "string"),
        ("水位", "string"),
        ("日期", "date"),
    ]
    assert schema.primary_key == ("代码",)
    assert [text for text in complaints if "422" not in text] == []
