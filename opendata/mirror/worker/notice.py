"""What the mirror says of itself: the page of what isn't in it, the line on each page, and the texts of the script."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template
from flask_babel import gettext
from markupsafe import Markup

from opendata.web.core.instance import services


def say_banner(notice: str) -> str:
    """The line on each page."""
    return str(
        Markup('<div class="wrap"><p class="note small" id="copy">{} <a href="{}">{}</a></p></div>').format(
            gettext("This is a copy of the portal made of plain files."), notice, gettext("What isn't here")
        )
    )


def say_texts() -> Mapping[str, str]:
    """What the script says; `%(count)s` and the like are filled in by it."""
    return {
        "found": gettext("Datasets found: %(count)s", count="%(count)s"),
        "some": gettext("No dataset has all of these words. These have some of them."),
        "nothing": gettext("Nothing was found. Type words of two characters or more."),
        "failed": gettext("The search can't be loaded. All datasets are listed on this page."),
        "updated": gettext("Updated %(day)s", day="%(day)s"),
        "rows": gettext("Rows %(first)s to %(last)s of %(all)s", first="%(first)s", last="%(last)s", all="%(all)s"),
        "previous": gettext("Previous page"),
        "next": gettext("Next page"),
        "missing": gettext("(missing)"),
        "here": gettext("What you asked for, at the live portal"),
    }


def render_notice() -> str:
    """The page that says what isn't here, in the language of the request."""
    return render_template("core/not_here.html", live=services().settings.base_url)
