"""Who runs the site, as header and footer show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext

from opendata.web.core.instance import services
from opendata.web.core.languages import pick


def name_portal() -> str:
    """The name of the portal in the reader's language: the one kept by page, else the setting, else a general one."""
    kept = pick(services().identity.read(), "name")[0]
    return str(kept or services().settings.title or gettext("Open Data Portal"))


def link_file(file: Mapping[str, Any]) -> str:
    """The address of a logo or an attachment: its digest is in it, so it may be kept for good."""
    name = file.get("name") or "file"
    return url_for("site_public.send_file", sha256=file["sha256"], name=name)
