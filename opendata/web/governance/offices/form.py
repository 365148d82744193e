"""A publisher as a form: from the publisher to fields, from fields to the changes that services check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opendata.errors import Fault
from opendata.metadata.properties.publishers import OWN, TRANSLATED, load_publisher_profile
from opendata.metadata.properties.reading import Group, Property
from opendata.problems import choose_voice
from opendata.services.core.values import PublisherView
from opendata.web.core.languages import list_languages
from opendata.web.properties.fields import find_field, name_fields, show_further

Values = dict[str, str]
Errors = dict[str, list[str]]


def list_groups(*, is_own: bool) -> Sequence[tuple[Group, Sequence[Property]]]:
    """The headings and their properties; `is_own`: those alone that a publisher keeps of itself."""
    profile = load_publisher_profile()
    found = []
    for group in profile.groups:
        items = [item for item in profile.list_in(group.name) if item.name in OWN or not is_own]
        if items:
            found.append((group, items))
    return found


def show_publisher(view: PublisherView) -> Values:
    """The fields of a publisher as it is."""
    further = {
        "shortTitle": view.short_title,
        "kind": view.kind,
        "code": view.code,
        "parent": view.parent or "",
        "supervisor": view.supervisor or "",
        "division": view.division,
        "contactPoint": view.contact,
        "responsible": view.responsible,
        "officer": view.officer,
    }
    values = {"title": view.title, "description": view.description, "revision": str(view.revision)}
    values |= show_further(load_publisher_profile(), further)
    for language in list_languages()[1:]:
        for name in TRANSLATED:
            values[f"{name}_{language}"] = str(view.i18n.get(language, {}).get(name, ""))
    return values


def read_changes(values: Mapping[str, str], *, is_own: bool) -> dict[str, Any]:
    """The properties that the fields say, as a merge patch: an empty field removes what was there."""
    found: dict[str, Any] = {}
    for item in load_publisher_profile().properties.values():
        if is_own and item.name not in OWN:
            continue
        texts = [values.get(name, "").replace("\r\n", "\n").strip() or None for name in name_fields(item)]
        found[item.name] = (
            {part.name: text for part, text in zip(item.parts, texts, strict=True)} if item.parts else texts[0]
        )
    if not is_own:
        found["i18n"] = {
            language: {name: values.get(f"{name}_{language}", "").strip() or None for name in TRANSLATED}
            for language in list_languages()[1:]
        }
    return found


def place_faults(faults: Iterable[Fault]) -> Errors:
    """Each fault beside its field; under the empty name what belongs to none."""
    errors: Errors = {}
    for item in faults:
        parts = item.pointer.strip("/").split("/")
        if parts[0] == "i18n" and len(parts) == 3:
            name = f"{parts[2]}_{parts[1]}"
        elif len(parts) == 1 and parts[0] not in load_publisher_profile().properties:
            name = parts[0]
        else:
            name = find_field(load_publisher_profile(), item.pointer) or parts[0]
        errors.setdefault(name, []).append(choose_voice().say_fault(item))
    return errors
