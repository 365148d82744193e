"""How values are written on a page: dates and numbers of the reader's locale, sizes, Markdown made safe, cells."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from babel.dates import format_skeleton
from flask import Flask
from flask_babel import format_date, format_datetime, format_decimal, format_percent, get_locale, gettext
from markupsafe import Markup

from opendata.domain.meaning.periods import read_period
from opendata.tables.types.canonical import write_value
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language
from opendata.web.core.skin.leaving import leave
from opendata.wording.schemas.units import show_unit

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MAX_CELL = 200
_UNITS = ("B", "kB", "MB", "GB", "TB")
_PERIODS = {"year": "y", "quarter": "yQQQQ", "month": "yMMMM"}
_TAGS = {
    *("a", "p", "br", "hr", "em", "strong", "del", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def register_formats(app: Flask) -> None:
    """Make them filters of the templates."""
    filters = {
        "day": format_day,
        "moment": format_moment,
        "period": format_period,
        "count": format_count,
        "size": format_size,
        "percent": format_percent,
        "markdown": show_markdown,
        "page_text": show_page_text,
        "excerpt": excerpt,
        "plain": format_plain,
        "unit": name_unit,
    }
    app.jinja_env.filters.update(filters)


def format_day(value: datetime) -> str:
    """The date in the instance's zone: 2025年3月7日, March 7, 2025."""
    return _format_day(value, choose_language(), services().settings.timezone)


@lru_cache(maxsize=4096, typed=True)
def _format_day(value: datetime, language: str, zone: str) -> str:  # noqa: ARG001 - as `_format_count`
    return str(format_date(value, "long"))


def format_moment(value: datetime) -> str:
    """Date and time to the minute in the instance's zone."""
    return _format_moment(value, choose_language(), services().settings.timezone)


@lru_cache(maxsize=4096, typed=True)
def _format_moment(value: datetime, language: str, zone: str) -> str:  # noqa: ARG001 - as `_format_count`
    return f"{format_date(value, 'long')} {format_datetime(value, 'HH:mm')}"


def format_period(text: str) -> str:
    """The normal form of a period in words: 2026年第3季度, October 2026, 1993 to 2017. Other texts stay as they are."""
    return _format_period(text, choose_language())


@lru_cache(maxsize=4096)
def _format_period(text: str, language: str) -> str:
    period = read_period(text)
    if period is None:
        return text
    if period.is_interval:
        first, last = (_format_period(part, language) for part in text.split("/"))
        return str(gettext("%(first)s to %(last)s", first=first, last=last))
    year, _, part = text.partition("-")
    if period.kind == "week":
        return str(gettext("week %(week)s of %(year)s", week=int(part[1:]), year=year))
    if period.kind == "half" and part == "H1":
        return str(gettext("first half of %(year)s", year=year))
    if period.kind == "half":
        return str(gettext("second half of %(year)s", year=year))
    if period.kind == "day":
        return str(format_date(period.start, "long"))
    return str(format_skeleton(_PERIODS[period.kind], period.start, locale=get_locale()))


def format_count(value: float) -> str:
    """A number with the grouping of the locale."""
    return _format_count(value, choose_language())


@lru_cache(maxsize=4096, typed=True)
def _format_count(value: float, language: str) -> str:  # noqa: ARG001 - which `format_decimal` asks for itself
    return str(format_decimal(value))


def format_plain(value: object) -> str:
    """A property of the metadata as text, whatever its shape; empty if it is missing."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {format_plain(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(format_plain, value))
    return "" if value is None else str(value)


def format_size(value: int) -> str:
    """Bytes in decimal units, three digits at most: 12.3 kB."""
    size, unit = float(value), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    pattern = "0" if unit == 0 or size >= 99.95 else "0.#"
    return f"{_format_size(size, pattern, choose_language())} {_UNITS[unit]}"


@lru_cache(maxsize=4096)
def _format_size(size: float, pattern: str, language: str) -> str:  # noqa: ARG001 - as above
    return str(format_decimal(size, pattern))


def format_cell(value: Any) -> str:
    """A value of a table as canonical CSV writes it, cut where it is very long."""
    text = write_value(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def name_unit(unit: str) -> str:
    """A unit in words, as readers know it: 吨 for the code t."""
    return show_unit(unit, choose_language())


def show_markdown(text: str) -> Markup:
    """Markdown for a page of ours: a link to another site leads past the notice."""
    return _render_for_page(text, 0)


def show_page_text(text: str, top: int = 2) -> Markup:
    """The Markdown of a whole page: its headings begin at a level and skip none."""
    return _render_for_page(text, top)


def _render_for_page(text: str, top: int) -> Markup:
    """As `render_markdown`; a text without links is the same in every request."""
    found = _render_plain(text, top)
    return found if "href=" not in found else render_markdown(text, leave, top)


@lru_cache(maxsize=1024)
def _render_plain(text: str, top: int) -> Markup:
    return render_markdown(text, top=top)


def render_markdown(text: str, link: Callable[[str], str] = str, top: int = 0) -> Markup:
    """Markdown as safe HTML: no raw HTML, no pictures, no scripts; headings begin at the third level.

    `link` gives what a link leads to. With `top` headings begin at that level, whatever their marks, and skip none.
    """
    import nh3

    engine = _build_markdown()
    tokens = engine.parse(text)
    above: list[int] = []
    for token in tokens:
        if token.type not in ("heading_open", "heading_close"):
            continue
        level = int(token.tag[1])
        if token.type == "heading_open":
            above = [*(item for item in above if item < level), level]
        token.tag = f"h{min(6, top - 1 + len(above) if top else level + 2)}"
    rendered = engine.renderer.render(tokens, engine.options, {})
    cleaned = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
        attribute_filter=lambda _, name, value: link(value) if name == "href" else value,
    )
    return Markup(cleaned)  # noqa: S704 - cleaned just above


@lru_cache(maxsize=4096)
def excerpt(text: str, columns: int = 260) -> str:
    """The beginning of a Markdown text without its marks, cut between words; a Chinese character takes two columns."""
    import nh3

    plain = html.unescape(nh3.clean(str(render_markdown(text[: columns * 8])), tags=set()))
    plain = " ".join(plain.split())
    width = 0
    for place, letter in enumerate(plain):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > columns:
            head = plain[:place]
            blank = head.rfind(" ")
            return (head[:blank] if blank > max(0, place - 20) else head).rstrip(" ,;，；、") + "…"
    return plain


@cache
def _build_markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
