"""The fonts of charts: which of this machine's has Chinese characters, and which letters none of them has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "Droid Sans Fallback",
)
"""Fonts with Chinese characters, the better first; the first that is installed is used."""

_PLAIN = "DejaVu Sans"
"""Comes with matplotlib."""

BROWSER = (
    "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'WenQuanYi Micro Hei',"
    " sans-serif"
)
"""What an SVG asks of whoever shows it: its text is text."""


def list_families() -> Sequence[str]:
    """The fonts there are, in the order in which a letter is looked for."""
    from matplotlib import font_manager

    installed = {item.name for item in font_manager.fontManager.ttflist}
    return (*[name for name in CHINESE if name in installed][:1], _PLAIN)


def find_missing(texts: Iterable[str]) -> str:
    """The letters, each once, that no font of this machine has."""
    letters = {letter for text in texts for letter in text if letter.isprintable() and not letter.isspace()}
    known = _list_letters(tuple(list_families()))
    return "".join(sorted(letter for letter in letters if ord(letter) not in known))


@cache
def _list_letters(families: Sequence[str]) -> frozenset[int]:
    from matplotlib import font_manager

    found: set[int] = set()
    for family in families:
        path = font_manager.findfont(font_manager.FontProperties(family=family))
        found.update(font_manager.get_font(path).get_charmap())
    return frozenset(found)
