"""An empty figure with its title and axes, and what all kinds of chart share: colours, marks, legend, numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from opendata.charts.points import Points
from opendata.charts.words import Words, name_heading, name_series
from opendata.errors import N_

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

COLOURS = ("#0b5cad", "#c2410c", "#17693a", "#8a3f8f", "#9a6700", "#0e7490", "#a3201a", "#5a6675")
"""Colours of series, each with a contrast of at least 3:1 to white; marks, dashes and hatches tell them apart too."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES: Sequence[Any] = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (3, 3)), (0, (8, 2)), (0, (1, 3)))
HATCHES = ("", "///", "\\\\\\", "|||", "---", "xxx", "+++", "//")

WIDTH, HEIGHT = 8.0, 4.8
"""The size of a chart in inches."""

_FOOT_INCHES = 0.3
_BELOW = 4.2
"""How far below an axis its legend is, in heights of its letters: marks and title are between them."""

NAME_PAD = 10
"""How many points the name of the upright axis keeps from its numbers: a reader's letters may be wider than ours."""

_LONGEST_LABEL = 32
_LONGEST_TITLE = 64


def make_figure(points: Points, words: Words, *, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """A figure with the title of the chart."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(_wrap(name_heading(points, words)), loc="left")
    if words.source:
        foot = _FOOT_INCHES / height
        figure.set_layout_engine("constrained", rect=(0, foot, 1, 1 - foot))
        figure.text(0.01, 0.3 * foot, shorten(words.source, 100), fontsize=8, color="#5a6675")
    if points.is_empty:
        text = words.voice.translate(N_("There are no values to draw."))
        axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
        axes.grid(visible=False)
    return figure, axes


def _wrap(title: str) -> str:
    """A title in one line, or two."""
    plain = shorten(title, 2 * _LONGEST_TITLE)
    if measure(plain) <= _LONGEST_TITLE:
        return plain
    first = shorten(plain, _LONGEST_TITLE)[:-1]
    return f"{first}\n{plain[len(first) :].strip()}"


def add_legend(axes: Axes, points: Points, names: Sequence[Any], handles: Sequence[Any], words: Words) -> None:
    """The names of the series below the chart, if there are several."""
    if len(names) < 2:
        return
    labels = [shorten(name_series(points, name, words), 24) for name in names]
    columns = max(1, min(4, len(names), 80 // (max(map(measure, labels)) + 8)))
    axes.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=_BELOW, ncols=columns)


def write_numbers(axis: Axis, words: Words, column: str, *, most: int = 7) -> None:
    """Round numbers along an axis, written in the reader's language."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    is_whole = words.types.get(column, "integer") in ("integer", "year")
    axis.set_major_locator(MaxNLocator(most, integer=is_whole, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(_make_writer(words, column)))


def _make_writer(words: Words, column: str) -> Callable[[float, int | None], str]:
    def write(value: float, _: int | None = None) -> str:
        if words.types.get(column) == "year":
            return f"{value:.0f}"
        tidied = float(f"{value:.10g}") + 0.0  # no -0
        if tidied and not 1e-6 <= abs(tidied) < 1e15:
            return f"{tidied:g}"
        return words.write_number(tidied, is_percent=column in words.percents)

    return write


def set_marks(axis: Axis, marks: Sequence[tuple[float, str]]) -> None:
    """Labels at certain places of an axis; none where there is nothing to draw."""
    axis.set_ticks([place for place, _ in marks], [shorten(text, _LONGEST_LABEL) for _, text in marks])


def shorten(text: str, most: int) -> str:
    """A text of at most `most` columns in one line; a Chinese character takes two."""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if measure(plain) <= most:
        return plain
    kept, width = "", 1
    for letter in plain:
        width += _width(letter)
        if width > most:
            break
        kept += letter
    return kept.rstrip() + "…"


def measure(text: str) -> int:
    """How many columns a text takes."""
    return sum(map(_width, text))


def _width(letter: str) -> int:
    import unicodedata

    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
