"""The pages in a real browser: nothing is blocked, nothing fails, a clerk gets through, narrow screens suffice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from werkzeug.serving import make_server

from opendata.services.core.actors import SYSTEM
from tests.instances import CSV, DATASET, SCHEMA
from tests.services.drafts.test_matching import CHINESE, ENGLISH, TITLED
from tests.web.conftest import PASSWORD, Portal
from tests.web.journeys import WAIT_MILLISECONDS, describe_failure

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
ROWS = 120_000
"""So many make a file of two pieces."""


@contextmanager
def serve(portal: Portal) -> Iterator[str]:
    """The portal on a port of its own, in a thread of this process."""
    with serve_app(portal.app) as address:
        yield address


@contextmanager
def serve_app(app: WSGIApplication) -> Iterator[str]:
    """Any application, such as that of another site, in the same way."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
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


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 360])
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


@pytest.mark.slow
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
        page.get_by_role("button", name="登录", exact=True).click()
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
        page.get_by_role("button", name="登录", exact=True).click()
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
        page.get_by_role("button", name="登录", exact=True).click()
        page.locator("#title_zh").fill("水库水位")
        page.locator("#description_zh").fill("很长的说明")
        desk.services.accounts.set_password("clerk", PASSWORD)
        page.get_by_role("button", name="建立数据集").click()
        expect(page.locator("main")).to_contain_text("您填写的内容会保留 24 小时")
        page.get_by_label("名称").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
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
        page.get_by_role("button", name="登录", exact=True).click()
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
        page.get_by_role("button", name="登录", exact=True).click()
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
        page.get_by_role("button", name="登录", exact=True).click()
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
        # Each count is awaited: a newer one gives up the older, which a browser reports as a request that failed.
        page.locator("#f2-type").select_option("date")
        expect(page.locator("#count-2")).to_have_text("全部符合", timeout=WAIT_MILLISECONDS)
        page.locator("#f0-key").press("Space")
        expect(page.locator("#count-0")).to_have_text("全部符合", timeout=WAIT_MILLISECONDS)
        page.locator("#f1-title").fill("水位")
        expect(page.locator("#count-1")).to_have_text("全部符合", timeout=WAIT_MILLISECONDS)
        page.locator("#row-1").get_by_text("的更多设置").click()
        page.locator("#f1-pattern").fill("(")
        expect(page.locator("#f1-pattern-error")).to_be_visible(timeout=WAIT_MILLISECONDS)
        page.get_by_role("button", name="保存并重新校验此表").click()
        expect(page.locator("#f1-pattern-error")).to_be_visible()
        expect(page.locator("#f1-title")).to_have_value("水位")
        page.locator("#f1-pattern").fill("")
        expect(page.locator("#count-1")).to_have_text("全部符合", timeout=WAIT_MILLISECONDS)
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
