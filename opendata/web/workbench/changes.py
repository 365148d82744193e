"""What starting from another schema changed: columns and types, the old one and the new one, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext, ngettext

from opendata.services.workbench.states import BenchState
from opendata.wording.schemas.field_types import TYPES

_MOST = 12


def say_changes(before: BenchState, after: BenchState) -> str:
    """What changed from one state to the next; that nothing did, where nothing did."""
    told = list(_list_changes(before, after))
    if not told:
        return str(gettext("Nothing changed: the columns and their rules are what they were"))
    shown = str(gettext("; ")).join(told[:_MOST])
    if len(told) > _MOST:
        more = len(told) - _MOST
        shown += ngettext(" and %(num)s more change", " and %(num)s more changes", more)
    return str(gettext("This changed: %(changes)s. “Undo” brings back what was there", changes=shown))


def _list_changes(before: BenchState, after: BenchState) -> Iterator[str]:
    old, new = _by_column(before), _by_column(after)
    others = 0
    for column, item in new.items():
        was = old.get(column)
        if was is None:
            yield gettext("new column “%(name)s” (%(type)s)", name=_name(item), type=_type(item))
            continue
        if _name(was) != _name(item):
            yield gettext("“%(before)s” → “%(after)s”", before=_name(was), after=_name(item))
        if _type(was) != _type(item):
            yield gettext("“%(name)s”: %(before)s → %(after)s", name=_name(item), before=_type(was), after=_type(item))
        others += _without_type(was) != _without_type(item)
    for column, item in old.items():
        if column not in new:
            yield gettext("column “%(name)s” is gone", name=_name(item))
    if [column for column in new if column in old] != [column for column in old if column in new]:
        yield gettext("the order of the columns")
    if others:
        yield ngettext("other rules of %(num)s column", "other rules of %(num)s columns", others)
    if _without_fields(before.schema) != _without_fields(after.schema):
        yield gettext("rules of the table as a whole")


def _by_column(state: BenchState) -> dict[str, Mapping[str, Any]]:
    """The fields by the label of their column, or by their own name where they have none."""
    fields = state.schema.get("fields")
    items = [item for item in fields if isinstance(item, Mapping)] if isinstance(fields, list) else []
    sources = [*state.sources, *[""] * len(items)]
    return {source or f"\0{_name(item)}": item for item, source in zip(items, sources, strict=False)}


def _name(item: Mapping[str, Any]) -> str:
    return str(item.get("name", ""))


def _type(item: Mapping[str, Any]) -> str:
    kind = item.get("type")
    return str(gettext(TYPES[kind])) if isinstance(kind, str) and kind in TYPES else gettext("any value")


def _without_type(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in item.items() if key not in ("name", "type")}


def _without_fields(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("fields", "$schema")}
