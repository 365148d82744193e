"""The clerk's guide and the accessibility statement: Markdown of this folder in the reader's language.

`tools/make_guide.py` makes the pictures.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Blueprint, render_template
from flask_babel import gettext
from markupsafe import Markup

from opendata.settings import SOURCE_LANGUAGE
from opendata.web.core.assets import FOLDER, asset
from opendata.web.core.languages import choose_language

PICTURES = FOLDER / "guide"
WIDTH, HEIGHT = 900, 560
"""The pixels of each picture."""

_TEXTS = Path(__file__).parent

blueprint = Blueprint("guide", __name__)


@blueprint.get("/help/guide")
def show_guide() -> str:
    """A clerk's first three months."""
    return _show("guide", gettext("A clerk's first three months"))


@blueprint.get("/help/accessibility")
def show_accessibility() -> str:
    """What of the rules of accessibility is met, and what isn't."""
    return _show("accessibility", gettext("Accessibility"))


def _show(name: str, title: str) -> str:
    return render_template("help/guide.html", content=_render(name, choose_language()), title=title)


@cache
def _render(name: str, language: str) -> Markup:
    """The text in a language, or in that of the program where nobody has translated it."""
    from markdown_it import MarkdownIt

    path = _TEXTS / f"{name}-{language}.md"
    text = (path if path.is_file() else _TEXTS / f"{name}-{SOURCE_LANGUAGE}.md").read_text(encoding="utf-8")
    engine = MarkdownIt("commonmark", {"html": False})
    tokens = engine.parse(text)
    for token in (child for block in tokens for child in block.children or () if child.type == "image"):
        name = str(token.attrs["src"]).rpartition("/")[2]
        token.attrs = {"src": asset(f"guide/{name}"), "alt": "", "width": WIDTH, "height": HEIGHT, "loading": "lazy"}
    return Markup(engine.renderer.render(tokens, engine.options, {}))  # noqa: S704 - the text is ours
