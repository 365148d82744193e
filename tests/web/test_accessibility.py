"""No page has a fault that axe finds, of whatever weight: in each language, light and dark, wide and narrow.

Rules that are only good practice count as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.servers import require
from tests.web.conftest import PASSWORD, Portal, make_portal
from tests.web.governance.ground_states import list_ground_states
from tests.web.governance.report_states import list_report_states
from tests.web.journeys import LOCALES, WAIT_MILLISECONDS
from tests.web.month_states import MonthStates
from tests.web.page_states import PageState, build_states
from tests.web.test_browser import serve

_RUN = """async (rules) => {
  const options = {resultTypes: ["violations"], ...(rules.length ? {runOnly: {type: "rule", values: rules}} : {})};
  const found = await axe.run(document, options);
  const describe = (rule, node) => `${rule.id}: ${node.target} ${node.html.slice(0, 160)}`;
  return found.violations.flatMap(rule => rule.nodes.map(node => describe(rule, node)));
}"""

_SEND = """item => {
  const form = item.form || item;
  form.noValidate = true;
  if (item.form) item.click(); else HTMLFormElement.prototype.submit.call(form); // a field may be called "submit"
}"""
"""Sends a form as it is, by a button of it if that is what was found."""


@pytest.fixture(scope="module")
def axe() -> str:
    """The program that finds faults of accessibility, which runs in the page."""
    return require("axe-core").read_text(encoding="utf-8")


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[PageState]]]:
    """The address of a portal, and everything there is to see on it. Some forms change it, so each test has its own."""
    settings = {"review": "two-person", "source_hosts": ("127.0.0.1",), "oidc_issuer": "https://login.example.org"}
    with make_portal(tmp_path_factory.mktemp("states"), **settings) as portal:
        states = [*build_states(portal), *MonthStates(portal).build(), *list_ground_states(portal)]
        states += list_report_states(portal)
        with serve(portal) as address:
            yield address, states


def open_context(browser: Browser, address: str, who: str, language: str) -> BrowserContext:
    """A browser window of a reader of a language, signed in as `who`."""
    context = browser.new_context(locale=LOCALES[language], color_scheme="light", java_script_enabled=True)
    context.set_default_timeout(WAIT_MILLISECONDS)
    if who:
        page = context.new_page()
        page.goto(f"{address}/sign-in")
        page.fill("input[name=name]", who)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.close()
    return context


VIEWS = ((1280, "light", ()), (1280, "dark", ("color-contrast",)), (360, "light", ()))
"""Width, colour scheme, and the rules that count: all where none is named. Only colours depend on the scheme."""


def list_faults(page: Page, axe: str, views: Sequence[tuple[int, str, Sequence[str]]] = VIEWS) -> list[str]:
    """What axe finds wrong with a page as it is, everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach(item => { item.open = true; })")
    page.evaluate(axe)
    faults = []
    for width, scheme, rules in views:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        faults += [f"{width} px, {scheme}: {text}" for text in page.evaluate(_RUN, list(rules))]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return faults + ([f"{wide} pixels too wide"] if wide > 0 else [])


def visit(context: BrowserContext, address: str, state: PageState) -> Page:
    """A page in its state."""
    page = context.new_page()
    page.goto(address + state.path)
    if state.press:
        with page.expect_navigation():
            page.eval_on_selector(state.press, _SEND)
    return page


@pytest.mark.slow
@pytest.mark.parametrize("language", list(LOCALES))
def test_no_page_in_any_state_has_a_fault(
    browser: Browser, site: tuple[str, list[PageState]], axe: str, language: str
) -> None:
    address, states = site
    found: dict[str, list[str]] = {}
    for who in dict.fromkeys(state.who for state in states):
        context = open_context(browser, address, who, language)
        for state in (item for item in states if item.who == who):
            page = visit(context, address, state)
            for fault in list_faults(page, axe):
                found.setdefault(fault, []).append(f"{state.who} {state.path} {state.press}")
            page.close()
        context.close()
    assert found == {}


@pytest.mark.slow
def test_the_first_pages_of_readers_and_clerks_have_no_fault(browser: Browser, portal: Portal, axe: str) -> None:
    with serve(portal) as address:
        for who, path in (("", "/datasets/reservoirs/1.1.0/"), ("clerk", "/workspace/datasets/reservoirs/upload")):
            context = open_context(browser, address, who, "zh")
            page = visit(context, address, PageState(path))
            assert list_faults(page, axe, VIEWS[:1]) == []
            context.close()
