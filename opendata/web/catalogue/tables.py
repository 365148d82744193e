"""Schemas and rows as tables of a page: names of types, rules in words, first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.errors import N_
from opendata.web.core.formats import format_cell
from opendata.web.core.languages import choose_language
from opendata.wording.schemas.field_types import TYPES
from opendata.wording.schemas.patterns import describe_pattern
from opendata.wording.voice import voice_of

MAX_COLUMNS = 60
MAX_CHOICES = 12

_RULES: Mapping[str, str] = {
    "minimum": N_("at least %(value)s"),
    "maximum": N_("at most %(value)s"),
    "exclusiveMinimum": N_("more than %(value)s"),
    "exclusiveMaximum": N_("less than %(value)s"),
    "minLength": N_("at least %(value)s characters"),
    "maxLength": N_("at most %(value)s characters"),
    "pattern": N_("matches the pattern %(value)s"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a preview; numbers stand at the right."""

    name: str
    field: Field
    is_number: bool

    @property
    def unit(self) -> str:
        """The unit of its values, empty where it has none."""
        found = self.field.own.get("unit")
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The first rows of a table as text. `hidden` counts the columns left out of a very wide one."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    hidden: int


def build_preview(table: TableResource, rows: Sequence[Mapping[str, Any]]) -> Preview:
    """The first rows of a published table."""
    fields = table.schema.fields
    columns = [Column(item.name, item, is_number(item)) for item in fields[:MAX_COLUMNS]]
    cells = [[format_cell(row.get(column.name)) for column in columns] for row in rows]
    return Preview(columns=columns, rows=cells, hidden=max(0, len(fields) - MAX_COLUMNS))


def is_number(field: Field) -> bool:
    """Whether a column holds quantities; codes are text."""
    return field.type in ("integer", "number")


def name_type(field: Field) -> str:
    """The type of a field in the reader's words."""
    return gettext(TYPES[field.type]) if field.type in TYPES else field.type


def list_rules(field: Field, primary_key: Sequence[str] = ()) -> Sequence[str]:
    """What the schema demands of a column, a phrase for each rule."""
    rules = field.constraints
    found = []
    if field.name in primary_key:
        found.append(gettext("key"))
    if field.is_required:
        found.append(gettext("must be filled in"))
    if rules.get("unique"):
        found.append(gettext("no duplicates"))
    if rules.get("enum"):
        choices = [str(choice) for choice in rules["enum"]]
        shown = ", ".join(choices[:MAX_CHOICES]) + (" …" if len(choices) > MAX_CHOICES else "")
        found.append(gettext("one of: %(choices)s", choices=shown))
    for name, template in _RULES.items():
        if name in rules:
            words = describe_pattern(voice_of(choose_language()), str(rules[name])) if name == "pattern" else ""
            found.append(words or gettext(template, value=str(rules[name])))
    return found
