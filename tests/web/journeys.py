"""A clerk in a browser, with a mouse or with the keyboard alone, with JavaScript or without: what each does, and sees.

Everything is found by its name or id, so one journey runs in every language. A clerk unfolds what hides a control, and
looks at each page before it is left: nothing is wider than the screen, and nothing is in another language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Locator, Page, Request, expect

import opendata.wording
from tests.web.conftest import PASSWORD

WAIT_MILLISECONDS = 20_000
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
MOST_TABS = 600
"""So often Tab is pressed at most before something counts as out of reach."""

_GIVEN_UP = ("/static/icon.svg", "/search/suggestions?")
"""What may be unanswered when a tab goes on."""

FILES = "#files, input[name=file_0]"
"""Where files are chosen."""

_CATALOGUE = Path(opendata.wording.__file__).parent / "translations/zh/LC_MESSAGES/messages.po"
_SENTENCE = re.compile(r"[A-Za-z][A-Za-z']+ +[a-z][a-z']+")
"""Two English words in a row: names and codes stand alone."""

_TEXTS = """() => {
  const skipped = "code, script, style, noscript, textarea, [lang]:not(html), .who";
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    if (text && !walker.currentNode.parentElement.closest(skipped)) texts.push(text);
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const item of document.querySelectorAll(`[${name}]`))
      if (!item.closest(skipped)) texts.push(item.getAttribute(name));
  return texts;
}"""
_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_IS_SEEN = """item => {
  const box = item.getBoundingClientRect(), style = getComputedStyle(item);
  const isInside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return isInside && box.width > 0 && box.height > 0 && style.outlineStyle !== "none";
}"""


@dataclass(frozen=True, slots=True)
class Variant:
    """How a clerk works."""

    language: str = "zh"
    width: int = 1280
    has_mouse: bool = True
    has_scripts: bool = True

    def __str__(self) -> str:
        hand = "mouse" if self.has_mouse else "keyboard"
        return f"{self.language}-{self.width}-{hand}-{'scripts' if self.has_scripts else 'plain'}"


QUICK = Variant()
SLOW = (
    Variant("zh", 360),
    Variant("en", 1280),
    Variant("en", 360),
    Variant("zh", 1280, has_mouse=False),
    Variant("en", 360, has_mouse=False),
    Variant("zh", 360, has_scripts=False),
    Variant("en", 1280, has_scripts=False),
    Variant("zh", 1280, has_mouse=False, has_scripts=False),
)


@cache
def _list_translations() -> frozenset[str]:
    """What the product says in Chinese, without short words that may as well be the name of a column."""
    with _CATALOGUE.open("rb") as file:
        texts = (message.string for message in read_po(file) if isinstance(message.string, str))
        return frozenset(text for text in texts if len(text) >= 4 and not text.isascii())


def describe_failure(request: Request) -> list[str]:
    """What went wrong with a request.

    That a page leaves the events it follows is how they end; and a tab that goes on to another page gives up its icon
    and the suggestions for what is typed.
    """
    is_left = request.failure == "net::ERR_ABORTED" and any(part in request.url for part in _GIVEN_UP)
    return [] if request.url.endswith("/events") or is_left else [f"{request.url}: {request.failure}"]


class Clerk:
    """Somebody at a browser. `clicks` counts what was pressed or chosen, `complaints` is what the browser reported."""

    def __init__(self, browser: Browser, address: str, variant: Variant = QUICK) -> None:
        context = browser.new_context(
            locale=LOCALES[variant.language],
            viewport={"width": variant.width, "height": 900},
            java_script_enabled=variant.has_scripts,
        )
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MILLISECONDS)
        self.clicks = 0
        self.complaints: list[str] = []
        self._address = address
        self._variant = variant
        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        # While somebody listens, no dialogue of the system opens, and a key may be pressed at once.
        self.page.on("filechooser", lambda _: None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.extend(describe_failure(request)))

    def close(self) -> None:
        """Leave the browser, which must not have reported anything."""
        self.look()
        self.page.context.close()
        assert self.complaints == []

    def visit(self, path: str) -> None:
        """Enter an address."""
        self.page.goto(self._address + path)

    def sign_in(self, name: str = "clerk", path: str = "/workspace") -> None:
        """Be asked who it is, and say so."""
        self.visit(f"/sign-in?next={path}")
        self.fill("input[name=name]", name)
        self.fill("input[name=password]", PASSWORD)
        self.press("main form button")
        self.page.wait_for_url(self._address + path)
        self.clicks = 0

    def find(self, selector: str) -> Locator:
        """The first thing that a selector finds, once it is there: not on a page that is being left."""
        self.page.locator("html:not([data-left])").locator(selector).first.wait_for(state="attached")
        return self.page.locator(selector).first

    def press(self, selector: str) -> None:
        """Click a link or button; or reach it and press Enter."""
        self._press(self._reach(selector))

    def tick(self, selector: str) -> None:
        """Tick a box, or choose one of several circles."""
        found = self._reach(selector)
        self.clicks += 1
        if self._variant.has_mouse:
            found.check()
        elif not found.is_checked():
            self.page.keyboard.press("Space")
        expect(found).to_be_checked()

    def fill(self, selector: str, text: str) -> None:
        """Type into a field instead of what is there."""
        found = self._reach(selector)
        if self._variant.has_mouse:
            found.fill(text)
        else:
            self.page.keyboard.press("ControlOrMeta+A")
            self.page.keyboard.insert_text(text)
        expect(found).to_have_value(text)

    def choose(self, selector: str, value: str) -> None:
        """Choose an entry of a list by its value."""
        found = self._reach(selector)
        self.clicks += 1
        if self._variant.has_mouse:
            found.select_option(value)
        else:
            self.page.keyboard.press("Home")
            for _ in range(found.locator("option").count()):
                if found.input_value() == value:
                    break
                self.page.keyboard.press("ArrowDown")
        expect(found).to_have_value(value)

    def attach(self, selector: str, file: dict[str, Any]) -> None:
        """Choose a file, and send the form unless that happens by itself."""
        found = self._reach(selector)
        self.clicks += 1
        form = found.locator("xpath=ancestor::form")
        is_sent = self._variant.has_scripts and form.get_attribute("data-at-once") is not None
        button = form.locator("button[type=submit]")
        with self.page.expect_file_chooser() as chooser:
            if self._variant.has_mouse:
                found.click()
            else:
                self.page.keyboard.press("Enter")
        chooser.value.set_files(file)  # type: ignore[arg-type]
        if not is_sent:
            self._press(button)

    def wait_for_check(self) -> None:
        """Wait until the draft on the screen isn't at work any more."""
        self.page.wait_for_url(re.compile(r"/workspace/drafts/\w+(#.*)?$"))
        self.find("#state")
        expect(self.page.locator("[data-progress]")).to_have_count(0, timeout=WAIT_MILLISECONDS)

    def submit(self, version: str) -> None:
        """From the page with all of a draft to the version that it becomes."""
        for check in ("secrecy", "privacy"):
            self.tick(f"input[name=check][value={check}]")
        self.press("form[action$='/submit'] button.strong")
        self.find(f"main a[href$='/{version}/']")

    def look(self) -> None:
        """Nothing is wider than the screen; no text is in the other language."""
        wide = self.page.evaluate(_WIDE)
        assert wide <= 0, f"{self.page.url} is {wide} pixels too wide"
        texts = self.page.evaluate(_TEXTS)
        if self._variant.language == "zh":
            foreign = [text for text in texts if _SENTENCE.search(text)]
        else:
            foreign = [text for text in texts if text in _list_translations()]
        assert not foreign, f"{self.page.url} has texts in another language: {foreign}"

    def _reach(self, selector: str) -> Locator:
        found = self.find(selector)
        self.look()
        self._unfold(found)
        if not self._variant.has_mouse:
            self._focus(found)
        return found

    def _press(self, found: Locator) -> None:
        self.clicks += 1
        if not self._variant.has_mouse:
            self._focus(found)
        self.page.evaluate("document.documentElement.dataset.left = ''")
        if self._variant.has_mouse:
            found.click()
        else:
            self.page.keyboard.press("Enter")

    def _unfold(self, found: Locator) -> None:
        """Open what is folded around a thing, from the outside inwards."""
        folded = found.locator("xpath=ancestor::details[not(@open)]/summary")
        while folded.count():
            summary = folded.first
            if self._variant.has_mouse:
                summary.click()
            else:
                self._focus(summary)
                self.page.keyboard.press("Enter")

    def _focus(self, found: Locator) -> None:
        """Press Tab until a thing has the focus; among circles, the arrows. What has the focus must be seen."""
        is_radio = found.get_attribute("type") == "radio"
        group = "item => item === document.activeElement || item.name === document.activeElement.name"
        here = "item => item === document.activeElement"
        for _ in range(MOST_TABS):
            if found.evaluate(group if is_radio else here):
                break
            self.page.keyboard.press("Tab")
        else:
            raise AssertionError(f"{self.page.url}: Tab never reaches {found}")
        for _ in range(MOST_TABS if is_radio else 0):
            if found.evaluate(here):
                break
            self.page.keyboard.press("ArrowDown")
        assert found.evaluate(_IS_SEEN), f"{self.page.url}: nobody sees that {found} has the focus"
