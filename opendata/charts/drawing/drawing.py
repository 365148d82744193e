"""Points as a picture: SVG whose text is text, or PNG. The same points and words give the same bytes.

matplotlib keeps its settings for the whole process, and only the objects used here may be used by several threads.
"""

from __future__ import annotations

import threading
import warnings
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from opendata.charts.drawing.fonts import BROWSER, find_missing, list_families
from opendata.charts.points import Dots, Points
from opendata.charts.words import Words, describe_points, name_heading
from opendata.errors import N_, StateError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDITION = 1
"""Raised where the same points shall give other bytes."""

_PNG_DPI = 150
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "opendata",
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5a6675",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#d8dee6",
    "grid.linewidth": 0.8,
    "text.color": "#1b2430",
    "axes.labelcolor": "#1b2430",
    "xtick.color": "#1b2430",
    "ytick.color": "#1b2430",
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "hatch.linewidth": 0.7,
}

_lock = threading.Lock()
"""One chart at a time: drawing is work for one core, and needs up to 100 MB."""


def draw_svg(points: Points, words: Words) -> bytes:
    """The picture as SVG, with its title and its description in words."""
    with _lock, warnings.catch_warnings():
        _set_up()
        # A letter that this machine has no font for: who shows the SVG has its own.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        data = _save(_draw(points, words), "svg")
    head, start, rest = data.decode("utf-8").partition("<svg ")
    opening, end, body = rest.partition(">")
    families = ", ".join(f"'{name}'" for name in list_families())
    title, text = escape(name_heading(points, words), quote=False), escape(describe_points(points, words), quote=False)
    opening += f' role="img" aria-labelledby="title desc" lang="{escape(words.language)}"'
    names = f'\n <title id="title">{title}</title>\n <desc id="desc">{text}</desc>'
    return f"{head}{start}{opening}{end}{names}{body.replace(families, BROWSER)}".encode()


def draw_png(points: Points, words: Words) -> bytes:
    """The picture as PNG. Raises `StateError` where this machine has no font for one of its letters."""
    from matplotlib.text import Text

    with _lock:
        _set_up()
        figure = _draw(points, words)
        missing = find_missing(item.get_text() for item in figure.findobj(Text))
        if missing:
            raise StateError(
                N_(
                    "This machine has no font for these letters, so the picture would show boxes: %(letters)s. Download"
                    " the chart as SVG, or ask the people who run this portal to install a font with Chinese"
                    " characters (on Debian: fonts-wqy-microhei)"
                ),
                letters=missing[:20],
            )
        return _save(figure, "png")


def _set_up() -> None:
    """Our settings, whatever this machine's users have set for themselves."""
    import matplotlib as mpl

    mpl.rcdefaults()
    mpl.rcParams.update({**_SETTINGS, "font.family": list(list_families())})


def _draw(points: Points, words: Words) -> Figure:
    from opendata.charts.drawing import dot_marks, line_marks

    figure = dot_marks.draw(points, words) if isinstance(points, Dots) else line_marks.draw(points, words)
    if points.is_empty:
        for axes in figure.axes:
            axes.set(xticks=[], yticks=[])
    return figure


def _save(figure: Figure, form: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    canvas: Any  # whose methods have no types
    data = BytesIO()
    if form == "svg":
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        canvas = FigureCanvasSVG(figure)
        canvas.print_svg(data, metadata=nothing)
    else:
        figure.set_dpi(_PNG_DPI)
        canvas = FigureCanvasAgg(figure)
        canvas.print_png(data, metadata={"Software": None})
    return data.getvalue()
