"""Translations as templates ask for them: each text is looked up once for a language, not at each use on each page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_babel import get_locale, get_translations
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

_MOST = 20_000
"""So many texts are remembered: templates have fewer, times the languages."""

_known: dict[tuple[str, ...], tuple[str, Markup]] = {}
_rules: dict[str, Callable[[float], int]] = {}


def keep_texts(app: Flask) -> None:
    """Have the templates of an application ask here; what has a context goes the ordinary way."""
    app.jinja_env.globals.update({"gettext": translate, "_": translate, "ngettext": translate_count})


@pass_context
def translate(context: Context, text: str, /, **values: Any) -> str:
    """A text in the reader's language, with its values filled in; markup where the template escapes."""
    tongue = _find_tongue()
    found = _known.get((tongue, text))
    if found is None:
        found = _keep((tongue, text), get_translations().ugettext(text))
    plain = found[1] if context.eval_ctx.autoescape else found[0]
    return plain % values if values or "%" in found[0] else plain


@pass_context
def translate_count(context: Context, one: str, many: str, number: float, /, **values: Any) -> str:
    """A text about a number, by the rules of the reader's language for numbers, with its values filled in."""
    tongue = _find_tongue()
    form = _find_rule(tongue)(number)
    key = (tongue, one, many, f"{form} {number == 1}")
    found = _known.get(key)
    if found is None:
        found = _keep(key, get_translations().ungettext(one, many, number))
    plain = found[1] if context.eval_ctx.autoescape else found[0]
    return plain % {"num": number, **values}


def _keep(key: tuple[str, ...], text: object) -> tuple[str, Markup]:
    found = str(text), Markup(text)  # noqa: S704 - our own texts, as Jinja takes them
    if len(_known) < _MOST:
        _known[key] = found
    return found


def _find_tongue() -> str:
    """What texts depend on."""
    locale = get_locale()
    return f"{locale.language}-{locale.script}" if locale is not None else ""


def _find_rule(tongue: str) -> Callable[[float], int]:
    """Which of the forms of a text a number takes."""
    found = _rules.get(tongue)
    if found is None:
        rule = getattr(get_translations(), "plural", None)
        found = _rules[tongue] = rule or (lambda number: int(number != 1))
    return found
