"""Templates in the reader's language: the texts are in their code, and what is escaped stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, render_template
from flask_babel import Babel, force_locale
from jinja2 import DictLoader
from markupsafe import Markup

from opendata.settings import TRANSLATIONS
from opendata.web.delivery.compiling import TongueEnvironment
from opendata.web.delivery.texts import keep_texts

HOSTILE = "<i>&"


class App(Flask):
    """An application with nothing but templates."""

    jinja_environment = TongueEnvironment  # type: ignore[assignment]


@pytest.fixture(scope="module", autouse=True)
def app() -> Iterator[Flask]:
    made = App("compiling")
    Babel(made, default_translation_directories=str(TRANSLATIONS))
    made.jinja_env.globals["shout"] = lambda text, mark="!": f"{text}{mark}"
    made.jinja_env.filters["loud"] = lambda text: f"{text}{len(CALLS.append(text) or CALLS)}"
    made.jinja_env.globals["mark"] = lambda text: Markup("<b>{}</b>").format(text)
    made.jinja_env.loader = DictLoader(TEMPLATES)
    keep_texts(made)
    with made.test_request_context():
        yield made


CALLS: list[str] = []


TEMPLATES = {"parts.html": '{% macro word(x) %}<b>{{ _("Datasets") }} {{ x }}</b>{% endmacro %}'}


def render(text: str, *, suffix: str = ".html", locale: str = "zh_Hans_CN", **values: Any) -> str:
    name = next((name for name, known in TEMPLATES.items() if known == text), f"{len(TEMPLATES)}{suffix}")
    TEMPLATES[name] = text
    with force_locale(locale):
        return render_template(name, **values)


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ('{{ _("Datasets") }}', "数据集", "Datasets"),
        ('{{ _("Version %(version)s", version=x) }}', "版本 &lt;i&gt;&amp;", "Version &lt;i&gt;&amp;"),
        ('{{ _("Version %(version)s", version=x) | upper }}', "版本 &LT;I&GT;&AMP;", "VERSION &LT;I&GT;&AMP;"),
        ('{{ "<" ~ _("Some values aren\'t allowed") ~ x }}', None, "&lt;Some values aren't allowed&lt;i&gt;&amp;"),
        ('{{ _(label) }}{{ shout(_("Datasets")) }}', "数据集数据集!", "DatasetsDatasets!"),
        ('{{ shout(x, mark="?") }}', "&lt;i&gt;&amp;?", "&lt;i&gt;&amp;?"),
        ('{% from "parts.html" import word %}{{ word(x) }}', "<b>数据集 &lt;i&gt;&amp;</b>", None),
        ('{% from "parts.html" import word as shout %}{{ shout(x) }}', "<b>数据集 &lt;i&gt;&amp;</b>", None),
        ('{% set shout = wanted %}{{ shout(x, mark="") }}', "&lt;i&gt;&amp;", "&lt;i&gt;&amp;"),
        ('{% for item in {"a": x}.items() %}{{ item[1] }}{% endfor %}', "&lt;i&gt;&amp;", "&lt;i&gt;&amp;"),
    ],
)
def test_texts_and_calls_are_as_the_reader_has_them(text: str, chinese: str | None, english: str | None) -> None:
    values = {"x": HOSTILE, "label": "Datasets", "wanted": lambda text, mark: text + mark}
    for locale, wanted in (("zh_Hans_CN", chinese), ("en", english), ("zh_Hans_CN", chinese)):
        if wanted is not None:
            assert render(text, locale=locale, **values) == wanted


def test_nothing_is_escaped_where_templates_are_plain() -> None:
    text = '{{ _("Version %(version)s", version=x) }} {{ shout(x) }}'
    assert render(text, suffix=".txt", x=HOSTILE) == "版本 <i>& <i>&!"


def test_filters_of_ours_run_for_each_page() -> None:
    CALLS.clear()
    text = '{{ _("Datasets") | loud }}'
    assert [render(text, locale="en") for _ in range(2)] == ["Datasets1", "Datasets2"]


def test_markup_that_a_function_gives_stays_markup() -> None:
    assert render("{{ mark(x) }}", x=HOSTILE) == "<b>&lt;i&gt;&amp;</b>"
