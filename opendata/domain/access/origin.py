"""Where a sign-in comes from: the address, the browser by name, and the secret that the browser keeps."""

from __future__ import annotations

from dataclasses import dataclass

_BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
"""A mark of each browser, the more special ones first: most name others as well."""

_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request comes from. `device` is the text of the cookie that a browser got when it signed in before."""

    address: str = ""
    browser: str = ""
    device: str = ""


NOWHERE = Origin()
"""Not over the network."""


def name_browser(agent: str | None) -> str:
    """Browser and system as a person would name them, `Firefox, Windows`; empty where neither is known."""
    text = agent or ""
    names = (next((name for mark, name in marks if mark in text), "") for marks in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in names if name)
