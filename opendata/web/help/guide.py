"""The clerk's guide at `/help/guide`: Markdown of this folder in the reader's language, with pictures.

`tools/make_guide.py` makes the pictures.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Blueprint, render_template
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
    return render_template("help/guide.html", content=_render(choose_language()))


@cache
def _render(language: str) -> Markup:
    """The text in a language, or in that of the program where nobody has translated it."""
    from markdown_it import MarkdownIt

    path = _TEXTS / f"guide-{language}.md"
    text = (path if path.is_file() else _TEXTS / f"guide-{SOURCE_LANGUAGE}.md").read_text(encoding="utf-8")
    engine = MarkdownIt("commonmark", {"html": False})
    tokens = engine.parse(text)
    for token in (child for block in tokens for child in block.children or () if child.type == "image"):
        name = str(token.attrs["src"]).rpartition("/")[2]
        token.attrs = {"src": asset(f"guide/{name}"), "alt": "", "width": WIDTH, "height": HEIGHT, "loading": "lazy"}
    return Markup(engine.renderer.render(tokens, engine.options, {}))  # noqa: S704 - the text is ours
