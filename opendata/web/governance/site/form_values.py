"""A page as the fields of its form, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, request

from opendata.domain.site.kinds import FIELDS, LISTS, FieldType, PageField, PageKind
from opendata.services.governance.site.values import PageView
from opendata.web.core.instance import services

_KEPT = "keep"


def show_form_values(kind: PageKind, page: PageView | None) -> dict[str, Any]:
    """What the fields show."""
    if page is None:
        return {"public": "1", "position": ""}
    values: dict[str, Any] = {"public": "1" if page.is_public else "", "position": str(page.position)}
    for field in FIELDS[kind]:
        value = page.data.get(field.name)
        if field.type == FieldType.SWITCH:
            values[field.name] = "1" if value else ""
        elif field.type in LISTS and field.type != FieldType.FILES:
            values[field.name] = "\n".join(value or ())
        elif field.type == FieldType.MOMENT and value:
            zone = ZoneInfo(services().settings.timezone)
            values[field.name] = f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M}"
        else:
            values[field.name] = value or ""
    for language, texts in page.i18n.items():
        values |= {f"{name}-{language}": text for name, text in texts.items()}
    return values


def read_form(kind: PageKind, page: PageView | None) -> tuple[dict[str, Any], bool, int | None]:
    """What the service takes, whether the public may see it, and its place. Files that came along are kept first.

    Raises as `SiteFiles` does.
    """
    said: dict[str, Any] = {}
    for field in FIELDS[kind]:
        value = _read_field(field, page.data if page is not None else {})
        if value not in (None, ""):
            said[field.name] = value
    names = [field.name for field in FIELDS[kind] if field.is_translated]
    texts = {
        language: {name: text for name in names if (text := request.form.get(f"{name}-{language}", ""))}
        for language in services().settings.languages[1:]
    }
    said["i18n"] = {language: found for language, found in texts.items() if found}
    position = request.form.get("position", "").strip()
    return said, bool(request.form.get("public")), int(position) if position.isascii() and position.isdigit() else None


def _read_field(field: PageField, old: Mapping[str, Any]) -> Any:
    if field.type == FieldType.SWITCH:
        return bool(request.form.get(field.name))
    if field.type == FieldType.PICTURE:
        sent = request.files.get(field.name)
        if sent is not None and sent.filename:
            return services().site_files.add_picture(g.actor, sent.filename, sent.stream.read())
        return old.get(field.name) if request.form.get(f"{field.name}-{_KEPT}") else None
    if field.type == FieldType.FILES:
        kept = set(request.form.getlist(f"{field.name}-{_KEPT}"))
        files = [file for file in old.get(field.name, ()) if file["sha256"] in kept]
        for sent in request.files.getlist(field.name):
            if sent.filename:
                files.append(services().site_files.add_attachment(g.actor, sent.filename, sent.stream.read()))
        return files
    text = request.form.get(field.name, "")
    return [line for line in text.splitlines() if line.strip()] if field.type in LISTS else text
