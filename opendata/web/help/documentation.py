"""The pages at `/api/docs`, made from the OpenAPI document: an overview, and a page for each group of operations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from flask import Blueprint, current_app, render_template
from markupsafe import Markup

from opendata.errors import N_, NotFoundError
from opendata.web.core.instance import base_url
from opendata.web.core.languages import choose_language
from opendata.web.help.operations import REFUSALS, Group, read_groups
from opendata.wording.audit import VERB_NAMES
from opendata.wording.voice import voice_of

blueprint = Blueprint("documentation", __name__, url_prefix="/api/docs")

_ADDRESS = "https://portal.invalid"
"""Stands for the portal's address in what is kept, since that may differ from request to request."""


PLACES: Mapping[str, str] = {"path": N_("path"), "query": N_("query"), "header": N_("header")}
"""Where a parameter is."""


@blueprint.get("")
def show_overview() -> str:
    """What holds for all operations, and a list of them."""
    return _show("help/documentation.html", _render_overview(choose_language()))


@blueprint.get("/<group>")
def show_group(group: str) -> str:
    """The operations about one subject."""
    groups = _read(choose_language())
    if group not in groups:
        raise NotFoundError
    return _show("help/documentation.html", _render_group(choose_language(), group), group=groups[group])


def _show(template: str, content: Markup, group: Group | None = None) -> str:
    own = content.replace(_ADDRESS, Markup.escape(base_url()))
    return render_template(template, content=own, group=group)


@cache
def _read(language: str) -> Mapping[str, Group]:
    """The operations, read once a process and language: the views don't change while the program runs."""
    return read_groups(current_app.extensions["opendata_document"](), voice_of(language), _ADDRESS)


@cache
def _render_overview(language: str) -> Markup:
    refusals = {status: (kind.title, kind.slug) for status, kind in REFUSALS.items() if status >= 400}
    page = render_template(
        "help/_overview.html", groups=_read(language), refusals=refusals, scopes=VERB_NAMES, address=_ADDRESS
    )
    return Markup(page)  # noqa: S704 - rendered just above


@cache
def _render_group(language: str, name: str) -> Markup:
    page = render_template("help/_group.html", groups=_read(language), group=_read(language)[name], places=PLACES)
    return Markup(page)  # noqa: S704 - rendered just above
